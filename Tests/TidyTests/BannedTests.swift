import Testing

/// What does not belong into the sources.
@Suite struct BannedTests {
    /// A construct, and the files that have a reason for it.
    struct Rule: Sendable, CustomTestStringConvertible {
        let what: String
        let pattern: String
        var allowed: Set<String> = []

        var testDescription: String { what }
    }

    private static let inCode = [
        Rule(what: "a forced try", pattern: "try!"),
        Rule(what: "a forced cast", pattern: "as!"),
        Rule(what: "Foundation", pattern: "import Foundation"),
        Rule(what: "a global mutable variable", pattern: "static var shared"),
        Rule(what: "an implementation-only attribute", pattern: "@_"),
        Rule(
            what: "an end of the whole process",
            pattern: "fatalError(",
            allowed: [
                // Our own bugs, or a host without address space for a few megabytes.
                "Sources/Machine/Life/ExecutionEngine.swift",
                "Sources/Machine/Loader/FileContents.swift",
                "Sources/RV64Core/Execution/BlockCache.swift",
                "Sources/RV64Core/Hart/HartArea.swift",
            ]
        ),
        Rule(
            what: "state outside isolation checks",
            pattern: "nonisolated(unsafe)",
            // What a signal handler reads.
            allowed: ["Sources/rvhv/Terminal/RawMode.swift"]
        ),
    ]

    @Test(arguments: inCode)
    func sourcesDoWithout(_ rule: Rule) {
        for file in SourceTree.sources where !rule.allowed.contains(file.path) {
            for (number, line) in file.code.enumerated() where line.contains(rule.pattern) {
                Issue.record("\(file.path):\(number + 1): \(rule.what)")
            }
        }
        for path in rule.allowed {
            let isUsed = SourceTree.file(path).code.contains { $0.contains(rule.pattern) }
            #expect(isUsed, "\(path) needs \(rule.pattern) no more: take it off the list")
        }
    }

    /// Work left over has no place in a file: it is done, or it is an issue.
    @Test(arguments: ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"])
    func noLeftovers(_ word: String) {
        for file in SourceTree.sources + SourceTree.tests + SourceTree.documents {
            for (number, line) in file.lines.enumerated() where line.contains(word) {
                let isWord = line.split { !$0.isLetter }.contains { $0 == word }
                #expect(!isWord, "\(file.path):\(number + 1): \(word)")
            }
        }
    }

    /// An unchecked `Sendable` names what guards its state, in the lines around it.
    @Test(arguments: SourceTree.sources)
    func uncheckedSendableSaysWhy(_ file: SourceTree.File) {
        for (number, line) in file.lines.enumerated() where line.contains("@unchecked Sendable") {
            let around = file.lines[number...min(number + 8, file.lines.count - 1)]
            let isExplained = around.contains { $0.firstMatch(of: /\/\/ (@u|U)nchecked/) != nil }
            #expect(isExplained, "\(file.path):\(number + 1)")
        }
    }
}
