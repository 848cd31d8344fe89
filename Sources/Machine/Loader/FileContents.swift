import Glibc
import Platform

/// One file, from which pieces go straight into guests' memory.
///
/// It is read, not mapped: a mapping of a file that someone truncates would end the process by SIGBUS, where a read comes
/// out short. What must be looked at as a whole is held until `release`; after that the file costs its descriptor, and
/// the host's page cache has its pages once for all guests. See docs/decisions/0009-images.md.
package final class FileContents: @unchecked Sendable {
    // @unchecked: `held` is behind a lock; what it points at is written before others see it, and freed by `release`,
    // after which pieces come from the descriptor.

    /// Size in bytes.
    package let count: Int
    /// The open file; nil where the bytes are all there is.
    private let descriptor: Int32?
    private let held: Lock<Bytes?>

    /// Memory of its own mapping, which the host has back when it is freed.
    private struct Bytes: @unchecked Sendable {
        // @unchecked: written before others see it, as its owner says.
        let start: UnsafeMutableRawPointer
        let count: Int

        /// Nil when the host has no memory.
        init?(count: Int) {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS
            guard let start = mmap(nil, max(count, 1), PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
                return nil
            }
            self.start = start
            self.count = count
        }

        func free() { munmap(start, max(count, 1)) }
    }

    /// When a file's bytes are read.
    package enum Reading: Sendable {
        /// All at once: they are looked at.
        case now
        /// Piece by piece, as they are copied elsewhere.
        case asNeeded
    }

    /// More than any kernel with its debug information; keeps a wrong file name from eating the host's memory.
    package static let sizeLimit: UInt64 = 2 << 30

    private init(count: Int, descriptor: Int32?, held: Bytes?) {
        self.count = count
        self.descriptor = descriptor
        self.held = Lock(held)
    }

    deinit {
        held.withLock { $0?.free() }
        if let descriptor { close(descriptor) }
    }

    /// Holds a copy of `bytes`.
    package convenience init(_ bytes: [UInt8]) {
        guard let held = Bytes(count: bytes.count) else { fatalError("out of memory") }
        UnsafeMutableRawBufferPointer(start: held.start, count: bytes.count).copyBytes(from: bytes)
        self.init(count: bytes.count, descriptor: nil, held: held)
    }

    /// Opens a regular file that is not empty.
    package static func read(path: String, _ reading: Reading = .now) throws(LoaderError) -> FileContents {
        do throws(LoaderError.Reason) {
            return try contents(of: path, reading)
        } catch {
            throw LoaderError(file: path, reason: error)
        }
    }

    private static func contents(of path: String, _ reading: Reading) throws(LoaderError.Reason) -> FileContents {
        // O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw .file(code == ENOENT || code == ENOTDIR ? .missing : .unreadable(errno: code))
        }
        do throws(LoaderError.Reason) {
            let size = try regularFileSize(descriptor)
            guard case .now = reading else { return FileContents(count: size, descriptor: descriptor, held: nil) }
            guard let bytes = Bytes(count: size) else { throw .file(.unreadable(errno: ENOMEM)) }
            let filled = fill(UnsafeMutableRawBufferPointer(start: bytes.start, count: size), from: descriptor, at: 0)
            guard filled > 0 else {
                let code = errno
                bytes.free()
                throw .file(filled == 0 ? .empty : .unreadable(errno: code))
            }
            // A file that shrinks while it is read has its new size.
            return FileContents(count: filled, descriptor: descriptor, held: bytes)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// How many bytes there were; -1 with `errno` when the host could not read.
    private static func fill(_ buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int) -> Int {
        var filled = 0
        while filled < buffer.count, let start = buffer.baseAddress {
            let received = pread(descriptor, start + filled, buffer.count - filled, offset + filled)
            if received > 0 {
                filled += received
            } else if received == 0 {
                break
            } else if errno != EINTR {
                return -1
            }
        }
        return filled
    }

    /// Lets go of the bytes, which can be had again from the file.
    package func release() {
        guard descriptor != nil else { return }
        held.withLock { held in
            held?.free()
            held = nil
        }
    }

    /// Copies a piece, which the caller has checked against `count`, straight to where it is wanted.
    ///
    /// - Returns: false if the file has become shorter since it was opened, or cannot be read any more.
    package func copy(from offset: Int, to buffer: UnsafeMutableRawBufferPointer) -> Bool {
        precondition(offset >= 0 && buffer.count <= count - offset, "range outside the file")
        return held.withLock { held in
            if let held {
                buffer.copyMemory(from: UnsafeRawBufferPointer(start: held.start + offset, count: buffer.count))
                return true
            }
            guard let descriptor else { return false }
            return Self.fill(buffer, from: descriptor, at: offset) == buffer.count
        }
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

    /// The bytes of `range`, which the caller has checked against `count`, while they are held. None after `release`.
    package func withUnsafeBytes<R, E: Error>(
        in range: Range<Int>,
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the file")
        let start = held.withLock { $0?.start }
        return try body(
            UnsafeRawBufferPointer(start: start.map { $0 + range.lowerBound }, count: start == nil ? 0 : range.count)
        )
    }

    /// All bytes, while they are held.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try withUnsafeBytes(in: 0..<count, body)
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    package var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// A little-endian integer, or nil where the file does not hold all of it.
    package func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        let size = MemoryLayout<T>.size
        guard offset >= 0, size <= count, offset <= count - size else { return nil }
        var value: T = 0
        let isRead = Swift.withUnsafeMutableBytes(of: &value) { copy(from: offset, to: $0) }
        return isRead ? T(littleEndian: value) : nil
    }

    /// libelf takes a mutable pointer, and does not write through it when it was asked only to read.
    func withLibelfImage<R, E: Error>(
        _ body: (UnsafeMutablePointer<CChar>, Int) throws(E) -> R
    ) throws(E) -> R? {
        guard let start = held.withLock({ $0?.start }) else { return nil }
        return try body(start.assumingMemoryBound(to: CChar.self), count)
    }
}
