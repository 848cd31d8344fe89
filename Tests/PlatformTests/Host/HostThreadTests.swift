import Glibc
import Testing

@testable import Platform

@Suite(.timeLimit(.minutes(10))) struct HostThreadTests {
    private final class Handle: Sendable {
        let thread = Lock<HostThread?>(nil)
    }

    /// Who lets go last may be the thread itself: it leaves no stack behind.
    @Test func joinsItself() throws {
        let count = 1000
        let before = Self.mappings
        for _ in 0..<count {
            let handle = Handle()
            let thread = try HostThread {
                while true {
                    if let own = handle.thread.withLock({ $0 }) { return own.join() }
                    sched_yield()
                }
            }
            handle.thread.withLock { $0 = thread }
        }
        // A stack and its guard page are two mappings each. Other tests make some as well, but not so many.
        let limit = before + count
        let deadline = MonotonicTime.nanoseconds() + 60_000_000_000
        while Self.mappings > limit, MonotonicTime.nanoseconds() < deadline { usleep(10_000) }
        #expect(Self.mappings <= limit)
    }

    private static var mappings: Int {
        guard let file = fopen("/proc/self/maps", "r") else { return 0 }
        defer { fclose(file) }
        var count = 0
        while case let byte = getc(file), byte != EOF {
            if byte == Int32(UInt8(ascii: "\n")) { count += 1 }
        }
        return count
    }
}
