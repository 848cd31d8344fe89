/// The normative rules of the manual, as `docs/compliance/rules.tsv` lists them.
enum ManualRules {
    static let path = "docs/compliance/rules.tsv"

    /// One chapter and its rules, in the manual's order.
    struct Chapter {
        /// As the manual's source names it, such as `priv/hypervisor`.
        let name: String
        var rules: [String]
    }

    /// The line that says which version of the manual the list is of.
    static let version =
        SourceTree.file(path).lines.first { $0.hasPrefix("# Version: ") }.map { $0.dropFirst(11) } ?? ""

    static let chapters: [Chapter] = {
        var chapters: [Chapter] = []
        for row in Table.rows(of: path) where row.count == 2 {
            if chapters.last?.name != row[0] { chapters.append(Chapter(name: row[0], rules: [])) }
            chapters[chapters.count - 1].rules.append(row[1])
        }
        return chapters
    }()

    static let all = Set(chapters.flatMap(\.rules))
}

/// Plain data: a line per row, tabs between columns, `#` before comments.
enum Table {
    static func rows(of path: String) -> [[String]] {
        guard SourceTree.exists(path) else { return [] }
        return SourceTree.file(path).lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }.map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
