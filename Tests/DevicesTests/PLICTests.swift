import Platform
import Testing

@testable import Devices

@Suite struct PLICTests {
    let wires = RecordingInterruptSink()
    let plic: PLIC

    init() {
        plic = PLIC(contextLines: (0..<4).map { [wires] in InterruptLine(to: wires, source: $0) })
    }

    private func setPriority(_ priority: UInt32, of source: UInt64) throws {
        try plic.write32(priority, at: 4 * source)
    }

    private func enable(_ sources: [UInt64], context: UInt64 = 0) throws {
        for word in 0..<3 as Range<UInt64> {
            let bits = sources.filter { $0 / 32 == word }.reduce(0 as UInt32) { $0 | 1 << UInt32($1 % 32) }
            try plic.write32(bits, at: 0x2000 + 0x80 * context + 4 * word)
        }
    }

    private func setThreshold(_ threshold: UInt32, context: UInt64 = 0) throws {
        try plic.write32(threshold, at: 0x20_0000 + 0x1000 * context)
    }

    private func claim(context: UInt64 = 0) throws -> UInt32 { try plic.read32(0x20_0004 + 0x1000 * context) }

    private func complete(_ source: UInt32, context: UInt64 = 0) throws {
        try plic.write32(source, at: 0x20_0004 + 0x1000 * context)
    }

    private func isPending(_ source: UInt64) throws -> Bool {
        try plic.read32(0x1000 + source / 32 * 4) >> UInt32(source % 32) & 1 != 0
    }

    @Test(
        arguments: [
            (0x0000, 0xffff_ffff, 0), (0x0004, 0xffff_ffff, 7), (0x017c, 0xffff_ffff, 7), (0x0180, 7, 0),
            (0x0ffc, 7, 0),
            (0x1000, 0xffff_ffff, 0), (0x107c, 0xffff_ffff, 0),
            (0x2000, 0xffff_ffff, 0xffff_fffe), (0x2008, 0xffff_ffff, 0xffff_ffff), (0x200c, 0xffff_ffff, 0),
            (0x2180, 0xffff_ffff, 0xffff_fffe), (0x2200, 0xffff_ffff, 0), (0x1f_fffc, 0xffff_ffff, 0),
            (0x20_0000, 0xffff_ffff, 7), (0x20_3000, 5, 5), (0x20_4000, 5, 0), (0x20_4004, 5, 0), (0x20_0008, 5, 0),
            (0x3ff_f000, 5, 0), (0x1080, 5, 0), (0x400_0000, 5, 0), (0xffff_ffff_ffff_fffc, 5, 0),
        ] as [(UInt64, UInt32, UInt32)]
    )
    func registerTable(offset: UInt64, written: UInt32, expected: UInt32) throws {
        try plic.write32(written, at: offset)
        #expect(try plic.read32(offset) == expected)
    }

    @Test(arguments: [AccessWidth.byte, .half, .double])
    func onlyWordAccesses(width: AccessWidth) {
        #expect(throws: BusFault.unsupportedWidth) { try plic.read(width, at: 0x1000) }
        #expect(throws: BusFault.unsupportedWidth) { try plic.write(1, width, at: 0x2000) }
    }

    @Test func onlyAlignedAccesses() {
        #expect(throws: BusFault.unsupportedWidth) { try plic.read32(0x20_0002) }
    }

    @Test func claimAndComplete() throws {
        try setPriority(1, of: 10)
        try enable([10])
        plic.setLevel(true, source: 10)
        #expect(try isPending(10))
        #expect(wires.isAsserted(0))
        #expect(!wires.isAsserted(1))
        #expect(try claim() == 10)
        #expect(try !isPending(10))
        #expect(!wires.isAsserted(0))
        #expect(try claim() == 0)
        plic.setLevel(false, source: 10)
        try complete(10)
        #expect(!wires.isAsserted(0))
        #expect(try claim() == 0)
    }

    @Test func assertedSourcePendsAgainAfterCompletionOnly() throws {
        try setPriority(1, of: 10)
        try enable([10])
        plic.setLevel(true, source: 10)
        #expect(try claim() == 10)
        plic.setLevel(false, source: 10)
        plic.setLevel(true, source: 10)
        #expect(try !isPending(10), "not while in service")
        #expect(!wires.isAsserted(0))
        try complete(10)
        #expect(try isPending(10))
        #expect(wires.isAsserted(0))
        #expect(try claim() == 10)
    }

    @Test func forwardedRequestStaysPending() throws {
        try setPriority(1, of: 3)
        plic.setLevel(true, source: 3)
        plic.setLevel(false, source: 3)
        #expect(try isPending(3))
        try enable([3])
        #expect(wires.isAsserted(0))
        #expect(try claim() == 3)
    }

    @Test func highestPriorityThenLowestNumber() throws {
        for (source, priority) in [(5, 2), (40, 7), (41, 7), (64, 3), (95, 1)] as [(UInt64, UInt32)] {
            try setPriority(priority, of: source)
            plic.setLevel(true, source: UInt32(source))
        }
        try enable([5, 40, 41, 64, 95])
        var claimed: [UInt32] = []
        for _ in 0..<6 { claimed.append(try claim()) }
        #expect(claimed == [40, 41, 64, 5, 95, 0])
    }

    @Test func priorityZeroNeverInterrupts() throws {
        try enable([7])
        plic.setLevel(true, source: 7)
        #expect(try isPending(7))
        #expect(!wires.isAsserted(0))
        #expect(try claim() == 0)
        try setPriority(1, of: 7)
        #expect(wires.isAsserted(0))
    }

    @Test(arguments: 0...7 as ClosedRange<UInt32>)
    func thresholdMasksNotificationAndNotClaim(threshold: UInt32) throws {
        try setPriority(4, of: 9)
        try enable([9])
        try setThreshold(threshold)
        plic.setLevel(true, source: 9)
        #expect(wires.isAsserted(0) == (4 > threshold))
        #expect(try claim() == 9)
    }

    @Test func contextsAreIndependentAndOneClaimWins() throws {
        try setPriority(1, of: 33)
        try enable([33], context: 1)
        try enable([33], context: 3)
        plic.setLevel(true, source: 33)
        #expect((0..<4).map { wires.isAsserted($0) } == [false, true, false, true])
        #expect(try claim(context: 0) == 0)
        #expect(try claim(context: 3) == 33)
        #expect((0..<4).map { wires.isAsserted($0) } == [false, false, false, false])
        #expect(try claim(context: 1) == 0)
        try complete(33, context: 0)
        #expect(!wires.isAsserted(1), "completion by a context that has not enabled the source is ignored")
        try complete(33, context: 1)
        #expect(wires.isAsserted(1))
    }

    @Test(arguments: [0, 96, 1023, 1024, 0xffff_ffff] as [UInt32])
    func absurdCompletionsAreIgnored(source: UInt32) throws {
        let before = plic.state
        try complete(source)
        #expect(plic.state == before)
    }

    @Test(arguments: [0, 96, 1023, 1024, .max] as [UInt32])
    func absurdSourcesAreIgnored(source: UInt32) {
        let before = plic.state
        plic.setLevel(true, source: source)
        #expect(plic.state == before)
    }

    @Test func allSourcesOfTheLargestController() throws {
        let large = PLIC(sourceCount: 1023, contextLines: [InterruptLine(to: wires, source: 20)])
        for source in 1...1023 as ClosedRange<UInt32> {
            try large.write32(1, at: 4 * UInt64(source))
            large.setLevel(true, source: source)
        }
        for word in 0..<32 as Range<UInt64> { try large.write32(.max, at: 0x2000 + 4 * word) }
        for source in 1...1023 as ClosedRange<UInt32> { #expect(try large.read32(0x20_0004) == source) }
        #expect(!wires.isAsserted(20))
    }
}
