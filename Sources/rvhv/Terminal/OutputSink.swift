import Glibc
import Platform
import Synchronization

/// Where bytes for the user go.
protocol OutputSink: AnyObject, Sendable {
    /// Takes all bytes, waiting as long as the reader makes it wait.
    func write(_ bytes: [UInt8]) -> OutputState
}

/// Whether what is written still arrives.
enum OutputState: Equatable, Sendable {
    case open
    /// Nobody waits for it any more: the run was asked to end, and its reader did not read.
    case givenUp
    /// The host refuses it, with this value of `errno`: a full disk, a closed pipe.
    case failed(Int32)
}

/// A file descriptor of the host: standard output, standard error, a log.
final class FileDescriptorSink: OutputSink {
    /// The most that a pipe takes without blocking once it says that it is writable (PIPE_BUF).
    private static let chunk = 4096

    private let descriptor: Int32
    private let isOwn: Bool
    /// Readable once the output is given up; nil when no event could be had, and then writes cannot be interrupted.
    private let cancellation: Event?
    private let isCancelled = Atomic<Bool>(false)

    init(descriptor: Int32) {
        // A terminal that says it is writable may have room for one byte, and a write of more then waits. This way of
        // opening it is our own: not to wait is not what others want who write to the same terminal.
        let own =
            isatty(descriptor) == 1
            ? open("/dev/fd/\(descriptor)", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1
        self.descriptor = own >= 0 ? own : descriptor
        isOwn = own >= 0
        cancellation = Event()
    }

    deinit {
        if isOwn { close(descriptor) }
    }

    /// Gives up the output: a writer that waits for a stalled reader returns, and later writes do nothing.
    func cancel() {
        isCancelled.store(true, ordering: .relaxed)
        cancellation?.signal()
    }

    func write(_ bytes: [UInt8]) -> OutputState {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let state = waitUntilWritable()
                guard state == .open else { return state }
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...].prefix(Self.chunk))
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    written += count
                } else if errno == EAGAIN {
                    // Room for a byte is none for a line end, which is two.
                    usleep(1000)
                } else if errno != EINTR {
                    return .failed(errno)
                }
            }
            return .open
        }
    }

    private func waitUntilWritable() -> OutputState {
        while !isCancelled.load(ordering: .relaxed) {
            var descriptors = [
                pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: cancellation?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&descriptors, 2, -1) < 0 && errno != EINTR { return .failed(errno) }
            // A closed pipe shows POLLERR: the write then says EPIPE.
            if descriptors[0].revents != 0 { return .open }
        }
        return .givenUp
    }
}
