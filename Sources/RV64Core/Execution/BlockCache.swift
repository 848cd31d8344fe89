import Glibc

/// The decoded blocks of one hart.
///
/// Blocks are found by the host address of their first instruction. FENCE.I starts a new epoch: a block of an older
/// one is compared with memory before it runs again, and decoded anew only if it differs. So stores need no check
/// for code, on this hart or another: RISC-V lets fetches see stale code until FENCE.I.
final class BlockCache {
    private static let tableSize = 1 << 15
    private static let arenaBytes = 64 << 20

    private let table: UnsafeMutablePointer<UnsafeMutablePointer<Block>?>
    private let arena: UnsafeMutableRawPointer
    private let used: UnsafeMutablePointer<Int>
    /// The current fetch epoch.
    let epoch: UnsafeMutablePointer<UInt64>

    init() {
        table = .allocate(capacity: Self.tableSize)
        table.initialize(repeating: nil, count: Self.tableSize)
        used = .allocate(capacity: 1)
        used.initialize(to: 0)
        epoch = .allocate(capacity: 1)
        epoch.initialize(to: 1)
        let mapping = mmap(
            nil, Self.arenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let mapping, mapping != MAP_FAILED else { fatalError("no address space for a hart's decoded blocks") }
        arena = mapping
    }

    deinit {
        munmap(arena, Self.arenaBytes)
        table.deallocate()
        used.deallocate()
        epoch.deallocate()
    }

    func startEpoch() { epoch.pointee &+= 1 }

    func find(_ source: UInt64) -> UnsafeMutablePointer<Block>? {
        guard let block = table[Self.index(source)], block.pointee.source == source else { return nil }
        return block
    }

    func insert(_ block: UnsafeMutablePointer<Block>) { table[Self.index(block.pointee.source)] = block }

    /// Room for a block of `count` instructions, or nil when the arena is full: then `reset` it.
    func allocate(source: UInt64, count: Int) -> UnsafeMutablePointer<Block>? {
        let bytes = MemoryLayout<Block>.stride + (count + 1) * MemoryLayout<DecodedInstruction>.stride
        guard used.pointee + bytes <= Self.arenaBytes else { return nil }
        let block = (arena + used.pointee).bindMemory(to: Block.self, capacity: 1)
        used.pointee += bytes
        block.initialize(
            to: Block(source: source, epoch: epoch.pointee, count: Int32(count), taken: nil, next: nil))
        return block
    }

    /// Gives up all blocks, in a new epoch. The caller also forgets every pointer to one (the jump caches).
    func reset() {
        startEpoch()
        used.pointee = 0
        table.update(repeating: nil, count: Self.tableSize)
    }

    private static func index(_ source: UInt64) -> Int {
        Int(truncatingIfNeeded: (source &>> 1 ^ source &>> 16) & UInt64(tableSize - 1))
    }
}
