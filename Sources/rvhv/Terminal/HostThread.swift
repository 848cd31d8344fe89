import Glibc
import Synchronization

/// An event that a thread can wait for in `poll`, together with other descriptors.
final class Event: Sendable {
    /// Readable from `signal` to `clear`.
    let descriptor: Int32

    private let writeEnd: Int32
    /// Keeps the pipe at one byte at most: `signal` never blocks.
    private let isSignalled = Atomic<Bool>(false)

    /// nil when the host has no descriptor left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    func signal() {
        guard !isSignalled.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        while write(writeEnd, &byte, 1) < 0 && errno == EINTR {}
    }

    /// Called by the one thread that waits.
    func clear() {
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) < 0 && errno == EINTR {}
        isSignalled.store(false, ordering: .releasing)
    }
}

/// A thread of the host, joined by whoever started it.
struct HostThread: @unchecked Sendable {
    // Unchecked only for `pthread_t`, which is a number or a pointer that nobody dereferences here.
    let handle: pthread_t

    /// nil when the host refuses another thread.
    init?(body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        let start = Unmanaged.passRetained(ThreadStart(body: body))
        guard pthread_create(&handle, nil, runThread, start.toOpaque()) == 0 else {
            start.release()
            return nil
        }
        self.handle = handle
    }

    func join() { pthread_join(handle, nil) }
}

private final class ThreadStart: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) { self.body = body }
}

/// A free function: a closure written in an isolated context would carry that isolation into the new thread.
private func runThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue().body()
    return nil
}

/// The host's monotonic clock, for the terminal's own delays.
enum MonotonicTime {
    static func nanoseconds() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    /// The time left until `deadline`, as `poll` takes it. Rounded up: a wake-up too early would find nothing to do.
    static func pollTimeout(until deadline: UInt64) -> Int32 {
        guard deadline != .max else { return -1 }
        let now = nanoseconds()
        return deadline <= now ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
    }
}
