import Hypervisor
import Platform

/// A guest that is ready to run, as the command line and the terminal see it.
protocol RunnableGuest: GuestInput, GuestControl {
    /// Runs the guest until it has ended. Called once, on a thread of its own.
    func run() -> GuestOutcome

    /// What the guest cost; complete once `run` has returned.
    var statistics: GuestStatistics { get }
}

/// Runs guests together from the first instruction to the statistics.
enum GuestRun {
    /// Runs all guests, each on a thread of its own, and returns when all have ended and the terminal is as it was.
    static func run(
        _ guests: [any RunnableGuest],
        session: TerminalSession,
        input: TerminalSession.InputSource,
        statistics: StatisticsChoice
    ) throws(HostFailure) -> ExitStatus {
        defer { session.finish() }
        try session.start(guests, input: input)
        let results = OutcomeTable(count: guests.count)
        var threads: [HostThread] = []
        for (index, guest) in guests.enumerated() {
            let thread = try? HostThread {
                let outcome = guest.run()
                results.set(outcome, at: index)
                session.guestEnded(index, report: report(outcome))
            }
            guard let thread else {
                for guest in guests { guest.requestStop() }
                for thread in threads { thread.join() }
                throw .noThread
            }
            threads.append(thread)
        }
        for thread in threads { thread.join() }
        session.show(guests.map(\.statistics), as: statistics)
        session.finish()
        if let failure = session.failure { throw failure }
        if let signal = session.terminatingSignal { return .signal(signal) }
        return ExitStatus(outcomes: results.outcomes)
    }

    /// What the user is told of an end; nothing of one that was asked for.
    private static func report(_ outcome: GuestOutcome) -> String? {
        switch outcome {
        case .shutDown, .interrupted: nil
        case .failed(let code): "ended with failure code \(code)"
        case .stopped(let reason): "stopped: \(reason)"
        }
    }
}
