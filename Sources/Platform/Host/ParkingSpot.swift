import Glibc

/// Where a thread sleeps while it has nothing to do, such as a hart's in WFI.
///
/// A wake that comes before the sleep is not lost: it ends the next sleep at once.
package final class ParkingSpot: @unchecked Sendable {
    // @unchecked: `isWoken` is guarded by `mutex`; the pthread objects are made for sharing.

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isWoken = false

    package init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func wake() {
        pthread_mutex_lock(mutex)
        isWoken = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// - Parameter nanoseconds: how long to sleep at most; nil for as long as it takes.
    package func sleep(nanoseconds: UInt64?) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard let nanoseconds else {
            while !isWoken { pthread_cond_wait(condition, mutex) }
            isWoken = false
            return
        }
        var deadline = timespec.now(CLOCK_MONOTONIC)
        // A year is for ever, and keeps the sum in range.
        let bounded = Int(min(nanoseconds, 31_536_000_000_000_000))
        let sum = deadline.tv_nsec + bounded % 1_000_000_000
        deadline.tv_sec += bounded / 1_000_000_000 + sum / 1_000_000_000
        deadline.tv_nsec = sum % 1_000_000_000
        while !isWoken {
            if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { break }
        }
        isWoken = false
    }
}
