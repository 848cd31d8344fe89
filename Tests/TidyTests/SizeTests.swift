import Testing

/// Files and functions that grow beyond these limits are split by noun.
@Suite struct SizeTests {
    private static let fileLimit = 500
    private static let functionLimit = 70

    /// Files that are tables: one row per line.
    private static let tables: Set<String> = []

    /// Functions that are one dense `switch` of one-line cases.
    private static let switches: Set<String> = [
        "Sources/RV64Core/Execution/Interpreter/Interpreter.swift: interpret"
    ]

    @Test(arguments: SourceTree.sources + SourceTree.tests)
    func fileIsShort(_ file: SourceTree.File) {
        guard !Self.tables.contains(file.path) else { return }
        #expect(file.lines.count <= Self.fileLimit, "\(file.path)")
    }

    @Test(arguments: SourceTree.sources + SourceTree.tests)
    func functionsAreShort(_ file: SourceTree.File) {
        for function in Self.functions(of: file.lines) where function.length > Self.functionLimit {
            let name = "\(file.path): \(function.name)"
            #expect(Self.switches.contains(name), "\(name) has \(function.length) lines")
        }
    }

    /// Functions and initialisers; the formatter guarantees that one ends at a brace of its own indentation.
    private static func functions(of lines: [Substring]) -> [(name: String, length: Int)] {
        var found: [(name: String, length: Int)] = []
        // The expression costs more than a look for its words.
        for (start, line) in lines.enumerated() where line.contains("func ") || line.contains("init") {
            guard let match = line.firstMatch(of: /^( *)(?:[@\w()]+ )*(?:func (\w+|[^\s\w]+)|(init|deinit)\b).*/),
                !line.contains("//")
            else { continue }
            let indentation = String(match.1)
            // The body of a one-line function ends where it begins.
            guard !line.hasSuffix("}") else { continue }
            let rest = lines[(start + 1)...]
            guard let end = rest.firstIndex(where: { $0 == indentation + "}" }) else { continue }
            found.append((String(match.2 ?? match.3 ?? ""), end - start + 1))
        }
        return found
    }
}
