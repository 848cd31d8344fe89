/// A place that names a rule of the manual as `norm:` and its id.
struct RuleMention {
    let rule: String
    let file: SourceTree.File
    /// From 0.
    let line: Int
    /// The function or type that the place belongs to, or the file.
    let owner: String

    static let inSources = SourceTree.sources.flatMap(mentions)

    /// In Swift tests, and in the programs that guests and torture tests are made of.
    static let inTests = (SourceTree.tests + programs).flatMap(mentions)

    private static let programs = ["Tests", "guests"].flatMap { directory in
        [".c", ".h", ".S", ".s", ".py"].flatMap { SourceTree.files(below: directory, ending: $0) }
    }

    private static func mentions(in file: SourceTree.File) -> [Self] {
        // What the rules for mentions say is no mention.
        guard !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return file.lines.enumerated().flatMap { number, line -> [Self] in
            guard line.contains("norm:") else { return [] }
            let owner = Self.owner(of: number, in: file)
            return line.matches(of: /norm:([A-Za-z0-9_\-]+)/).map {
                Self(rule: String($0.1), file: file, line: number, owner: owner)
            }
        }
    }

    private static func owner(of number: Int, in file: SourceTree.File) -> String {
        let name = String(file.path.split(separator: "/").last ?? "")
        guard name.hasSuffix(".swift") else { return name }
        let suite = enclosingType(of: number, in: file.lines) ?? String(name.dropLast(6))
        guard let function = function(at: number, in: file.lines), isTest(function.line, in: file.lines) else {
            return suite
        }
        return "\(suite).\(function.name)"
    }

    /// The type at the margin that line `number` is in or is the comment of.
    private static func enclosingType(of number: Int, in lines: [Substring]) -> String? {
        func type(_ line: Substring) -> String? {
            // Most lines are indented or comments: not worth the expression.
            guard let first = line.first, first.isLetter || first == "@" else { return nil }
            return line.firstMatch(of: /^(?:[@\w]+(?:\([^)]*\))? )*(?:struct|enum|class|extension|protocol) (\w+)/)
                .map { String($0.1) }
        }
        if lines[number].first == " " { return lines[..<number].reversed().lazy.compactMap(type).first }
        return lines[number...].lazy.compactMap(type).first
    }

    /// The function that line `number` is inside of, or else whose comment or attribute it is. The formatter
    /// guarantees that one of a type begins and ends at the fourth column.
    private static func function(at number: Int, in lines: [Substring]) -> (name: String, line: Int)? {
        func name(_ line: Substring) -> String? {
            line.firstMatch(of: /^    (?:[@\w]+(?:\(.*\))? |\) )*func (\w+)/).map { String($0.1) }
        }
        for index in number..<lines.count {
            let line = lines[index]
            if let found = name(line) { return (found, index) }
            guard line.hasPrefix("    }") || line.hasPrefix("    ]") || line.hasPrefix("}") else { continue }
            // The end of a member: of the function before, unless it is a table.
            guard line == "    }", let start = lines[..<number].lastIndex(where: { name($0) != nil }),
                let end = lines[start...].firstIndex(of: "    }"), end == index
            else { return nil }
            return (name(lines[start]) ?? "", start)
        }
        return nil
    }

    /// Whether the attributes before a function's line, or on it, make it a test.
    private static func isTest(_ number: Int, in lines: [Substring]) -> Bool {
        for line in lines[...number].reversed() {
            if line.contains("@Test") { return true }
            if line.isEmpty || line == "    }" || line == "    ]" { return false }
        }
        return false
    }
}
