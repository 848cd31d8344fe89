import Glibc
import Platform
import Synchronization

/// Takes the process's signals on a thread of its own, where everything may be done that a handler may not do.
///
/// It also watches over the end of the run, asked for by a signal or by a key: guests that do not end in time lose
/// their output, and then the process ends without them.
final class HostSignals: Sendable {
    struct Callbacks: Sendable {
        /// The user or the system asks for the end.
        var terminate: @Sendable () -> Void
        /// The process runs again after a stop.
        var resumed: @Sendable () -> Void
        /// The guests did not end in time: whatever they wait for is to be given up.
        var giveUp: @Sendable () -> Void
    }

    /// An end in progress.
    private struct Ending {
        var start: UInt64
        var patience: UInt64
        var hasGivenUp = false

        var deadline: UInt64 { start + patience * (hasGivenUp ? 2 : 1) }
    }

    /// End the run in order.
    private static let terminating = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    /// Stop the process until SIGCONT.
    private static let suspending = [SIGTSTP, SIGTTIN, SIGTTOU]
    /// End the process as they do anyway; the terminal is given back before. SIGUSR1 has a handler instead: Swift's
    /// runtime, when it reports a crash, stops the other threads with it, and they must not block it.
    private static let ending =
        [SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGIO, SIGPWR, SIGSTKFLT] + (34...64)
    /// Wakes the thread itself. Without anybody who waits for it, it does nothing.
    private static let wake = SIGURG
    /// How long the guests have to end before the output is given up, and again before the process is.
    private static let signalPatience: UInt64 = 2_000_000_000
    /// Who presses a key waits for it.
    private static let keyPatience: UInt64 = 800_000_000
    /// `timeout` and shells signal the process and its group: two signals so close are one request.
    private static let repetition: UInt64 = 500_000_000

    private let callbacks: Callbacks
    private let isStopping = Atomic<Bool>(false)
    private let isEndRequested = Atomic<Bool>(false)
    private let received = Atomic<Int32>(0)
    private let thread = Lock<HostThread?>(nil)

    init(callbacks: Callbacks) { self.callbacks = callbacks }

    /// The signal that asked for the end, if one did.
    var terminatingSignal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// To be called first of all: failed writes are answered by an error, and the other signals do what they do to any
    /// program, until there is a terminal to look after. So they also end one that waits for a file.
    static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        unblock()
    }

    /// Keeps the signals for the thread. To be called before any other thread exists, because threads inherit it.
    static func block() {
        var set = waitedSignals
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Back to the system's ways.
    static func unblock() {
        var set = waitedSignals
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    func start() throws(HostFailure) {
        guard let started = try? HostThread({ self.run() }) else { throw .noThread }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeThread()
        thread.withLock { $0.take() }?.join()
        // The same request once more, to the process and to its group: the run has ended for it already.
        var set = Self.waitedSignals
        var none = timespec()
        while terminatingSignal != nil, sigtimedwait(&set, nil, &none) > 0 {}
    }

    /// A key asks for the end.
    func requestEnd() {
        isEndRequested.store(true, ordering: .releasing)
        wakeThread()
    }

    private func wakeThread() {
        thread.withLock { $0?.send(signal: Self.wake) }
    }

    private static let waitedSignals: sigset_t = {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [wake, SIGCONT] { sigaddset(&set, number) }
        // `nohup` and shells without job control ignore some of them on purpose.
        for number in terminating + suspending + ending where !isIgnored(number) { sigaddset(&set, number) }
        return set
    }()

    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // SIG_IGN is not a function, so the two are compared as the numbers they are.
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        return handler == unsafeBitCast(SIG_IGN, to: UInt.self)
    }

    private func run() {
        var set = Self.waitedSignals
        var ending: Ending?
        while !isStopping.load(ordering: .acquiring) {
            let number = wait(for: &set, until: ending?.deadline)
            switch number {
            case Self.wake: break
            case SIGCONT: resume()
            case let number where Self.suspending.contains(number): suspend()
            case let number where Self.terminating.contains(number): take(number, &ending)
            default: end(by: number)
            }
            if isEndRequested.exchange(false, ordering: .acquiringAndReleasing) {
                begin(&ending, patience: Self.keyPatience)
            }
            guard let current = ending, current.deadline <= MonotonicTime.nanoseconds() else { continue }
            if current.hasGivenUp { abandon() }
            ending?.hasGivenUp = true
            callbacks.giveUp()
        }
    }

    private func take(_ number: Int32, _ ending: inout Ending?) {
        if terminatingSignal == nil {
            received.store(number, ordering: .relaxed)
        } else if let ending, MonotonicTime.nanoseconds() - ending.start > Self.repetition {
            abandon()
        }
        begin(&ending, patience: Self.signalPatience)
    }

    private func begin(_ ending: inout Ending?, patience: UInt64) {
        guard ending == nil else { return }
        ending = Ending(start: MonotonicTime.nanoseconds(), patience: patience)
        callbacks.terminate()
    }

    /// The next signal, or `wake` when `deadline` has come.
    private func wait(for set: inout sigset_t, until deadline: UInt64?) -> Int32 {
        guard let deadline else {
            let number = sigwaitinfo(&set, nil)
            return number > 0 ? number : Self.wake
        }
        let now = MonotonicTime.nanoseconds()
        let left = deadline - min(now, deadline)
        var timeout = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
        let number = sigtimedwait(&set, nil, &timeout)
        return number > 0 ? number : Self.wake
    }

    /// Stops the process. The signal is the thread's own: it goes no further before it is continued.
    private func suspend() {
        RawMode.leave()
        raise(SIGSTOP)
        resume()
    }

    private func resume() {
        RawMode.resume()
        callbacks.resumed()
    }

    /// Ends the process now: a second signal, or guests that do not end.
    private func abandon() -> Never {
        RawMode.end()
        _exit(terminatingSignal.map { ExitStatus.signal($0).code } ?? ExitStatus.hostFailure.code)
    }

    /// Ends the process as the signal does by itself.
    private func end(by number: Int32) -> Never {
        RawMode.end()
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
        _exit(ExitStatus.signal(number).code)
    }
}
