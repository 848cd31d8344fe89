/// `docs/Compliance.md`, made from the tests, the sources and `docs/compliance`.
struct ComplianceReport {
    static let path = "docs/Compliance.md"
    static let reasonsPath = "docs/compliance/untested.tsv"
    static let suitesPath = "docs/compliance/suites.tsv"

    /// The chapters whose every rule stands in the report; of the others, those that something names.
    static let wholeChapters: Set<String> = ["priv/hypervisor", "priv/supervisor", "priv/machine"]

    /// Ids, with or without `norm:`, and reasons.
    static let reasonRows = Table.rows(of: reasonsPath).map { row in
        [String(row[0].trimmingPrefix("norm:"))] + row.dropFirst()
    }

    /// Why a rule has no test.
    static let reasons = Dictionary(
        reasonRows.filter { $0.count == 2 }.map { ($0[0], $0[1]) },
        uniquingKeysWith: { first, _ in first }
    )

    private let tests = Dictionary(grouping: RuleMention.inTests, by: \.rule)
    private let sources = Dictionary(grouping: RuleMention.inSources, by: \.rule)

    static let text = Self().text

    private var text: String {
        let introduction = """
            # Compliance

            Which rules of the RISC-V ISA manual have tests, and which suites of others rvhv passes. `make compliance`
            makes this file from the tests, the sources and `docs/compliance/`; it is not edited.

            """
        return introduction + rules + suites
    }

    // MARK: - Rules

    private var rules: String {
        let introduction = """

            ## Rules and their tests

            Rules are the manual's normative rules (`norm:` anchors) of \(ManualRules.version). A rule is tested when a
            test of rvhv names it; suites of others, below, name none. A rule without a test says why, or "not yet".

            | chapter | rules | tested | not tested, for a reason | not yet | named in the sources |
            | --- | ---: | ---: | ---: | ---: | ---: |

            """
        let chapters = ManualRules.chapters.filter { chapter in
            Self.wholeChapters.contains(chapter.name) || chapter.rules.contains { isNamed($0) }
        }
        return introduction + chapters.map(totals).joined() + chapters.map(section).joined()
    }

    private func isNamed(_ rule: String) -> Bool {
        tests[rule] != nil || sources[rule] != nil || Self.reasons[rule] != nil
    }

    private func totals(of chapter: ManualRules.Chapter) -> String {
        let tested = chapter.rules.count { tests[$0] != nil }
        let excused = chapter.rules.count { tests[$0] == nil && Self.reasons[$0] != nil }
        let named = chapter.rules.count { sources[$0] != nil }
        let count = chapter.rules.count
        return "| \(chapter.name) | \(count) | \(tested) | \(excused) | \(count - tested - excused) | \(named) |\n"
    }

    private func section(of chapter: ManualRules.Chapter) -> String {
        let isWhole = Self.wholeChapters.contains(chapter.name)
        let heading = """

            ### \(chapter.name)\(isWhole ? "" : ", rules named")

            | rule | tests | sources |
            | --- | --- | --- |

            """
        return heading + chapter.rules.filter { isWhole || isNamed($0) }.map(row).joined()
    }

    private func row(of rule: String) -> String {
        let tested = Self.links(tests[rule] ?? []) { $0.owner }
        let implemented = Self.links(sources[rule] ?? []) { String($0.file.path.split(separator: "/").last ?? "") }
        let missing = Self.reasons[rule].map { "none: " + $0 } ?? "not yet"
        return "| \(rule) | \(tested.isEmpty ? missing : tested) | \(implemented) |\n"
    }

    /// Each place once, with a link to its file.
    private static func links(_ mentions: [RuleMention], name: (RuleMention) -> String) -> String {
        var texts: [String] = []
        for mention in mentions {
            let text = "[\(name(mention))](../\(mention.file.path))"
            if !texts.contains(text) { texts.append(text) }
        }
        return texts.joined(separator: ", ")
    }

    // MARK: - Suites

    /// What was passed, of how much, at which version, when and by which commit.
    private var suites: String {
        let rows = Table.rows(of: Self.suitesPath).filter { $0.count >= 7 && $0[0] != "suite" }
        guard !rows.isEmpty else { return "" }
        let introduction = """

            ## Suites of others

            | suite | version | passed | of | on | with rvhv of | command | |
            | --- | --- | ---: | ---: | --- | --- | --- | --- |

            """
        return introduction
            + rows.map { row in
                let note = row.count > 7 ? row[7] : ""
                return
                    "| \(row[0]) | \(row[1]) | \(row[4]) | \(row[5]) | \(row[2]) | \(row[3]) | `\(row[6])` | \(note) |\n"
            }.joined()
    }
}
