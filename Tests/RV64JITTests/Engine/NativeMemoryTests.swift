import RV64Core
import Testing

@testable import RV64JIT

@Suite(.enabled(if: NativeEngine.isSupported)) struct NativeMemoryTests {
    /// While another hart writes code, one comparison may drop a block and the next one find its rest unchanged: the
    /// block that comes in its place is another one, whose instructions begin elsewhere.
    @Test func aRestBelongsToItsBlockAlone() throws {
        let memory = try NativeMemory()
        func block(_ firstPlace: Int32, _ step: Int32) -> NativeBlock {
            NativeBlock(
                source: 0x7000_0000,
                pc: 0x8000_0000,
                mode: .supervisor,
                entry: memory.cursor,
                firstPlace: firstPlace,
                count: 8,
                firstStep: step
            )
        }
        let rest = memory.insert(block(0, 3))
        #expect(memory.find(restOf: block(0, 0), from: 3) == rest)
        #expect(memory.find(restOf: block(0, 0), from: 4) == nil)
        #expect(memory.find(restOf: block(8, 0), from: 3) == nil)
        #expect(memory.find(0x7000_0000, 0x8000_0000, .supervisor) == nil)
    }
}
