import Devices
import Glibc
import Hypervisor
import Platform
import RV64Core
import TestSupport
import Testing

@testable import Machine

/// Saving and restoring whole machines: when it is allowed, what has to fit, and that time goes on.
@Suite(.timeLimit(.minutes(10))) struct SavedMachineTests {
    /// Counts, and keeps the longest step of `time`.
    private static let counting = GuestProgram { program in
        program.load(5, GuestProgram.data)
        program.emit(Encoding.csrRead(6, .time))
        let top = program.address
        program.emit(Encoding.ld(7, 5), Encoding.addi(7, 7, 1), Encoding.sd(7, 5))
        program.emit(Encoding.csrRead(8, .time), Encoding.sub(9, 8, 6), Encoding.addi(6, 8, 0), Encoding.ld(10, 5, 8))
        program.skip(Encoding.blt, 9, 10) { $0.emit(Encoding.sd(9, 5, 8)) }
        program.branchBack(Encoding.beq, 0, 0, to: top)
    }

    private static func count(_ machine: Machine) -> UInt64 {
        machine.memory.load(UInt64.self, at: GuestPhysicalAddress(GuestProgram.data)) ?? 0
    }

    private static func longestStep(_ machine: Machine) -> UInt64 {
        (machine.memory.load(UInt64.self, at: GuestPhysicalAddress(GuestProgram.data + 8)) ?? 0)
            * Timebase.nanosecondsPerTick
    }

    private static func end(_ machine: Machine) {
        machine.stop()
        #expect(machine.wait() == .requested)
    }

    /// In the host's time too the machine goes on where it was, however long ago that is and whatever the other host's
    /// clock says; the gap is seen by who is to see it.
    @Test(arguments: [PauseGap.skipped, .seen], [1, 2])
    func timeGoesOn(gap: PauseGap, harts: Int) throws {
        let original = try Self.counting.make(harts: harts, console: CollectingConsole())
        try original.perform(.start)
        while Self.count(original) < 1000 { usleep(1000) }
        try original.perform(.pause)
        #expect(original.waitUntilSettled() == .paused)
        let (time, wall) = (original.clock.nanoseconds, original.clock.unixNanoseconds)
        let archive = try original.save()
        let before = Self.count(original)
        Self.end(original)

        usleep(1_500_000)
        let copy = try Self.counting.make(harts: harts, console: CollectingConsole())
        try copy.restore(archive)
        #expect(copy.state == .paused)
        #expect(copy.clock.nanoseconds == time)
        #expect(copy.clock.unixNanoseconds == wall)
        #expect(Self.count(copy) == before)
        #expect(copy.instructions == original.instructions)
        #expect(copy.deviceTree == original.deviceTree)
        try copy.perform(.resume(gap))
        while Self.count(copy) < before + 1000 { usleep(1000) }
        try copy.perform(.pause)
        #expect(copy.waitUntilSettled() == .paused)
        #expect((Self.longestStep(copy) >= 1_400_000_000) == (gap == .seen))
        #expect((copy.clock.unixNanoseconds - wall >= 1_400_000_000) == (gap == .seen))
        Self.end(copy)
    }

    /// A machine that sleeps until a timer is restored asleep.
    @Test(arguments: [MachineHost.ClockSource.host, .instructions])
    func sleepGoesOn(clock: MachineHost.ClockSource) throws {
        let program = GuestProgram { program in
            program.load(5, InterruptCause.supervisorTimer.mask)
            program.emit(Encoding.csrWrite(.sie, 5))
            program.load(7, Timebase.frequency / 2)
            program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
            program.call(0x5449_4D45, 0)
            program.load(5, GuestProgram.data)
            program.emit(Encoding.sd(7, 5))
            let top = program.address
            program.emit(Encoding.wfi, Encoding.csrRead(6, .sip))
            program.branchBack(Encoding.beq, 6, 0, to: top)
            program.print("z")
            program.reset(0)
        }
        let original = try program.make(clock: clock, console: CollectingConsole())
        try original.boot()
        switch clock {
        case .host:
            try original.perform(.resume(.skipped))
            while Self.count(original) == 0 { usleep(1000) }
            try original.perform(.pause)
            original.waitUntilSettled()
        case .instructions: #expect(try original.run(toInstruction: 61) == .paused)
        }
        let archive = try original.save()
        Self.end(original)
        let console = CollectingConsole()
        let copy = try program.make(clock: clock, console: console)
        try copy.restore(archive)
        try copy.perform(.resume(.skipped))
        #expect(copy.wait() == .exited(code: 0))
        #expect(console.text == "z")
        #expect((500_000_000..<5_000_000_000).contains(copy.clock.nanoseconds))
    }

    /// A restored machine is one like any other: it is reset, and starts from its files.
    @Test func restoredIsReset() throws {
        let original = try Self.counting.make(console: CollectingConsole())
        try original.boot()
        let archive = try original.save()
        let copy = try Self.counting.make(console: CollectingConsole())
        try copy.restore(archive)
        #expect(try copy.save() == archive)
        try copy.perform(.reset)
        #expect(copy.waitUntilSettled() == .paused)
        try copy.perform(.resume(.skipped))
        while Self.count(copy) == 0 { usleep(1000) }
        Self.end(copy)
        Self.end(original)
    }

    /// One that was only made is saved as that, and powered on elsewhere.
    @Test func savedBeforePowerOn() throws {
        let program = GuestProgram { program in
            program.print("a")
            program.reset(0)
        }
        let archive = try program.make(console: CollectingConsole()).save()
        let console = CollectingConsole()
        let copy = try program.make(console: console)
        try copy.restore(archive)
        #expect(copy.state == .created)
        #expect(try copy.run() == .exited(code: 0))
        #expect(console.text == "a")
    }

    // MARK: - Refusals

    @Test func onlyAtRest() throws {
        let machine = try Self.counting.make(console: CollectingConsole())
        let archive = try machine.save()
        try machine.perform(.start)
        #expect(throws: StateRequestRefused(machine: "test", request: .save, state: .running)) { try machine.save() }
        try machine.perform(.pause)
        machine.waitUntilSettled()
        #expect(throws: StateRequestRefused(machine: "test", request: .restore, state: .paused)) {
            try machine.restore(archive)
        }
        #expect(throws: Never.self) { try machine.save() }
        Self.end(machine)
        #expect(throws: StateRequestRefused(machine: "test", request: .save, state: .stopped)) { try machine.save() }
        let refusal = StateRequestRefused(machine: "test", request: .restore, state: .stopped)
        #expect(throws: refusal) { try machine.restore(archive) }
        #expect(refusal.description == "test: cannot restore into a machine that is stopped; make a new one")
    }

    private static let otherShapes: [(@Sendable (inout MachineConfiguration) -> Void, String)] = [
        ({ $0.hartCount = 2 }, "the number of harts is 1 there and 2 here"),
        ({ $0.memorySize = 32 << 20 }, "RAM is [0x80000000, 0x81000000) there and [0x80000000, 0x82000000) here"),
        ({ $0.pagingLimit = .sv39 }, "the widest page table is sv48 there and sv39 here"),
        ({ $0.seed = nil }, "the random source is seeded there and host here"),
        ({ $0.isa = .standard }, "the ISA is "),
    ]

    @Test(arguments: otherShapes.indices)
    func otherShape(_ index: Int) throws {
        let (change, words) = Self.otherShapes[index]
        let archive = try Self.counting.make(console: CollectingConsole()).save()
        let path = try Self.counting.write()
        defer { unlink(path) }
        var configuration = try GuestProgram.configuration(path: path)
        change(&configuration)
        let machine = try MachineHost(clock: .host).makeMachine(configuration, console: CollectingConsole())
        let error = #expect(throws: StateError.self) { try machine.restore(archive) }
        #expect(error?.section == "configuration")
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(machine.state == .stopped)
        #expect(machine.wait() == .failed(error?.description ?? ""))
    }

    @Test func otherKinds() throws {
        let guest = try Self.counting.make(console: CollectingConsole()).save()
        let plain = try PlainTestProgram([Encoding.spin])
            .make(on: MachineHost(clock: .host), CollectingConsole())
        let profile = #expect(throws: StateError.self) { try plain.restore(guest) }
        #expect(profile?.description.contains("the profile is guest there and plain here") == true)
        let other = try Self.counting.make(clock: .instructions, console: CollectingConsole())
        let clock = #expect(throws: StateError.self) { try other.restore(guest) }
        #expect(clock?.description.contains("the clock is host there and instructions here") == true)
        // A program with its mailbox elsewhere.
        var programs = [PlainTestProgram([Encoding.spin]), PlainTestProgram([Encoding.spin])]
        programs[1].mailbox = PlainTestProgram.data + 0x800
        let machines = try programs.map { try $0.make(on: MachineHost(clock: .host), CollectingConsole()) }
        try machines[0].boot()
        let archive = try machines[0].save()
        machines[0].stop()
        let mailbox = #expect(throws: StateError.self) { try machines[1].restore(archive) }
        #expect(mailbox?.section == "htif")
    }
}
