/// The profiles that can stand for a list of extensions: what each makes mandatory ("RISC-V Profiles").
package enum ISAProfile: String, CaseIterable, Sendable {
    case rvi20u64
    case rva20u64
    case rva20s64
    case rva22u64
    case rva22s64

    /// Profiles out of reach, each with an extension they need and this hart lacks.
    static let missing = [
        "rva23u64": "v", "rva23s64": "v", "rvb23u64": "v", "rvb23s64": "v",
    ]

    /// For messages.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Whose software expects it, in a few words.
    package var summary: String {
        switch self {
        case .rvi20u64: "the base integer instructions alone"
        case .rva20u64: "applications of 2020"
        case .rva20s64: "operating systems of 2020"
        case .rva22u64: "applications of 2022"
        case .rva22s64: "operating systems of 2022"
        }
    }

    /// The profiles whose mandates it takes over, its own among them. That of reservation sets is narrowed on the way,
    /// which changes nothing: the narrow one implies the wide one.
    var line: [ISAProfile] {
        switch self {
        case .rvi20u64: [.rvi20u64]
        case .rva20u64: [.rvi20u64, .rva20u64]
        case .rva20s64: [.rvi20u64, .rva20u64, .rva20s64]
        case .rva22u64: [.rvi20u64, .rva20u64, .rva22u64]
        case .rva22s64: [.rvi20u64, .rva20u64, .rva20s64, .rva22u64, .rva22s64]
        }
    }
}
