/// A run of decoded instructions inside one page that is entered only at its start; its instructions follow it in
/// memory, the last one an `endOfBlock`.
struct Block: BitwiseCopyable {
    /// The host address of the first instruction: physical identity, whatever the virtual address.
    var source: UInt64
    /// The fetch epoch in which the instructions were last compared with memory.
    var epoch: UInt64
    /// Instructions, without the `endOfBlock`.
    var count: Int32
    /// Where control goes inside the same page, once known.
    var taken: UnsafeMutablePointer<Block>?
    var next: UnsafeMutablePointer<Block>?

    static let maximumCount = 64
}

extension UnsafeMutablePointer where Pointee == Block {
    /// The instructions behind the header.
    @inline(__always)
    var instructions: UnsafeMutablePointer<DecodedInstruction> {
        // SAFETY: `BlockCache.allocate` reserves `count + 1` instructions right behind every header.
        UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: DecodedInstruction.self)
    }
}
