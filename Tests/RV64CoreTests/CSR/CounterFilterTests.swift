import Testing

@testable import RV64Core

/// Smcntrpmf: `mcycle` and `minstret` by mode.
@Suite struct CounterFilterTests {
    /// norm:mcyclecfg_sz norm:unimplemented_mode_bits
    @Test(arguments: [CSRAddress.mcyclecfg, .minstretcfg])
    func legalValues(address: CSRAddress) throws {
        let hart = try TestHart(privilegedExtensions).hart
        hart.writeCSR(address, ~0)
        #expect(hart.readCSR(address) == 0x7C00_0000_0000_0000)
        hart.writeCSR(address, 0)
        #expect(hart.readCSR(address) == 0)
        let small = try TestHart([.i, .zicsr, .smcntrpmf]).hart
        small.writeCSR(address, ~0)
        #expect(small.readCSR(address) == 0x7000_0000_0000_0000)
        let without = try TestHart().hart
        #expect(without.decideAccess(to: address, .read, from: .machine) == .illegalInstruction)
        #expect(hart.decideAccess(to: address, .write, from: .machine) == .allowed(address))
        for mode in PrivilegeMode.allCases where mode != .machine {
            #expect(hart.decideAccess(to: address, .read, from: mode) == .illegalInstruction)
        }
    }

    /// norm:mcyclecfg_op
    /// norm:counter_inhibited_behavior norm:instret_non_inhibited norm:cycle_counting norm:all_xinh_zero
    @Test(arguments: PrivilegeMode.allCases)
    func standsInItsMode(mode: PrivilegeMode) throws {
        let hart = try TestHart(privilegedExtensions).hart
        let filter = CounterConfiguration.filter(mode)
        hart.writeCSR(.minstretcfg, filter)
        hart.writeCSR(.minstret, 0)
        hart.writeCSR(.mcycle, 0)
        for current in PrivilegeMode.allCases + PrivilegeMode.allCases {
            hart.state.pointee.mode = current
            hart.updateCountersForMode()
            hart.state.pointee.retired += 10
        }
        #expect(hart.readCSR(.minstret) == 80)
        #expect(hart.readCSR(.mcycle) == 100)
        // A write to a standing counter is what it goes on from.
        hart.state.pointee.mode = mode
        hart.updateCountersForMode()
        hart.writeCSR(.minstret, 7)
        hart.state.pointee.retired += 10
        #expect(hart.readCSR(.minstret) == 7)
        hart.writeCSR(.minstretcfg, 0)
        hart.state.pointee.retired += 10
        #expect(hart.readCSR(.minstret) == 17)
    }

    /// A faulting instruction counts nowhere, xRET in the mode it leaves. norm:instret_exception norm:instret_xret
    @Test(
        arguments: [(CounterConfiguration.filter(.machine), 6), (CounterConfiguration.filter(.user), 4)]
            as [(UInt64, UInt64)]
    )
    func trapsAndReturns(filter: UInt64, expected: UInt64) throws {
        let machine = try TestMachine(hosted: .bare, extensions: privilegedExtensions)
        let hart = machine.hart
        hart.writeCSR(.mtvec, TestMachine.base + 0x100)
        hart.writeCSR(.medeleg, 0)
        hart.writeCSR(.mnstatus, ~0)
        machine.state.pointee.mstatus[.mdt] = false
        // U: two, an environment call that M answers with three, and three more and a jump.
        machine.load { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.ecall)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.loop(.jal, to: program.offset)
        }
        machine.load(at: TestMachine.base + 0x100) { program in
            program.read(.mepc, into: .t0)
            program.emit(.addi, rd: .t0, rs1: .t0, 4)
            program.swap(.mepc, rs1: .t0)
            program.emit(.mret)
        }
        machine.state.pointee.mode = .user
        hart.writeCSR(.minstretcfg, filter)
        hart.writeCSR(.minstret, 0)
        machine.state.pointee.pc = TestMachine.base
        while machine.state.pointee.pc != TestMachine.base + 24, hart.run(instructions: 1) == .budgetExhausted {}
        #expect(machine[.a0] == 5)
        #expect(hart.readCSR(.minstret) == expected)
    }

    /// A hosted mode executes nothing, and its return is no instruction.
    /// Firmware gives filters to all counters. Those that count nothing make no change of mode slower; one that is given
    /// an event, or let go on, is filtered from there on.
    @Test func idleFilters() throws {
        let hart = try TestMachine(extensions: privilegedExtensions).hart
        let filter = CounterConfiguration.filter(.machine)
        hart.writeCSR(.mcountinhibit, 1 << 4)
        hart.writeCSR(.mhpmevent3, filter)
        hart.writeCSR(.mhpmevent3.advanced(by: 1), filter | HardwareEvent.instructions.selector)
        #expect(hart.runState.pointee.counterFilters == 0)
        hart.writeCSR(.mcountinhibit, 0)
        #expect(hart.runState.pointee.counterFilters == filter)
        hart.writeCSR(.mcountinhibit, 1 << 4)
        #expect(hart.runState.pointee.counterFilters == 0)
        hart.writeCSR(.mhpmevent3, filter | HardwareEvent.cycles.selector)
        #expect(hart.runState.pointee.counterFilters == filter)
    }

    @Test func hostedModes() throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        machine.load { program in
            program.emit(.ecall)
            for _ in 0..<5 { program.emit(.addi, rd: .a0, rs1: .a0, 1) }
            program.emit(.ecall)
        }
        machine.hart.writeCSR(.minstretcfg, CounterConfiguration.filter(.supervisor))
        machine.hart.writeCSR(.minstret, 0)
        #expect(machine.run(.virtualSupervisor, at: TestMachine.base) == .hosted(.supervisor))
        machine.state.pointee.sepc += 4
        machine.hart.returnFromSupervisorTrap()
        #expect(machine.hart.run(instructions: 100) == .hosted(.supervisor))
        #expect(machine.hart.readCSR(.minstret) == 5)
    }
}
