import Platform
import Synchronization

/// How the screen is written.
struct ScreenStyle: Sendable {
    enum DiagnosticsPlace: Sendable {
        case sameScreen
        case elsewhere
    }

    var decoration: Decoration = .plain
    /// Columns of the terminal that the output goes to; nil when it goes to a file or a pipe.
    var terminalColumns: (@Sendable () -> Int)?
    /// Whether rvhv's own lines appear on the same screen as the guests'.
    var diagnostics: DiagnosticsPlace = .elsewhere
}

/// What the terminal's thread is told, without any lock held.
struct ScreenCallbacks: Sendable {
    /// A deadline has become earlier.
    var deadlineChanged: @Sendable () -> Void = {}
    /// The output cannot be written, for the reason that `errno` gave. Called once, on the thread that wrote.
    var outputFailed: @Sendable (Int32) -> Void = { _ in }
}

/// The one place where bytes leave for the user: it knows which guest's unfinished line the cursor stands in.
final class SharedScreen: Sendable {
    enum Layout: Sendable {
        /// One guest: its bytes and nothing else.
        case untouched
        /// Each line starts with its guest's name.
        case prefixed
    }

    enum LineEnding: Sendable {
        case lineEnd
        case open
    }

    /// Long enough to gather the bytes of a line, too short to be felt when typing.
    static let terminalDelay: UInt64 = 10_000_000
    /// Who reads a pipe waits for lines; an unfinished one is shown only when the guest seems to wait for an answer.
    static let pipeDelay: UInt64 = 200_000_000
    /// How soon an unfinished line comes back after another guest's line has taken its place.
    static let reshowDelay: UInt64 = 50_000_000

    private struct State {
        var openGuest: Int?
        /// An upper bound of the columns of the open line, prefix included.
        var openWidth = 0
        /// Untouched layout: the cursor stands at the start of a line.
        var isAtLineStart = true
        var output = OutputState.open
    }

    /// What a write wants done once the lock is free.
    private struct Effects {
        var outputFailure: Int32?
        var deadlineChanged = false
    }

    let layout: Layout
    private let style: ScreenStyle
    private let output: any OutputSink
    private let diagnostics: any OutputSink
    private let now: @Sendable () -> UInt64
    private let callbacks: ScreenCallbacks
    private let prefixes: [[UInt8]]
    private let prefixWidth: Int
    private let state = FairLock(State())
    private let focus = Atomic<Int>(0)
    private let reshow = Atomic<UInt64>(.max)

    init(
        guests: [String],
        output: any OutputSink,
        diagnostics: any OutputSink,
        style: ScreenStyle,
        now: @escaping @Sendable () -> UInt64,
        callbacks: ScreenCallbacks
    ) {
        layout = guests.count > 1 ? .prefixed : .untouched
        let width = guests.map(\.count).max() ?? 0
        prefixes = guests.enumerated().map { index, name in
            let column = style.decoration.colored(name.padded(to: width) + " |", Color.ofGuest(index).sequence)
            return Array((column + " ").utf8)
        }
        prefixWidth = width + 3
        self.output = output
        self.diagnostics = diagnostics
        self.style = style
        self.now = now
        self.callbacks = callbacks
    }

    /// The guest that gets the keys, and whose unfinished line is shown.
    var focusedGuest: Int {
        get { focus.load(ordering: .relaxed) }
        set { focus.store(newValue, ordering: .relaxed) }
    }

    /// When the focused guest's unfinished line is to come back; `.max` for never.
    var reshowDeadline: UInt64 { reshow.load(ordering: .relaxed) }

    func clearReshowDeadline() { reshow.store(.max, ordering: .relaxed) }

    /// The columns right of the guests' names; of a file, without an end.
    var room: Int { style.terminalColumns.map { max(1, $0() - prefixWidth) } ?? .max }

    func showsPartialLines(of index: Int) -> Bool { layout == .untouched || index == focusedGuest }

    /// When a line left unfinished now is to be shown.
    func partialLineDeadline() -> UInt64 {
        let isQuick = style.terminalColumns != nil || layout == .untouched
        return now() &+ (isQuick ? Self.terminalDelay : Self.pipeDelay)
    }

    func deadlineChanged() { callbacks.deadlineChanged() }

    func currentTime() -> UInt64 { now() }

    // MARK: - Writing

    /// Writes a guest's line, or what is new of it when it is the open one.
    func write(_ line: [UInt8], alreadyShown: Int, of index: Int, ending: LineEnding) {
        update { state, effects in
            var bytes: [UInt8] = []
            if state.openGuest == index {
                append(line[alreadyShown...], of: index, to: &bytes)
            } else {
                closeOpenLine(&state, &effects, &bytes)
                bytes += prefixes[index]
                append(line[...], of: index, to: &bytes)
            }
            switch ending {
            case .lineEnd:
                if line.contains(0x1b) { bytes += Color.reset.utf8 }
                bytes.append(UInt8(ascii: "\n"))
                state.openGuest = nil
            case .open:
                state.openGuest = index
                state.openWidth = prefixWidth + line.count
            }
            write(bytes, &state, &effects)
        }
    }

    /// Ends a line of which nothing is left to show.
    func endShownLine(_ line: [UInt8], of index: Int) {
        let isOpen = state.withLock { $0.openGuest == index }
        // On a terminal another guest's line has taken it away; in a file it is there, and needs no repetition.
        if isOpen || style.terminalColumns != nil { write(line, alreadyShown: line.count, of: index, ending: .lineEnd) }
    }

    /// Writes bytes as they are.
    func writeUntouched(_ bytes: [UInt8]) {
        update { state, effects in
            state.isAtLineStart = bytes.last == UInt8(ascii: "\n")
            write(bytes, &state, &effects)
        }
    }

    /// Writes lines of rvhv's own, never inside a line of a guest.
    func diagnose(_ text: String) -> OutputState {
        var result = OutputState.open
        update { state, effects in
            if style.diagnostics == .sameScreen {
                var bytes: [UInt8] = []
                closeOpenLine(&state, &effects, &bytes)
                if !state.isAtLineStart { bytes.append(UInt8(ascii: "\n")) }
                state.isAtLineStart = true
                if !bytes.isEmpty { write(bytes, &state, &effects) }
            }
            result = diagnostics.write(Array((text + "\n").utf8))
        }
        return result
    }

    private func update(_ change: (inout State, inout Effects) -> Void) {
        var effects = Effects()
        state.withLock { change(&$0, &effects) }
        if let code = effects.outputFailure { callbacks.outputFailed(code) }
        if effects.deadlineChanged { callbacks.deadlineChanged() }
    }

    // MARK: - With the lock held

    private func write(_ bytes: [UInt8], _ state: inout State, _ effects: inout Effects) {
        guard state.output == .open else { return }
        state.output = output.write(bytes)
        if case .failed(let code) = state.output { effects.outputFailure = code }
    }

    /// A lone CR goes back to the start of the guest's text, not of the screen's line.
    private func append(_ text: ArraySlice<UInt8>, of index: Int, to bytes: inout [UInt8]) {
        for byte in text {
            bytes.append(byte)
            if byte == UInt8(ascii: "\r") { bytes += prefixes[index] }
        }
    }

    private func closeOpenLine(_ state: inout State, _ effects: inout Effects, _ bytes: inout [UInt8]) {
        guard state.openGuest != nil else { return }
        state.openGuest = nil
        guard let columns = style.terminalColumns?() else {
            bytes.append(UInt8(ascii: "\n"))
            return
        }
        // A line that fits can be taken away whole; of one that wraps, the upper part would stay.
        bytes += (Color.reset + (state.openWidth < columns ? "\r\u{1b}[K" : "\n")).utf8
        if reshow.load(ordering: .relaxed) == .max {
            reshow.store(now() &+ Self.reshowDelay, ordering: .relaxed)
            effects.deadlineChanged = true
        }
    }
}
