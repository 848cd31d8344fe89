/// Keeps a guest's control sequences to its own line, where several guests share one screen.
///
/// Colours and what line editors use pass; what clears the screen, moves to another line, asks the terminal questions
/// or sets its title, clipboard or character set does not. Nor does the cursor move where the guest's text is not: not
/// left of it, where its name stands, and not right of it, where the terminal would lose count.
struct EscapeFilter: Sendable {
    private enum State: Equatable {
        case ground
        /// Inside a character of several bytes, so many of which are to come.
        case character(Int)
        case escape
        /// ESC with an intermediate byte, such as a choice of character set: ends with one more byte.
        case intermediate
        case controlSequence
        /// OSC, DCS, SOS, PM, APC: until BEL, ST or the line's end.
        case string
    }

    /// Longer sequences are not those of a line editor.
    private static let parameterLimit = 24
    private static let replacement = Array("\u{FFFD}".utf8)

    private var state = State.ground
    private var parameters: [UInt8] = []
    /// The bytes of an unfinished character.
    private var character: [UInt8] = []
    /// How far right of the guest's prefix the cursor is at least, and how far the text reaches at least. How wide some
    /// characters are only the terminal knows, so these count as nothing.
    private var column = 0
    private var end = 0

    /// Appends what may pass of `byte`; a line feed always does. `room` are the terminal's columns right of the prefix.
    mutating func filter(_ byte: UInt8, into output: inout [UInt8], room: () -> Int = { .max }) {
        if byte == UInt8(ascii: "\n") {
            if case .character = state { output += Self.replacement }
            self = EscapeFilter()
            output.append(byte)
            return
        }
        switch state {
        case .ground: ground(byte, &output, room)
        case .character(let missing): continueCharacter(byte, missing, &output, room)
        case .escape: escape(byte)
        case .intermediate: if byte >= 0x30 || byte < 0x20 { state = .ground }
        case .controlSequence: controlSequence(byte, &output, room)
        case .string: string(byte)
        }
    }

    private mutating func ground(_ byte: UInt8, _ output: inout [UInt8], _ room: () -> Int) {
        switch byte {
        case 0x1b: state = .escape
        case 0x07: output.append(byte)
        case 0x08: if stepsLeft(1, room) > 0 { output.append(byte) }
        case 0x09: tabulate(&output)
        case 0x0d:
            column = 0
            output.append(byte)
        case 0x00..<0x20, 0x7f: break
        case 0x20..<0x7f:
            output.append(byte)
            advance(1)
        case 0xc2...0xdf: begin(byte, 1)
        case 0xe0...0xef: begin(byte, 2)
        case 0xf0...0xf4: begin(byte, 3)
        // No character begins so. Alone, some of these are control characters to terminals that do not use UTF-8.
        default: output += Self.replacement
        }
    }

    private mutating func advance(_ columns: Int) {
        column += columns
        end = max(end, column)
    }

    /// A tab as it would be at the start of a screen's line: over the text, and with spaces beyond it.
    private mutating func tabulate(_ output: inout [UInt8]) {
        let target = (column | 7) + 1
        let over = min(target, end) - column
        if over > 0 { output += Array("\u{1b}[\(over)C".utf8) }
        output += Array(repeating: UInt8(ascii: " "), count: target - column - max(0, over))
        advance(target - column)
    }

    /// How many of `wanted` columns the cursor can go back.
    private mutating func stepsLeft(_ wanted: Int, _ room: () -> Int) -> Int {
        guard column > 0 else { return 0 }
        // After a character in the last column the cursor still stands on it.
        if column == room() { column -= 1 }
        let steps = min(wanted, column)
        column -= steps
        return steps
    }

    // MARK: - Characters of several bytes

    private mutating func begin(_ byte: UInt8, _ missing: Int) {
        character = [byte]
        state = .character(missing)
    }

    private mutating func continueCharacter(
        _ byte: UInt8,
        _ missing: Int,
        _ output: inout [UInt8],
        _ room: () -> Int
    ) {
        guard byte & 0xc0 == 0x80 else {
            state = .ground
            output += Self.replacement
            return ground(byte, &output, room)
        }
        character.append(byte)
        guard missing == 1 else {
            state = .character(missing - 1)
            return
        }
        state = .ground
        guard let text = String(validating: character, as: UTF8.self), let scalar = text.unicodeScalars.first else {
            output += Self.replacement
            return
        }
        guard !scalar.isControlling else { return }
        output += character
        advance(Self.leastColumns(of: scalar))
    }

    /// Marks take no column of their own, and whether parts of emoji and of Korean syllables do depends on the terminal.
    private static func leastColumns(of scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x1160...0x11ff, 0xd7b0...0xd7ff, 0x1f000...: return 0
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format, .unassigned, .privateUse: return 0
        // A foreign enumeration: whatever else there is stands in a place of its own.
        default: return 1
        }
    }

    // MARK: - Sequences

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "["):
            state = .controlSequence
            parameters = []
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            state = .string
        case 0x20..<0x30: state = .intermediate
        case 0x1b: break
        default: state = .ground
        }
    }

    private mutating func string(_ byte: UInt8) {
        switch byte {
        case 0x07: state = .ground
        // ESC \ ends the string; as an escape of its own the backslash does nothing.
        case 0x1b: state = .escape
        default: break
        }
    }

    private mutating func controlSequence(_ byte: UInt8, _ output: inout [UInt8], _ room: () -> Int) {
        switch byte {
        case 0x20..<0x40:
            if parameters.count <= Self.parameterLimit { parameters.append(byte) }
        case 0x40..<0x7f:
            state = .ground
            if parameters.count <= Self.parameterLimit { finish(byte, &output, room) }
        case 0x1b: state = .escape
        default: state = .ground
        }
    }

    private mutating func finish(_ final: UInt8, _ output: inout [UInt8], _ room: () -> Int) {
        let isPlain = parameters.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ";") }
        guard isPlain else { return }
        switch final {
        case UInt8(ascii: "m"), UInt8(ascii: "P"), UInt8(ascii: "@"): break
        case UInt8(ascii: "K"), UInt8(ascii: "J"):
            // To the right and below only: 1 and 2 would reach the prefix and the lines above.
            guard count(emptyMeans: 0) == 0 else { return }
        case UInt8(ascii: "C"): return move(min(max(1, count(emptyMeans: 1)), end - column), final, &output)
        case UInt8(ascii: "D"): return move(-stepsLeft(max(1, count(emptyMeans: 1)), room), final, &output)
        default: return
        }
        output += [0x1b, UInt8(ascii: "[")] + parameters + [final]
    }

    /// Writes a movement of the cursor; one to the left has been counted.
    private mutating func move(_ steps: Int, _ final: UInt8, _ output: inout [UInt8]) {
        guard steps != 0 else { return }
        output += Array("\u{1b}[\(steps.magnitude)".utf8) + [final]
        if steps > 0 { column += steps }
    }

    /// The sequence's one number, bounded; several numbers count as a large one.
    private func count(emptyMeans empty: Int) -> Int {
        var value = parameters.isEmpty ? empty : 0
        for byte in parameters {
            guard (0x30...0x39).contains(byte) else { return 9999 }
            value = min(9999, value * 10 + Int(byte - 0x30))
        }
        return value
    }
}
