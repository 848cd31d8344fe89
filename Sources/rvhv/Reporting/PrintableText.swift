extension Unicode.Scalar {
    /// Whether a terminal obeys it instead of showing it: control characters, line ends, and what turns the direction
    /// of the text around it.
    var isControlling: Bool {
        switch value {
        case 0x20..<0x7f: false
        case 0..<0x20, 0x7f..<0xa0: true
        // The bidirectional algorithm's marks, embeddings, overrides and isolates.
        case 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// The text on one line and with nothing in it that a terminal obeys: such characters become U+FFFD. For names and
    /// symbols out of files that nobody here wrote.
    var printable: String {
        guard unicodeScalars.contains(where: \.isControlling) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0.isControlling ? "\u{FFFD}" : $0 }))
    }
}
