import Glibc

/// A lock that threads get in the order they asked for it.
///
/// A mutex alone lets a thread that unlocks and locks again overtake those that sleep: a guest that floods a slow
/// terminal would keep the others' lines out for good.
package struct FairLock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    /// Who is next, and whose turn it is.
    private struct Turns {
        var next: UInt64 = 0
        var current: UInt64 = 0
    }

    // @unchecked: `turns` is reached with `mutex` held, `value` by the thread whose turn it is.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let turnEnded: UnsafeMutablePointer<pthread_cond_t>
    private let turns: UnsafeMutablePointer<Turns>
    private let value: UnsafeMutablePointer<Value>

    package init(_ initial: consuming sending Value) {
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        turnEnded = .allocate(capacity: 1)
        pthread_cond_init(turnEnded, nil)
        turns = .allocate(capacity: 1)
        turns.initialize(to: Turns())
        value = .allocate(capacity: 1)
        value.initialize(to: initial)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        turns.deallocate()
        pthread_cond_destroy(turnEnded)
        turnEnded.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// How many threads hold the lock or wait for it.
    package var population: UInt64 {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return turns.pointee.next &- turns.pointee.current
    }

    /// Runs `body` when it is this thread's turn. It is not recursive.
    package borrowing func withLock<Result>(_ body: (inout Value) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        let turn = turns.pointee.next
        turns.pointee.next &+= 1
        while turns.pointee.current != turn { pthread_cond_wait(turnEnded, mutex) }
        pthread_mutex_unlock(mutex)
        let result = body(&value.pointee)
        pthread_mutex_lock(mutex)
        turns.pointee.current &+= 1
        let isAwaited = turns.pointee.next != turns.pointee.current
        pthread_mutex_unlock(mutex)
        if isAwaited { pthread_cond_broadcast(turnEnded) }
        return result
    }
}
