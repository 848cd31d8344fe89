import Testing

@testable import RV64Core

/// Stores into code, and the blocks that hold its decoded form.
@Suite struct SelfModifyingCodeTests {
    private static let patched = TestMachine.base + 0x1000
    private static let plusOne = ProgramBuilder.encode(.addi, rd: .a0, rs1: .a0, 1)
    private static let plusTwo = ProgramBuilder.encode(.addi, rd: .a0, rs1: .a0, 2)

    /// Calls a function, rewrites its instruction, calls it again after FENCE.I.
    @Test(arguments: [UInt64(0), 0xFFA, 0xFFC, 0xFFE, 0x7FE])
    func fenceMakesStoresVisible(offset: UInt64) throws {
        let machine = try TestMachine()
        let function = Self.patched + offset
        // The function begins with a compressed no-op, so that the patched word lies at any parity.
        machine.load(at: function - 2) { program in
            program.half(0x0001)
            program.word(Self.plusOne)
            program.emit(.jalr, rs1: .ra)
        }
        machine.load { program in
            program.emit(.jalr, rd: .ra, rs1: .a1)
            program.emit(.jalr, rd: .ra, rs1: .a1)
            program.emit(.sh, rs1: .a2, rs2: .a3)
            program.emit(.sh, rs1: .a2, rs2: .a4, 2)
            program.emit(.fenceI)
            program.emit(.jalr, rd: .ra, rs1: .a1)
            program.emit(.ebreak)
        }
        machine[.a0] = 0
        machine[.a1] = function - 2
        machine[.a2] = function
        machine[.a3] = UInt64(Self.plusTwo & 0xFFFF)
        machine[.a4] = UInt64(Self.plusTwo >> 16)
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine[.a0] == 4)
    }

    /// Ziccid: without FENCE.I the store is seen in the end.
    @Test func storesReachFetchesEventually() throws {
        let machine = try TestMachine()
        machine.load(at: Self.patched) { program in
            program.word(Self.plusOne)
            program.emit(.jalr, rs1: .ra)
        }
        machine.load { program in
            program.emit(.addi, rd: .a0, rs1: .zero)
            program.emit(.jalr, rd: .ra, rs1: .a1)
            program.emit(.sw, rs1: .a1, rs2: .a2)
            program.loop(.bne, rs1: .a0, rs2: .a3, to: 0)
            program.emit(.ebreak)
        }
        machine[.a1] = Self.patched
        machine[.a2] = UInt64(Self.plusTwo)
        machine[.a3] = 2
        #expect(machine.run(.machine, at: TestMachine.base, instructions: 10_000_000) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
    }

    /// A block that a fence found unchanged keeps running, one that changed is decoded anew, again and again.
    @Test func manyEpochs() throws {
        let machine = try TestMachine()
        for round in UInt64(1)...50 {
            machine[.a0] = 0
            let addend = Int32(round % 7)
            machine.load { program in
                program.emit(.addi, rd: .a0, rs1: .a0, addend)
                program.emit(.ebreak)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.machine, at: TestMachine.base)
            #expect(machine[.a0] == UInt64(addend))
        }
    }

    /// An instruction whose halves lie in pages that are not neighbours, one of which is then replaced.
    @Test func instructionAcrossPages() throws {
        let fixture = try GuestMachine()
        let word = Self.plusOne
        let first = fixture.physical(GuestMachine.data + 0xFFE)
        let second = fixture.physical(GuestMachine.secondData)
        fixture.machine.load(at: first) { $0.half(UInt16(truncatingIfNeeded: word)) }
        fixture.machine.load(at: second) { program in
            program.half(UInt16(truncatingIfNeeded: word >> 16))
            program.emit(.ecall)
        }
        fixture.machine[.a0] = 0
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData + 0xFFE)
        #expect(fixture.machine[.a0] == 1)
        #expect(fixture.state.pointee.sepc == GuestMachine.virtualData + 0x1002)

        // Such an instruction is never cached: new second halves take effect at once.
        fixture.machine.load(at: second) { $0.half(UInt16(truncatingIfNeeded: Self.plusTwo >> 16)) }
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData + 0xFFE)
        #expect(fixture.machine[.a0] == 3)

        fixture.guest.unmap(GuestMachine.secondData)
        fixture.machine.hart.flushTranslations()
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData + 0xFFE)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    .instructionGuestPageFault,
                    value: GuestMachine.virtualData + 0x1000,
                    guestPhysicalAddress: GuestMachine.secondData
                )
        )
        #expect(fixture.state.pointee.sepc == GuestMachine.virtualData + 0xFFE)
    }

    /// The same virtual page over another frame runs that frame's code after the fence, without FENCE.I.
    @Test func remappedCode() throws {
        let fixture = try GuestMachine()
        for (frame, word) in [(GuestMachine.data, Self.plusOne), (GuestMachine.secondData, Self.plusTwo)] {
            fixture.machine.load(at: fixture.physical(frame)) { program in
                program.word(word)
                program.emit(.ecall)
            }
        }
        fixture.machine[.a0] = 0
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData)
        #expect(fixture.machine[.a0] == 1)
        fixture.first.map(GuestMachine.virtualData, to: GuestMachine.secondData, Entry.supervisor)
        fixture.machine.hart.perform(.virtualSupervisor(address: GuestMachine.virtualData, asid: nil))
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData)
        #expect(fixture.machine[.a0] == 3)
    }

    /// More distinct blocks than the arena holds: it is emptied under way, and nothing is lost.
    @Test func blockArenaReset() throws {
        let machine = try TestMachine()
        let count: UInt64 = 0x7_0000
        let start = TestMachine.base + 0x1_0000
        for index in 0..<count / 4 { machine.write(0x0505_0505_0505_0505, at: start + index * 8) }  // c.addi a0, 1
        let before = machine.hart.interpreter.blocks.epoch
        machine[.a0] = 0
        machine.state.pointee.mode = .machine
        var pc = start
        for _ in 0..<70_000 {
            machine.state.pointee.pc = pc
            _ = machine.hart.run(instructions: 1)
            pc += 2
        }
        #expect(machine.hart.interpreter.blocks.epoch > before)
        #expect(machine[.a0] == machine.state.pointee.retired)
        machine[.a0] = 0
        let retired = machine.state.pointee.retired
        machine.state.pointee.pc = start
        _ = machine.hart.run(instructions: 50_000)
        #expect(machine[.a0] == machine.state.pointee.retired - retired)
        #expect(machine.state.pointee.pc == start + 2 * machine[.a0])
    }
}
