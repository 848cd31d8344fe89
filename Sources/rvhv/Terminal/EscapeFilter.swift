/// Keeps a guest's control sequences to its own line, where several guests share one screen.
///
/// Colours and what line editors use pass; what clears the screen, moves to another line, asks the terminal questions
/// or sets its title, clipboard or character set does not.
struct EscapeFilter: Sendable {
    private enum State: Equatable {
        case ground
        case escape
        /// ESC with an intermediate byte, such as a choice of character set: ends with one more byte.
        case intermediate
        case controlSequence
        /// OSC, DCS, SOS, PM, APC: until BEL, ST or the line's end.
        case string
        /// 0xc2, the first byte of U+0080...U+009F: 8-bit control characters in UTF-8.
        case latin
    }

    /// Longer sequences are not those of a line editor.
    private static let parameterLimit = 24

    private var state = State.ground
    private var parameters: [UInt8] = []
    /// Columns right of the guest's prefix: how far back the cursor may go.
    private var column = 0

    /// Appends what may pass of `byte`; a line feed always does.
    mutating func filter(_ byte: UInt8, into output: inout [UInt8]) {
        if byte == UInt8(ascii: "\n") {
            self = EscapeFilter()
            output.append(byte)
            return
        }
        switch state {
        case .ground: ground(byte, &output)
        case .escape: escape(byte, &output)
        case .intermediate: if byte >= 0x30 || byte < 0x20 { state = .ground }
        case .controlSequence: controlSequence(byte, &output)
        case .string: string(byte)
        case .latin:
            state = .ground
            if (0x80...0x9f).contains(byte) { return }
            output.append(0xc2)
            column += 1
            ground(byte, &output)
        }
    }

    private mutating func ground(_ byte: UInt8, _ output: inout [UInt8]) {
        switch byte {
        case 0x1b: state = .escape
        case 0xc2: state = .latin
        case 0x07: output.append(byte)
        case 0x08:
            guard column > 0 else { return }
            column -= 1
            output.append(byte)
        case 0x09:
            column = (column | 7) + 1
            output.append(byte)
        case 0x0d:
            column = 0
            output.append(byte)
        case 0x00..<0x20, 0x7f: break
        default:
            // A continuation byte of UTF-8 takes no column of its own.
            if byte & 0xc0 != 0x80 { column += 1 }
            output.append(byte)
        }
    }

    private mutating func escape(_ byte: UInt8, _ output: inout [UInt8]) {
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

    private mutating func controlSequence(_ byte: UInt8, _ output: inout [UInt8]) {
        switch byte {
        case 0x20..<0x40:
            if parameters.count <= Self.parameterLimit { parameters.append(byte) }
        case 0x40..<0x7f:
            state = .ground
            if parameters.count <= Self.parameterLimit { finish(byte, &output) }
        case 0x1b: state = .escape
        default: state = .ground
        }
    }

    private mutating func finish(_ final: UInt8, _ output: inout [UInt8]) {
        let isPlain = parameters.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ";") }
        guard isPlain else { return }
        switch final {
        case UInt8(ascii: "m"), UInt8(ascii: "P"), UInt8(ascii: "@"): break
        case UInt8(ascii: "K"), UInt8(ascii: "J"):
            // To the right and below only: 1 and 2 would reach the prefix and the lines above.
            guard count(emptyMeans: 0) == 0 else { return }
        case UInt8(ascii: "C"): column += max(1, count(emptyMeans: 1))
        case UInt8(ascii: "D"):
            let steps = max(1, count(emptyMeans: 1))
            guard steps <= column else { return }
            column -= steps
        default: return
        }
        output += [0x1b, UInt8(ascii: "[")] + parameters + [final]
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
