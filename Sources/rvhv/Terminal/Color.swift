/// Colours of the terminal: ECMA-48 SGR sequences.
enum Color: Int, CaseIterable, Sendable {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case magenta = 35
    case cyan = 36

    static let reset = "\u{1b}[0m"
    static let bold = "\u{1b}[1m"
    static let dim = "\u{1b}[2m"

    var sequence: String { "\u{1b}[\(rawValue)m" }

    /// The colour of a guest's name. Red comes last: it reads as an error.
    static func ofGuest(_ index: Int) -> Color {
        let colors: [Color] = [.cyan, .green, .yellow, .magenta, .blue, .red]
        return colors[index % colors.count]
    }
}

/// Whether text is decorated.
enum Decoration: Sendable {
    case plain
    case colored

    func colored(_ text: String, _ sequence: String) -> String {
        switch self {
        case .plain: text
        case .colored: sequence + text + Color.reset
        }
    }
}
