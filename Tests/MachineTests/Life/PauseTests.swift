import Devices
import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Pausing and resuming: all harts at rest whatever they did, and a time that stands still.
@Suite(.timeLimit(.minutes(10))) struct PauseTests {
    private static let hsm: UInt64 = 0x48_534D

    /// Where a guest counts, and where its longest step in `time` is kept.
    private static let counter = GuestPhysicalAddress(GuestProgram.data)
    private static let longestStep = GuestPhysicalAddress(GuestProgram.data + 8)

    /// Starts all harts; each then does `body` for ever.
    private static func everywhere(_ body: (inout GuestProgram) -> Void) -> GuestProgram {
        GuestProgram { program in
            for hart in 1..<UInt64(4) { program.call(hsm, 0, hart, GuestProgram.base, 0) }
            let top = program.address
            body(&program)
            program.load(5, top)
            program.emit(Encoding.jumpRegister(5))
        }
    }

    /// Counts up, and keeps the longest step of `time` between two readings.
    private static let counting = GuestProgram { program in
        program.load(5, GuestProgram.data)
        program.emit(Encoding.csrRead(6, .time))
        let top = program.address
        program.emit(Encoding.ld(7, 5), Encoding.addi(7, 7, 1), Encoding.sd(7, 5))
        program.emit(
            Encoding.csrRead(8, .time),
            Encoding.sub(9, 8, 6),
            Encoding.addi(6, 8, 0),
            Encoding.ld(10, 5, 8)
        )
        program.skip(Encoding.blt, 9, 10) { $0.emit(Encoding.sd(9, 5, 8)) }
        program.branchBack(Encoding.beq, 0, 0, to: top)
    }

    enum Doing: CaseIterable {
        case spinning, sleeping, fencing, printing

        var program: GuestProgram {
            switch self {
            case .spinning: PauseTests.everywhere { $0.emit(Encoding.addi(6, 6, 1)) }
            case .sleeping: PauseTests.everywhere { $0.emit(Encoding.wfi) }
            case .fencing: PauseTests.everywhere { $0.call(0x5246_4E43, 1, ~0, ~0, 0, ~0) }
            case .printing: PauseTests.everywhere { $0.print("x") }
            }
        }
    }

    /// Nothing moves while a machine is paused, and it goes on afterwards, again and again.
    @Test(arguments: Doing.allCases, [MachineHost.ClockSource.host, .instructions])
    func comesToRest(_ doing: Doing, clock: MachineHost.ClockSource) throws {
        for harts in [1, 4] {
            let machine = try doing.program.make(clock: clock, harts: harts, console: CollectingConsole())
            try machine.perform(.start)
            for _ in 0..<20 {
                usleep(1000)
                try machine.perform(.pause)
                #expect(machine.waitUntilSettled() == .paused)
                let (instructions, time) = (machine.instructions, machine.clock.nanoseconds)
                usleep(1000)
                #expect(machine.instructions == instructions)
                #expect(machine.clock.nanoseconds == time)
                try machine.perform(.resume(.skipped))
                #expect(machine.clock.nanoseconds >= time)
            }
            machine.stop()
            #expect(machine.wait() == .requested)
        }
    }

    /// Plain harts, running and in WFI.
    @Test(arguments: [Encoding.spin, Encoding.wfi], [MachineHost.ClockSource.host, .instructions])
    func plainMachineComesToRest(instruction: UInt32, clock: MachineHost.ClockSource) throws {
        var program = PlainTestProgram([instruction, Encoding.beq(0, 0, -4)])
        program.configure = { $0.hartCount = 3 }
        let machine = try program.make(on: MachineHost(clock: clock), CollectingConsole())
        try machine.perform(.start)
        for _ in 0..<20 {
            usleep(1000)
            try machine.perform(.pause)
            #expect(machine.waitUntilSettled() == .paused)
            let (instructions, time) = (machine.instructions, machine.clock.nanoseconds)
            usleep(1000)
            #expect(machine.instructions == instructions)
            #expect(machine.clock.nanoseconds == time)
            try machine.perform(.resume(.skipped))
        }
        machine.stop()
        #expect(machine.wait() == .requested)
    }

    /// The guest reads `time` all along: the pause is in none of its steps, unless it was to see it.
    @Test(arguments: [PauseGap.skipped, .seen])
    func guestSeesNoJump(gap: PauseGap) throws {
        let machine = try Self.counting.make(console: CollectingConsole())
        try machine.perform(.start)
        func count() -> UInt64 { machine.memory.load(UInt64.self, at: Self.counter) ?? 0 }
        while count() == 0 { usleep(1000) }
        try machine.perform(.pause)
        machine.waitUntilSettled()
        let before = count()
        let wall = machine.clock.unixNanoseconds
        usleep(1_500_000)
        #expect(count() == before)
        #expect(machine.clock.unixNanoseconds == wall)
        try machine.perform(.resume(gap))
        while count() == before { usleep(1000) }
        try machine.perform(.pause)
        machine.waitUntilSettled()
        let step = try #require(machine.memory.load(UInt64.self, at: Self.longestStep))
        #expect((step * Timebase.nanosecondsPerTick >= 1_400_000_000) == (gap == .seen))
        machine.stop()
        #expect(machine.wait() == .requested)
    }

    /// A sleep of a quarter of a second stays one, in the guest's time, though the machine is paused for longer.
    @Test func timersStandStill() throws {
        let program = GuestProgram { program in
            program.load(5, InterruptCause.supervisorTimer.mask)
            program.emit(Encoding.csrWrite(.sie, 5))
            program.load(7, Timebase.frequency / 4)
            program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
            program.call(0x5449_4D45, 0)
            // A wake without the interrupt is no end.
            let top = program.address
            program.emit(Encoding.wfi, Encoding.csrRead(6, .sip))
            program.branchBack(Encoding.beq, 6, 0, to: top)
            program.print("z")
            program.reset(0)
        }
        let console = CollectingConsole()
        let machine = try program.make(console: console)
        try machine.perform(.start)
        usleep(20_000)
        try machine.perform(.pause)
        #expect(machine.waitUntilSettled() == .paused)
        usleep(500_000)
        #expect(console.text.isEmpty)
        try machine.perform(.resume(.skipped))
        #expect(machine.wait() == .exited(code: 0))
        #expect(console.text == "z")
        #expect(machine.clock.nanoseconds >= 250_000_000)
    }

    /// A reader that takes nothing holds up output, and no pause.
    @Test func outputThatNobodyReads() throws {
        final class Stalled: ConsoleSink {
            let gate = Lock<ParkingSpot>(ParkingSpot())
            let written = Lock(0)

            func write(_ bytes: UnsafeRawBufferPointer) {
                let count = bytes.count
                gate.withLock { $0 }.sleep(nanoseconds: nil)
                written.withLock { $0 += count }
            }
        }
        let console = Stalled()
        let program = GuestProgram { program in
            for _ in 0..<3 { program.print("\n") }
            program.reset(0)
        }
        let path = try program.write()
        defer { unlink(path) }
        let machine = try MachineHost(clock: .host)
            .makeMachine(GuestProgram.configuration(path: path), console: console)
        try machine.perform(.start)
        usleep(50_000)
        try machine.perform(.pause)
        #expect(machine.waitUntilSettled() == .paused)
        #expect(console.written.withLock { $0 } == 0)
        try machine.perform(.resume(.skipped))
        let hasEnded = Lock(false)
        machine.whenEnded { _ in hasEnded.withLock { $0 = true } }
        while !hasEnded.withLock({ $0 }) {
            console.gate.withLock { $0 }.wake()
            usleep(1000)
        }
        #expect(console.written.withLock { $0 } == 3)
        #expect(machine.wait() == .exited(code: 0))
    }

    /// On the instruction clock a run with pauses is the run without.
    @Test func pausesChangeNothing() throws {
        let program = GuestProgram { program in
            program.load(9, 3000)
            let top = program.address
            program.emit(Encoding.csrRead(10, .time), Encoding.i(0x13, 7, 10, 10, 15), Encoding.addi(10, 10, 0x41))
            program.print()
            program.emit(Encoding.addi(9, 9, -1))
            program.branchBack(Encoding.bne, 9, 0, to: top)
            program.reset(0)
        }
        var results: [(String, UInt64, UInt64)] = []
        for pauses in [0, 10] {
            let console = CollectingConsole()
            let machine = try program.make(clock: .instructions, console: console)
            try machine.boot()
            try machine.perform(.resume(.skipped))
            for _ in 0..<pauses {
                do throws(MachineRequestRefused) {
                    try machine.perform(.pause)
                    machine.waitUntilSettled()
                    try machine.perform(.resume(.skipped))
                } catch {
                    #expect(error.state == .stopped)
                }
            }
            #expect(machine.wait() == .exited(code: 0))
            results.append((console.text, machine.instructions, machine.clock.nanoseconds))
        }
        #expect(results[0] == results[1])
    }

    /// A reset while paused leaves the machine before its first instruction.
    @Test func resetWhilePaused() throws {
        let machine = try Self.counting.make(console: CollectingConsole())
        try machine.perform(.start)
        while machine.memory.load(UInt64.self, at: Self.counter) == 0 { usleep(1000) }
        try machine.perform(.pause)
        machine.waitUntilSettled()
        try machine.perform(.reset)
        #expect(machine.waitUntilSettled() == .paused)
        #expect(machine.memory.load(UInt64.self, at: Self.counter) == 0)
        #expect(machine.clock.nanoseconds == 0)
        try machine.perform(.resume(.skipped))
        while machine.memory.load(UInt64.self, at: Self.counter) == 0 { usleep(1000) }
        machine.stop()
        #expect(machine.wait() == .requested)
    }
}
