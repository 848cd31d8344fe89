import Testing

@testable import rvhv

/// Documents that say what is.
@Suite struct DocumentTests {
    /// `norm:` ids look like the manual's: one word, as it can be searched for.
    @Test(arguments: SourceTree.sources + SourceTree.tests)
    func ruleIDsAreWellFormed(_ file: SourceTree.File) {
        guard !file.path.hasPrefix("Tests/TidyTests/") else { return }
        // The expression costs more than a look for its word.
        for (number, line) in file.lines.enumerated() where line.contains("norm:") {
            for match in line.matches(of: /norm:([^\s`",;:)]*)/) {
                let isWellFormed = match.1.wholeMatch(of: /[A-Za-z][A-Za-z0-9_\-]*\w\.?/) != nil
                #expect(isWellFormed, "\(file.path):\(number + 1): norm:\(match.1)")
            }
        }
    }

    private static let commands = SourceTree.file("docs/Commands.md").lines.joined(separator: "\n")

    @Test(arguments: Subcommand.allCases)
    func documentShowsTheHelp(_ command: Subcommand) {
        #expect(Self.commands.contains("```\n" + HelpText.text(for: command) + "```"))
    }

    @Test func documentShowsTheExtensions() {
        #expect(Self.commands.contains("```\n" + HelpText.isa + "```"))
    }

    /// A newcomer reads it in one go; programs' output has documents of its own.
    @Test func readmeIsShort() {
        #expect(SourceTree.file("README.md").lines.count <= 200)
    }

    @Test(arguments: ["README.md", "docs/Commands.md", "docs/Observing.md"])
    func documentNamesNoOtherOption(_ path: String) {
        let known = Set(Subcommand.allCases.flatMap { OptionTable.rows(of: $0).map(\.name) })
        for (number, line) in SourceTree.file(path).lines.enumerated() {
            for match in line.matches(of: /`(--[a-z-]+)/) {
                #expect(known.contains(String(match.1)), "\(path):\(number + 1): \(match.1)")
            }
        }
    }

    /// Files and folders that documents mention exist.
    @Test(arguments: SourceTree.documents)
    func pathsExist(_ document: SourceTree.File) {
        let folder = document.path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        for (number, line) in document.lines.enumerated() {
            for match in line.matches(of: /`((?:Sources|Tests|docs|guests|Benchmarks|scripts|\.ci)\/[\w\/.+\-]+)`/) {
                let path = String(match.1)
                let isBuilt = path.hasSuffix(".elf")
                #expect(isBuilt || SourceTree.exists(path), "\(document.path):\(number + 1): \(path)")
            }
            for match in line.matches(of: /\]\(([^)#:]+)\)/) {
                #expect(SourceTree.exists(folder + match.1), "\(document.path):\(number + 1): \(match.1)")
            }
        }
    }
}
