import Glibc
import Platform
import Synchronization

/// Takes the process's signals on a thread of its own, where everything may be done that a handler may not do.
final class HostSignals: Sendable {
    struct Callbacks: Sendable {
        /// The user or the system asks for the end.
        var terminate: @Sendable () -> Void
        /// The process runs again after a stop.
        var resumed: @Sendable () -> Void
        /// The guests did not end in time: whatever they wait for is to be given up.
        var giveUp: @Sendable () -> Void
    }

    private static let terminating = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
    /// Wakes the thread itself.
    private static let wake = SIGUSR1
    /// How long the guests have to end before the output is given up, and again before the process is.
    private static let patienceSeconds = 2
    /// `timeout` and shells signal the process and its group: two signals so close are one request.
    private static let repetitionNanoseconds: UInt64 = 500_000_000

    private let callbacks: Callbacks
    private let isStopping = Atomic<Bool>(false)
    private let received = Atomic<Int32>(0)
    private let thread = Lock<HostThread?>(nil)

    init(callbacks: Callbacks) { self.callbacks = callbacks }

    /// The signal that asked for the end, if one did.
    var terminatingSignal: Int32? {
        let number = received.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Keeps the signals for the thread. To be called before any other thread exists, because threads inherit it.
    static func block() {
        signal(SIGPIPE, SIG_IGN)
        var set = waitedSignals()
        // Changing the terminal from the background is not to stop the process.
        sigaddset(&set, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Back to the system's ways, for a run with no guest and no terminal to look after: signals end it.
    static func unblock() {
        var set = waitedSignals()
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    func start() {
        thread.withLock { $0 = try? HostThread { self.run() } }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        guard let thread = thread.withLock({ $0.take() }) else { return }
        thread.send(signal: Self.wake)
        thread.join()
    }

    private static func waitedSignals() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [wake, SIGTSTP, SIGCONT] { sigaddset(&set, number) }
        // `nohup` and shells without job control ignore some of them on purpose.
        for number in terminating where !isIgnored(number) { sigaddset(&set, number) }
        return set
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // SIG_IGN is not a function, so the two are compared as the numbers they are.
        let handler = unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        return handler == unsafeBitCast(SIG_IGN, to: UInt.self)
    }

    private func run() {
        var set = Self.waitedSignals()
        var expired = 0
        var firstRequest: UInt64 = 0
        while !isStopping.load(ordering: .acquiring) {
            let number = wait(&set)
            switch number {
            case SIGTSTP: suspend()
            case SIGCONT: resume()
            case 0:
                // Only after a terminating signal does the wait have an end.
                expired += 1
                if expired > 1 { abandon() }
                callbacks.giveUp()
            case let number where Self.terminating.contains(number):
                let now = MonotonicTime.nanoseconds()
                if terminatingSignal != nil {
                    if now - firstRequest > Self.repetitionNanoseconds { abandon() }
                    continue
                }
                firstRequest = now
                received.store(number, ordering: .relaxed)
                callbacks.terminate()
            default: break
            }
        }
    }

    /// The next signal; 0 when the guests' time to end has run out.
    private func wait(_ set: inout sigset_t) -> Int32 {
        var timeout = timespec(tv_sec: Self.patienceSeconds, tv_nsec: 0)
        let number = terminatingSignal == nil ? sigwaitinfo(&set, nil) : sigtimedwait(&set, nil, &timeout)
        if number > 0 { return number }
        return errno == EAGAIN ? 0 : Self.wake
    }

    private func suspend() {
        RawMode.leave()
        kill(getpid(), SIGSTOP)
        resume()
    }

    private func resume() {
        RawMode.resume()
        callbacks.resumed()
    }

    /// Ends the process now: a second signal, or guests that do not end.
    private func abandon() -> Never {
        RawMode.end()
        _exit(ExitStatus.signal(terminatingSignal ?? SIGTERM).code)
    }
}
