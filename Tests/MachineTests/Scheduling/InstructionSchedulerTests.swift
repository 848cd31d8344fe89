import Devices
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Runs on the clock of instructions: the same input gives the same run, to the last instruction.
@Suite(.timeLimit(.minutes(10))) struct InstructionSchedulerTests {
    struct Result: Equatable {
        var reasons: [StopReason]
        var consoles: [String]
        var instructions: [UInt64]
        var nanoseconds: UInt64
    }

    /// Runs guests together to their ends.
    private static func run(_ programs: [(GuestProgram, harts: Int)], input: String = "") throws -> Result {
        let host = try MachineHost(clock: .instructions)
        let consoles = programs.map { _ in CollectingConsole() }
        let machines = try zip(programs, consoles).map { try $0.0.make(on: host, harts: $0.harts, console: $1) }
        machines[0].input.preload(Array(input.utf8))
        try host.start(machines)
        return Result(
            reasons: machines.map { $0.wait() },
            consoles: consoles.map(\.text),
            instructions: machines.map { $0.statistics.instructions },
            nanoseconds: host.clock.nanoseconds
        )
    }

    /// Three harts race for a counter, send each other interrupts and read the time; what each saw is printed.
    private static let racing = GuestProgram { program in
        program.emit(Encoding.addi(8, 10, 0))
        program.skip(Encoding.bne, 8, 0) { program in
            for hart in 1..<UInt64(3) { program.call(0x48_534D, 0, hart, GuestProgram.base, 0) }
        }
        program.load(9, 300)
        let top = program.address
        program.load(5, GuestProgram.data)
        program.emit(Encoding.addi(6, 0, 1), Encoding.amoadd(7, 6, 5))
        program.call(0x73_5049, 0, ~0, ~0)
        // The low bits of counter and time, as a letter.
        program.load(5, GuestProgram.data)
        program.emit(Encoding.ld(10, 5), Encoding.csrRead(6, .time), Encoding.add(10, 10, 6))
        program.emit(Encoding.i(0x13, 7, 10, 10, 15), Encoding.addi(10, 10, 0x41))
        program.print()
        program.emit(Encoding.addi(9, 9, -1))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.skip(Encoding.beq, 8, 0) { $0.call(0x48_534D, 1) }
        program.load(7, 900)
        let wait = program.address
        program.load(5, GuestProgram.data)
        program.emit(Encoding.ld(6, 5))
        program.branchBack(Encoding.bne, 6, 7, to: wait)
        program.reset(0)
    }

    /// Prints what is typed until a full stop.
    private static let echoing = GuestProgram { program in
        program.load(9, 0x2E)
        let top = program.address
        program.call(2, 0)
        program.emit(Encoding.addi(8, 10, 0))
        program.branchBack(Encoding.blt, 8, 0, to: top)
        program.print()
        program.branchBack(Encoding.bne, 8, 9, to: top)
        program.reset(0)
    }

    /// Sleeps for an hour of its time, with a stopped hart beside it.
    private static let sleeping = GuestProgram { program in
        program.load(5, InterruptCause.supervisorTimer.mask)
        program.emit(Encoding.csrWrite(.sie, 5))
        program.load(10, 3600 * Timebase.frequency)
        program.call(0x5449_4D45, 0)
        // The stopped hart is disturbed first: it must not keep the clock from skipping.
        program.call(0x5246_4E43, 0, ~0, ~0)
        program.emit(Encoding.wfi)
        program.print("z")
        program.reset(0)
    }

    @Test func raceEndsTheSameWay() throws {
        let first = try Self.run([(Self.racing, 3)])
        #expect(first.reasons == [.exited(code: 0)])
        #expect(first.consoles[0].utf8.count == 900)
        for _ in 0..<3 { #expect(try Self.run([(Self.racing, 3)]) == first) }
    }

    @Test func guestsTogether() throws {
        let programs = [(Self.racing, harts: 3), (Self.sleeping, harts: 2), (Self.racing, harts: 4)]
        let first = try Self.run(programs)
        #expect(first.reasons == [.exited(code: 0), .exited(code: 0), .exited(code: 0)])
        #expect(try Self.run(programs) == first)
    }

    @Test func inputIsPartOfIt() throws {
        let first = try Self.run([(Self.echoing, harts: 1)], input: "hello, guest.")
        #expect(first.consoles == ["hello, guest."])
        #expect(try Self.run([(Self.echoing, harts: 1)], input: "hello, guest.") == first)
        let other = try Self.run([(Self.echoing, harts: 1)], input: "hello, guests.")
        #expect(other.instructions != first.instructions)
    }

    /// An hour passes at once, and is an hour.
    @Test func sleepSkipsAhead() throws {
        let result = try Self.run([(Self.sleeping, harts: 2)])
        #expect(result.consoles == ["z"])
        #expect(result.nanoseconds >= 3600 * 1_000_000_000)
        #expect(result.nanoseconds < 3601 * 1_000_000_000)
        #expect(try Self.run([(Self.sleeping, harts: 2)]) == result)
    }

    /// Every hart writes 64 KiB of memory to the console, for ever.
    private static let flooding = GuestProgram { program in
        for hart in 1..<UInt64(4) { program.call(0x48_534D, 0, hart, GuestProgram.base, 0) }
        let top = program.address
        program.call(0x4442_434E, 0, 0x1_0000, GuestProgram.base, 0)
        program.load(5, top)
        program.emit(Encoding.jumpRegister(5))
    }

    /// Host work takes its price in time and no more: with nobody else to run, a debt is paid at once.
    @Test func hostWorkAlone() throws {
        let printing = GuestProgram { program in
            for _ in 0..<300 { program.print("x") }
            program.reset(0)
        }
        let result = try Self.run([(printing, harts: 1)])
        #expect(result.consoles[0].utf8.count == 300)
        #expect(result.nanoseconds >= 300 * 532 + result.instructions[0])
        #expect(result.nanoseconds < 1_000_000)
    }

    /// Counts to a million.
    private static let computing = GuestProgram { program in
        program.load(9, 1_000_000)
        let top = program.address
        program.emit(Encoding.addi(9, 9, -1))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.reset(0)
    }

    /// Sleeps a hundred times for a tenth of a millisecond.
    private static let napping = GuestProgram { program in
        program.load(5, InterruptCause.supervisorTimer.mask)
        program.emit(Encoding.csrWrite(.sie, 5))
        program.load(9, 100)
        let top = program.address
        program.load(7, 1000)
        program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
        program.call(0x5449_4D45, 0)
        program.emit(Encoding.wfi, Encoding.addi(9, 9, -1))
        program.branchBack(Encoding.bne, 9, 0, to: top)
        program.reset(0)
    }

    /// A turn ends with a block, a few instructions late: that costs as many of the next turn, and not a turn. The
    /// flooder's calls cost some three turns each.
    @Test func lateEndOfTurnCostsNoTurn() throws {
        let computing = GuestProgram { program in
            program.load(9, 2_000_000)
            let top = program.address
            program.emit(Encoding.addi(9, 9, -1), Encoding.addi(8, 9, 0), Encoding.addi(7, 9, 0))
            program.emit(Encoding.addi(6, 9, 0), Encoding.addi(5, 9, 0), Encoding.addi(28, 9, 0))
            program.branchBack(Encoding.bne, 9, 0, to: top)
            program.reset(0)
        }
        let flooding = GuestProgram { program in
            let top = program.address
            program.call(0x4442_434E, 0, 1000, GuestProgram.base, 0)
            program.load(5, top)
            program.emit(Encoding.jumpRegister(5))
        }
        let alone = try Self.run([(computing, harts: 1)]).nanoseconds
        let host = try MachineHost(clock: .instructions)
        let flooder = try flooding.make(on: host, console: CountingConsole())
        let machine = try computing.make(on: host, console: CollectingConsole())
        try host.start([flooder, machine])
        machine.whenEnded { _ in flooder.stop() }
        #expect(machine.wait() == .exited(code: 0))
        let beside = machine.clock.nanoseconds
        #expect(beside > alone + alone / 2 && beside < 2 * alone + 100_000, "\(beside) ns beside it, \(alone) alone")
        _ = flooder.wait()
    }

    /// Host work counts: a flooder, with one hart or four, takes no more of the host than the guest beside it.
    @Test(arguments: [computing, napping].indices, [1, 4])
    func flooderTakesItsShare(program: Int, harts: Int) throws {
        let guest = [Self.computing, Self.napping][program]
        let alone = try Self.run([(guest, harts: 1)]).nanoseconds
        let host = try MachineHost(clock: .instructions)
        let flood = CountingConsole()
        let flooder = try Self.flooding.make(on: host, harts: harts, console: flood)
        let machine = try guest.make(on: host, console: CollectingConsole())
        let end = Lock<(nanoseconds: UInt64, bytes: Int)>((0, 0))
        machine.whenEnded { [clock = host.clock] _ in
            let now = (clock.nanoseconds, flood.count)
            end.withLock { $0 = now }
        }
        try host.start([flooder, machine])
        #expect(machine.wait() == .exited(code: 0))
        flooder.stop()
        _ = flooder.wait()
        let (nanoseconds, bytes) = end.withLock { $0 }
        #expect(bytes > 0)
        #expect(nanoseconds < 2 * alone + 10_000_000, "\(nanoseconds) ns beside it, \(alone) ns alone")
        #expect(UInt64(bytes) * 32 <= nanoseconds)
    }
}

/// Counts what is written.
private final class CountingConsole: ConsoleSink {
    private let total = Lock(0)

    var count: Int { total.withLock { $0 } }

    func write(_ bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        total.withLock { $0 += count }
    }
}
