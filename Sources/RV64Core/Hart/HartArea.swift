import Glibc
import Synchronization

/// The memory of one hart, one mapping: architectural state, run state, and the TLB.
///
/// The places are fixed and their order is that of use, so that generated code needs one base register. Pages that
/// nothing has touched cost nothing: zeros are an empty TLB.
package struct HartArea {
    static let stateOffset = 0
    package static let runStateOffset = aligned(MemoryLayout<HartState>.size, to: 64)
    /// What other threads write has a line of the host's cache for itself.
    package static let linesOffset = aligned(runStateOffset + MemoryLayout<RunState>.size, to: 64)
    package static let guestExternalLinesOffset = linesOffset + MemoryLayout<UInt64>.stride
    static let tlbOffset = aligned(guestExternalLinesOffset + MemoryLayout<UInt64>.size, to: 4096)
    /// For what an engine keeps within reach of generated code.
    package static let engineRoomOffset = tlbOffset + TLB.byteCount
    package static let engineRoomSize = 6144 << 10
    static let byteCount = engineRoomOffset + engineRoomSize

    let state: UnsafeMutablePointer<HartState>
    let runState: UnsafeMutablePointer<RunState>
    let lines: UnsafeMutablePointer<Atomic<UInt64>>
    let guestExternalLines: UnsafeMutablePointer<Atomic<UInt64>>
    let tlb: TLB
    package let base: UnsafeMutableRawPointer
    package let engineRoom: UnsafeMutableRawPointer

    init() {
        let access = PROT_READ | PROT_WRITE
        let mapping = mmap(nil, Self.byteCount, access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapping, mapping != MAP_FAILED else { fatalError("no memory for a hart's state") }
        base = mapping
        engineRoom = mapping + Self.engineRoomOffset
        tlb = TLB(at: mapping + Self.tlbOffset)
        state = (mapping + Self.stateOffset).bindMemory(to: HartState.self, capacity: 1)
        state.initialize(to: HartState())
        runState = (mapping + Self.runStateOffset).bindMemory(to: RunState.self, capacity: 1)
        runState.initialize(to: RunState(data: .none, fetch: .none))
        lines = (mapping + Self.linesOffset).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        lines.initialize(to: Atomic(0))
        guestExternalLines = (mapping + Self.guestExternalLinesOffset).bindMemory(to: Atomic<UInt64>.self, capacity: 1)
        guestExternalLines.initialize(to: Atomic(0))
    }

    /// Empties the TLB, as if no context had ever been used, and gives its memory back.
    func forgetTranslations() { madvise(base + Self.tlbOffset, TLB.byteCount, MADV_DONTNEED) }

    /// Fills the engine's room with zeros, and gives its memory back.
    package func clearEngineRoom() { madvise(base + Self.engineRoomOffset, Self.engineRoomSize, MADV_DONTNEED) }

    func unmap() { munmap(base, Self.byteCount) }

    private static func aligned(_ offset: Int, to alignment: Int) -> Int {
        (offset + alignment - 1) / alignment * alignment
    }
}
