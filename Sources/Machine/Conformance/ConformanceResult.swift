/// What came of one test.
package enum ConformanceVerdict: Equatable, Sendable {
    case passed
    /// The first failing check, in words.
    case failed(String)
    /// Why the test was not run.
    case skipped(String)
}

/// One test that is done.
package struct ConformanceResult: Sendable {
    package let test: ConformanceTest
    package let verdict: ConformanceVerdict
    package let instructions: UInt64
    package let seconds: Double
    /// The last of what the test wrote to its console.
    package let output: String

    package init(
        _ test: ConformanceTest,
        _ verdict: ConformanceVerdict,
        instructions: UInt64 = 0,
        seconds: Double = 0,
        output: String = ""
    ) {
        self.test = test
        self.verdict = verdict
        self.instructions = instructions
        self.seconds = seconds
        self.output = output
    }
}

/// How many tests passed, failed and were skipped.
package struct ConformanceCount: Equatable, Sendable {
    package var passed = 0
    package var failed = 0
    package var skipped = 0

    package var total: Int { passed + failed + skipped }

    package init() {}

    package mutating func add(_ verdict: ConformanceVerdict) {
        switch verdict {
        case .passed: passed += 1
        case .failed: failed += 1
        case .skipped: skipped += 1
        }
    }
}
