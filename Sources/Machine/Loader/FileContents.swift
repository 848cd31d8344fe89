import Glibc

/// The bytes of one file, read once and immutable from then on.
///
/// The file is copied, not mapped: a mapping of a file that someone truncates would end the process by SIGBUS.
package final class FileContents: @unchecked Sendable {
    // @unchecked: the memory is written by the initialisers only.
    private let storage: UnsafeMutableRawPointer
    /// Size in bytes.
    package let count: Int

    /// More than any kernel with its debug information; keeps a wrong file name from eating the host's memory.
    package static let sizeLimit: UInt64 = 2 << 30

    private init(storage: UnsafeMutableRawPointer, count: Int) {
        self.storage = storage
        self.count = count
    }

    deinit { free(storage) }

    /// Holds a copy of `bytes`.
    package convenience init(_ bytes: [UInt8]) {
        // malloc, because `deinit` frees; of one byte at least, because malloc(0) may answer nil.
        guard let storage = malloc(max(bytes.count, 1)) else { fatalError("out of memory") }
        UnsafeMutableRawBufferPointer(start: storage, count: bytes.count).copyBytes(from: bytes)
        self.init(storage: storage, count: bytes.count)
    }

    /// Reads a whole regular file that is not empty.
    package static func read(path: String) throws(LoaderError) -> FileContents {
        do throws(LoaderError.Reason) {
            return try contents(of: path)
        } catch {
            throw LoaderError(file: path, reason: error)
        }
    }

    private static func contents(of path: String) throws(LoaderError.Reason) -> FileContents {
        // O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw .file(code == ENOENT || code == ENOTDIR ? .missing : .unreadable(errno: code))
        }
        defer { close(descriptor) }
        let size = try regularFileSize(descriptor)
        // malloc: unlike Swift's allocator it reports a failure.
        guard let storage = malloc(size) else { throw .file(.unreadable(errno: ENOMEM)) }
        var filled = 0
        while filled < size {
            let received = Glibc.read(descriptor, storage + filled, size - filled)
            if received > 0 {
                filled += received
            } else if received == 0 {
                break
            } else if errno != EINTR {
                let code = errno
                free(storage)
                throw .file(.unreadable(errno: code))
            }
        }
        guard filled > 0 else {
            free(storage)
            throw .file(.empty)
        }
        return FileContents(storage: storage, count: filled)
    }

    private static func regularFileSize(_ descriptor: Int32) throws(LoaderError.Reason) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(.unreadable(errno: errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .file(.directory)
        default: throw .file(.notRegularFile)
        }
        guard status.st_size > 0 else { throw .file(.empty) }
        let size = UInt64(status.st_size)
        guard size <= sizeLimit else { throw .file(.tooLarge(bytes: size, limit: sizeLimit)) }
        return Int(size)
    }

    /// The bytes of `range`, which the caller has checked against `count`.
    package func withUnsafeBytes<R, E: Error>(
        in range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the file")
        return try body(UnsafeRawBufferPointer(start: storage + range.lowerBound, count: range.count))
    }

    /// All bytes.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try withUnsafeBytes(in: 0..<count, body)
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    package var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// A little-endian integer, or nil where the file does not hold all of it.
    package func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, let end = sum(offset, MemoryLayout<T>.size), end <= count else { return nil }
        return T(littleEndian: UnsafeRawPointer(storage + offset).loadUnaligned(as: T.self))
    }

    private func sum(_ a: Int, _ b: Int) -> Int? {
        let (result, overflow) = a.addingReportingOverflow(b)
        return overflow ? nil : result
    }

    /// libelf takes a mutable pointer, and does not write through it when it was asked only to read.
    func withLibelfImage<R, E: Error>(
        _ body: (UnsafeMutablePointer<CChar>, Int) throws(E) -> R
    ) throws(E) -> R {
        try body(storage.assumingMemoryBound(to: CChar.self), count)
    }
}
