import Platform
import Testing

@testable import RV64Core

/// Where a hart says that it was, for a profile.
@Suite struct SampleTests {
    private final class Recorder: HartObserver {
        let hartEvents: HartEvents
        private let kept = Lock<[HartSample]>([])

        init(_ events: HartEvents) { hartEvents = events }

        var samples: [HartSample] { kept.withLock { $0 } }

        func observe(_ event: HartEvent, on hart: Hart) {
            guard case .sample(let sample) = event else { return }
            kept.withLock { $0.append(sample) }
        }
    }

    /// Two loops for ever, of which the second takes three times as many instructions.
    private func machine(_ recorder: Recorder, hosted: HostedModes = .virtualized) throws -> TestMachine {
        let machine = try TestMachine(hosted: hosted, observer: recorder)
        machine.load { program in
            program.emit(.addi, rd: .a0, rs1: .zero, 100)
            program.emit(.addi, rd: .a0, rs1: .a0, -1)
            program.emit(.bne, rs1: .a0, rs2: .zero, -4)
            program.emit(.addi, rd: .a0, rs1: .zero, 300)
            program.emit(.addi, rd: .a0, rs1: .a0, -1)
            program.emit(.bne, rs1: .a0, rs2: .zero, -4)
            program.emit(.jal, rd: .zero, -24)
        }
        machine.state.pointee.mode = .machine
        return machine
    }

    private func run(_ machine: TestMachine, _ instructions: UInt64) {
        while machine.state.pointee.retired < instructions {
            let before = machine.state.pointee.retired
            _ = machine.hart.run(instructions: 10_000)
            machine.clock.advance(byNanoseconds: machine.state.pointee.retired - before)
        }
    }

    /// With a clock of instructions a sample stands for the instructions since the last one.
    @Test func samplesStandForAllThatWasExecuted() throws {
        let recorder = Recorder(.sample)
        let machine = try machine(recorder)
        run(machine, 200_000_000)
        let samples = recorder.samples
        let total = samples.reduce(0) { $0 + $1.nanoseconds }
        #expect((180...230).contains(samples.count), "about one in a millisecond: \(samples.count)")
        #expect(machine.state.pointee.retired - total < 2_000_000, "nothing but the rest is missing")
        for sample in samples.dropFirst(3) {
            #expect((700_000...1_300_000).contains(sample.nanoseconds), "\(sample.nanoseconds)")
        }
        #expect(samples.allSatisfy { $0.mode == .machine })
    }

    @Test func sharesAreThoseOfTheProgram() throws {
        let recorder = Recorder(.sample)
        let machine = try machine(recorder)
        run(machine, 400_000_000)
        let second = recorder.samples.count { $0.pc >= TestMachine.base + 12 }
        let share = Double(second) / Double(recorder.samples.count)
        #expect((0.65...0.85).contains(share), "three quarters: \(share)")
    }

    @Test func twoRunsAreEqual() throws {
        let recorders = [Recorder(.sample), Recorder(.sample)]
        for recorder in recorders { run(try machine(recorder), 30_000_000) }
        #expect(recorders[0].samples == recorders[1].samples)
        #expect(recorders[0].samples.count > 20)
    }

    /// A hart that is reset goes on being sampled.
    @Test func resetKeepsSampling() throws {
        let recorder = Recorder(.sample)
        let machine = try machine(recorder)
        run(machine, 5_000_000)
        let before = recorder.samples.count
        machine.hart.reset()
        machine.openProtection()
        machine.state.pointee.pc = TestMachine.base
        run(machine, 5_000_000)
        #expect(before >= 4 && recorder.samples.count >= before + 4)
    }

    /// Where a guest's code is in memory says what it is: its addresses are its own. Here they are memory's.
    @Test(arguments: PrivilegeMode.allCases)
    func guestsCodeIsNamedByPlace(_ mode: PrivilegeMode) throws {
        let recorder = Recorder(.sample)
        let machine = try machine(recorder, hosted: .bare)
        machine.openProtection()
        machine.state.pointee.mode = mode
        run(machine, 5_000_000)
        #expect(recorder.samples.count >= 4)
        for sample in recorder.samples {
            #expect(sample.mode == mode)
            #expect(sample.guestCode == (mode.isVirtual ? sample.pc : nil))
        }
    }

    @Test func nobodyAsksNobodyIsTold() throws {
        let recorder = Recorder(.exception)
        let machine = try machine(recorder)
        run(machine, 5_000_000)
        #expect(recorder.samples.isEmpty)
        #expect(machine.hart.runState.pointee.samples.next == .max)
        #expect(machine.hart.runState.pointee.nextCounterOverflow == .max)
    }
}
