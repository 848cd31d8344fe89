import Glibc

/// A value that only one thread at a time can reach: `Synchronization.Mutex` in shape, a POSIX mutex within.
///
/// The standard library's mutex on Linux is a futex that ThreadSanitizer cannot see, so every use of it is reported as a
/// race (shown by four threads that append to one array). This one the sanitizer knows.
package struct Lock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    // @unchecked: `value` is reached only in `withLock`, which holds `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    package init(_ initial: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        value = .allocate(capacity: 1)
        value.initialize(to: initial)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the lock held. It is not recursive.
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }
}
