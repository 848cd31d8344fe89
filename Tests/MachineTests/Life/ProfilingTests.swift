import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// What profiles are made of: samples of where harts are, and what code was translated to.
@Suite(.timeLimit(.minutes(10))) struct ProfilingTests {
    private static let engines = ExecutionEngine.allCases.filter(\.isSupported)

    /// Counts down for some milliseconds in any engine, calling its hypervisor now and then.
    private static let program = GuestProgram { program in
        program.load(20, 200)
        let outer = program.address
        program.load(5, 100_000)
        let inner = program.address
        program.emit(Encoding.addi(5, 5, -1))
        program.branchBack(Encoding.bne, 5, 0, to: inner)
        program.call(0x10, 0)
        program.emit(Encoding.addi(20, 20, -1))
        program.branchBack(Encoding.bne, 20, 0, to: outer)
        program.reset(0)
    }

    private static func run(_ engine: ExecutionEngine, _ recorder: Recorder, clock: MachineHost.ClockSource) throws
        -> Machine
    {
        let machine = try program.make(
            clock: clock,
            console: CollectingConsole(),
            observers: [recorder],
            configure: { $0.engine = engine }
        )
        #expect(try machine.run() == .exited(code: 0))
        return machine
    }

    /// Samples count the thread's CPU time, and nothing of it twice.
    @Test(arguments: engines.filter { $0 != .lockstep })
    func samplesOnHostTime(_ engine: ExecutionEngine) throws {
        let recorder = Recorder(.samples)
        let start = MonotonicTime.nanoseconds()
        _ = try Self.run(engine, recorder, clock: .host)
        let elapsed = MonotonicTime.nanoseconds() - start
        #expect(recorder.samples.count >= 3, "\(recorder.samples)")
        #expect(recorder.samples.reduce(0) { $0 + $1.nanoseconds } <= elapsed)
        #expect(recorder.samples.allSatisfy { $0.mode == .virtualSupervisor })
    }

    /// Both engines end their slices at the same instructions, so they are sampled at the same ones.
    @Test func enginesAreSampledAlike() throws {
        let all = try Self.engines.map { engine in
            let recorder = Recorder(.samples)
            _ = try Self.run(engine, recorder, clock: .instructions)
            return recorder.samples
        }
        #expect(all[0].count > 30)
        #expect(all.allSatisfy { $0 == all[0] })
    }

    @Test func translationsAreTold() throws {
        guard ExecutionEngine.jit.isSupported else { return }
        let recorder = Recorder(.translations)
        let machine = try Self.run(.jit, recorder, clock: .host)
        let translations = recorder.translations
        #expect(translations.contains { $0.pc >= GuestProgram.base && $0.pc < GuestProgram.base + 4096 })
        #expect(translations.allSatisfy { !$0.code.isEmpty && $0.code.count < 1 << 16 })
        let ordered = translations.map(\.code).sorted { $0.lowerBound < $1.lowerBound }
        for (code, next) in zip(ordered, ordered.dropFirst()) { #expect(code.upperBound <= next.lowerBound) }
        #expect(machine.state == .stopped)
    }

    @Test func interpreterTranslatesNothing() throws {
        let recorder = Recorder(.translations)
        _ = try Self.run(.interpreter, recorder, clock: .host)
        #expect(recorder.translations.isEmpty)
    }
}

private final class Recorder: Observer {
    private struct Kept {
        var samples: [HartSample] = []
        var translations: [TranslatedCode] = []
        var work: [HypervisorSample] = []
    }

    let events: ObservedEvents
    private let kept = Lock(Kept())

    init(_ events: ObservedEvents) { self.events = events }

    var samples: [HartSample] { kept.withLock { $0.samples } }
    var translations: [TranslatedCode] { kept.withLock { $0.translations } }
    var work: [HypervisorSample] { kept.withLock { $0.work } }

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        switch record.event {
        case .hart(.sample(let sample)): kept.withLock { $0.samples.append(sample) }
        case .hart(.translation(let code)): kept.withLock { $0.translations.append(code) }
        case .hypervisorSample(let sample): kept.withLock { $0.work.append(sample) }
        case .hart, .sbiCall, .exit: Issue.record("\(record.event) was not asked for")
        }
    }
}
