import Platform
import Synchronization
import Testing

@testable import RV64Core

/// A hart saved and restored, and that saving is a fence.
@Suite struct SavedHartTests {
    private func archive(_ hart: Hart) -> [UInt8] {
        var writer = StateWriter()
        writer.section("hart", hart)
        return writer.finish()
    }

    private func restore(_ hart: Hart, from archive: [UInt8]) throws {
        var reader = try StateReader(archive)
        try reader.section("hart", into: hart)
        try reader.finish()
    }

    private func words(_ hart: Hart) -> [UInt64] {
        Array(
            UnsafeRawBufferPointer(start: hart.state, count: MemoryLayout<HartState>.size / 8 * 8)
                .bindMemory(to: UInt64.self)
        )
    }

    /// Every word of the state has a value of its own, and all come back: a field that is not in the list is zero here.
    @Test func everyField() throws {
        let (original, copy) = (try TestMachine().hart, try TestMachine().hart)
        let count = MemoryLayout<HartState>.size / 8
        let raw = UnsafeMutableRawPointer(original.state)
        let (misa, id) = (original.state.pointee.misa, original.state.pointee.mhartid)
        for index in 0..<count {
            raw.storeBytes(of: 0x0101_0101_0101_0100 &* UInt64(index + 1), toByteOffset: 8 * index, as: UInt64.self)
        }
        for index in [0] + Array(32..<40) { original.state.pointee.x[index] = 0 }
        (original.state.pointee.misa, original.state.pointee.mhartid) = (misa, id)
        original.state.pointee.pc = 0x8000_1234
        original.state.pointee.fflags = 21
        original.state.pointee.frm = 3
        // Not numbers: a place of their own each, the rest of which is nothing.
        for offset in [
            MemoryLayout<HartState>.offset(of: \.mode), MemoryLayout<HartState>.offset(of: \.isInCriticalError),
        ] {
            raw.storeBytes(of: 0, toByteOffset: try #require(offset), as: UInt64.self)
        }
        original.state.pointee.mode = .virtualSupervisor
        original.state.pointee.isInCriticalError = true
        original.runState.pointee.idleTraps = 11
        original.runState.pointee.unreturnedTraps = 12
        original.runState.pointee.retiredAtEntry = original.state.pointee.retired
        original.runState.pointee.timerPending = 14
        original.runState.pointee.runningCounters = 15
        original.runState.pointee.countedEvents = 16
        original.runState.pointee.counterFilters = 17
        original.runState.pointee.countersCheckedAt = 18
        // Not yet: a save looks at the counters.
        original.runState.pointee.nextCounterOverflow = ~19
        original.lines.pointee.store(20, ordering: .relaxed)
        original.guestExternalLines.pointee.store(21, ordering: .relaxed)
        original.nonMaskableLines.store(22, ordering: .relaxed)
        original.machineTimer.store(23, ordering: .relaxed)

        for index in 0..<32 { copy.state.pointee.f[index] = ~0 }
        try restore(copy, from: archive(original))
        let (saved, restored) = (words(original), words(copy))
        for index in 0..<count { #expect(saved[index] == restored[index], "word \(index)") }
        #expect(copy.state.pointee.mode == .virtualSupervisor)
        #expect(copy.state.pointee.isInCriticalError)
        #expect(copy.runState.pointee.idleTraps == 11)
        #expect(copy.runState.pointee.unreturnedTraps == 12)
        #expect(copy.runState.pointee.retiredAtEntry == original.runState.pointee.retiredAtEntry)
        #expect(copy.runState.pointee.fetchEpochTick == original.runState.pointee.fetchEpochTick)
        #expect(copy.runState.pointee.timerPending == 14)
        #expect(copy.runState.pointee.runningCounters == 15)
        #expect(copy.runState.pointee.countedEvents == 16)
        #expect(copy.runState.pointee.counterFilters == 17)
        #expect(copy.runState.pointee.countersCheckedAt == original.state.pointee.retired)
        #expect(copy.runState.pointee.nextCounterOverflow == ~19)
        #expect(copy.lines.pointee.load(ordering: .relaxed) == 20)
        #expect(copy.guestExternalLines.pointee.load(ordering: .relaxed) == 21)
        #expect(copy.nonMaskableLines.load(ordering: .relaxed) == 22)
        #expect(copy.machineTimer.load(ordering: .relaxed) == 23)
        #expect(archive(copy) == archive(original))
    }

    /// A program that changes its own code without FENCE.I: both harts go on with what memory holds at the save.
    @Test(arguments: [1, 7, 100, 4001] as [UInt64])
    func runsOn(_ first: UInt64) throws {
        let (original, copy) = (try TestMachine(), try TestMachine())
        original.load { program in
            // The store changes the immediate of the addi behind it; without a fence the old one may go on for ever.
            program.emit(.lw, rd: .a3, rs1: .a1, 0)
            program.emit(.addi, rd: .a4, rs1: .a4, 1)
            program.emit(.add, rd: .a3, rs1: .a3, rs2: .a5)
            program.emit(.sw, rs1: .a1, rs2: .a3, 0)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.slli, rd: .a6, rs1: .a0, 1)
            program.emit(.add, rd: .a7, rs1: .a6, rs2: .a7)
            program.emit(.jal, -28)
        }
        original[.a1] = TestMachine.base + 16
        original[.a5] = 1 << 20
        original.state.pointee.mode = .machine
        _ = original.hart.run(instructions: first)
        let saved = archive(original.hart)
        for offset in stride(from: UInt64(0), to: 64, by: 8) {
            copy.write(original.read(TestMachine.base + offset), at: TestMachine.base + offset)
        }
        try restore(copy.hart, from: saved)
        for count in [1, 3, 1000, 20_000] as [UInt64] {
            #expect(original.hart.run(instructions: count) == copy.hart.run(instructions: count))
            #expect(words(original.hart) == words(copy.hart))
            #expect(archive(original.hart) == archive(copy.hart))
        }
    }

    @Test func dropsReservation() throws {
        let machine = try TestMachine()
        machine.load { program in
            program.emit(.lrD, rd: .a2, rs1: .a0)
            program.emit(.scD, rd: .a3, rs1: .a0, rs2: .a1)
            program.emit(.ebreak)
        }
        machine[.a0] = TestMachine.base + 0x8000
        machine.state.pointee.mode = .machine
        #expect(machine.hart.step() == .budgetExhausted)
        #expect(machine.hart.runState.pointee.reservationAddress != 0)
        _ = archive(machine.hart)
        #expect(machine.hart.run() == .hosted(.machine))
        #expect(machine[.a3] == 1)
    }

    /// A translation that no fence has dropped is gone after a save.
    @Test func dropsTranslations() throws {
        let machine = try TestMachine()
        machine.state.pointee.mode = .machine
        machine.load { $0.emit(.ebreak) }
        _ = machine.hart.run()
        let bank = machine.hart.runState.pointee.fetch
        #expect(bank.location(of: TestMachine.base, .fetch) != nil)
        let epoch = machine.hart.interpreter.blocks.epoch
        _ = archive(machine.hart)
        #expect(bank.location(of: TestMachine.base, .fetch) == nil)
        #expect(machine.hart.interpreter.blocks.epoch > epoch)
        #expect(machine.hart.runState.pointee.slice == 0)
    }

    @Test func otherHarts() throws {
        let saved = archive(try TestMachine().hart)
        for (configuration, words) in [
            (HartConfiguration(id: 1, extensions: fullExtensions, hostedModes: .virtualized), "number of the hart"),
            (HartConfiguration(extensions: fullExtensions), "who runs its modes"),
            (HartConfiguration(extensions: [.i], hostedModes: .virtualized), "misa"),
        ] {
            let memory = try PhysicalMemory(base: TestMachine.base, size: 1 << 20)
            let other = Hart(configuration: configuration, memory: memory, clock: InstructionClock())
            let error = #expect(throws: StateError.self) { try restore(other, from: saved) }
            #expect(error.map { "\($0)".contains(words) } == true, "\(words)")
        }
    }

    /// Every shorter content is refused, whatever is missing.
    @Test func shortContent() throws {
        let hart = try TestMachine().hart
        for count in stride(from: 0, to: 2000, by: 97) {
            var writer = StateWriter()
            writer.section("hart") { for _ in 0..<count { $0.write(0 as UInt8) } }
            let archive = writer.finish()
            #expect(throws: StateError.self) { try restore(hart, from: archive) }
        }
    }
}
