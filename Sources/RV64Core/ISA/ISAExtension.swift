/// The standard extensions this package knows by name, in the manual's canonical order.
///
/// Case names are the extension names in lower case. The order of the cases is "Canonical Order" of the naming
/// appendix: single letters, Z by category, then Su, Ss, Sv, Sh and Sm, each alphabetically.
public enum ISAExtension: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case i, m, a, f, d, c, b, h
    case zic64b, zicbom, zicbop, zicboz, ziccamoa, ziccif, zicclsm, ziccrse, zicntr, zicond, zicsr, zifencei
    case zihintntl, zihintpause, zihpm, zimop
    case zmmul
    case za128rs, za64rs, zaamo, zabha, zacas, zalasr, zalrsc, zama16b, zawrs
    case zfa, zfh, zfhmin
    case zca, zcb, zcd, zcmop
    case zba, zbb, zbc, zbkb, zbkc, zbkx, zbs
    case zk, zkn, zknd, zkne, zknh, zkr, zks, zksed, zksh, zkt
    case supm
    case ssaia, ssccfg, ssccptr, sscofpmf, sscounterenw, sscsrind, ssdbltrp, ssnpm, sspm, ssstateen, ssstrict, sstc
    case sstvala, sstvecd, ssu64xl
    case sv39, sv48, sv57, svade, svadu, svbare, svinval, svnapot, svpbmt, svrsw60t59b, svvptc
    case sha, shcounterenw, shgatpa, shlcofideleg, shtvala, shvsatpa, shvstvala, shvstvecd
    case smaia, smcdeleg, smcntrpmf, smcsrind, smdbltrp, smepmp, smmpm, smnpm, smrnmi, smstateen

    /// The name as it stands in an ISA string.
    public var name: String { Self.names[Int(rawValue)] }

    /// In the order of the cases. What the language knows of their names takes longer to find than a guest to start.
    private static let names = [
        "i", "m", "a", "f", "d", "c", "b", "h", "zic64b", "zicbom", "zicbop", "zicboz", "ziccamoa", "ziccif",
        "zicclsm", "ziccrse", "zicntr", "zicond", "zicsr", "zifencei", "zihintntl", "zihintpause", "zihpm", "zimop",
        "zmmul", "za128rs", "za64rs", "zaamo", "zabha", "zacas", "zalasr", "zalrsc", "zama16b", "zawrs", "zfa", "zfh",
        "zfhmin", "zca", "zcb", "zcd", "zcmop", "zba", "zbb", "zbc", "zbkb", "zbkc", "zbkx", "zbs", "zk", "zkn",
        "zknd", "zkne", "zknh", "zkr", "zks", "zksed", "zksh", "zkt", "supm", "ssaia", "ssccfg", "ssccptr",
        "sscofpmf", "sscounterenw", "sscsrind", "ssdbltrp", "ssnpm", "sspm", "ssstateen", "ssstrict", "sstc",
        "sstvala", "sstvecd", "ssu64xl", "sv39", "sv48", "sv57", "svade", "svadu", "svbare", "svinval", "svnapot",
        "svpbmt", "svrsw60t59b", "svvptc", "sha", "shcounterenw", "shgatpa", "shlcofideleg", "shtvala", "shvsatpa",
        "shvstvala", "shvstvecd", "smaia", "smcdeleg", "smcntrpmf", "smcsrind", "smdbltrp", "smepmp", "smmpm",
        "smnpm", "smrnmi", "smstateen",
    ]

    /// Whether the name is a single letter.
    package var isSingleLetter: Bool { rawValue <= Self.h.rawValue }

    /// The extension of that lower-case name.
    package init?(name: some StringProtocol) {
        let name = String(name)
        guard let index = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: UInt8(index))
    }
}

/// A set of ``ISAExtension``.
package struct ExtensionSet: Hashable, Sendable, BitwiseCopyable, ExpressibleByArrayLiteral {
    private var bits: UInt128

    package init() { bits = 0 }

    package init(_ members: some Sequence<ISAExtension>) {
        bits = 0
        for member in members { insert(member) }
    }

    package init(arrayLiteral members: ISAExtension...) { self.init(members) }

    /// Every extension that has a name here.
    package static let all = ExtensionSet(ISAExtension.allCases)

    package var isEmpty: Bool { bits == 0 }

    package func contains(_ member: ISAExtension) -> Bool { bits & Self.bit(member) != 0 }

    package func isSuperset(of other: Self) -> Bool { bits & other.bits == other.bits }

    package mutating func insert(_ member: ISAExtension) { bits |= Self.bit(member) }

    package mutating func remove(_ member: ISAExtension) { bits &= ~Self.bit(member) }

    private static func bit(_ member: ISAExtension) -> UInt128 { 1 &<< UInt128(member.rawValue) }

    package mutating func formUnion(_ other: Self) { bits |= other.bits }

    package func union(_ other: Self) -> Self {
        var result = self
        result.formUnion(other)
        return result
    }

    package func subtracting(_ other: Self) -> Self {
        var result = self
        result.bits &= ~other.bits
        return result
    }

    /// The members in canonical order.
    package var members: [ISAExtension] { ISAExtension.allCases.filter(contains) }

    /// The set with everything its members imply.
    package var closure: Self {
        var result = self
        var previous: Self
        repeat {
            previous = result
            for member in previous.members { result.formUnion(member.implied) }
            if result.isSuperset(of: [.c, .d]) { result.insert(.zcd) }
            // B is nothing but its three parts, and misa says so.
            if result.isSuperset(of: [.zba, .zbb, .zbs]) { result.insert(.b) }
        } while result != previous
        return result
    }
}
