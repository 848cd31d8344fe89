import CLinux
import Glibc

/// Waits for many descriptors at once: `epoll(7)`. One thread waits; any may say what for.
package final class EventLoop: Sendable {
    /// What is waited for, and what came. A descriptor that is at its end or broken is ready for both.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
        package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    }

    private struct State {
        var watched: [Int32: Readiness] = [:]
        /// What `epoll` does not take, such as regular files: always ready.
        var untaken: Set<Int32> = []
    }

    private let descriptor: Int32
    private let guarded = Lock(State())

    /// - Throws: `HostDescriptorError` when the host has no descriptor left.
    package init() throws(HostDescriptorError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        if descriptor < 0 { throw HostDescriptorError(reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Waits for a descriptor from now on, in place of what was said of it before. For nothing, it is let go of; who
    /// closes it does that first.
    package func watch(_ target: Int32, for readiness: Readiness) {
        guarded.withLock { state in
            let before = state.watched[target]
            guard before ?? [] != readiness else { return }
            state.watched[target] = readiness.isEmpty ? nil : readiness
            if state.untaken.contains(target) {
                if readiness.isEmpty { state.untaken.remove(target) }
                return
            }
            var event = epoll_event(events: readiness.rawValue, data: epoll_data_t(fd: target))
            let operation = readiness.isEmpty ? EPOLL_CTL_DEL : before == nil ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
            let status = epoll_ctl(descriptor, operation, target, &event)
            if status != 0, !readiness.isEmpty { state.untaken.insert(target) }
        }
    }

    /// Sleeps until a descriptor is ready or the host's monotonic clock shows `deadline`; `.max` is never.
    ///
    /// - Returns: what is ready; nothing at the deadline, or when a signal came.
    package func wait(until deadline: UInt64) -> [Int32: Readiness] {
        let state = guarded.withLock { $0 }
        var ready = state.watched.filter { state.untaken.contains($0.key) }
        var events = [epoll_event](repeating: epoll_event(), count: max(1, state.watched.count))
        let timeout = ready.isEmpty ? Self.milliseconds(until: deadline) : 0
        let count = epoll_wait(descriptor, &events, Int32(events.count), timeout)
        for event in events.prefix(Int(max(0, count))) {
            guard let wanted = state.watched[event.data.fd] else { continue }
            let hasEnded = event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
            ready[event.data.fd] = hasEnded ? wanted : wanted.intersection(Readiness(rawValue: event.events))
        }
        return ready
    }

    /// The time left. Rounded up: a wake-up too early would find nothing to do.
    private static func milliseconds(until deadline: UInt64) -> Int32 {
        guard deadline != .max else { return -1 }
        let now = MonotonicTime.nanoseconds()
        return deadline <= now ? 0 : Int32(clamping: (deadline - now + 999_999) / 1_000_000)
    }
}

/// The host refused a descriptor.
package struct HostDescriptorError: Error, CustomStringConvertible {
    package let reason: String
    package var description: String { "cannot open another descriptor: \(reason)" }
}
