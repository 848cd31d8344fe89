import Synchronization

/// FENCE and FENCE.TSO, and the orders that other instructions carry.
package enum MemoryFence {
    /// Only an order of writes before reads costs anything on a host with strong ordering, such as x86.
    @inline(__always)
    package static func ordersWritesBeforeReads(_ raw: UInt32) -> Bool {
        // Bits 27:24 are the predecessors I, O, R, W; bits 23:20 the successors; 31:28 the mode. FENCE.TSO is mode 8 from
        // RW to RW; whatever else is reserved is a FENCE.
        let isTSO = raw &>> 20 == 0x833
        return raw & 0x0500_0000 != 0 && raw & 0x00A0_0000 != 0 && !isTSO
    }

    /// Whether a load is a release as well: what is before it comes first, stores included, which costs a fence.
    @inline(__always)
    package static func isReleasing(_ raw: UInt32) -> Bool { raw &>> 25 & 1 != 0 }

    /// What goes before a load with an order of its own.
    @inline(__always)
    static func beginLoad(_ raw: UInt32) {
        if isReleasing(raw) { atomicMemoryFence(ordering: .sequentiallyConsistent) }
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
