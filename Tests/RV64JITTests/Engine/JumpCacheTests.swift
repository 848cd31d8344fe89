import RV64Core
import Testing

@testable import RV64JIT

@Suite struct JumpCacheTests {
    /// Every mode has its own part of the room that the hart's area has for the engine.
    @Test func cachesHaveRoom() {
        #expect(JumpCache.byteCount <= HartArea.engineRoomSize)
        #expect(PrivilegeMode.allCases.allSatisfy { Int($0.rawValue) < JumpCache.modeCount })
        #expect(JumpCache.count.nonzeroBitCount == 1)
    }
}
