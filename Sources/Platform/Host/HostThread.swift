import Glibc

/// A thread of the host, joined by whoever started it.
package struct HostThread: @unchecked Sendable {
    // @unchecked only for `pthread_t`, which is a number or a pointer that nobody dereferences here.
    private let handle: pthread_t

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Throws: `HostThreadError` when the host has no thread to give.
    package init(_ run: @escaping @Sendable () -> Void) throws(HostThreadError) {
        var handle = pthread_t()
        let body = Unmanaged.passRetained(Body(run))
        let status = pthread_create(
            &handle,
            nil,
            { argument in
                // SAFETY: `argument` is the retained body passed below, consumed exactly once.
                argument.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        guard status == 0 else {
            body.release()
            throw HostThreadError(reason: String(cString: strerror(status)))
        }
        self.handle = handle
    }

    /// Interrupts a system call that the thread waits in, if the signal has a handler, or ends its `sigwait`.
    package func send(signal: Int32) { pthread_kill(handle, signal) }

    /// Waits for the thread's end. Nobody waits for himself: a thread that joins itself is joined when it ends.
    package func join() {
        if pthread_equal(pthread_self(), handle) != 0 { pthread_detach(handle) } else { pthread_join(handle, nil) }
    }
}

/// The host refused a thread.
package struct HostThreadError: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { "cannot start another thread: \(reason)" }
}
