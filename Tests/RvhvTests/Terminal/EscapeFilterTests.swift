import Testing

@testable import rvhv

/// A terminal's cursor in the line that starts with a guest's name.
private struct FirstLine {
    let columns: Int
    private var column: Int
    /// The last column is written, and the next character wraps.
    private var wraps = false
    private var row = 0
    private(set) var leftmost: Int

    init(columns: Int, prefix: Int) {
        self.columns = columns
        column = prefix
        leftmost = prefix
    }

    mutating func write(_ text: String) {
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch scalar {
            case "\u{8}": moveLeft(1)
            case "\u{1b}":
                scalars.removeFirst()
                let digits = scalars.prefix { $0.value < 0x40 }
                scalars.removeFirst(digits.count)
                let count = Int(String(String.UnicodeScalarView(digits))) ?? 1
                switch scalars.popFirst() {
                case "C":
                    column = min(columns - 1, column + count)
                    wraps = false
                case "D": moveLeft(count)
                default: break
                }
            case "\u{301}": break
            case "\u{ac00}": put(2)
            default: put(1)
            }
        }
    }

    private mutating func put(_ width: Int) {
        if wraps || column + width > columns {
            row += 1
            column = 0
            wraps = false
        }
        column += width
        if column == columns {
            column -= 1
            wraps = true
        }
    }

    private mutating func moveLeft(_ count: Int) {
        column = max(0, column - count)
        wraps = false
        if row == 0 { leftmost = min(leftmost, column) }
    }
}

@Suite struct EscapeFilterTests {
    private static let rows: [(String, String)] = [
        ("plain \t text\u{7}", "plain    text\u{7}"),
        ("abcd\r\tx", "abcd\r\u{1b}[4C    x"),
        ("\u{1b}[1;31mred\u{1b}[m", "\u{1b}[1;31mred\u{1b}[m"),
        ("\u{1b}[2Jx\u{1b}[Hy\u{1b}[3;4Hz\u{1b}[?1049hw", "xyzw"),
        ("\u{1b}[Kx\u{1b}[0Ky\u{1b}[1Kz\u{1b}[J\u{1b}[2J", "\u{1b}[Kx\u{1b}[0Kyz\u{1b}[J"),
        ("\u{1b}[6n\u{1b}[c\u{1b}[>c", ""),
        ("\u{1b}]0;title\u{7}a\u{1b}]52;c;x\u{1b}\\b\u{1b}Pdcs\u{1b}\\c", "abc"),
        ("\u{1b}]unfinished\nnext", "\nnext"),
        ("\u{1b}(0x\u{1b}cy\u{1b}7z\u{1b}\u{1b}[1mb", "xyz\u{1b}[1mb"),
        ("\u{8}\u{8}ab\u{8}\u{8}\u{8}c", "ab\u{8}\u{8}c"),
        ("abcdef\u{1b}[5D\u{1b}[2Dx\u{1b}[D", "abcdef\u{1b}[5D\u{1b}[1Dx\u{1b}[1D"),
        ("ab\u{1b}[9Cc\u{1b}[D\u{1b}[9C\u{1b}[9Cd", "abc\u{1b}[1D\u{1b}[1Cd"),
        ("a\u{301}\u{200b}\u{8}\u{8}b", "a\u{301}\u{200b}\u{8}b"),
        ("\u{202e}evil\u{2028}", "evil"),
        ("\u{1b}[1;1D\u{1b}[99999999999999999999D", ""),
        ("\u{e}\u{f}\u{0}\u{7f}\u{b}\u{c}x", "x"),
        ("\u{9b}2Jx\u{85}y\u{e9}z\u{a9}", "2Jxy\u{e9}z\u{a9}"),
        ("\u{1b}[" + String(repeating: "1;", count: 40) + "mx", "x"),
        ("\u{1b}[1\u{1b}[2my", "\u{1b}[2my"),
    ]

    @Test(arguments: rows)
    func filtered(input: String, output: String) {
        var filter = EscapeFilter()
        var bytes: [UInt8] = []
        for byte in input.utf8 { filter.filter(byte, into: &bytes) }
        #expect(String(decoding: bytes, as: UTF8.self) == output)
    }

    /// Alone, bytes from 0x80 on are control characters to a terminal that does not use UTF-8.
    @Test(
        arguments: [
            ([0x9b, 0x41], "\u{FFFD}A"), ([0xe2, 0x9b], ""), ([0xe2, 0x9b, 0x41], "\u{FFFD}A"),
            ([0xc3, 0x0a], "\u{FFFD}\n"),
            ([0xed, 0xa0, 0x80], "\u{FFFD}"), ([0xf4, 0x90, 0x80, 0x80], "\u{FFFD}"), ([0xe0, 0x80, 0x9b], "\u{FFFD}"),
            ([0xf0, 0x9f, 0x98, 0x80], "\u{1f600}"),
        ] as [([UInt8], String)]
    )
    func onlyWholeCharactersPass(input: [UInt8], output: String) {
        var filter = EscapeFilter()
        var bytes: [UInt8] = []
        for byte in input { filter.filter(byte, into: &bytes) }
        #expect(bytes == Array(output.utf8))
    }

    /// Whatever a guest writes, the cursor stays right of its name in the line where that stands.
    @Test(arguments: 0..<20) func theNameIsOutOfReach(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "x", "xxxxxxx", "\u{301}", "\t", "\u{8}", "\u{1b}[D", "\u{1b}[9D", "\u{1b}[C", "\u{1b}[99C", "\u{1b}[3P",
            "\u{ac00}", "\u{1b}[99D", "\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}",
        ]
        for _ in 0..<50 {
            var filter = EscapeFilter()
            var line = FirstLine(columns: 20, prefix: 8)
            for _ in 0..<60 {
                var bytes: [UInt8] = []
                for byte in pieces[next(pieces.count)].utf8 { filter.filter(byte, into: &bytes, room: { 12 }) }
                line.write(String(decoding: bytes, as: UTF8.self))
            }
            #expect(line.leftmost >= 8)
        }
    }

    @Test func anyBytesGiveNoForbiddenControl() {
        var generator = SystemRandomNumberGenerator()
        var filter = EscapeFilter()
        var bytes: [UInt8] = []
        let alphabet: [UInt8] = Array("\u{1b}\u{1b}[]0123;?mJKHnDC\u{7}\r\\x".utf8) + [0xc2, 0x9b]
        for _ in 0..<20_000 {
            filter.filter(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)], into: &bytes)
        }
        for (index, byte) in bytes.enumerated() where byte == 0x1b {
            let sequence = bytes[index...].dropFirst(2)
            #expect(bytes[index + 1] == UInt8(ascii: "["))
            let final = sequence.first { $0 >= 0x40 }
            #expect(final.map { Array("mKJPDC@".utf8).contains($0) } == true)
        }
    }
}
