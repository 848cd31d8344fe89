import Glibc

/// The decoded blocks of one hart.
///
/// Blocks are found by the host address of their first instruction. FENCE.I starts a new epoch: a block of an older
/// one is compared with memory before it runs again, and decoded anew only if it differs. So stores need no check
/// for code, on this hart or another: RISC-V lets fetches see stale code until FENCE.I.
final class BlockCache {
    private static let tableSize = 1 << 15
    private static let arenaBytes = 64 << 20

    /// A slot that holds nothing points to `nowhere`, so that a lookup needs no test for nil.
    let table: UnsafeMutablePointer<UnsafeMutablePointer<Block>>
    private let nowhere: UnsafeMutablePointer<Block>
    private let arena: UnsafeMutableRawPointer
    private let used: UnsafeMutablePointer<Int>
    /// The current fetch epoch.
    let epoch: UnsafeMutablePointer<UInt64>

    init() {
        nowhere = .allocate(capacity: 1)
        nowhere.initialize(to: Block(source: 0, epoch: 0))
        table = .allocate(capacity: Self.tableSize)
        table.initialize(repeating: nowhere, count: Self.tableSize)
        used = .allocate(capacity: 1)
        used.initialize(to: 0)
        epoch = .allocate(capacity: 1)
        epoch.initialize(to: 1)
        let mapping = mmap(
            nil,
            Self.arenaBytes,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE),
            -1,
            0
        )
        guard let mapping, mapping != MAP_FAILED else { fatalError("no address space for a hart's decoded blocks") }
        arena = mapping
    }

    deinit {
        munmap(arena, Self.arenaBytes)
        table.deallocate()
        nowhere.deallocate()
        used.deallocate()
        epoch.deallocate()
    }

    func startEpoch() { epoch.pointee &+= 1 }

    func find(_ source: UInt64) -> UnsafeMutablePointer<Block>? {
        let block = table[Self.index(source)]
        return block.pointee.source == source ? block : nil
    }

    /// Room for a block of any size; where the arena is full, by giving up all blocks in a new epoch.
    func allocate(source: UInt64) -> UnsafeMutablePointer<Block> {
        if used.pointee + Block.maximumBytes > Self.arenaBytes { reset() }
        let block = (arena + used.pointee).bindMemory(to: Block.self, capacity: 1)
        block.initialize(to: Block(source: source, epoch: epoch.pointee))
        return block
    }

    /// Keeps the block allocated last, whose cells end at `end`.
    func insert(_ block: UnsafeMutablePointer<Block>, end: UnsafeMutablePointer<BlockOperation>) {
        used.pointee = UnsafeMutableRawPointer(end) - arena
        table[Self.index(block.pointee.source)] = block
    }

    private func reset() {
        startEpoch()
        used.pointee = 0
        table.update(repeating: nowhere, count: Self.tableSize)
    }

    @inline(__always)
    static func index(_ source: UInt64) -> Int {
        Int(truncatingIfNeeded: (source &>> 1 ^ source &>> 16) & UInt64(tableSize - 1))
    }
}
