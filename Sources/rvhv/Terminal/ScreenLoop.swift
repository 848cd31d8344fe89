import Platform
import Synchronization

/// The thread that writes what no guest does: unfinished lines when their time comes, and answers to commands.
final class ScreenLoop: Sendable {
    /// Answers beyond it are dropped: the screen stands still, and somebody leans on a key.
    private static let jobLimit = 16
    /// How often the guests' clock is looked at, where it is not the host's.
    private static let clockPeriod: UInt64 = 20_000_000

    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var thread: HostThread?
    }

    private let multiplexer: ConsoleMultiplexer
    private let wake: Event
    private let events: EventLoop
    private let isStopping = Atomic<Bool>(false)
    private let state = Lock(State())

    init(multiplexer: ConsoleMultiplexer, wake: Event) throws(HostFailure) {
        guard let events = try? EventLoop() else { throw .noDescriptor }
        events.watch(wake.descriptor, for: .readable)
        self.events = events
        self.multiplexer = multiplexer
        self.wake = wake
    }

    func start() throws(HostFailure) {
        guard let started = try? HostThread({ self.run() }) else { throw .noThread }
        state.withLock { $0.thread = started }
    }

    /// Does what was posted and ends.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.signal()
        state.withLock { $0.thread.take() }?.join()
    }

    /// Runs `job` on the screen's thread: it may write, and so wait for whoever reads the output.
    func post(_ job: @escaping @Sendable () -> Void) {
        state.withLock { if $0.jobs.count < Self.jobLimit { $0.jobs.append(job) } }
        wake.signal()
    }

    private func run() {
        var mayStop = false
        while !mayStop {
            if !events.wait(until: deadline).isEmpty { wake.clear() }
            // Before the jobs are taken: what was posted before the end is still done.
            mayStop = isStopping.load(ordering: .acquiring)
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs { job() }
            multiplexer.showDue()
        }
    }

    /// When to look again, on the host's clock.
    private var deadline: UInt64 {
        switch multiplexer.timeSource {
        case .host: multiplexer.nextDeadline
        case .guests: multiplexer.nextDeadline == .max ? .max : MonotonicTime.nanoseconds() + Self.clockPeriod
        }
    }
}
