import Testing

@testable import Platform

@Suite struct StatePagesTests {
    private static let base: UInt64 = 0x8000_0000

    private func memory(pages: UInt64 = 16, base: UInt64 = Self.base) throws -> PhysicalMemory {
        try PhysicalMemory(base: base, size: pages << Page.shift)
    }

    private func bytes(_ memory: PhysicalMemory) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: memory.host, count: Int(memory.size)))
    }

    private func archive(_ memory: PhysicalMemory) -> [UInt8] {
        var writer = StateWriter()
        writer.section("memory", memory)
        return writer.finish()
    }

    private func restore(_ archive: [UInt8], into memory: PhysicalMemory) throws(StateError) {
        var reader = try StateReader(archive)
        try reader.section("memory", into: memory)
        try reader.finish()
    }

    /// Pages 0, 7 and 15, each with one byte at an edge.
    private func touchedMemory() throws -> PhysicalMemory {
        let memory = try memory()
        for offset in [0, 7 << 12 | 4095, 15 << 12 | 100, 15 << 12 | 4095] {
            memory.host.storeBytes(of: 0xa5, toByteOffset: offset, as: UInt8.self)
        }
        return memory
    }

    @Test func onlyUsedPagesAreSaved() throws {
        let memory = try touchedMemory()
        let archive = archive(memory)
        #expect(archive.count > 3 * 4096 && archive.count < 3 * 4096 + 256)
        // Pages that the archive has not are cleared.
        let copy = try self.memory()
        for page in 0..<16 { copy.host.storeBytes(of: 1, toByteOffset: page << 12 | 9, as: UInt8.self) }
        try restore(archive, into: copy)
        #expect(bytes(copy) == bytes(memory))
        #expect(self.archive(copy) == archive)
    }

    @Test func memoryOfAnotherShape() throws {
        let archive = archive(try touchedMemory())
        for other in [try memory(pages: 8), try memory(base: 0x4000_0000)] {
            let error = stateError { () throws(StateError) in try restore(archive, into: other) }
            #expect(error?.description.contains("of memory is") == true)
        }
    }

    @Test(arguments: [[1, 0], [3, 3], [16], [.max]] as [[UInt64]])
    func pageNumbersAreChecked(_ numbers: [UInt64]) throws {
        var writer = StateWriter()
        writer.section("memory") { writer in
            writer.write(Self.base)
            writer.write(16 << Page.shift as UInt64)
            writer.write(UInt64(numbers.count))
            for number in numbers {
                writer.write(number)
                for _ in 0..<512 { writer.write(number) }
            }
        }
        let archive = writer.finish()
        let copy = try memory()
        let error = stateError { () throws(StateError) in try restore(archive, into: copy) }
        #expect(error == StateError(.invalidValue("page \(numbers.last ?? 0) is out of order"), section: "memory"))
    }

    /// More pages than the archive holds, and than memory has.
    @Test(arguments: [2, 17, .max] as [UInt64])
    func pageCountIsChecked(_ count: UInt64) throws {
        var writer = StateWriter()
        writer.section("memory") { writer in
            writer.write(Self.base)
            writer.write(16 << Page.shift as UInt64)
            writer.write(count)
        }
        let archive = writer.finish()
        let copy = try memory()
        let error = stateError { () throws(StateError) in try restore(archive, into: copy) }
        #expect(error?.problem == (count > 16 ? .countAboveLimit(count, limit: 16) : .contentTooShort))
    }
}
