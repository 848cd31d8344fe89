import CLinux
import Glibc

/// An event that a thread can wait for together with other descriptors: `eventfd(2)`.
package final class Event: Sendable {
    /// Readable from `signal` to `clear`.
    package let descriptor: Int32

    /// nil when the host has no descriptor left.
    package init?() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Never blocks, and may be called by a signal handler.
    package func signal() { eventfd_write(descriptor, 1) }

    /// Called by the one thread that waits.
    package func clear() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
