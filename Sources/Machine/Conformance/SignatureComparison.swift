import Hypervisor

/// A test's signature beside that of the reference model.
struct SignatureComparison {
    /// The difference in words; nil for none.
    let difference: String?

    /// Compares the text that the machine left with the reference's.
    ///
    /// - Parameters:
    ///   - seen: the machine's signature, one value of `granularity` bytes per line.
    ///   - expected: the reference's, of the same granularity.
    ///   - granularity: bytes per line.
    ///   - place: names the offset into the signature, such as by its nearest symbol.
    init(seen: String, expected: String, granularity: Int, place: (UInt64) -> String?) {
        let seenLines = seen.split(separator: "\n")
        let expectedLines = Self.lines(expected)
        let differing = zip(seenLines, expectedLines).enumerated().filter { $0.element.0 != $0.element.1 }
        if let first = differing.first {
            let offset = UInt64(first.offset * granularity)
            let symbol = place(offset).map { ", " + $0 } ?? ""
            difference =
                "signature line \(first.offset + 1) (offset \(hex(offset))\(symbol)): expected \(first.element.1), "
                + "seen \(first.element.0); \(differing.count) of \(expectedLines.count) lines differ"
        } else if seenLines.count != expectedLines.count {
            difference = "the signature has \(seenLines.count) lines, the reference's \(expectedLines.count)"
        } else {
            difference = nil
        }
    }

    /// The bytes per line of a reference: its first line's length tells; nil if that is no signature's.
    static func granularity(of text: String) -> Int? {
        guard let first = lines(text).first, first.allSatisfy(\.isHexDigit) else { return nil }
        return [8: 4, 16: 8, 32: 16][first.count]
    }

    private static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { $0.lowercased() }
    }
}
