import Devices
import Hypervisor
import Machine
import Platform

/// Runs machines together from the first instruction to the statistics.
enum GuestRun {
    /// Runs all machines and returns when all have ended and the terminal is as it was.
    static func run(
        _ machines: [Machine],
        on host: MachineHost,
        session: TerminalSession,
        input: TerminalSession.InputSource,
        statistics: StatisticsChoice,
        observation: RunObservation
    ) throws -> ExitStatus {
        defer { session.finish() }
        try session.start(machines, input: input)
        for (index, machine) in machines.enumerated() {
            machine.whenEnded { [unowned machine] in session.guestEnded(index, report: report($0, machine.refusals)) }
        }
        try host.start(machines)
        let reasons = machines.map { $0.wait() }
        session.show(machines.map(\.statistics), as: statistics)
        try observation.finish(session)
        session.finish()
        if let failure = session.failure { throw failure }
        if let signal = session.terminatingSignal { return .signal(signal) }
        return ExitStatus(reasons: reasons)
    }

    /// What the user is told of an end; nothing of one that was asked for.
    private static func report(_ reason: StopReason, _ refusals: [String]) -> String? {
        let end: String
        switch reason {
        case .exited(code: 0), .requested: return nil
        case .exited(let code): end = "ended with failure code \(code)"
        case .instructionLimit: end = "stopped: it did not end within --max-instructions"
        case .failed(let report): end = "stopped: \(report)"
        }
        return ([end] + refusals).joined(separator: "; ")
    }
}

extension Machine: GuestInput, GuestControl {
    func offer(_ bytes: [UInt8]) -> Int { state == .stopped ? bytes.count : input.offer(bytes) }

    var statusLine: String {
        "\(state), \(configuration.hartCount) harts, \(instructions) instructions in "
            + "\(clock.nanoseconds / 1_000_000_000) s, "
            + "\(residentBytes >> 20) of \(configuration.memorySize >> 20) MiB in use"
    }
}

extension Machine {
    func togglePause() -> String {
        do throws(MachineRequestRefused) {
            let isRunning = state == .running
            try perform(isRunning ? .pause : .resume(.skipped))
            return "\(name) \(isRunning ? "is paused; Ctrl-A p lets it go on" : "goes on")"
        } catch {
            return error.description
        }
    }

    func requestStop() { end(.requested) }
}

extension GuestConsole: ConsoleSink {}

/// Passes traps on to the terminal.
final class TrapTracer: Observer {
    let events: ObservedEvents = .exits
    private let session: TerminalSession

    init(_ session: TerminalSession) { self.session = session }

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        guard case .exit(let handled) = record.event else { return }
        session.trace(TrapTraceRecord(handled, hart: record.hart, of: machine))
    }
}
