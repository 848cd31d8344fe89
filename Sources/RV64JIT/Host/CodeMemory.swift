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

    /// - Throws: the reason in words, when the host refuses memory that can be executed.
    package init() throws(CodeMemoryError) {
        let flags = MAP_SHARED | MAP_ANONYMOUS | Int32(MAP_NORESERVE)
        let written = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let written, written != MAP_FAILED else { throw CodeMemoryError() }
        let executed = map_again(written, UInt(Self.byteCount))
        guard let executed, executed != MAP_FAILED, mprotect(executed, Self.byteCount, PROT_READ | PROT_EXEC) == 0
        else {
            let error = CodeMemoryError()
            munmap(written, Self.byteCount)
            if let executed, executed != MAP_FAILED { munmap(executed, Self.byteCount) }
            throw error
        }
        writable = written.bindMemory(to: UInt8.self, capacity: Self.byteCount)
        executableDistance = executed - written
    }

    deinit {
        munmap(writable + executableDistance, Self.byteCount)
        munmap(writable, Self.byteCount)
    }

    /// Gives the memory behind everything from `start` on back to the host.
    package func discard(from start: UnsafeMutablePointer<UInt8>) {
        let offset = (start - writable + 4095) / 4096 * 4096
        // Punches a hole into the object behind both mappings.
        madvise(writable + offset, Self.byteCount - offset, MADV_REMOVE)
    }
}

package struct CodeMemoryError: Error, CustomStringConvertible {
    package let description: String

    init() { description = "no memory for translated code: \(String(cString: strerror(errno)))" }
}
