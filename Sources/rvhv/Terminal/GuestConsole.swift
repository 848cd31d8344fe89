import Platform
import Synchronization

/// The screen's side of one guest's console. Any vCPU thread writes here, and waits when the screen makes it wait.
///
/// Lock order: the turn, a console's buffer, then the screen.
final class GuestConsole: Sendable {
    /// Longer lines are split, so that a guest that never ends a line costs no memory.
    static let lineLimit = 4096

    private struct Buffer {
        /// The line so far; with a single guest, the bytes not yet written.
        var line: [UInt8] = []
        /// How much of `line` the screen has, as long as it is the open line.
        var shown = 0
        var filter = EscapeFilter()
    }

    /// Where the guests' time counts, what keeps a show from coming between two writes.
    let turn: ScreenTurn?
    private let index: Int
    private let screen: SharedScreen
    private let buffer = Lock(Buffer())
    /// When an unfinished line is to be shown; `.max` when nothing waits.
    private let deadline = Atomic<UInt64>(.max)

    init(index: Int, screen: SharedScreen, turn: ScreenTurn?) {
        self.index = index
        self.screen = screen
        self.turn = turn
    }

    /// Takes all bytes.
    func write(_ bytes: UnsafeRawBufferPointer) {
        if let turn { turn.take { add(bytes) } } else { add(bytes) }
    }

    private func add(_ bytes: UnsafeRawBufferPointer) {
        buffer.withLock { buffer in
            switch screen.layout {
            case .untouched: append(bytes, to: &buffer)
            case .prefixed: appendLines(bytes, to: &buffer)
            }
        }
        armDeadline()
    }

    func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Ends the guest's last line; it writes no more.
    func end() {
        if let turn { turn.take { endLastLine() } } else { endLastLine() }
    }

    private func endLastLine() {
        buffer.withLock { buffer in
            switch screen.layout {
            case .untouched: flush(&buffer)
            case .prefixed:
                if buffer.line.isEmpty { return }
                if buffer.line.count > buffer.shown {
                    endLine(&buffer)
                } else {
                    screen.endShownLine(buffer.line, of: index)
                    buffer = Buffer()
                }
            }
        }
    }

    /// Shows an unfinished line whose time has come. Called by the terminal's thread.
    func showIfDue(at now: UInt64) {
        guard deadline.load(ordering: .relaxed) <= now else { return }
        // Before the bytes are taken: a byte written from here on sets a new deadline.
        deadline.store(.max, ordering: .relaxed)
        show()
    }

    /// Shows the unfinished line, for instance because the guest has come into focus.
    func show() {
        buffer.withLock { buffer in
            switch screen.layout {
            case .untouched: flush(&buffer)
            case .prefixed: showPartialLine(&buffer)
            }
        }
    }

    /// When `showIfDue` has something to do; `.max` for never.
    var nextDeadline: UInt64 { deadline.load(ordering: .relaxed) }

    /// The deadline stays when the line ends: one wake-up in each delay, however many lines a guest writes.
    private func armDeadline() {
        guard deadline.load(ordering: .relaxed) == .max, screen.showsPartialLines(of: index) else { return }
        let isWaiting = buffer.withLock { $0.line.count > $0.shown }
        guard isWaiting else { return }
        deadline.store(screen.partialLineDeadline(), ordering: .relaxed)
        screen.deadlineChanged()
    }

    // MARK: - One guest: bytes as they are

    private func append(_ bytes: UnsafeRawBufferPointer, to buffer: inout Buffer) {
        buffer.line += bytes
        if buffer.line.count >= Self.lineLimit || bytes.contains(UInt8(ascii: "\n")) { flush(&buffer) }
    }

    private func flush(_ buffer: inout Buffer) {
        if buffer.line.isEmpty { return }
        screen.writeUntouched(buffer.line)
        buffer.line.removeAll(keepingCapacity: true)
    }

    // MARK: - Several guests: whole lines

    private func appendLines(_ bytes: UnsafeRawBufferPointer, to buffer: inout Buffer) {
        for byte in bytes {
            buffer.filter.filter(byte, into: &buffer.line, room: { screen.room })
            if buffer.line.last == UInt8(ascii: "\n") {
                buffer.line.removeLast()
                endLine(&buffer)
            } else if buffer.line.count >= Self.lineLimit {
                endLine(&buffer)
            }
        }
    }

    private func endLine(_ buffer: inout Buffer) {
        // CR LF is one line end.
        while buffer.line.last == UInt8(ascii: "\r") { buffer.line.removeLast() }
        screen.write(buffer.line, alreadyShown: min(buffer.shown, buffer.line.count), of: index, ending: .lineEnd)
        buffer.line.removeAll(keepingCapacity: true)
        buffer.shown = 0
    }

    private func showPartialLine(_ buffer: inout Buffer) {
        guard screen.showsPartialLines(of: index) else { return }
        // A CR at the end may be the first half of CR LF.
        let end = buffer.line.lastIndex { $0 != UInt8(ascii: "\r") }.map { $0 + 1 } ?? 0
        guard end > 0 else { return }
        let text = Array(buffer.line[..<end])
        screen.write(text, alreadyShown: min(buffer.shown, end), of: index, ending: .open)
        buffer.shown = end
    }
}

/// Keeps the lines of guests that run on a clock of their own the same in every run: a write and the showing of what
/// is due by then are one step. The thread of the screen, which may show the same a little earlier, waits for its turn.
final class ScreenTurn: Sendable {
    private let showDue = Lock<@Sendable () -> Void>({})

    func set(_ action: @escaping @Sendable () -> Void) { showDue.withLock { $0 = action } }

    /// Shows what is due and runs `body`, with no other turn between. It is not recursive.
    func take(_ body: () -> Void) {
        showDue.withLock { showDue in
            showDue()
            body()
        }
    }
}
