import Hypervisor
import Machine

/// The results of a suite, for readers and for scripts.
struct ConformReport {
    let results: [ConformanceResult]
    let isa: String
    let seconds: Double
    let total: ConformanceCount
    private let groups: [(name: String, count: ConformanceCount)]

    private static let heading = "extension"
    private static let numberWidth = 9

    init(results: [ConformanceResult], isa: String, seconds: Double) {
        self.results = results
        self.isa = isa
        self.seconds = seconds
        var total = ConformanceCount()
        var groups: [String: ConformanceCount] = [:]
        for result in results {
            total.add(result.verdict)
            groups[result.test.group, default: ConformanceCount()].add(result.verdict)
        }
        self.total = total
        self.groups = groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    // MARK: - For readers

    /// The failures and the table of extensions.
    func text(_ decoration: Decoration) -> String {
        (failureLines(decoration) + tableLines(decoration)).map { $0 + "\n" }.joined()
    }

    private func failureLines(_ decoration: Decoration) -> [String] {
        var lines: [String] = []
        for result in results {
            guard case .failed(let reason) = result.verdict else { continue }
            let word = decoration.colored("failed", Color.red.sequence)
            lines.append("\(word)  \(result.test.name.printable): \(reason.printable)")
            let output = result.output.split(whereSeparator: \.isNewline).suffix(3)
            lines += output.map { "        " + String($0).printable }
        }
        return lines.isEmpty ? [] : lines + [""]
    }

    private func tableLines(_ decoration: Decoration) -> [String] {
        let width = 2 + ([Self.heading] + groups.map(\.name)).map(\.count).reduce(0, max)
        func row(_ name: String, _ columns: [String]) -> String {
            name.padded(to: width) + columns.map { $0.leftPadded(to: Self.numberWidth) }.joined()
        }
        func row(_ name: String, _ count: ConformanceCount) -> String {
            row(name, [count.passed, count.failed, count.skipped].map(String.init))
        }
        var lines = [decoration.colored(row(Self.heading, ["passed", "failed", "skipped"]), Color.bold)]
        lines += groups.map { name, count in
            let line = row(name.printable, count)
            return count.failed > 0 ? decoration.colored(line, Color.red.sequence) : line
        }
        lines += [row("all", total)]
        lines += skipLines
        lines.append("\(total.total) tests in \(NumberText.fixed(seconds, decimals: 1)) s on \(isa)")
        return lines
    }

    /// Why tests were not run: each reason once.
    private var skipLines: [String] {
        var counts: [String: Int] = [:]
        for result in results {
            if case .skipped(let reason) = result.verdict { counts[reason, default: 0] += 1 }
        }
        return counts.sorted { $0.key < $1.key }.map { "skipped \($0.value): \($0.key.printable)" }
    }

    // MARK: - For scripts

    /// One line: `{"isa":...,"passed":...,"extensions":[...],"tests":[...]}`.
    var json: String {
        let members: [(String, JSONValue)] =
            [("isa", .string(isa)), ("seconds", .seconds(seconds))] + Self.json(total) + [
                (
                    "extensions",
                    .array(groups.map { .object([("name", .string($0.name))] + Self.json($0.count)) })
                ),
                ("tests", .array(results.map(Self.json))),
            ]
        return JSONValue.object(members).text + "\n"
    }

    private static func json(_ count: ConformanceCount) -> [(String, JSONValue)] {
        [
            ("passed", .integer(UInt64(count.passed))),
            ("failed", .integer(UInt64(count.failed))),
            ("skipped", .integer(UInt64(count.skipped))),
        ]
    }

    private static func json(_ result: ConformanceResult) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(result.test.name)), ("extension", .string(result.test.group)),
        ]
        switch result.verdict {
        case .passed: members.append(("result", .string("passed")))
        case .failed(let reason): members += [("result", .string("failed")), ("reason", .string(reason))]
        case .skipped(let reason): members += [("result", .string("skipped")), ("reason", .string(reason))]
        }
        members += [("instructions", .integer(result.instructions)), ("seconds", .seconds(result.seconds))]
        return .object(members)
    }

    /// JUnit's XML, a suite per extension.
    var junit: String {
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"rvhv conform\" tests=\"\(total.total)\" failures=\"\(total.failed)\" "
                + "skipped=\"\(total.skipped)\" time=\"\(NumberText.fixed(seconds, decimals: 3))\">",
        ]
        let byGroup = Dictionary(grouping: results, by: \.test.group)
        for (name, count) in groups {
            lines.append(
                "  <testsuite name=\(Self.quotedXML(name)) tests=\"\(count.total)\" failures=\"\(count.failed)\" "
                    + "skipped=\"\(count.skipped)\">"
            )
            lines += (byGroup[name] ?? []).flatMap(Self.xml)
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func xml(_ result: ConformanceResult) -> [String] {
        let start =
            "    <testcase classname=\(quotedXML(result.test.group)) name=\(quotedXML(result.test.name)) "
            + "time=\"\(NumberText.fixed(result.seconds, decimals: 3))\""
        switch result.verdict {
        case .passed: return [start + "/>"]
        case .failed(let reason):
            return [start + "><failure message=\(quotedXML(reason))/></testcase>"]
        case .skipped(let reason):
            return [start + "><skipped message=\(quotedXML(reason))/></testcase>"]
        }
    }

    /// Text as an attribute's value; what XML cannot hold becomes U+FFFD.
    private static func quotedXML(_ text: String) -> String {
        var value = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": value += "&lt;"
            case ">": value += "&gt;"
            case "&": value += "&amp;"
            case "\"": value += "&quot;"
            case "\u{FFFE}", "\u{FFFF}": value += "\u{FFFD}"
            case let scalar where scalar.isControlling: value += "\u{FFFD}"
            default: value.unicodeScalars.append(scalar)
            }
        }
        return value + "\""
    }
}
