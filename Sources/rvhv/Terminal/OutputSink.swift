import Glibc
import Platform
import Synchronization

/// Where bytes for the user go.
protocol OutputSink: AnyObject, Sendable {
    /// Takes all bytes, waiting as long as the reader makes it wait.
    func write(_ bytes: [UInt8]) -> OutputState
}

/// Whether anybody still reads.
enum OutputState: Equatable, Sendable {
    case open
    case closed
}

/// A file descriptor of the host: standard output, standard error, a log.
final class FileDescriptorSink: OutputSink {
    /// The most that a pipe takes without blocking once it says that it is writable (PIPE_BUF).
    private static let chunk = 4096

    private let descriptor: Int32
    /// Readable once the output is given up; nil when no event could be had, and then writes cannot be interrupted.
    private let cancellation: Event?
    private let isCancelled = Atomic<Bool>(false)

    init(descriptor: Int32) {
        self.descriptor = descriptor
        cancellation = Event()
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
                guard waitUntilWritable() == .open else { return .closed }
                let rest = UnsafeRawBufferPointer(rebasing: buffer[written...].prefix(Self.chunk))
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    written += count
                } else if errno != EINTR && errno != EAGAIN {
                    return .closed
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
            if poll(&descriptors, 2, -1) < 0 && errno != EINTR { return .closed }
            // A closed pipe shows POLLERR: the write then says EPIPE.
            if descriptors[0].revents != 0 { return .open }
        }
        return .closed
    }
}
