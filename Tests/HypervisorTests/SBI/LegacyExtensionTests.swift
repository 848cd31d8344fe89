import Hypervisor
import RV64Core
import Testing

@Suite struct LegacyExtensionTests {
    /// "The SBI function ID field in a6 register is ignored."
    @Test(arguments: [0, 1, .max] as [UInt64])
    func functionIsIgnored(_ function: UInt64) {
        let environment = RecordingEnvironment()
        #expect(environment.call(0, function, 77) == .legacyReply(0))
        #expect(environment.events == [.setTimer(77)])
    }

    @Test func console() {
        let environment = RecordingEnvironment()
        #expect(environment.call(1, 0, 0x1_41) == .legacyReply(0))
        #expect(environment.events == [.write([0x41])])
        environment.outputCapacity = nil
        #expect(environment.call(1, 0, 0x42) == .legacyReply(0))
        #expect(environment.call(2) == .legacyReply(.max))
        environment.input = [0xFF, 0x0A]
        #expect(environment.call(2) == .legacyReply(0xFF))
        #expect(environment.call(2) == .legacyReply(0x0A))
        #expect(environment.call(2) == .legacyReply(.max))
        environment.input = nil
        #expect(environment.call(2) == .legacyReply(.max))
    }

    @Test func clearIPI() {
        let environment = RecordingEnvironment()
        environment.isIPIPending = true
        #expect(environment.call(3) == .legacyReply(1))
        #expect(environment.call(3) == .legacyReply(0))
    }

    @Test func shutdown() {
        #expect(RecordingEnvironment().call(8) == .resetMachine(SBIReset(kind: .shutdown, reason: .none)))
    }

    /// The mask is a bit vector in guest virtual memory; the null pointer names all harts.
    @Test(
        arguments: [
            (0, [:], Array(0..<70)),
            (0x1000, [0x1000: 0b101, 0x1008: 0b10], [0, 2, 65]),
            (0x1000, [0x1000: 0, 0x1008: .max], [64, 65, 66, 67, 68, 69]),
            // The vector may wrap round the address space.
            (0xFFFF_FFFF_FFFF_FFF8, [0xFFFF_FFFF_FFFF_FFF8: 1 << 63, 0: 1], [63, 64]),
        ] as [(UInt64, [UInt64: UInt64], [Int])]
    )
    func hartMasks(_ address: UInt64, _ memory: [UInt64: UInt64], _ harts: [Int]) {
        let environment = RecordingEnvironment(harts: 70)
        environment.virtualMemory = memory
        #expect(environment.call(4, 0, address) == .legacyReply(0))
        #expect(environment.call(5, 0, address) == .legacyReply(0))
        #expect(environment.events == [.sendIPI(harts), .fence(.instruction, harts)])
    }

    @Test func emptyMask() {
        let environment = RecordingEnvironment()
        environment.virtualMemory = [0x1000: 0xF0]
        #expect(environment.call(4, 0, 0x1000) == .legacyReply(0))
        #expect(environment.call(6, 0, 0x1000, 0, 0) == .legacyReply(0))
        #expect(environment.events.isEmpty)
    }

    /// "The page and access faults [...] are redirected back to the supervisor."
    @Test(arguments: [4, 5, 6, 7] as [UInt64])
    func faultInTheMask(_ extensionID: UInt64) {
        let environment = RecordingEnvironment(harts: 70)
        environment.virtualMemory = [0x1FF8: 1]
        #expect(environment.call(extensionID, 0, 0x1FF8, 0, 0, 0) == .inject(Trap(.loadPageFault, value: 0x2000)))
        #expect(environment.events.isEmpty)
    }

    @Test func fences() {
        let environment = RecordingEnvironment()
        environment.virtualMemory = [0x1000: 0b10]
        #expect(environment.call(6, 0, 0x1000, 0x4000, 0x1000, 9) == .legacyReply(0))
        #expect(environment.call(6, 0, 0x1000, 0, 0) == .legacyReply(0))
        #expect(environment.call(7, 0, 0x1000, 0x4000, .max, 9) == .legacyReply(0))
        #expect(
            environment.events == [
                .fence(.supervisor(.addresses(start: 0x4000, size: 0x1000), asid: nil), [1]),
                .fence(.supervisor(.everything, asid: nil), [1]),
                .fence(.supervisor(.everything, asid: 9), [1]),
            ]
        )
    }

    /// An error is a negative code in `a0`.
    @Test(
        arguments: [
            (6, .max, 2, 0, .invalidAddress), (7, 0, 0, 0x1_0000, .invalidParameter),
        ] as [(UInt64, UInt64, UInt64, UInt64, SBIError)]
    )
    func fenceErrors(_ extensionID: UInt64, _ start: UInt64, _ size: UInt64, _ asid: UInt64, _ error: SBIError) {
        let environment = RecordingEnvironment()
        #expect(environment.call(extensionID, 0, 0, start, size, asid) == .legacyReply(error.registerValue))
        #expect(environment.events.isEmpty)
    }
}
