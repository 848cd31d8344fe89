import Platform
import Testing

@Suite struct PhysicalMemoryTests {
    private let memory: PhysicalMemory

    init() throws { memory = try PhysicalMemory(base: 0x8000_0000, size: 0x4000) }

    @Test func startsZeroed() throws {
        let pointer = try #require(memory.pointer(at: 0x8000_0000, count: 0x4000))
        #expect(UnsafeRawBufferPointer(start: pointer, count: 0x4000).allSatisfy { $0 == 0 })
    }

    @Test(
        arguments: [
            (0x8000_0000, 1), (0x8000_0000, 0x4000), (0x8000_3FFF, 1), (0x8000_3FF8, 8),
        ] as [(UInt64, UInt64)]
    )
    func addressesInsideHaveAPlace(_ address: UInt64, _ count: UInt64) {
        #expect(memory.pointer(at: address, count: count) == memory.host + Int(address - 0x8000_0000))
    }

    @Test(
        arguments: [
            (0x7FFF_FFFF, 1), (0x8000_4000, 1), (0x8000_3FFF, 2), (0x8000_0000, 0x4001), (0, 8), (.max, 1),
            (0x8000_0000, .max), (.max, .max),
        ] as [(UInt64, UInt64)]
    )
    func addressesOutsideHaveNone(_ address: UInt64, _ count: UInt64) {
        #expect(memory.pointer(at: address, count: count) == nil)
    }

    @Test func writesWhole() throws {
        #expect([1, 2, 3].withUnsafeBytes { memory.write($0, at: 0x8000_0FFF) })
        let pointer = try #require(memory.pointer(at: 0x8000_0FFF, count: 24))
        #expect(pointer.loadUnaligned(as: Int.self) == 1)
        #expect(pointer.loadUnaligned(fromByteOffset: 16, as: Int.self) == 3)
    }

    @Test func writesNothingThatDoesNotFit() throws {
        let bytes = [UInt8](repeating: 0xFF, count: 16)
        #expect(!bytes.withUnsafeBytes { memory.write($0, at: 0x8000_3FF8) })
        let end = try #require(memory.pointer(at: 0x8000_3FF8, count: 8))
        #expect(end.load(as: UInt64.self) == 0)
        // No bytes fit anywhere.
        #expect([UInt8]().withUnsafeBytes { memory.write($0, at: 0) })
    }

    @Test func blocksAreApart() throws {
        try memory.add(base: 0x1_0000_0000, size: 0x2000)
        try memory.add(base: 0x1000, size: 0x1000)
        #expect(memory.ranges == [0x8000_0000..<0x8000_4000, 0x1_0000_0000..<0x1_0000_2000, 0x1000..<0x2000])
        for (index, address) in ([0x8000_0000, 0x1_0000_1FF8, 0x1000] as [UInt64]).enumerated() {
            try #require(memory.pointer(at: address, count: 8)).storeBytes(of: index + 1, as: Int.self)
        }
        #expect(memory.pointer(at: 0x1_0000_1FF8, count: 8)?.load(as: Int.self) == 2)
        for address in [0x1_0000_2000, 0xFFFF_FFFF, 0xFF8, 0x2000, 0x1FF9] as [UInt64] {
            #expect(memory.pointer(at: address, count: 8) == nil)
        }
        memory.clear()
        #expect(memory.pointer(at: 0x1000, count: 8)?.load(as: Int.self) == 0)
        #expect(memory.pointer(at: 0x8000_0000, count: 8)?.load(as: Int.self) == 0)
    }

    @Test func addressesBecomeMemory() throws {
        let addresses = try PhysicalMemory(base: 0, size: 8 << 20, backing: .addresses)
        #expect(addresses.residentBytes == 0)
        try addresses.commit(at: 4 << 20, count: 2 << 20)
        let pointer = try #require(addresses.pointer(at: 4 << 20, count: 8))
        pointer.storeBytes(of: 7, as: Int.self)
        #expect(addresses.residentBytes == 4096)
        addresses.prefer(.huge, at: 4 << 20, count: 2 << 20)
        #expect(pointer.load(as: Int.self) == 7)
        addresses.discard(at: 4 << 20, count: 2 << 20)
        #expect(addresses.residentBytes == 0)
        #expect(pointer.load(as: Int.self) == 0)
        #expect(throws: HostMemoryError.self) { try addresses.commit(at: 8 << 20, count: 4096) }
    }

    @Test func refusesWhatTheHostHasNot() {
        #expect(throws: HostMemoryError.self) { try PhysicalMemory(base: 0, size: 1 << 62) }
    }
}

@Suite struct AccessWidthTests {
    @Test(arguments: zip(AccessWidth.allCases, [0xFF, 0xFFFF, 0xFFFF_FFFF, .max] as [UInt64]))
    func maskCoversTheWidth(_ width: AccessWidth, _ mask: UInt64) {
        #expect(width.mask == mask)
        #expect(width.mask.nonzeroBitCount == Int(width.bytes) * 8)
    }

    @Test func knowsIntegerTypes() {
        #expect(AccessWidth(of: Int8.self) == .byte)
        #expect(AccessWidth(of: UInt16.self) == .half)
        #expect(AccessWidth(of: Int32.self) == .word)
        #expect(AccessWidth(of: UInt64.self) == .double)
    }
}
