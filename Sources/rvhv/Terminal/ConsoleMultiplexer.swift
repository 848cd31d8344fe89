import Platform

/// Lets several guests write to one screen: each line carries its guest's name and no line is cut by another.
///
/// With a single guest the output is its bytes, untouched. The focused guest's unfinished line (a prompt, what is being
/// typed) is shown after a short delay; when another guest's line comes, it is taken away and shown again below.
final class ConsoleMultiplexer: Sendable {
    /// One per guest, in the guests' order.
    let consoles: [GuestConsole]
    private let screen: SharedScreen

    init(
        guests: [String],
        output: any OutputSink,
        diagnostics: any OutputSink,
        style: ScreenStyle = ScreenStyle(),
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
        self.screen = screen
        consoles = guests.indices.map { GuestConsole(index: $0, screen: screen) }
    }

    /// The guest that gets the keys, and whose unfinished line is shown.
    var focusedGuest: Int { screen.focusedGuest }

    func setFocus(_ index: Int) {
        guard consoles.indices.contains(index) else { return }
        screen.focusedGuest = index
        consoles[index].show()
    }

    /// Writes a line of rvhv's own, or several, never inside a line of a guest.
    func diagnose(_ text: String) { screen.diagnose(text) }

    /// Ends all unfinished lines.
    func finish() {
        for console in consoles { console.finish() }
    }

    /// When `showDue` has something to do; `.max` for never.
    var nextDeadline: UInt64 { consoles.reduce(screen.reshowDeadline) { min($0, $1.nextDeadline) } }

    /// Shows unfinished lines whose time has come. Called by the terminal's thread.
    func showDue() {
        let now = screen.currentTime()
        if screen.reshowDeadline <= now {
            screen.clearReshowDeadline()
            consoles[focusedGuest].show()
        }
        for console in consoles { console.showIfDue(at: now) }
    }
}
