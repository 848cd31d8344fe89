import Glibc

/// Files that rvhv writes.
enum OutputFile {
    /// Opens a file for writing and empties it.
    ///
    /// A path that leads to the file behind standard output or standard error (`/dev/stdout`) goes on where that one
    /// stands: emptying it would take away what was printed.
    static func open(_ path: String, flags: Int32 = 0) -> Result<Int32, SystemError> {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            for stream in [STDOUT_FILENO, STDERR_FILENO] {
                var other = stat()
                guard fstat(stream, &other) == 0, other.st_dev == status.st_dev, other.st_ino == status.st_ino else {
                    continue
                }
                return result(fcntl(stream, F_DUPFD_CLOEXEC, STDERR_FILENO + 1))
            }
        }
        while true {
            let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0o666)
            if descriptor < 0, errno == EINTR { continue }
            return result(descriptor)
        }
    }

    /// Writes a file whole.
    static func write(_ bytes: [UInt8], to path: String) throws(HostFailure) {
        let descriptor: Int32
        switch open(path) {
        case .success(let opened): descriptor = opened
        case .failure(let error): throw .cannotWrite(path: path, code: error.code)
        }
        let state = FileDescriptorSink(descriptor: descriptor).write(bytes)
        // Some file systems refuse only now.
        let isClosed = close(descriptor) == 0
        if case .failed(let code) = state { throw .cannotWrite(path: path, code: code) }
        if !isClosed { throw .cannotWrite(path: path, code: errno) }
    }

    private static func result(_ descriptor: Int32) -> Result<Int32, SystemError> {
        descriptor < 0 ? .failure(SystemError(code: errno)) : .success(descriptor)
    }
}

/// What the host's kernel answered: a value of `errno`.
struct SystemError: Error, Equatable {
    var code: Int32
}

/// The file that `--log` names.
final class LogFile: Sendable {
    let path: String
    private let descriptor: Int32
    private let sink: FileDescriptorSink

    init(path: String) throws(HostFailure) {
        switch OutputFile.open(path, flags: O_APPEND) {
        case .success(let opened): descriptor = opened
        case .failure(let error): throw .cannotOpen(path: path, purpose: "--log", code: error.code)
        }
        self.path = path
        sink = FileDescriptorSink(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Appends a line with one write, so that lines of several threads do not mix.
    func write(_ line: String) -> OutputState { sink.write(Array((line + "\n").utf8)) }

    /// A writer that waits for a stalled reader returns, and later writes do nothing.
    func cancel() { sink.cancel() }
}
