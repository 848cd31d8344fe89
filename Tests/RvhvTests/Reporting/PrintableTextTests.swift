import Testing

@testable import rvhv

@Suite struct PrintableTextTests {
    private static let rows: [(String, String)] = [
        ("", ""), ("main+0x10", "main+0x10"), ("h\u{e9}\u{4e2d}\u{1f600}", "h\u{e9}\u{4e2d}\u{1f600}"),
        ("a\nb\r\tc", "a\u{FFFD}b\u{FFFD}\u{FFFD}c"),
        ("\u{1b}[2J\u{9b}2J\u{7f}\0", "\u{FFFD}[2J\u{FFFD}2J\u{FFFD}\u{FFFD}"),
        ("\u{202e}a\u{2066}b\u{200f}c\u{2028}d\u{61c}", "\u{FFFD}a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}"),
    ]

    @Test(arguments: rows)
    func printable(text: String, expected: String) {
        #expect(text.printable == expected)
    }

    /// Reports and documents that a terminal may show.
    @Test func nothingPassesThroughJSON() {
        let text = JSONValue.array([.string("\u{9b}\u{1b}\u{2028}\u{202e}\"x")]).text
        #expect(text == #"["\u009b\u001b\u2028\u202e\"x"]"#)
    }
}
