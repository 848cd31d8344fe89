import Platform

@testable import Devices

/// A driver for tests: sets a transport up and plays the guest's side of its queues.
///
/// Queue `n` lies at `base + n * 0x1_0000`: descriptors, then the available ring at +0x4000, the used ring at +0x8000.
struct VirtioDriver {
    let transport: VirtioMMIOTransport
    let memory: FlatGuestMemory

    static let bufferBase: UInt64 = 0x8008_0000

    func area(_ queue: UInt32) -> UInt64 { memory.base + UInt64(queue) * 0x1_0000 }
    func availableArea(_ queue: UInt32) -> UInt64 { area(queue) + 0x4000 }
    func usedArea(_ queue: UInt32) -> UInt64 { area(queue) + 0x8000 }

    func negotiate(_ features: VirtioFeatures = .version1) throws {
        try transport.write32(0, at: 0x070)
        try transport.write32(1, at: 0x070)
        try transport.write32(3, at: 0x070)
        for half in 0..<2 as Range<UInt32> {
            try transport.write32(half, at: 0x024)
            try transport.write32(features.rawValue.word(half), at: 0x020)
        }
        try transport.write32(11, at: 0x070)
    }

    func setUp(_ queue: UInt32, size: UInt32 = 8) throws {
        try transport.write32(queue, at: 0x030)
        try transport.write32(size, at: 0x038)
        for (register, address) in [
            (0x080, area(queue)), (0x090, availableArea(queue)), (0x0a0, usedArea(queue)),
        ] as [(UInt64, UInt64)] {
            try transport.write32(address.word(0), at: register)
            try transport.write32(address.word(1), at: register + 4)
        }
        try transport.write32(1, at: 0x044)
    }

    func start() throws { try transport.write32(15, at: 0x070) }

    func initialize(
        _ features: VirtioFeatures = .version1,
        queues: Range<UInt32> = 0..<2,
        size: UInt32 = 8
    ) throws {
        try negotiate(features)
        for queue in queues { try setUp(queue, size: size) }
        try start()
    }

    func notify(_ queue: UInt32) throws { try transport.write32(queue, at: 0x050) }

    var status: VirtioStatus { get throws { VirtioStatus(rawValue: try transport.read32(0x070)) } }
    var interruptStatus: UInt32 { get throws { try transport.read32(0x060) } }

    // MARK: - Rings

    func store(_ value: some FixedWidthInteger, _ address: UInt64) {
        _ = memory.store(value, at: GuestPhysicalAddress(address))
    }

    func load<T: FixedWidthInteger>(_ type: T.Type, _ address: UInt64) -> T {
        memory.load(type, at: GuestPhysicalAddress(address)) ?? 0
    }

    func descriptor(
        _ index: UInt16,
        table: UInt64? = nil,
        queue: UInt32,
        address: UInt64,
        length: UInt32,
        flags: UInt16 = 0,
        next: UInt16 = 0
    ) {
        let entry = (table ?? area(queue)) + 16 * UInt64(index)
        store(address, entry)
        store(length, entry + 8)
        store(flags, entry + 12)
        store(next, entry + 14)
    }

    /// Makes a chain available without notifying.
    func offer(_ head: UInt16, queue: UInt32, size: UInt16 = 8) {
        let index = load(UInt16.self, availableArea(queue) + 2)
        store(head, availableArea(queue) + 4 + 2 * UInt64(index % size))
        store(index &+ 1, availableArea(queue) + 2)
    }

    func usedIndex(_ queue: UInt32) -> UInt16 { load(UInt16.self, usedArea(queue) + 2) }

    func used(_ index: UInt16, queue: UInt32) -> [UInt32] {
        let entry = usedArea(queue) + 4 + 8 * UInt64(index)
        return [load(UInt32.self, entry), load(UInt32.self, entry + 4)]
    }

    func put(_ text: String, at address: UInt64) {
        _ = Array(text.utf8).withUnsafeBytes { memory.write($0, at: GuestPhysicalAddress(address)) }
    }

    func bytes(_ count: Int, at address: UInt64) -> [UInt8] {
        (0..<UInt64(count)).map { load(UInt8.self, address + $0) }
    }

    func text(_ count: Int, at address: UInt64) -> String { String(decoding: bytes(count, at: address), as: UTF8.self) }
}
