import Glibc
import Testing

/// The rules of the manual and what is said of them.
@Suite struct ComplianceTests {
    /// An id that is not in the manual's list is misspelt, or of another version.
    @Test func rulesNamedExist() {
        for mention in RuleMention.inSources + RuleMention.inTests where !ManualRules.all.contains(mention.rule) {
            Issue.record("\(mention.file.path):\(mention.line + 1): the manual has no norm:\(mention.rule)")
        }
    }

    /// Reasons are for rules of the manual that have no test.
    @Test func reasonsAreNeeded() {
        let tested = Set(RuleMention.inTests.map(\.rule))
        for row in ComplianceReport.reasonRows {
            #expect(row.count == 2 && !row[1].isEmpty, "\(ComplianceReport.reasonsPath): \(row)")
            #expect(ManualRules.all.contains(row[0]), "\(ComplianceReport.reasonsPath): no rule \(row[0])")
            #expect(!tested.contains(row[0]), "\(ComplianceReport.reasonsPath): \(row[0]) has a test")
        }
    }

    @Test func suitesAreWellFormed() {
        for row in Table.rows(of: ComplianceReport.suitesPath) where row[0] != "suite" {
            #expect((7...8).contains(row.count), "\(row)")
            guard row.count >= 7, let passed = Int(row[4]), let total = Int(row[5]) else {
                Issue.record("\(ComplianceReport.suitesPath): passed and total are numbers: \(row)")
                continue
            }
            #expect(passed <= total, "\(row)")
            #expect(row[2].wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil, "\(row)")
            #expect(row[3].wholeMatch(of: /[0-9a-f]{7,40}/) != nil, "\(row)")
        }
    }

    /// `make compliance` sets the variable.
    @Test func reportIsUpToDate() throws {
        if getenv("RVHV_WRITE_COMPLIANCE") != nil {
            let file = try #require(fopen("\(SourceTree.root)/\(ComplianceReport.path)", "w"))
            fputs(ComplianceReport.text, file)
            fclose(file)
        }
        let stored = SourceTree.exists(ComplianceReport.path) ? SourceTree.file(ComplianceReport.path).lines : []
        let isUpToDate = stored.joined(separator: "\n") == ComplianceReport.text
        #expect(isUpToDate, "\(ComplianceReport.path) is not what `make compliance` makes")
    }
}
