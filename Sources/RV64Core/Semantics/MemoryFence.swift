import Synchronization

/// FENCE and FENCE.TSO.
package enum MemoryFence {
    /// Only an order of writes before reads costs anything on a host with strong ordering, such as x86.
    @inline(__always)
    package static func ordersWritesBeforeReads(_ raw: UInt32) -> Bool {
        // Bits 27:24 are the predecessors I, O, R, W; bits 23:20 the successors; 31:28 the mode, 8 for FENCE.TSO.
        let isTSO = raw &>> 28 == 8
        return raw & 0x0500_0000 != 0 && raw & 0x00A0_0000 != 0 && !isTSO
    }

    @inline(__always)
    static func execute(_ raw: UInt32) {
        if ordersWritesBeforeReads(raw) {
            atomicMemoryFence(ordering: .sequentiallyConsistent)
        } else {
            atomicMemoryFence(ordering: .acquiringAndReleasing)
        }
    }
}
