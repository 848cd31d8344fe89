import Glibc
import Hypervisor
import Machine
import Platform
import RV64Core

/// Runs the tests of a suite and says what passed.
enum ConformCommand {
    static func run(_ configuration: ConformRunConfiguration) throws -> ExitStatus {
        let isa = try configuration.machine.isa.map { try ISAOption.hart($0) } ?? .underTest
        if let folder = configuration.suite.reference { try requireFolder(folder, for: "--reference") }
        let filter = configuration.suite.filter
        let tests = try TestDiscovery.tests(at: configuration.paths).filter { test in
            filter.map { test.path.contains(text: $0) } ?? true
        }
        guard !tests.isEmpty else { throw HostFailure.noTests(filter: filter) }
        try FileConflicts.check(tests.map { FileUse(role: .input, path: $0.path) } + configuration.suite.files)

        let progress = ConformProgress(count: tests.count, isShown: isatty(STDERR_FILENO) == 1)
        let clock = HostClock()
        let runner = ConformanceRunner(tests, configuration: suiteConfiguration(configuration, isa: isa)) {
            progress.finished($0)
        }
        let report = ConformReport(
            results: try runner.run(),
            isa: isa.isaString,
            seconds: Double(clock.nanoseconds) / 1e9
        )
        progress.clear()

        let decoration = HostScreen.decoration(configuration.session.color, descriptor: STDOUT_FILENO)
        let output = FileDescriptorSink(descriptor: STDOUT_FILENO).write(Array(report.text(decoration).utf8))
        if let path = configuration.suite.junit { try OutputFile.write(Array(report.junit.utf8), to: path) }
        if let path = configuration.suite.json { try OutputFile.write(Array(report.json.utf8), to: path) }
        if case .failed(let code) = output { throw HostFailure.cannotWriteOutput(code: code) }
        return report.total.failed == 0 ? .success : .hostFailure
    }

    /// A mistyped folder would let every test be skipped, and the run succeed.
    static func requireFolder(_ path: String, for purpose: String) throws(HostFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, purpose: purpose, code: errno) }
        close(descriptor)
    }

    private static func suiteConfiguration(
        _ configuration: ConformRunConfiguration,
        isa: ISAConfiguration
    ) -> ConformanceConfiguration {
        var suite = ConformanceConfiguration(isa: isa)
        suite.memorySize = configuration.machine.memory
        suite.hartCount = configuration.machine.harts
        suite.instructionLimit = configuration.maxInstructions ?? ConformanceConfiguration.defaultInstructionLimit
        if let engine = configuration.session.engine { suite.engine = engine }
        suite.referenceFolder = configuration.suite.reference
        suite.jobs = configuration.suite.jobs ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        return suite
    }
}

/// One line on the terminal that says how far the run is.
final class ConformProgress: Sendable {
    private let count: Int
    private let isShown: Bool
    private let done = Lock(ConformanceCount())

    init(count: Int, isShown: Bool) {
        self.count = count
        self.isShown = isShown
    }

    func finished(_ result: ConformanceResult) {
        done.withLock { done in
            done.add(result.verdict)
            // Under the lock, so that an older line never overwrites a newer one.
            show("[\(done.total)/\(count)] \(done.failed) failed, \(String(result.test.name.suffix(50)).printable)")
        }
    }

    func clear() { show("") }

    private func show(_ text: String) {
        guard isShown else { return }
        let line = Array("\r\(text)\u{1b}[K".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}

extension String {
    /// Whether `text` stands anywhere in it, byte by byte.
    func contains(text: String) -> Bool {
        let needle = Array(text.utf8)
        let hay = Array(utf8)
        guard needle.count <= hay.count else { return false }
        return (0...hay.count - needle.count).contains { hay[$0...].starts(with: needle) }
    }
}
