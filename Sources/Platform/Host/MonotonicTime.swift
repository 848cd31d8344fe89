import Glibc

/// The host's clock that never goes back: for delays, deadlines and measurements.
package enum MonotonicTime {
    package static func nanoseconds() -> UInt64 { timespec.now(CLOCK_MONOTONIC).nanoseconds }
}

/// CPU time of the thread that asks.
package enum ThreadTime {
    package static func nanoseconds() -> UInt64 { timespec.now(CLOCK_THREAD_CPUTIME_ID).nanoseconds }
}

extension timespec {
    static func now(_ clock: clockid_t) -> timespec {
        var now = timespec()
        clock_gettime(clock, &now)
        return now
    }

    var nanoseconds: UInt64 { UInt64(tv_sec) &* 1_000_000_000 &+ UInt64(tv_nsec) }
}
