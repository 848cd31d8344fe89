import Platform
import Synchronization
import Testing

/// A device that remembers what reached it and answers all ones.
private final class Recorder: MMIODevice {
    struct Access: Equatable {
        var offset: UInt64
        var width: AccessWidth
        var value: UInt64?
    }

    private let log = Lock<[Access]>([])

    var accesses: [Access] { log.withLock { $0 } }

    func save(to writer: inout StateWriter) {}
    func restore(from reader: inout StateReader) throws(StateError) {}

    func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        log.withLock { $0.append(Access(offset: offset, width: width)) }
        return .max
    }

    func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        guard width != .double else { throw .unsupportedWidth }
        log.withLock { $0.append(Access(offset: offset, width: width, value: value)) }
    }
}

@Suite struct BusTests {
    private let first = Recorder()
    private let second = Recorder()
    private let last = Recorder()
    private var bus = Bus()

    init() {
        // Attached out of order, the last one up to the end of the address space.
        bus.attach(second, at: 0x2000, size: 0x100)
        bus.attach(last, at: 0xFFFF_FFFF_FFFF_F000, size: 0x1000)
        bus.attach(first, at: 0x1000, size: 0x1000)
    }

    @Test func regionsAreSorted() {
        #expect(bus.regions.map(\.base) == [0x1000, 0x2000, 0xFFFF_FFFF_FFFF_F000])
    }

    @Test func devicesSeeOffsets() throws {
        _ = try bus.read(.word, at: 0x1FFC)
        try bus.write(7, .byte, at: 0x2000)
        #expect(first.accesses == [Recorder.Access(offset: 0xFFC, width: .word)])
        #expect(second.accesses == [Recorder.Access(offset: 0, width: .byte, value: 7)])
    }

    @Test(arguments: AccessWidth.allCases)
    func valuesAreCutToTheWidth(_ width: AccessWidth) throws {
        #expect(try bus.read(width, at: 0x1000) == width.mask)
        guard width != .double else { return }
        try bus.write(.max, width, at: 0x2000)
        #expect(second.accesses == [Recorder.Access(offset: 0, width: width, value: width.mask)])
    }

    @Test(
        arguments: [
            (0, .byte), (0xFFF, .byte), (0x20FD, .word), (0x2100, .byte), (.max, .half), (0x8000_0000, .double),
        ] as [(UInt64, AccessWidth)]
    )
    func holesAnswerNothing(_ address: UInt64, _ width: AccessWidth) {
        #expect(throws: BusFault.unmapped) { try bus.read(width, at: address) }
        #expect(throws: BusFault.unmapped) { try bus.write(0, width, at: address) }
    }

    @Test func anAccessStaysInsideOneRegion() {
        // The bytes after 0x2000 belong to another device.
        #expect(throws: BusFault.unmapped) { try bus.read(.word, at: 0x1FFE) }
        #expect(first.accesses.isEmpty && second.accesses.isEmpty)
    }

    @Test func theEndOfTheAddressSpaceCanBeReached() throws {
        _ = try bus.read(.double, at: 0xFFFF_FFFF_FFFF_FFF8)
        #expect(last.accesses == [Recorder.Access(offset: 0xFF8, width: .double)])
    }

    @Test func aDevicesRefusalIsPassedOn() {
        #expect(throws: BusFault.unsupportedWidth) { try bus.write(1, .double, at: 0x2000) }
    }

    @Test func overlapsAndWrapsAreBugs() async {
        await #expect(processExitsWith: .failure) {
            var bus = Bus()
            bus.attach(Recorder(), at: 0x1000, size: 0x1000)
            bus.attach(Recorder(), at: 0x1800, size: 0x1000)
        }
        await #expect(processExitsWith: .failure) {
            var bus = Bus()
            bus.attach(Recorder(), at: .max, size: 2)
        }
    }
}
