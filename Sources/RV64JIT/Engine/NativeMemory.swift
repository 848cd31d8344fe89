import Glibc
import Platform
import RV64Core

/// One guest instruction of a translated block.
struct NativePlace {
    let decoded: DecodedInstruction
    let pc: UInt64
    /// How many instructions of its block come before it.
    let index: Int
}

/// A place where control leaves a block for an address that is known.
struct NativeLink {
    let target: UInt64
    /// The distance to be patched, and what it is while the target is unknown.
    let site: UnsafeMutablePointer<UInt8>
    let stub: UnsafeMutablePointer<UInt8>
    /// The number of the block where it leads, or 0.
    var block: Int32 = 0
    /// Where the expected addend of the target's page is, if that is another page.
    let addend: UnsafeMutablePointer<UInt8>?
    /// It leads into the middle of a block, to code that takes nothing for granted.
    var rest: Rest?

    /// The block of which this is the rest, by its number, and the first of its instructions.
    struct Rest {
        let block: Int32
        let step: Int32
    }
}

/// One translated block: the code for `source` as executed at `pc` in a mode, whose CSRs and permissions it takes for
/// granted.
struct NativeBlock {
    let source: UInt64
    let pc: UInt64
    let mode: PrivilegeMode
    var entry: UnsafeMutablePointer<UInt8>
    var firstPlace: Int32
    let count: Int32
    /// The first of the instructions that are translated: not zero for what is only the rest of a block.
    var firstStep: Int32 = 0
    /// The next one of the same index, and the next one of the same page.
    var next: Int32 = 0
    var nextInPage: Int32 = 0
    /// The last link that was patched to lead here.
    var lastIncoming: Int32 = 0
}

/// That a link was patched to lead to a block.
struct NativeIncoming {
    let link: Int32
    /// The one before, of the same block.
    let previous: Int32
}

/// A page of RAM that blocks were translated from.
struct NativePage {
    /// The host address.
    let host: UInt64
    var firstBlock: Int32 = 0
    /// The next one of the same index.
    var next: Int32 = 0
    /// Epochs in which all its blocks were found unchanged.
    var survived: Int32 = 0
    var isWatched = false
    var version: UInt32 = 0
    /// What all harts have to acknowledge before the watch can be relied on.
    var generation: UInt64 = 0
    /// Stands for the generation that is about to begin.
    static let latest = UInt64.max
    /// The code was compared after all had acknowledged.
    var isCertain = false
}

/// What a hart's translator keeps: code, and what belongs to it. Of its memory only what is used costs anything.
final class NativeMemory {
    private static let blockLimit = 1 << 19
    private static let placeLimit = 1 << 22
    private static let linkLimit = 1 << 21
    private static let pageLimit = 1 << 16
    /// Of each instruction: at its budget and otherwise, and for the rest of the block.
    private static let linksPerBlock = 8 * Block.maximumCount
    static let tableSize = 1 << 17
    /// More than the longest block takes: of its instructions none takes 4096 bytes, with stubs, all f registers, and twice.
    private static let codeReserve = Block.maximumCount * 4096

    let code: CodeMemory
    let thunks: Thunks
    let map = RegisterMap.standard
    var cursor: UnsafeMutablePointer<UInt8>
    /// The number of the next access's site.
    var nextSite = 0

    let blocks: Arena<NativeBlock>
    let places: Arena<NativePlace>
    let links: Arena<NativeLink>
    let incoming: Arena<NativeIncoming>
    let pages: Arena<NativePage>
    private let pageTable: Arena<Int32>
    let table: Arena<Int32>
    /// How often code has been interpreted.
    private let heat: Arena<UInt8>

    static var addressBytes: Int {
        2 * CodeMemory.byteCount + blockLimit * MemoryLayout<NativeBlock>.stride
            + placeLimit * MemoryLayout<NativePlace>.stride + linkLimit * MemoryLayout<NativeLink>.stride
            + linkLimit * MemoryLayout<NativeIncoming>.stride + pageLimit * MemoryLayout<NativePage>.stride
    }

    init() throws(CodeMemoryError) {
        code = try CodeMemory()
        blocks = try Arena(capacity: Self.blockLimit)
        places = try Arena(capacity: Self.placeLimit)
        links = try Arena(capacity: Self.linkLimit)
        incoming = try Arena(capacity: Self.linkLimit)
        pages = try Arena(capacity: Self.pageLimit)
        pageTable = try Arena(capacity: Self.tableSize)
        table = try Arena(capacity: Self.tableSize)
        heat = try Arena(capacity: 1 << 16)
        thunks = Thunks(at: code.writable, map: map)
        cursor = thunks.end
        start()
    }

    /// Number 0 is no block, no page and no incoming link.
    private func start() {
        blocks.count = 1
        pages.count = 1
        incoming.count = 1
    }

    private static func index(_ source: UInt64, _ pc: UInt64) -> Int {
        Int(truncatingIfNeeded: (source &>> 1 ^ source &>> 17 ^ pc &>> 12) & UInt64(tableSize - 1))
    }

    /// The code for a block from its beginning.
    func find(_ source: UInt64, _ pc: UInt64, _ mode: PrivilegeMode) -> UnsafeMutablePointer<NativeBlock>? {
        find(source, pc, mode) { $0.firstStep == 0 }
    }

    /// The code for the rest of a block: what has other instructions now is not that block.
    func find(restOf block: NativeBlock, from step: Int32) -> UnsafeMutablePointer<NativeBlock>? {
        find(block.source, block.pc, block.mode) { $0.firstStep == step && $0.firstPlace == block.firstPlace }
    }

    @inline(__always)
    private func find(
        _ source: UInt64,
        _ pc: UInt64,
        _ mode: PrivilegeMode,
        where isMeant: (NativeBlock) -> Bool
    ) -> UnsafeMutablePointer<NativeBlock>? {
        var number = table.base[Self.index(source, pc)]
        while number != 0 {
            let block = blocks.base + Int(number)
            if block.pointee.source == source, block.pointee.pc == pc, block.pointee.mode == mode,
                isMeant(block.pointee)
            {
                return block
            }
            number = block.pointee.next
        }
        return nil
    }

    func insert(_ block: NativeBlock) -> UnsafeMutablePointer<NativeBlock> {
        let index = Self.index(block.source, block.pc)
        let place = blocks.base + blocks.count
        place.initialize(to: block)
        place.pointee.next = table.base[index]
        table.base[index] = Int32(blocks.count)
        let page = page(of: block.source)
        place.pointee.nextInPage = page.pointee.firstBlock
        page.pointee.firstBlock = Int32(blocks.count)
        blocks.count += 1
        return place
    }

    private func page(of source: UInt64) -> UnsafeMutablePointer<NativePage> {
        let host = source & ~Page.offsetMask
        let index = Int(truncatingIfNeeded: host &>> Page.shift & UInt64(Self.tableSize - 1))
        var number = pageTable.base[index]
        while number != 0 {
            if pages.base[Int(number)].host == host { return pages.base + Int(number) }
            number = pages.base[Int(number)].next
        }
        let page = pages.base + pages.count
        page.initialize(to: NativePage(host: host, next: pageTable.base[index]))
        pageTable.base[index] = Int32(pages.count)
        pages.count += 1
        return page
    }

    func number(of block: UnsafeMutablePointer<NativeBlock>) -> Int32 { Int32(block - blocks.base) }

    /// A block that no longer is what is in memory is not found again.
    func remove(_ block: UnsafeMutablePointer<NativeBlock>) {
        var link = table.base + Self.index(block.pointee.source, block.pointee.pc)
        while link.pointee != 0 {
            let other = blocks.base + Int(link.pointee)
            if other == block {
                link.pointee = block.pointee.next
                return
            }
            // SAFETY: `next` is a stored field of the block, which nothing moves.
            link = UnsafeMutableRawPointer(other).advanced(by: Self.nextOffset).assumingMemoryBound(to: Int32.self)
        }
    }

    private static let nextOffset = MemoryLayout<NativeBlock>.distance(of: \.next)

    /// Counts an execution by the interpreter.
    ///
    /// - Returns: how many there have been.
    func warm(_ source: UInt64) -> UInt8 {
        let index = Int(truncatingIfNeeded: (source &>> 1 ^ source &>> 17) & 0xFFFF)
        heat.base[index] &+= heat.base[index] == .max ? 0 : 1
        return heat.base[index]
    }

    /// Room for one more block, whatever it is.
    var hasRoom: Bool {
        code.writable + CodeMemory.byteCount - cursor > Self.codeReserve && blocks.count < Self.blockLimit
            && places.count + Block.maximumCount < Self.placeLimit
            && links.count + Self.linksPerBlock < Self.linkLimit
            && incoming.count + 1 < Self.linkLimit && pages.count < Self.pageLimit
    }

    /// Gives up all code but the thunks.
    func reset() {
        cursor = thunks.end
        code.discard(from: cursor)
        blocks.clear()
        places.clear()
        links.clear()
        incoming.clear()
        pages.clear()
        table.clear()
        pageTable.clear()
        start()
        heat.clear()
    }
}

/// Elements one behind the other, in memory that is zero and costs nothing until it is touched.
final class Arena<Element> {
    let base: UnsafeMutablePointer<Element>
    var count = 0
    private let capacity: Int
    private let byteCount: Int

    /// - Throws: when the host has no address space left.
    init(capacity: Int) throws(CodeMemoryError) {
        self.capacity = capacity
        byteCount = (capacity * MemoryLayout<Element>.stride + 4095) / 4096 * 4096
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapping, mapping != MAP_FAILED else { throw CodeMemoryError() }
        base = mapping.bindMemory(to: Element.self, capacity: capacity)
    }

    deinit { munmap(base, byteCount) }

    var hasRoom: Bool { count < capacity }

    func append(_ element: Element) {
        (base + count).initialize(to: element)
        count += 1
    }

    func clear() {
        madvise(base, byteCount, MADV_DONTNEED)
        count = 0
    }
}
