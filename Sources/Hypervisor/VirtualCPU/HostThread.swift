import Glibc

/// A thread of the host.
package final class HostThread: @unchecked Sendable {
    // @unchecked: `handle` is written by `init` and read by `join`, both on the owner's thread.

    private var handle = pthread_t()

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// - Throws: `HostThreadError` when the host has no thread to give.
    package init(_ run: @escaping @Sendable () -> Void) throws(HostThreadError) {
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
    }

    package func join() { pthread_join(handle, nil) }
}

/// The host refused a thread.
package struct HostThreadError: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { "cannot start a thread for a hart: \(reason)" }
}
