import Testing

@testable import RV64Core

/// Which orders cost a host with strong ordering something.
@Suite struct MemoryFenceTests {
    /// Writes or outputs before reads or inputs, and nothing else. norm:fence_op
    @Test(arguments: UInt32(0)..<16, UInt32(0)..<16)
    func sets(before: UInt32, after: UInt32) {
        let fence = before << 24 | after << 20 | 0xF
        #expect(MemoryFence.ordersWritesBeforeReads(fence) == (before & 0b0101 != 0 && after & 0b1010 != 0))
    }

    /// FENCE.TSO leaves writes and later reads as they are; whatever else is reserved is a FENCE.
    /// norm:fence_unused_flds_rsv norm:fence_cons_ok
    @Test(arguments: UInt32(1)..<16)
    func modes(mode: UInt32) {
        #expect(MemoryFence.ordersWritesBeforeReads(mode << 28 | 0x0330_000F) == (mode != 8))
        #expect(MemoryFence.ordersWritesBeforeReads(mode << 28 | 0x0FF0_000F))
        #expect(!MemoryFence.ordersWritesBeforeReads(mode << 28 | 0x0110_000F))
    }

    /// An LR with rl comes behind what is before it.
    @Test(arguments: [
        (UInt32(0x1000_302F), false), (0x1400_302F, false), (0x1200_302F, true), (0x1600_302F, true),
    ])
    func loads(lr: UInt32, isReleasing: Bool) { #expect(MemoryFence.isReleasing(lr) == isReleasing) }
}
