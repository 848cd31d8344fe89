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
        var input: InputLoop?
        var ended: Set<Int> = []
        var quits = 0
        /// The first output that could not be written.
        var failure: HostFailure?
        var clock: (any MachineClock)?
    }

    /// What several threads use, and closures hold.
    private final class SharedState: Sendable {
        private let state = Lock(State())

        func withLock<Result>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

        /// Records that something could not be written, unless it is not the first.
        func fail(_ failure: HostFailure) { withLock { if $0.failure == nil { $0.failure = failure } } }

        func now(_ source: ConsoleMultiplexer.TimeSource) -> UInt64 {
            switch source {
            case .host: MonotonicTime.nanoseconds()
            case .guests: withLock { $0.clock }?.nanoseconds ?? 0
            }
        }
    }

    private let names: [String]
    private let multiplexer: ConsoleMultiplexer
    private let output: FileDescriptorSink
    private let diagnostics: FileDescriptorSink
    private let log: LogFile?
    private let formatter: TrapTraceFormatter
    private let screen: ScreenLoop
    private let signals: HostSignals
    private let inputWake: Event
    private let stopRequest: StopRequest
    private let state: SharedState

    init(guests names: [String], options: SessionOptions) throws(HostFailure) {
        guard let inputWake = Event(), let screenWake = Event() else { throw .noDescriptor }
        let (stopRequest, state) = (StopRequest(), SharedState())
        let log = try options.log.map { path throws(HostFailure) in try LogFile(path: path) }
        let output = FileDescriptorSink(descriptor: STDOUT_FILENO)
        let diagnostics = FileDescriptorSink(descriptor: STDERR_FILENO)
        // With one guest there is nothing that its unfinished line could come between.
        let timeSource: ConsoleMultiplexer.TimeSource =
            options.clock == .instructions && names.count > 1 ? .guests : .host
        multiplexer = ConsoleMultiplexer(
            guests: names,
            output: output,
            diagnostics: diagnostics,
            style: HostScreen.style(options.color),
            timeSource: timeSource,
            now: { state.now(timeSource) },
            callbacks: ScreenCallbacks(
                deadlineChanged: { screenWake.signal() },
                outputFailed: { code in
                    state.fail(.cannotWriteOutput(code: code))
                    stopRequest.perform()
                }
            )
        )
        signals = HostSignals(
            callbacks: HostSignals.Callbacks(
                terminate: { stopRequest.perform() },
                resumed: { inputWake.signal() },
                giveUp: {
                    output.cancel()
                    diagnostics.cancel()
                    log?.cancel()
                }
            )
        )
        screen = try ScreenLoop(multiplexer: multiplexer, wake: screenWake)
        let traceIsColored = HostScreen.decoration(options.color, descriptor: STDERR_FILENO)
        formatter = TrapTraceFormatter(guests: names, decoration: log == nil ? traceIsColored : .plain)
        self.names = names
        self.output = output
        self.diagnostics = diagnostics
        self.log = log
        self.inputWake = inputWake
        self.stopRequest = stopRequest
        self.state = state
    }

    /// One per guest: what it prints goes here, from any thread.
    var consoles: [GuestConsole] { multiplexer.consoles }

    /// The signal that ended the run, if one did.
    var terminatingSignal: Int32? { signals.terminatingSignal }

    /// What was to be written and could not be.
    var failure: HostFailure? { state.withLock { $0.failure } }

    /// Lets the guests' clock say when an unfinished line is shown, where the options ask for such a clock.
    func follow(_ clock: any MachineClock) { state.withLock { $0.clock = clock } }

    /// Begins to read the keys or the pipe, and to act on signals.
    func start(_ guests: [any GuestInput & GuestControl], input source: InputSource) throws(HostFailure) {
        stopRequest.set { for guest in guests { guest.requestStop() } }
        let input: InputLoop.Input =
            switch (StandardInput.isTerminal, source) {
            case (true, _): .keys
            case (false, .live): .stream
            case (false, .scripted): .none
            }
        let loop = try InputLoop(
            input: input,
            guests: guests,
            wake: inputWake,
            callbacks: InputLoop.Callbacks(
                focus: { [multiplexer] in multiplexer.focusedGuest },
                command: { [self] in handle($0) },
                lost: { [self] in answer("\(names[$0]) takes no input: what is typed now is lost") },
                failed: { [self] in answer("\(HostFailure.cannotReadInput(code: $0))") }
            )
        )
        state.withLock { state in
            state.guests = guests
            state.input = loop
        }
        // Raw mode comes between: a signal before it would find nothing to restore, and one after it nobody to do it.
        HostSignals.block()
        if case .keys = input { RawMode.enter() }
        try signals.start()
        try screen.start()
        try loop.start()
        if case .keys = input, guests.count > 1 { say("keys go to \(names[0]); Ctrl-A h for help") }
    }

    /// A guest has room for input again: what waits is offered at once.
    func inputSpaceAvailable() { inputWake.signal() }

    /// Ends the guest's last line, prints what is to be said of it, and gives the keys to a guest that still runs.
    func guestEnded(_ index: Int, report: String?) {
        consoles[index].end()
        if let report { say("\(names[index]): \(report)") }
        let isFirstTime = state.withLock { $0.ended.insert(index).inserted }
        let losesKeys = StandardInput.isTerminal && multiplexer.focusedGuest == index && !stopRequest.isPending
        if isFirstTime, losesKeys { focusNext() }
    }

    /// Prints a line of rvhv's own, never inside a guest's line, and whatever names in it hold.
    func say(_ line: String) { say([line]) }

    private func say(_ lines: [String]) {
        // Diagnostics that nobody reads are no reason to stop the guests.
        _ = multiplexer.diagnose("rvhv: " + lines.map(\.printable).joined(separator: "\n"))
    }

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

    /// Prints a report on the run that has ended.
    func show(_ text: String) { report(text) }

    /// Stops the threads and gives the terminal back. The guests have ended.
    func finish() {
        multiplexer.finish()
        screen.stop()
        // Last, because a key can end a wait for whoever reads the output.
        state.withLock { $0.input.take() }?.stop()
        signals.stop()
        RawMode.end()
        HostSignals.unblock()
    }

    /// Writes what was asked for. Where that fails, the run need not go on.
    private func report(_ text: String) {
        guard case .failed(let code) = log?.write(text) ?? multiplexer.diagnose(text) else { return }
        let failure = log.map { HostFailure.cannotWrite(path: $0.path, code: code) } ?? .cannotWriteErrors(code: code)
        state.fail(failure)
        stopRequest.perform()
    }

    // MARK: - Keys, on the thread that reads them

    private func handle(_ event: KeyDecoder.Event) {
        switch event {
        case .command(.nextGuest): focusNext()
        case .command(.status): screen.post { [self] in showStatus() }
        case .command(.pause): togglePause()
        case .command(.quit): quit()
        case .command(.help):
            screen.post { [self] in say(["keys"] + KeyCommand.table.map { "  " + $0.padded(to: 16) + $1 }) }
        case .unknownKey: answer("no such command; Ctrl-A h for help")
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
        screen.post { [self] in
            multiplexer.showFocused()
            say("keys go to \(names[next])")
        }
    }

    private func togglePause() {
        let guests = state.withLock { $0.guests }
        guard guests.indices.contains(multiplexer.focusedGuest) else { return }
        answer(guests[multiplexer.focusedGuest].togglePause())
    }

    private func showStatus() {
        let (guests, ended) = state.withLock { ($0.guests, $0.ended) }
        let width = names.map(\.count).max() ?? 0
        let lines = guests.enumerated().map { index, guest in
            let mark = index == multiplexer.focusedGuest ? "*" : " "
            let status = ended.contains(index) ? "ended" : guest.statusLine
            return "  \(mark) \(guest.name.padded(to: width))  \(status)"
        }
        say(["guests (* has the keys)"] + lines)
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
        signals.requestEnd()
        answer("stopping")
    }

    /// Says something on the screen's thread, for a thread that is not to wait for the screen.
    private func answer(_ line: String) { screen.post { [self] in say(line) } }
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
