import Synchronization

/// FENCE and FENCE.TSO.
enum MemoryFence {
    /// Only an order of writes before reads costs anything on a host with strong ordering, such as x86.
    @inline(__always)
    static func execute(_ i: DecodedInstruction) {
        // Bits 27:24 are the predecessors I, O, R, W; bits 23:20 the successors; 31:28 the mode, 8 for FENCE.TSO.
        let isTSO = i.raw &>> 28 == 8
        let ordersWritesBeforeReads = i.raw & 0x0500_0000 != 0 && i.raw & 0x00A0_0000 != 0 && !isTSO
        if ordersWritesBeforeReads {
            atomicMemoryFence(ordering: .sequentiallyConsistent)
        } else {
            atomicMemoryFence(ordering: .acquiringAndReleasing)
        }
    }
}
