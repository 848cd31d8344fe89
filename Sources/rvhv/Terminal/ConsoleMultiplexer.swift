import Platform

/// Lets several guests write to one screen: each line carries its guest's name and no line is cut by another.
///
/// With a single guest the output is its bytes, untouched. The focused guest's unfinished line (a prompt, what is being
/// typed) is shown after a short delay; when another guest's line comes, it is taken away and shown again below.
final class ConsoleMultiplexer: Sendable {
    /// Whose time says when an unfinished line is shown.
    enum TimeSource: Sendable {
        case host
        /// That of the guests, which only their one thread moves. What is shown then depends on what the guests do, and
        /// not on how fast the host is.
        case guests
    }

    /// One per guest, in the guests' order.
    let consoles: [GuestConsole]
    let timeSource: TimeSource
    private let screen: SharedScreen

    init(
        guests: [String],
        output: any OutputSink,
        diagnostics: any OutputSink,
        style: ScreenStyle = ScreenStyle(),
        timeSource: TimeSource = .host,
        now: @escaping @Sendable () -> UInt64 = MonotonicTime.nanoseconds,
        callbacks: ScreenCallbacks = ScreenCallbacks()
    ) {
        let screen = SharedScreen(
            guests: guests,
            output: output,
            diagnostics: diagnostics,
            style: style,
            now: now,
            callbacks: callbacks
        )
        let turn = timeSource == .guests && guests.count > 1 ? ScreenTurn() : nil
        self.screen = screen
        self.timeSource = timeSource
        consoles = guests.indices.map { GuestConsole(index: $0, screen: screen, turn: turn) }
        turn?.set { [weak self] in self?.showDueNow() }
    }

    /// The guest that gets the keys, and whose unfinished line is shown.
    var focusedGuest: Int { screen.focusedGuest }

    /// Gives a guest the keys; `showFocused` shows its line.
    func setFocus(_ index: Int) {
        guard consoles.indices.contains(index) else { return }
        screen.focusedGuest = index
    }

    func showFocused() {
        let console = consoles[focusedGuest]
        if let turn = console.turn { turn.take { console.show() } } else { console.show() }
    }

    /// Writes lines of rvhv's own, never inside a line of a guest.
    func diagnose(_ text: String) -> OutputState { screen.diagnose(text) }

    /// Ends all unfinished lines.
    func finish() {
        for console in consoles { console.end() }
    }

    /// When `showDue` has something to do; `.max` for never.
    var nextDeadline: UInt64 { consoles.reduce(screen.reshowDeadline) { min($0, $1.nextDeadline) } }

    /// Shows unfinished lines whose time has come. Called by the terminal's thread.
    func showDue() {
        if let turn = consoles.first?.turn { turn.take {} } else { showDueNow() }
    }

    private func showDueNow() {
        let now = screen.currentTime()
        if screen.reshowDeadline <= now {
            screen.clearReshowDeadline()
            consoles[focusedGuest].show()
        }
        for console in consoles { console.showIfDue(at: now) }
    }
}
