/// Which extensions a hart has, as an ISA string says it and as software sees it.
public struct ISAConfiguration: Equatable, Sendable {
    /// The enabled extensions with everything they imply.
    package let extensions: ExtensionSet

    /// What the hart in this package implements: the most a configuration may ask for.
    package static let implemented = ExtensionSet(ExtensionTable.rows.filter { $0.summary != nil }.map(\.id))

    /// Everything that is implemented.
    package static let full = ISAConfiguration(unchecked: implemented)

    /// What today's firmware and kernels run on: without the extensions that firmware must know. A trap in M-mode
    /// (Smdbltrp), an interrupt (Smrnmi), and `seed` in S-mode (Zkr), which a kernel uses where it is announced, must
    /// first be allowed. Without Sv57 too: a kernel takes the widest mode that there is, and programs that keep
    /// something in the upper bits of their pointers cannot have that one.
    public static let standard = ISAConfiguration(unchecked: underTest.extensions.subtracting([.sv57]))

    /// What a suite is run on: ``standard`` with every paging mode.
    package static let underTest = ISAConfiguration(unchecked: implemented.subtracting([.smdbltrp, .smrnmi, .zkr]))

    private init(unchecked extensions: ExtensionSet) { self.extensions = extensions.closure }

    /// The configuration with `extensions` and what they imply, if this hart can be that.
    package init(_ extensions: ExtensionSet) throws(ISAConfigurationError) {
        let all = extensions.closure
        guard all.contains(.i) else { throw .missingBase }
        // What was asked for itself explains more than what it brings.
        for asked in [extensions, all] {
            if let absent = asked.subtracting(Self.implemented).members.first { throw .notImplemented(absent) }
        }
        for member in all.members {
            if let needed = member.required.subtracting(all).members.first {
                throw .missingDependency(of: member, needed)
            }
        }
        self.extensions = all
    }

    /// Parses an ISA string such as `rv64gc_svinval_sstc` ("ISA Extension Naming Conventions"): case does not matter,
    /// version numbers are accepted and ignored, multi-letter names follow an underscore. In place of `rv64` and its
    /// letters a profile may stand, as in `rva22s64_zfh`.
    public init(parsing text: String) throws(ISAConfigurationError) {
        var parser = ISAStringParser(text)
        try self.init(parser.parse())
    }

    /// The `riscv,isa` string: canonical order, lower case.
    public var isaString: String {
        let letters = extensions.members.filter(\.isSingleLetter).map(\.name).joined()
        let words = extensions.members.filter { !$0.isSingleLetter }.map { "_" + $0.name }.joined()
        return "rv64" + letters + words
    }

    /// The strings of `riscv,isa-extensions`, in canonical order. `riscv,isa-base` is always `rv64i`.
    public var extensionNames: [String] { extensions.members.map(\.name) }

    /// The widest paging mode, if any is named; one that names none leaves it to the machine.
    package var pagingLimit: PagingLimit? {
        let modes: [(ISAExtension, PagingLimit)] = [(.sv57, .sv57), (.sv48, .sv48), (.sv39, .sv39)]
        return modes.first { extensions.contains($0.0) }?.1
    }

    /// The configuration without the paging modes above a limit.
    package func limited(to limit: PagingLimit) -> ISAConfiguration {
        let wider: ExtensionSet =
            switch limit {
            case .sv39: [.sv48, .sv57]
            case .sv48: [.sv57]
            case .sv57: []
            }
        return ISAConfiguration(unchecked: extensions.subtracting(wider))
    }

    /// The value of `misa`: MXL = 2 (64 bits), a bit per single-letter extension, and S and U, which every hart of
    /// this package has.
    package var misa: UInt64 { MISA.value(extensions) }
}

/// Why an ISA string cannot be had.
public enum ISAConfigurationError: Error, Equatable, Sendable {
    /// The string does not begin with `rv64`.
    case unsupportedBase(String)
    /// Neither `i` nor `g` follows `rv64`.
    case missingBase
    /// A character where a name or an underscore should be.
    case malformed(String)
    case unknownExtension(String, closest: String?)
    /// A ratified extension that this package knows nothing of but the name.
    case absent(String)
    /// A profile with an extension that is not there.
    case profile(String, lacks: String)
    case notImplemented(ISAExtension)
    case missingDependency(of: ISAExtension, ISAExtension)
}

extension ISAConfigurationError: CustomStringConvertible {
    /// One line for the user: what is wrong and what would be right.
    public var description: String {
        switch self {
        case .unsupportedBase(let text):
            "'\(text)' is not an ISA this hart can have: the string must begin with rv64 (rv64i... or rv64g...) or be "
                + "a profile (\(ISAProfile.names))"
        case .missingBase: "the base integer instructions are missing: write rv64i... or rv64g..."
        case .malformed(let text):
            "'\(text)' is not an extension name: single letters follow rv64, longer names follow an underscore"
        case .unknownExtension(let name, let closest?): "unknown extension '\(name)': did you mean '\(closest)'?"
        case .unknownExtension(let name, nil): "unknown extension '\(name)'"
        case .notImplemented(let missing): "the extension '\(missing.name)' is not implemented"
        case .absent(let name): "the extension '\(name)' is not implemented"
        case .profile(let name, let missing):
            "the profile '\(name)' cannot be had: the extension '\(missing)' that it needs is not implemented"
        case .missingDependency(let member, let needed):
            "the extension '\(member.name)' needs '\(needed.name)': add it"
        }
    }
}
