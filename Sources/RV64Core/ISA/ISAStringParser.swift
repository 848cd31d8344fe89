/// Reads an ISA string into the set it names, without implications.
struct ISAStringParser {
    private let text: String
    private var rest: Substring

    init(_ text: String) {
        self.text = text
        rest = text.lowercased()[...]
    }

    mutating func parse() throws(ISAConfigurationError) -> ExtensionSet {
        var result = try parseBase()
        while let first = rest.first {
            if first == "_" {
                rest.removeFirst()
                guard let next = rest.first, next.isLetter else { throw .malformed("_" + rest) }
            } else if skipsModes() {
                continue
            } else if Self.multiLetterPrefixes.contains(first) {
                try result.formUnion(parseWord())
            } else {
                try result.formUnion(parseLetter())
            }
        }
        return result
    }

    /// A profile, or `rv64` before the letter of a base, which is left to be parsed as the others are.
    private mutating func parseBase() throws(ISAConfigurationError) -> ExtensionSet {
        let word = rest.prefix { $0 != "_" }
        if let missing = ISAProfile.missing[String(word)] { throw .profile(String(word), lacks: missing) }
        if let profile = ISAProfile(rawValue: String(word)) {
            rest.removeFirst(word.count)
            return profile.extensions
        }
        guard rest.hasPrefix("rv64") else { throw .unsupportedBase(text) }
        rest.removeFirst(4)
        guard let base = rest.first else { throw .missingBase }
        guard base == "i" || base == "g" else { throw base == "e" ? .unsupportedBase(text) : .missingBase }
        return []
    }

    /// The letters that begin names of several letters.
    private static let multiLetterPrefixes: Set<Character> = ["z", "s", "x"]

    /// Skips the letters of S- and U-mode, which every hart has: `misa` has bits for them, and strings made from it
    /// name them, as in `rv64imacsu` or `RV64IMACSUZicsr`.
    private mutating func skipsModes() -> Bool {
        for modes in ["su", "us", "s", "u"] where rest.hasPrefix(modes) {
            let next = rest.dropFirst(modes.count).first
            guard next == nil || next == "_" || next == "z" else { continue }
            rest.removeFirst(modes.count)
            return true
        }
        return false
    }

    private mutating func parseLetter() throws(ISAConfigurationError) -> ExtensionSet {
        let letter = rest.removeFirst()
        skipVersion()
        if letter == "g" { return [.i, .m, .a, .f, .d, .zicsr, .zifencei] }
        if let found = ISAExtension(name: String(letter)) { return [found] }
        if Self.isAbsent(String(letter)) { throw .absent(String(letter)) }
        guard letter.isASCII, letter.isLetter else { throw .malformed(String(letter)) }
        throw .unknownExtension(String(letter), closest: nil)
    }

    private mutating func parseWord() throws(ISAConfigurationError) -> ExtensionSet {
        let word = rest.prefix { $0 != "_" }
        rest.removeFirst(word.count)
        if let found = ISAExtension(name: word) { return [found] }
        let name = Self.withoutVersion(word)
        if let found = ISAExtension(name: name) { return [found] }
        if Self.isAbsent(String(word)) || Self.isAbsent(String(name)) { throw .absent(String(word)) }
        guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { throw .malformed(String(word)) }
        // What looks like a version may be part of the name, if little else is left.
        let shown = name.count > 2 ? name : word
        throw .unknownExtension(String(shown), closest: Self.closestName(to: shown))
    }

    /// Whether a name is that of a ratified extension without rows, registers or anything else in this package.
    private static func isAbsent(_ name: String) -> Bool { name.hasPrefix("zv") || absentNames.contains(name) }

    private static let absentNames: Set<String> = [
        "q", "v", "zce", "zcf", "zclsd", "zcmp", "zcmt", "zdinx", "zfbfmin", "zfinx", "zhinx", "zhinxmin",
        "zicfilp", "zicfiss", "zilsd", "ztso", "sdext", "sdtrig", "smctr", "ssctr", "ssqosid", "svukte",
    ]

    /// Skips a version after a single letter: digits, or digits `p` digits.
    private mutating func skipVersion() {
        let major = rest.prefix { $0.isASCII && $0.isNumber }
        guard !major.isEmpty else { return }
        rest.removeFirst(major.count)
        guard rest.first == "p" else { return }
        let minor = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
        if !minor.isEmpty { rest.removeFirst(minor.count + 1) }
    }

    /// `word` without a trailing version: digits, or digits `p` digits.
    private static func withoutVersion(_ word: Substring) -> Substring {
        var name = word
        func dropDigits() { while let last = name.last, last.isASCII, last.isNumber { name.removeLast() } }
        dropDigits()
        guard name.count < word.count, name.last == "p" else { return name }
        let beforeSeparator = name.dropLast()
        guard let digit = beforeSeparator.last, digit.isNumber else { return name }
        name = beforeSeparator
        dropDigits()
        return name
    }

    /// The known name with the fewest edits from `name`, if it is near enough to be what was meant.
    private static func closestName(to name: Substring) -> String? {
        guard name.count <= 16 else { return nil }
        let candidates = ISAExtension.allCases.filter { !$0.isSingleLetter }.map {
            (distance: editDistance(name, $0.name[...]), name: $0.name)
        }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(2, name.count / 3)) ? best.name : nil
    }

    /// Levenshtein's distance.
    private static func editDistance(_ a: Substring, _ b: Substring) -> Int {
        var row = Array(0...b.count)
        for (i, first) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, second) in b.enumerated() {
                let substitution = diagonal + (first == second ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, diagonal + 1, row[j] + 1)
            }
        }
        return row[b.count]
    }
}
