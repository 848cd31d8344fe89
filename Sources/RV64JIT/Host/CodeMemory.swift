import CLinux
import Glibc

/// Memory for generated code: one object, mapped twice. No address is ever both writable and executable.
///
/// It has no name: perf looks for names of code (`--perf-map`) in memory that has none alone.
package final class CodeMemory {
    package static let byteCount = 256 << 20

    /// Where code is written.
    package let writable: UnsafeMutablePointer<UInt8>
    /// What to add to an address in `writable` to get where it is executed.
    package let executableDistance: Int

    /// How far code has been given huge pages.
    private var settled = 0
    private static let hugePage = 2 << 20
    /// MADV_COLLAPSE, since Linux 6.1; not in the C library's headers that Swift sees.
    private static let collapse: Int32 = 25

    /// - Throws: the reason in words, when the host refuses memory that can be executed.
    package init() throws(CodeMemoryError) {
        guard let writing = Self.reserve() else { throw CodeMemoryError() }
        guard let executing = Self.reserve() else {
            let error = CodeMemoryError()
            munmap(writing, Self.byteCount)
            throw error
        }
        let flags = MAP_SHARED | MAP_ANONYMOUS | Int32(MAP_NORESERVE) | MAP_FIXED
        let written = mmap(writing, Self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard written == writing, map_again(writing, UInt(Self.byteCount), executing) == executing,
            mprotect(executing, Self.byteCount, PROT_READ | PROT_EXEC) == 0
        else {
            let error = CodeMemoryError()
            munmap(writing, Self.byteCount)
            munmap(executing, Self.byteCount)
            throw error
        }
        writable = writing.bindMemory(to: UInt8.self, capacity: Self.byteCount)
        executableDistance = executing - writing
    }

    /// Addresses that begin where a huge page may: the ends of a longer mapping are cut off.
    private static func reserve() -> UnsafeMutableRawPointer? {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        guard let mapping = mmap(nil, byteCount + hugePage, PROT_NONE, flags, -1, 0), mapping != MAP_FAILED else {
            return nil
        }
        let start = mapping.alignedUp(toMultipleOf: hugePage)
        let before = start - mapping
        if before > 0 { munmap(mapping, before) }
        if before < hugePage { munmap(start + byteCount, hugePage - before) }
        return start
    }

    deinit {
        munmap(writable + executableDistance, Self.byteCount)
        munmap(writable, Self.byteCount)
    }

    /// Code has been written up to `end`. What fills a huge page gets one, in both mappings, if the host has any: a
    /// processor knows few small pages at a time, and large programs have thousands of them.
    package func settle(before end: UnsafeMutablePointer<UInt8>) {
        while end - writable >= settled + Self.hugePage {
            let full = writable + settled
            madvise(full, Self.hugePage, Self.collapse)
            madvise(full + executableDistance, Self.hugePage, Self.collapse)
            settled += Self.hugePage
        }
    }

    /// Gives the memory behind everything from `start` on back to the host.
    package func discard(from start: UnsafeMutablePointer<UInt8>) {
        let offset = (start - writable + 4095) / 4096 * 4096
        // Punches a hole into the object behind both mappings.
        madvise(writable + offset, Self.byteCount - offset, MADV_REMOVE)
        settled = 0
    }
}

package struct CodeMemoryError: Error, CustomStringConvertible {
    package let description: String

    init() { description = "no memory for translated code: \(String(cString: strerror(errno)))" }
}
