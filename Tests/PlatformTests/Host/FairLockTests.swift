import Glibc
import Testing

@testable import Platform

@Suite struct FairLockTests {
    private final class Shared: Sendable {
        let order = FairLock<[Int]>([])
        let count = FairLock(0)
    }

    @Test(.timeLimit(.minutes(10))) func oneThreadAtATime() throws {
        let shared = Shared()
        let threads = try (0..<4).map { _ in
            try HostThread { for _ in 0..<5000 { shared.count.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(shared.count.withLock { $0 } == 20_000 && shared.count.population == 0)
    }

    @Test(.timeLimit(.minutes(10))) func turnsComeInTheOrderOfAsking() throws {
        let shared = Shared()
        let threads = try shared.order.withLock { _ in
            Result {
                try (0..<8).map { index in
                    let thread = try HostThread { shared.order.withLock { $0.append(index) } }
                    // The lock is held here: the thread has asked once it is counted.
                    while shared.order.population < UInt64(index) + 2 { usleep(500) }
                    return thread
                }
            }
        }.get()
        for thread in threads { thread.join() }
        #expect(shared.order.withLock { $0 } == Array(0..<8))
    }
}
