import CLinux
import Glibc

/// Waits for many descriptors at once: `epoll(7)`. Of one thread.
package struct EventLoop: ~Copyable {
    /// What is waited for, and what came. A descriptor that is at its end or broken is ready for both.
    package struct Readiness: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let readable = Readiness(rawValue: EPOLLIN.rawValue)
        package static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
    }

    private let descriptor: Int32
    private var watched: [Int32: Readiness] = [:]
    /// Regular files, which `epoll` does not take: they are always ready.
    private var files: Set<Int32> = []

    /// - Throws: `HostDescriptorError` when the host has no descriptor left.
    package init() throws(HostDescriptorError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        if descriptor < 0 { throw HostDescriptorError(reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Waits for a descriptor from now on, in place of what was said of it before. For nothing, it is let go of; who
    /// closes it does that first.
    package mutating func watch(_ target: Int32, for readiness: Readiness) {
        guard watched[target] ?? [] != readiness else { return }
        var event = epoll_event(events: readiness.rawValue, data: epoll_data_t(fd: target))
        if readiness.isEmpty {
            if files.remove(target) == nil { epoll_ctl(descriptor, EPOLL_CTL_DEL, target, &event) }
            watched[target] = nil
            return
        }
        let isNew = watched[target] == nil
        watched[target] = readiness
        if files.contains(target) { return }
        let status = epoll_ctl(descriptor, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, target, &event)
        if status != 0, errno == EPERM { files.insert(target) }
    }

    /// Sleeps until a descriptor is ready or the host's monotonic clock shows `deadline`; `.max` is never.
    ///
    /// - Returns: what is ready; nothing at the deadline, or when a signal came.
    package func wait(until deadline: UInt64) -> [Int32: Readiness] {
        var ready = watched.filter { files.contains($0.key) }
        var events = [epoll_event](repeating: epoll_event(), count: max(1, watched.count))
        let timeout = ready.isEmpty ? Self.milliseconds(until: deadline) : 0
        let count = epoll_wait(descriptor, &events, Int32(events.count), timeout)
        for event in events.prefix(Int(max(0, count))) {
            let wanted = watched[event.data.fd] ?? []
            let hasEnded = event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
            ready[event.data.fd] = hasEnded ? wanted : wanted.intersection(Readiness(rawValue: event.events))
        }
        return ready
    }

    /// The time left until `deadline` as `poll(2)` takes it. Rounded up: a wake-up too early would find nothing to do.
    package static func milliseconds(until deadline: UInt64) -> Int32 {
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
