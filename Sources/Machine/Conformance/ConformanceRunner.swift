import Hypervisor
import Platform
import RV64Core
import Synchronization

/// How the tests of a suite are run: each on a plain machine of its own, on a clock of its instructions, so that a
/// result does not depend on how busy the host is.
package struct ConformanceConfiguration: Sendable {
    package var isa: ISAConfiguration
    /// Bytes of RAM of each machine.
    package var memorySize: UInt64 = 256 << 20
    package var hartCount = 1
    package var engine = ExecutionEngine.fastest
    /// A test that has not ended after so many instructions has failed.
    package var instructionLimit: UInt64 = defaultInstructionLimit
    /// The folder of the reference's signatures; without one the exit code decides.
    package var referenceFolder: String?
    /// Tests that run at the same time.
    package var jobs = 1

    /// Some seconds: the longest test of the public suites takes a tenth of it.
    package static let defaultInstructionLimit: UInt64 = 1_000_000_000

    package init(isa: ISAConfiguration) { self.isa = isa }
}

/// Runs test programs on threads of the host.
package final class ConformanceRunner: Sendable {
    private let configuration: ConformanceConfiguration
    private let tests: [ConformanceTest]
    private let references: ReferenceSignatures?
    private let next = Atomic<Int>(0)
    private let results: Lock<[ConformanceResult?]>
    private let finished: @Sendable (ConformanceResult) -> Void

    /// - Parameters:
    ///   - tests: what to run; results come in this order.
    ///   - configuration: the machines.
    ///   - finished: called after each test, on one of several threads.
    package init(
        _ tests: [ConformanceTest],
        configuration: ConformanceConfiguration,
        finished: @escaping @Sendable (ConformanceResult) -> Void
    ) {
        self.tests = tests
        self.configuration = configuration
        self.finished = finished
        references = configuration.referenceFolder.map(ReferenceSignatures.init)
        results = Lock(Array(repeating: nil, count: tests.count))
    }

    /// Runs all tests.
    ///
    /// - Returns: the results in the order of the tests.
    /// - Throws: `HostThreadError` if the host gives not even one thread.
    package func run() throws(HostThreadError) -> [ConformanceResult] {
        var threads: [HostThread] = []
        for _ in 0..<max(1, min(configuration.jobs, tests.count)) {
            do throws(HostThreadError) {
                threads.append(try HostThread { [self] in work() })
            } catch {
                // Fewer threads take longer and do the same.
                if threads.isEmpty { throw error }
                break
            }
        }
        for thread in threads { thread.join() }
        return results.withLock { $0.compactMap { $0 } }
    }

    private func work() {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < tests.count else { return }
            let result = result(of: tests[index])
            results.withLock { $0[index] = result }
            finished(result)
        }
    }

    // MARK: - One test

    private func result(of test: ConformanceTest) -> ConformanceResult {
        if let reason = reasonToSkip(test) { return ConformanceResult(test, .skipped(reason)) }
        let reference = references?.text(for: test)
        if references != nil, reference == nil {
            return ConformanceResult(test, .skipped("the reference has no signature of it"))
        }
        let clock = HostClock()
        let console = LastOutput()
        do throws(MachineError) {
            let host = try MachineHost(clock: .instructions)
            let machine = try host.makeMachine(machineConfiguration(test), console: console)
            try host.start([machine])
            let outcome = machine.wait()
            return ConformanceResult(
                test,
                verdict(of: machine, outcome, reference: reference),
                instructions: machine.instructions,
                seconds: Double(clock.nanoseconds) / 1e9,
                output: console.text
            )
        } catch let error where error.loaderError?.reason == .format(.not64Bit) {
            return ConformanceResult(test, .skipped("it is a 32-bit program"))
        } catch {
            return ConformanceResult(test, .failed(error.description))
        }
    }

    private func reasonToSkip(_ test: ConformanceTest) -> String? {
        if let name = test.unknownNeed { return "it needs \(name), which rvhv does not have" }
        let missing = test.needs.subtracting(configuration.isa.extensions)
        guard let first = missing.members.first else { return nil }
        let why = ISAConfiguration.implemented.contains(first) ? "is not in --isa" : "is not implemented"
        return "it needs \(first.name), which \(why)"
    }

    private func machineConfiguration(_ test: ConformanceTest) -> MachineConfiguration {
        var machine = MachineConfiguration(
            name: test.name,
            profile: .plain,
            imagePath: test.path,
            isa: configuration.isa
        )
        machine.platform = .spike
        // A test of a mode that the hart would not have says so as a failure.
        machine.pagingLimit = configuration.isa.pagingLimit ?? .sv57
        machine.memorySize = configuration.memorySize
        machine.hartCount = configuration.hartCount
        machine.instructionLimit = configuration.instructionLimit
        machine.input = .absent
        machine.seed = 0
        machine.engine = configuration.engine
        return machine
    }

    private func verdict(
        of machine: Machine,
        _ outcome: StopReason,
        reference: String?
    ) -> ConformanceVerdict {
        let failure = FailureDescription(
            image: machine.image,
            memory: machine.memory,
            state: machine.drivers[0].hart.state.pointee
        )
        switch outcome {
        case .exited(code: 0): return reference.map { signatureVerdict(of: machine, reference: $0) } ?? .passed
        case .exited(let code): return .failed(failure.exited(code: code))
        case .instructionLimit:
            return .failed(failure.unfinished("no end within \(configuration.instructionLimit) instructions"))
        case .failed(let report): return .failed(failure.unfinished(report))
        case .requested: return .failed("stopped")
        }
    }

    private func signatureVerdict(of machine: Machine, reference: String) -> ConformanceVerdict {
        guard let granularity = SignatureComparison.granularity(of: reference) else {
            return .failed("the reference's signature is empty, or no lines of 8, 16 or 32 hexadecimal digits")
        }
        guard let seen = Signature.text(of: machine, granularity: granularity),
            let begin = machine.image.symbols.value(of: "begin_signature")
        else { return .failed("it has no signature: the symbols begin_signature and end_signature are missing") }
        let comparison = SignatureComparison(seen: seen, expected: reference, granularity: granularity) { offset in
            machine.image.symbol(at: begin &+ offset).map { $0.offset == 0 ? $0.name : "\($0.name)+\(hex($0.offset))" }
        }
        return comparison.difference.map { .failed($0) } ?? .passed
    }
}
