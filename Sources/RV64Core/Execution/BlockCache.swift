import Glibc

/// The decoded blocks of one hart.
///
/// Blocks are found by the host address of their first instruction. FENCE.I starts a new epoch: a block of an older
/// one is compared with memory before it runs again, and decoded anew only if it differs. So stores need no check
/// for code, on this hart or another: RISC-V lets fetches see stale code until FENCE.I.
///
/// One mapping holds it all, and pages that nothing has touched cost nothing: an empty place in the table leads to the
/// start of the mapping, whose zeros are a block of no address.
package final class BlockCache {
    private struct Header: BitwiseCopyable {
        /// The block of no address, for a lookup that needs no test for nil.
        var nowhere: Block
        /// The current fetch epoch.
        var epoch: UInt64
        var used: Int
    }

    private static let tableSize = 1 << 15
    private static let tableOffset = 4096
    private static let scratchOffset = tableOffset + tableSize * MemoryLayout<UInt32>.stride
    private static let arenaOffset = scratchOffset + (Block.maximumBytes + 4095) / 4096 * 4096
    private static let byteCount = arenaOffset + 64 << 20

    /// Where offsets in the table count from.
    let base: UnsafeMutableRawPointer
    /// The offset of the block found last for each index.
    let table: UnsafeMutablePointer<UInt32>
    /// The block of the one instruction that no cache keeps: it is overwritten by the next such instruction, if that is
    /// another one.
    package let scratch: UnsafeMutablePointer<Block>
    private let header: UnsafeMutablePointer<Header>

    init() {
        let access = PROT_READ | PROT_WRITE
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        let mapping = mmap(nil, Self.byteCount, access, flags, -1, 0)
        guard let mapping, mapping != MAP_FAILED else { fatalError("no address space for a hart's decoded blocks") }
        base = mapping
        header = mapping.bindMemory(to: Header.self, capacity: 1)
        table = (mapping + Self.tableOffset).bindMemory(to: UInt32.self, capacity: Self.tableSize)
        scratch = (mapping + Self.scratchOffset).bindMemory(to: Block.self, capacity: 1)
        header.pointee.epoch = 1
        header.pointee.used = Self.arenaOffset
    }

    deinit { munmap(base, Self.byteCount) }

    package var epoch: UInt64 { header.pointee.epoch }

    func startEpoch() { header.pointee.epoch &+= 1 }

    func find(_ source: UInt64) -> UnsafeMutablePointer<Block>? {
        let block = block(at: table[Self.index(source)])
        return block.pointee.source == source ? block : nil
    }

    @inline(__always)
    private func block(at offset: UInt32) -> UnsafeMutablePointer<Block> {
        (base + Int(offset)).assumingMemoryBound(to: Block.self)
    }

    /// Room for a block of any size; where the arena is full, by giving up all blocks in a new epoch.
    func allocate(source: UInt64) -> UnsafeMutablePointer<Block> {
        if header.pointee.used + Block.maximumBytes > Self.byteCount { reset() }
        let block = (base + header.pointee.used).bindMemory(to: Block.self, capacity: 1)
        block.initialize(to: Block(source: source, epoch: epoch))
        return block
    }

    /// Keeps the block allocated last, whose operations end at `end`.
    func insert(_ block: UnsafeMutablePointer<Block>, end: UnsafeMutablePointer<BlockOperation>) {
        table[Self.index(block.pointee.source)] = UInt32(header.pointee.used)
        header.pointee.used = UnsafeMutableRawPointer(end) - base
    }

    /// Gives up all blocks in a new epoch, and their memory.
    func reset() {
        startEpoch()
        header.pointee.used = Self.arenaOffset
        madvise(base + Self.tableOffset, Self.byteCount - Self.tableOffset, MADV_DONTNEED)
    }

    @inline(__always)
    static func index(_ source: UInt64) -> Int {
        Int(truncatingIfNeeded: (source &>> 1 ^ source &>> 16) & UInt64(tableSize - 1))
    }
}
