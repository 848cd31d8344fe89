import Glibc
import Hypervisor
import Platform

/// The terminal for one run: the guests' screen, the keys, the signals, and the way back to how it was.
///
///     let session = try TerminalSession(guests: names, options: options)
///     ... make each guest with session.consoles[i] as its output ...
///     try session.start(guests, input: .live)
///     ... run; session.guestEnded(i, report: ...) as each ends ...
///     session.finish()
final class TerminalSession: Sendable {
    /// Where the guests' input comes from.
    enum InputSource: Sendable {
        /// Standard input, as it comes.
        case live
        /// The guests have theirs already; a terminal is still read for commands and keys.
        case scripted
    }

    private struct State {
        var guests: [any GuestInput & GuestControl] = []
        var loop: TerminalLoop?
        var signals: HostSignals?
        var ended: Set<Int> = []
        var quits = 0
    }

    private let names: [String]
    private let multiplexer: ConsoleMultiplexer
    private let output: FileDescriptorSink
    private let diagnostics: FileDescriptorSink
    private let log: LogFile?
    private let formatter: TrapTraceFormatter
    private let wake: Event
    private let stopRequest: StopRequest
    private let state = Lock(State())

    init(guests names: [String], options: SessionOptions) throws(HostFailure) {
        guard let wake = Event() else { throw .noDescriptor }
        let stopRequest = StopRequest()
        self.names = names
        self.wake = wake
        self.stopRequest = stopRequest
        log = try options.log.map { path throws(HostFailure) in try LogFile(path: path) }
        output = FileDescriptorSink(descriptor: STDOUT_FILENO)
        diagnostics = FileDescriptorSink(descriptor: STDERR_FILENO)
        multiplexer = ConsoleMultiplexer(
            guests: names,
            output: output,
            diagnostics: diagnostics,
            style: HostScreen.style(options.color),
            callbacks: ScreenCallbacks(
                deadlineChanged: { wake.signal() },
                outputClosed: { stopRequest.perform() }
            )
        )
        let traceIsColored = HostScreen.decoration(options.color, descriptor: STDERR_FILENO)
        formatter = TrapTraceFormatter(guests: names, decoration: log == nil ? traceIsColored : .plain)
    }

    /// One per guest: what it prints goes here, from any thread.
    var consoles: [GuestConsole] { multiplexer.consoles }

    /// The signal that ended the run, if one did.
    var terminatingSignal: Int32? { state.withLock { $0.signals }?.terminatingSignal }

    /// Begins to read the keys or the pipe, and to act on signals.
    func start(_ guests: [any GuestInput & GuestControl], input source: InputSource) throws(HostFailure) {
        stopRequest.set { for guest in guests { guest.requestStop() } }
        let input: TerminalLoop.Input =
            switch (StandardInput.isTerminal, source) {
            case (true, _): .keys
            case (false, .live): .stream
            case (false, .scripted): .none
            }
        let loop = TerminalLoop(
            input: input,
            multiplexer: multiplexer,
            guests: guests,
            wake: wake,
            handle: { [self] event in handle(event) }
        )
        let signals = HostSignals(
            callbacks: HostSignals.Callbacks(
                terminate: { [stopRequest] in stopRequest.perform() },
                resumed: { [wake] in wake.signal() },
                giveUp: { [output, diagnostics] in
                    output.cancel()
                    diagnostics.cancel()
                }
            )
        )
        state.withLock { state in
            state.guests = guests
            state.loop = loop
            state.signals = signals
        }
        signals.start()
        try loop.start()
        if case .keys = input {
            RawMode.enter()
            if guests.count > 1 { say("keys go to \(names[0]); Ctrl-A h for help") }
        }
    }

    /// A guest has room for input again: what waits is offered at once.
    func inputSpaceAvailable() { wake.signal() }

    /// Ends the guest's last line, prints what is to be said of it, and gives the keys to a guest that still runs.
    func guestEnded(_ index: Int, report: String?) {
        consoles[index].finish()
        if let report { say("\(names[index]): \(report)") }
        let isFirstTime = state.withLock { $0.ended.insert(index).inserted }
        let losesKeys = StandardInput.isTerminal && multiplexer.focusedGuest == index && !stopRequest.isPending
        if isFirstTime, losesKeys { focusNext() }
    }

    /// Prints lines of rvhv's own, never inside a guest's line.
    func say(_ text: String) { multiplexer.diagnose("rvhv: " + text) }

    /// Prints a trap.
    func trace(_ record: TrapTraceRecord) { report(formatter.line(record)) }

    /// Prints the statistics of the run that has ended.
    func show(_ statistics: [GuestStatistics], as choice: StatisticsChoice) {
        let text: String
        switch choice {
        case .off: return
        case .table: text = StatisticsReport.table(statistics)
        case .json: text = StatisticsReport.json(statistics)
        }
        report(String(text.dropLast()))
    }

    /// Stops the threads and gives the terminal back. The guests have ended.
    func finish() {
        let (loop, signals) = state.withLock { ($0.loop.take(), $0.signals) }
        loop?.stop()
        multiplexer.finish()
        RawMode.end()
        signals?.stop()
    }

    private func report(_ text: String) {
        if let log { log.write(text) } else { multiplexer.diagnose(text) }
    }

    // MARK: - Keys

    private func handle(_ event: KeyDecoder.Event) {
        switch event {
        case .command(.nextGuest): focusNext()
        case .command(.status): showStatus()
        case .command(.pause): togglePause()
        case .command(.quit): quit()
        case .command(.help):
            let keys = KeyCommand.allCases.map { "  Ctrl-A \($0.keyName.padded(to: 8))\($0.summary)" }
            say((["keys"] + keys).joined(separator: "\n"))
        case .unknownKey: say("no such command; Ctrl-A h for help")
        // The decoder sends the prefix and all other keys as input, which the loop has taken.
        case .command(.sendPrefix), .input: break
        }
    }

    private func focusNext() {
        let ended = state.withLock { $0.ended }
        let current = multiplexer.focusedGuest
        let others = (1...names.count).map { (current + $0) % names.count }
        guard let next = others.first(where: { !ended.contains($0) }), next != current else { return }
        multiplexer.setFocus(next)
        say("keys go to \(names[next])")
    }

    private func togglePause() {
        let guests = state.withLock { $0.guests }
        guard guests.indices.contains(multiplexer.focusedGuest) else { return }
        say(guests[multiplexer.focusedGuest].togglePause())
    }

    private func showStatus() {
        let (guests, ended) = state.withLock { ($0.guests, $0.ended) }
        let width = names.map(\.count).max() ?? 0
        let lines = guests.enumerated().map { index, guest in
            let mark = index == multiplexer.focusedGuest ? "*" : " "
            let status = ended.contains(index) ? "ended" : guest.statusLine
            return "  \(mark) \(guest.name.padded(to: width))  \(status)"
        }
        say((["guests (* has the keys)"] + lines).joined(separator: "\n"))
    }

    /// The second time, the guests had their chance.
    private func quit() {
        let quits = state.withLock { state in
            state.quits += 1
            return state.quits
        }
        guard quits == 1 else {
            RawMode.end()
            _exit(ExitStatus.hostFailure.code)
        }
        say("stopping")
        stopRequest.perform()
    }
}

/// Asks all guests to stop, from whichever thread finds that they should; also before there are guests to ask.
private final class StopRequest: Sendable {
    private struct State {
        var isPending = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Lock(State())

    var isPending: Bool { state.withLock { $0.isPending } }

    func set(_ action: @escaping @Sendable () -> Void) {
        let isPending = state.withLock { state in
            state.action = action
            return state.isPending
        }
        if isPending { action() }
    }

    func perform() {
        let action = state.withLock { state in
            state.isPending = true
            return state.action
        }
        action?()
    }
}
