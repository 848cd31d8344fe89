import Glibc

/// One block of RAM: a lazily populated host mapping seen at `base` in a physical address space.
///
/// Pages cost host memory only once touched. Harts, devices and the hypervisor share it, as real RAM is shared:
/// accesses from several threads are the guest's own business, atomics are offered where the ISA needs them.
package final class PhysicalMemory: @unchecked Sendable {
    // @unchecked: the mapping is immutable after `init`; its bytes are memory shared by design.

    /// The physical address of the first byte.
    package let base: UInt64
    /// Size in bytes, a multiple of the page size.
    package let size: UInt64
    /// The host address of the first byte. The owner (a machine) outlives every hart that caches it.
    package let host: UnsafeMutableRawPointer

    /// - Throws: `HostMemoryError` when the host refuses the mapping.
    package init(base: UInt64, size: UInt64) throws(HostMemoryError) {
        precondition(base & Page.offsetMask == 0 && size & Page.offsetMask == 0 && size > 0)
        let mapping = mmap(
            nil,
            Int(size),
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE),
            -1,
            0
        )
        guard let mapping, mapping != MAP_FAILED else {
            throw HostMemoryError(requestedBytes: size, reason: String(cString: strerror(errno)))
        }
        madvise(mapping, Int(size), MADV_HUGEPAGE)
        self.base = base
        self.size = size
        host = mapping
    }

    deinit { munmap(host, Int(size)) }

    /// The host address of `[address, address + count)`, or nil if any of it lies outside.
    @inlinable
    package func pointer(at address: UInt64, count: UInt64) -> UnsafeMutableRawPointer? {
        let offset = address &- base
        guard offset < size, count <= size &- offset else { return nil }
        return host + Int(truncatingIfNeeded: offset)
    }

    /// Zeroes everything, giving the host its pages back.
    package func clear() { madvise(host, Int(size), MADV_DONTNEED) }

    /// Copies bytes in; false (and nothing written) if they do not fit.
    package func write(_ bytes: UnsafeRawBufferPointer, at address: UInt64) -> Bool {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return true }
        guard let target = pointer(at: address, count: UInt64(bytes.count)) else { return false }
        target.copyMemory(from: source, byteCount: bytes.count)
        return true
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
        body(UnsafeMutableRawBufferPointer(start: start, count: count))
        return true
    }
}

extension PhysicalMemory: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(pages: UnsafeRawBufferPointer(start: host, count: Int(size)), at: base)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.read(pages: UnsafeMutableRawBufferPointer(start: host, count: Int(size)), at: base)
    }
}

/// The host would not give the memory asked for.
package struct HostMemoryError: Error, CustomStringConvertible {
    package let requestedBytes: UInt64
    package let reason: String
    package var description: String {
        "cannot reserve \(requestedBytes >> 20) MiB of host memory for the machine: \(reason); ask for less with --memory"
    }
}
