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

    package var extensions: ExtensionSet {
        switch self {
        case .rvi20u64: [.i]
        case .rva20u64: Self.application.union([.za128rs])
        case .rva20s64: Self.rva20u64.extensions.union(Self.supervisor)
        case .rva22u64:
            Self.application.union([
                .za64rs, .b, .zihpm, .zihintpause, .zic64b, .zicbom, .zicbop, .zicboz, .zfhmin, .zkt,
            ])
        case .rva22s64:
            Self.rva22u64.extensions.union(Self.supervisor).union([.sscounterenw, .svpbmt, .svinval])
        }
    }

    private static let application: ExtensionSet = [
        .i, .m, .a, .f, .d, .c, .zicsr, .zicntr, .ziccif, .ziccrse, .ziccamoa, .zicclsm,
    ]

    private static let supervisor: ExtensionSet = [
        .zifencei, .svbare, .sv39, .svade, .ssccptr, .sstvecd, .sstvala,
    ]
}
