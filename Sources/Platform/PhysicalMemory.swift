import Glibc
import Synchronization

/// The RAM of a physical address space: one block, or several, each a lazily populated host mapping.
///
/// Pages cost host memory only once touched. Harts, devices and the hypervisor share it, as real RAM is shared:
/// accesses from several threads are the guest's own business, atomics are offered where the ISA needs them.
package final class PhysicalMemory: @unchecked Sendable {
    // @unchecked: the first block is immutable; others are written before `otherCount` says that they are there. The
    // bytes are memory shared by design.

    /// One contiguous piece of RAM.
    fileprivate struct Block {
        let base: UInt64
        let size: UInt64
        let host: UnsafeMutableRawPointer
        /// A word for each page: see `PageWatch`.
        let watches: UnsafeMutablePointer<UInt32>

        func pointer(at address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
            let offset = address &- base
            guard offset < size, count <= size &- offset else { return nil }
            return host + Int(truncatingIfNeeded: offset)
        }
    }

    /// What the host is asked for.
    package enum Backing: Sendable {
        /// Memory, in huge pages where the host has them.
        case memory
        /// Addresses alone, which become memory in small pages by `commit`.
        case addresses
    }

    /// The physical address of the first byte of the first block.
    package let base: UInt64
    /// The first block's size in bytes, a multiple of the page size.
    package let size: UInt64
    /// The host address of the first byte. The owner (a machine) outlives every hart that caches it.
    package let host: UnsafeMutableRawPointer

    private let watches: UnsafeMutablePointer<UInt32>
    /// Which rights to store harts have given up.
    package let grants = GrantRevocation()

    /// Most machines have one block, so the others are looked at last.
    private let others: UnsafeMutablePointer<Block>
    private let otherCount = Atomic<Int>(0)
    private static let otherLimit = 256

    private static let hugePage = 2 << 20

    /// - Throws: `HostMemoryError` when the host refuses the mapping.
    package init(base: UInt64, size: UInt64, backing: Backing = .memory) throws(HostMemoryError) {
        self.base = base
        self.size = size
        host = try Self.map(base: base, size: size, backing)
        watches = try Self.mapWatches(size)
        others = .allocate(capacity: Self.otherLimit)
    }

    deinit {
        for block in blocks {
            munmap(block.host, Int(block.size))
            munmap(block.watches, Self.watchBytes(block.size))
        }
        others.deallocate()
    }

    /// Adds a block, which overlaps no other. One thread at a time may add; harts may run meanwhile.
    ///
    /// - Throws: `HostMemoryError` when the host refuses the mapping.
    package func add(base: UInt64, size: UInt64, backing: Backing = .memory) throws(HostMemoryError) {
        let count = otherCount.load(ordering: .acquiring)
        guard count < Self.otherLimit else {
            throw HostMemoryError(requestedBytes: size, reason: "it is in \(count + 1) pieces already")
        }
        let host = try Self.map(base: base, size: size, backing)
        let watches = try Self.mapWatches(size)
        (others + count).initialize(to: Block(base: base, size: size, host: host, watches: watches))
        otherCount.store(count + 1, ordering: .releasing)
    }

    /// Huge pages need alignment, for which the ends of a longer mapping are cut off.
    private static func map(
        base: UInt64,
        size: UInt64,
        _ backing: Backing
    ) throws(HostMemoryError) -> UnsafeMutableRawPointer {
        precondition(base & Page.offsetMask == 0 && size & Page.offsetMask == 0 && size > 0)
        let protection =
            switch backing {
            case .memory: PROT_READ | PROT_WRITE
            case .addresses: PROT_NONE
            }
        let slack = size >= UInt64(hugePage) ? hugePage : 0
        guard let length = Int(exactly: size).map({ $0.addingReportingOverflow(slack) }), !length.overflow else {
            throw HostMemoryError(requestedBytes: size, reason: String(cString: strerror(ENOMEM)))
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        guard let mapping = mmap(nil, length.partialValue, protection, flags, -1, 0), mapping != MAP_FAILED else {
            throw HostMemoryError(requestedBytes: size, reason: String(cString: strerror(errno)))
        }
        var start = mapping
        if slack > 0 {
            start = mapping.alignedUp(toMultipleOf: hugePage)
            let before = start - mapping
            if before > 0 { munmap(mapping, before) }
            if before < slack { munmap(start + Int(size), slack - before) }
        }
        switch backing {
        case .memory: madvise(start, Int(size), MADV_HUGEPAGE)
        case .addresses: madvise(start, Int(size), MADV_NOHUGEPAGE)
        }
        ThreadSanitizer.expectRaces(for: start, byteCount: Int(size))
        return start
    }

    /// The host address of `[address, address + count)`, or nil if any of it lies outside, or in two blocks.
    @inlinable
    package func pointer(at address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        let offset = address &- base
        guard offset < size, count <= size &- offset else { return pointerBeyondFirst(at: address, count: count) }
        return host + Int(truncatingIfNeeded: offset)
    }

    package func pointerBeyondFirst(at address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        for index in 0..<otherCount.load(ordering: .acquiring) {
            if let pointer = others[index].pointer(at: address, count: count) { return pointer }
        }
        return nil
    }

    fileprivate var blocks: [Block] {
        [Block(base: base, size: size, host: host, watches: watches)]
            + (0..<otherCount.load(ordering: .acquiring)).map { others[$0] }
    }

    /// The physical addresses that are RAM, in the order in which they were added.
    package var ranges: [Range<UInt64>] { blocks.map { $0.base..<$0.base + $0.size } }

    /// Zeroes everything, giving the host its pages back.
    package func clear() { for block in blocks { madvise(block.host, Int(block.size), MADV_DONTNEED) } }

    /// Copies bytes in; false (and nothing written) if they do not fit.
    package func write(_ bytes: UnsafeRawBufferPointer, at address: UInt64) -> Bool {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return true }
        guard let target = pointer(at: address, count: UInt64(bytes.count)) else { return false }
        target.copyMemory(from: source, byteCount: bytes.count)
        haveStored(UnsafeRawBufferPointer(start: target, count: bytes.count))
        return true
    }

    // MARK: - Code

    private static func watchBytes(_ size: UInt64) -> Int { Int(size >> Page.shift) * MemoryLayout<UInt32>.stride }

    private static func mapWatches(_ size: UInt64) throws(HostMemoryError) -> UnsafeMutablePointer<UInt32> {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        let mapping = mmap(nil, watchBytes(size), PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let mapping, mapping != MAP_FAILED else {
            throw HostMemoryError(requestedBytes: size, reason: String(cString: strerror(errno)))
        }
        return mapping.assumingMemoryBound(to: UInt32.self)
    }

    /// The watch of the page that a host address lies in; nil where that is no RAM.
    package func watch(ofHost address: UnsafeRawPointer) -> PageWatch? {
        let offset = UInt64(UInt(bitPattern: address)) &- UInt64(UInt(bitPattern: host))
        if offset < size { return PageWatch(watches + Int(offset &>> Page.shift)) }
        for index in 0..<otherCount.load(ordering: .acquiring) {
            let offset = UInt64(UInt(bitPattern: address)) &- UInt64(UInt(bitPattern: others[index].host))
            if offset < others[index].size { return PageWatch(others[index].watches + Int(offset &>> Page.shift)) }
        }
        return nil
    }

    /// To be called behind every store into RAM by something else than a hart, before anybody is told of it. A watch may
    /// begin while the store is under way.
    package func haveStored(_ range: UnsafeRawBufferPointer) {
        guard let start = range.baseAddress, !range.isEmpty else { return }
        let first = UInt(bitPattern: start) & ~UInt(Page.offsetMask)
        let end = UInt(bitPattern: start) + UInt(range.count)
        for page in stride(from: first, to: end, by: Int(Page.size)) {
            guard let pointer = UnsafeRawPointer(bitPattern: page), let watch = watch(ofHost: pointer) else { continue }
            if watch.isWatched { _ = watch.willStore() }
        }
    }

    // MARK: - What the host puts behind it

    /// Makes reserved addresses memory.
    ///
    /// - Throws: `HostMemoryError` when the host refuses, or there are no such addresses.
    package func commit(at address: UInt64, count: UInt64) throws(HostMemoryError) {
        guard let start = pointer(at: address, count: count) else {
            throw HostMemoryError(requestedBytes: count, reason: String(cString: strerror(EFAULT)))
        }
        guard mprotect(start, Int(count), PROT_READ | PROT_WRITE) == 0 else {
            throw HostMemoryError(requestedBytes: count, reason: String(cString: strerror(errno)))
        }
    }

    /// Gives the host a range of pages back, which are zero and small when next touched.
    package func discard(at address: UInt64, count: UInt64) {
        guard let start = pointer(at: address, count: count) else { return }
        madvise(start, Int(count), MADV_DONTNEED)
    }

    /// How the host is to back a range.
    package enum PageSize: Sendable {
        case small
        /// What is there already is moved at once, where the host can.
        case huge
    }

    /// Advice only: a host without huge pages goes on with small ones.
    package func prefer(_ pages: PageSize, at address: UInt64, count: UInt64) {
        guard let start = pointer(at: address, count: count) else { return }
        switch pages {
        case .small: madvise(start, Int(count), MADV_NOHUGEPAGE)
        case .huge:
            madvise(start, Int(count), MADV_HUGEPAGE)
            if residentBytes(at: address, count: count) > 0 { madvise(start, Int(count), Self.collapse) }
        }
    }

    /// MADV_COLLAPSE, since Linux 6.1; not in the C library's headers that Swift sees.
    private static let collapse: Int32 = 25

    /// How many bytes of a range the host has backed.
    package func residentBytes(at address: UInt64, count: UInt64) -> UInt64 {
        guard let start = pointer(at: address, count: count) else { return 0 }
        var pages = [UInt8](repeating: 0, count: Int(count >> Page.shift))
        guard mincore(start, Int(count), &pages) == 0 else { return 0 }
        return pages.reduce(0) { $0 &+ UInt64($1 & 1) } << Page.shift
    }

    /// How many bytes of all RAM the host has backed.
    package var residentBytes: UInt64 {
        let piece: UInt64 = 64 << 20
        return ranges.reduce(0) { total, range in
            stride(from: range.lowerBound, to: range.upperBound, by: Int(piece)).reduce(total) { total, start in
                total &+ residentBytes(at: start, count: min(piece, range.upperBound - start))
            }
        }
    }
}

/// On a plain machine devices reach RAM where it is.
extension PhysicalMemory: GuestMemoryAccess {
    package func forEachHostRange(
        of address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        guard let start = pointer(at: address.rawValue, count: UInt64(count)) else { return false }
        let range = UnsafeMutableRawBufferPointer(start: start, count: count)
        body(range)
        haveStored(UnsafeRawBufferPointer(range))
        return true
    }
}

/// All blocks, one after another.
extension PhysicalMemory: Savable {
    package func save(to writer: inout StateWriter) {
        for block in blocks {
            writer.write(pages: UnsafeRawBufferPointer(start: block.host, count: Int(block.size)), at: block.base)
        }
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        for block in blocks {
            try reader.read(
                pages: UnsafeMutableRawBufferPointer(start: block.host, count: Int(block.size)),
                at: block.base
            )
        }
    }
}

/// The host would not give the memory asked for.
package struct HostMemoryError: Error, CustomStringConvertible {
    package let requestedBytes: UInt64
    package let reason: String
    /// What the user can do.
    package let remedy: String

    package init(requestedBytes: UInt64, reason: String, remedy: String = "ask for less with --memory") {
        self.requestedBytes = requestedBytes
        self.reason = reason
        self.remedy = remedy
    }

    package var description: String {
        "cannot reserve \(requestedBytes >> 20) MiB of host memory for the machine: \(reason); \(remedy)"
    }
}
