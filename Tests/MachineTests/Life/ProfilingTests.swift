import Glibc
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

    // MARK: - The hypervisor

    /// Calls its hypervisor and reads a device's register, 30 000 times each; touches pages; sleeps.
    private static let exits = GuestProgram { program in
        program.load(20, 30_000)
        program.load(8, MemoryMap.uart.base)
        program.load(17, 0x10)
        program.load(16, 0)
        let top = program.address
        program.emit(Encoding.ecall, Encoding.lw(7, 8), Encoding.addi(20, 20, -1))
        program.branchBack(Encoding.bne, 20, 0, to: top)
        program.load(8, untouched)
        program.emit(Encoding.sw(0, 8))
        program.load(20, 5)
        program.load(5, InterruptCause.supervisorTimer.mask)
        program.emit(Encoding.csrWrite(.sie, 5))
        program.load(7, sleepTicks)
        let sleeps = program.address
        program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
        program.call(0x5449_4D45, 0)
        program.emit(Encoding.wfi, Encoding.addi(20, 20, -1))
        program.branchBack(Encoding.bne, 20, 0, to: sleeps)
        program.reset(0)
    }

    /// Twenty milliseconds.
    private static let sleepTicks: UInt64 = 200_000

    private static let untouched = GuestProgram.base + (12 << 20)

    private static func work(_ engine: ExecutionEngine, _ clock: MachineHost.ClockSource) throws -> Recorder {
        let recorder = Recorder(.samples)
        let path = try exits.write()
        defer { unlink(path) }
        var configuration = try GuestProgram.configuration(path: path)
        configuration.engine = engine
        let machine = try MachineHost(clock: clock)
            .makeMachine(configuration, console: CollectingConsole(), observers: [recorder])
        #expect(try machine.run() == .exited(code: 0))
        return recorder
    }

    @Test(arguments: engines.filter { $0 != .lockstep })
    func workOfTheHypervisor(_ engine: ExecutionEngine) throws {
        let recorder = try Self.work(engine, .host)
        let byWork = Dictionary(grouping: recorder.work) { sample in
            if case .call(let target) = sample.work { target.name } else { "\(sample.work)" }
        }
        #expect(recorder.work.allSatisfy { $0.mode == .virtualSupervisor && $0.nanoseconds < 1 << 40 })
        for work in ["BASE.get_spec_version", "\(HypervisorWork.device(.init(.load, MemoryMap.uart.base)))"] {
            let samples = try #require(byWork[work])
            #expect((5...15_000).contains(samples.count), "some of 30 000 \(work): \(samples.count)")
            #expect(Set(samples.map(\.pc)).count == 1, "one instruction asks for it")
            let each = samples.reduce(0) { $0 + $1.nanoseconds } / 30_000
            #expect((2...100_000).contains(each), "\(each) ns each")
        }
        // What is rare is told each time, but two at once make a third wait: a WFI may end early.
        #expect(byWork["\(HypervisorWork.page(.store))"]?.count == 1)
        #expect((2...5).contains(byWork["TIME.set_timer"]?.count ?? 0))
        // A tenth of a second of sleep is none of it.
        let between = try #require(byWork["\(HypervisorWork.betweenTurns)"])
        #expect(between.reduce(0) { $0 + $1.nanoseconds } < 50_000_000)
    }

    /// What the host's time decides is in no profile of instructions.
    @Test func hypervisorExecutesNoInstructions() throws {
        for engine in Self.engines where engine != .lockstep {
            let recorder = try Self.work(engine, .instructions)
            #expect(recorder.work.isEmpty)
            #expect(recorder.samples.allSatisfy { $0.translating == 0 })
        }
    }

    /// Translating takes a part of the time, once.
    @Test func translatingIsPartOfSamples() throws {
        guard ExecutionEngine.jit.isSupported else { return }
        let recorder = Recorder(.samples)
        _ = try Self.run(.jit, recorder, clock: .host)
        let translating = recorder.samples.filter { $0.translating > 0 }
        #expect(!translating.isEmpty)
        #expect(translating.count < recorder.samples.count)
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
