import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Comparators, deadlines and the look at the clock.
@Suite struct TimerTests {
    private static let tick = Timebase.nanosecondsPerTick

    private func guestTimer() throws -> TestMachine {
        let machine = try TestMachine()
        machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.writeCSR(.mie, InterruptCause.virtualSupervisorTimer.mask)
        return machine
    }

    /// A guest's time starts at its own zero: htimedelta is the negative of the start, and its time wraps.
    /// norm:hip_vstip_op
    @Test func guestDeadlines() throws {
        let machine = try guestTimer()
        machine.clock.advance(byNanoseconds: 1000 * Self.tick)
        machine.hart.writeCSR(.htimedelta, 0 &- UInt64(1000))
        machine.hart.writeCSR(.vstimecmp, 50)
        #expect(machine.hart.nextDeadline == 1050)
        #expect(machine.hart.runState.pointee.timerPending == 0)
        // No timer is set: there is no deadline, though the difference of the two registers lies in the past.
        machine.hart.writeCSR(.vstimecmp, ~0)
        #expect(machine.hart.nextDeadline == .max)
        machine.hart.writeCSR(.vstimecmp, 0)
        #expect(machine.hart.nextDeadline == 1000)
        #expect(machine.hart.pendingInterrupts == InterruptCause.virtualSupervisorTimer.mask)
        // A guest ahead of the host.
        machine.hart.writeCSR(.htimedelta, 500)
        machine.hart.writeCSR(.vstimecmp, 1600)
        #expect(machine.hart.nextDeadline == 1100)
    }

    /// The earliest of the enabled ones counts.
    @Test func earliestDeadline() throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.machineTimer.store(300, ordering: .relaxed)
        machine.hart.writeCSR(.stimecmp, 200)
        #expect(machine.hart.nextDeadline == .max)
        machine.hart.writeCSR(.mie, InterruptCause.machineTimer.mask)
        #expect(machine.hart.nextDeadline == 300)
        machine.hart.writeCSR(.mie, InterruptCause.machineTimer.mask | InterruptCause.supervisorTimer.mask)
        #expect(machine.hart.nextDeadline == 200)
    }

    /// A handler that moves its comparator through a device is not interrupted again by what has passed.
    @Test func movedComparator() throws {
        let timer = ComparatorDevice()
        var bus = Bus()
        bus.attach(timer, at: 0x200_0000, size: 8)
        let machine = try TestMachine(bus: bus)
        timer.hart.withLock { $0 = machine.hart }
        machine.hart.machineTimer.store(1, ordering: .relaxed)
        machine.hart.writeCSR(.mie, InterruptCause.machineTimer.mask)
        machine.clock.advance(byNanoseconds: 10 * Self.tick)
        machine.hart.refreshTimers()
        machine[.a0] = 0x200_0000
        machine[.a1] = ~0
        machine.load { program in
            program.emit(.sd, rs1: .a0, rs2: .a1)
            program.word(ProgramBuilder.encode(.csrrsi, Int32(CSRAddress.mstatus.rawValue)) | 8 << 15)
            program.emit(.ebreak)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
    }
}

/// One `mtimecmp`.
private final class ComparatorDevice: MMIODevice {
    let hart = Lock<Hart?>(nil)

    func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0 }

    func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        hart.withLock { $0?.machineTimer.store(value, ordering: .relaxed) }
    }

    func save(to writer: inout StateWriter) {}
    func restore(from reader: inout StateReader) throws(StateError) {}
}
