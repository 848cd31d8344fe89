import Testing

@testable import RV64Core

/// Which mode takes which trap, and what entry and return write.
@Suite struct TrapRoutingTests {
    /// norm:H_trap_deleg, over every mode and every delegation.
    @Test(arguments: PrivilegeMode.allCases, ExceptionCause.allCases)
    func exceptions(mode: PrivilegeMode, cause: ExceptionCause) {
        let bit: UInt64 = 1 << cause.rawValue
        for (machine, hypervisor) in [(UInt64(0), UInt64(0)), (bit, 0), (0, bit), (bit, bit)] {
            var state = HartState()
            state.mode = mode
            state.medeleg = machine
            state.hedeleg = hypervisor
            let expected: PrivilegeMode =
                mode == .machine || machine == 0
                ? .machine : mode.isVirtual && hypervisor != 0 ? .virtualSupervisor : .supervisor
            let target = state.target(of: cause)
            #expect(target == expected)
        }
    }

    /// The environment call of each mode, and the mode it came from. norm:H_trap_hs_csrwrites norm:H_cause_ecall
    @Test(
        arguments: [
            (PrivilegeMode.user, ExceptionCause.environmentCallFromU, false, false),
            (.supervisor, .environmentCallFromHS, false, true),
            (.virtualUser, .environmentCallFromU, true, false),
            (.virtualSupervisor, .environmentCallFromVS, true, true),
        ])
    func entryToSupervisor(mode: PrivilegeMode, cause: ExceptionCause, isVirtual: Bool, isSupervisor: Bool) throws {
        for (kept, enable) in [(true, false), (false, true)] {
            let machine = try TestMachine()
            machine.load { $0.emit(.ecall) }
            machine.state.pointee.hstatus[.spvp] = kept
            machine.state.pointee.hstatus[.gva] = true
            machine.state.pointee.mstatus[.sie] = enable
            machine.state.pointee.stval = 7
            machine.state.pointee.htval = 7
            machine.state.pointee.htinst = 7
            machine.state.pointee.stvec = TestMachine.base + 0x101
            #expect(machine.run(mode, at: TestMachine.base) == .hosted(.supervisor))
            let state = machine.state.pointee
            #expect(state.scause == cause.rawValue)
            #expect(state.sepc == TestMachine.base)
            #expect(state.stval == 0)
            #expect(state.htval == 0)
            #expect(state.htinst == 0)
            #expect(!state.hstatus[.gva])
            #expect(state.hstatus[.spv] == isVirtual)
            #expect(state.hstatus[.spvp] == (isVirtual ? isSupervisor : kept))
            #expect(state.mstatus[.spp] == isSupervisor)
            #expect(state.mstatus[.spie] == enable)
            #expect(!state.mstatus[.sie])
            // Exceptions go to BASE also in vectored mode.
            #expect(state.pc == TestMachine.base + 0x100)

            machine.hart.returnFromSupervisorTrap()
            #expect(machine.state.pointee.mode == mode)
            #expect(machine.state.pointee.pc == TestMachine.base)
            #expect(!machine.state.pointee.hstatus[.spv])
            #expect(!machine.state.pointee.mstatus[.spp])
            #expect(machine.state.pointee.mstatus[.spie])
            #expect(machine.state.pointee.mstatus[.sie] == enable)
        }
    }

    /// MPV, MPP and GVA; MRET goes back. norm:mstatus_xret_op norm:mstatus_xpie_xpp_op
    /// norm:mstatus_xpie_xie_xpp_trap_op norm:mstatus_mpp_sz norm:H_trap_m_csrwrites norm:mstatus_mprv_clr_mret_sret_less_priv
    @Test(arguments: PrivilegeMode.allCases)
    func entryToMachineAndBack(mode: PrivilegeMode) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.medeleg, 0)
        machine.load { $0.emit(.ecall) }
        machine.state.pointee.mtval2 = 7
        machine.state.pointee.mtinst = 7
        machine.state.pointee.mstatus[.mie] = true
        #expect(machine.run(mode, at: TestMachine.base) == .hosted(.machine))
        let state = machine.state.pointee
        #expect(state.mstatus[.mpp] == mode.nominal)
        #expect(state.mstatus[.mpv] == mode.isVirtual)
        #expect(state.mstatus[.mpie])
        #expect(!state.mstatus[.mie])
        #expect(state.mtval2 == 0)
        #expect(state.mtinst == 0)
        machine.state.pointee.mstatus[.mprv] = true
        machine.load { $0.emit(.mret) }
        machine.hart.synchronizeInstructionFetch()
        machine.hart.writeCSR(.mepc, TestMachine.base + 0x40)
        machine.load(at: TestMachine.base + 0x40) { $0.emit(.ebreak) }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.state.pointee.mtval == TestMachine.base + 0x40)
        #expect(machine.state.pointee.mstatus[.mpp] == mode.nominal)
        #expect(machine.state.pointee.mstatus[.mpv] == mode.isVirtual)
        #expect(machine.state.pointee.mstatus[.gva] == mode.isVirtual)
        #expect(machine.state.pointee.mstatus[.mprv] == (mode == .machine))
    }

    /// A trap that goes to VS touches no HS register; SRET there returns inside V. norm:H_trap_vs_csrwrites
    @Test(arguments: [PrivilegeMode.virtualUser, .virtualSupervisor])
    func entryToVirtualSupervisor(mode: PrivilegeMode) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.hedeleg, 1 << ExceptionCause.breakpoint.rawValue)
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x100)
        machine.state.pointee.vsstatus[.sie] = true
        machine.state.pointee.hstatus[.spvp] = false
        let before = (machine.state.pointee.mstatus, machine.state.pointee.hstatus)
        machine.load { $0.half(0x9002) }  // c.ebreak
        machine.load(at: TestMachine.base + 0x100) { program in
            program.read(.scause, into: .a0)
            program.read(.sstatus, into: .a1)
            program.read(.stval, into: .a3)
            program.emit(.addi, rd: .a2, 0x20)
            program.emit(.csrrs, rd: .a4, rs1: .a2, Int32(CSRAddress.sepc.rawValue))
            program.emit(.sret)
        }
        machine.load(at: TestMachine.base + 0x20) { $0.emit(.ecall) }
        #expect(machine.run(mode, at: TestMachine.base) == .hosted(.supervisor))
        #expect(machine[.a0] == ExceptionCause.breakpoint.rawValue)
        let status = SStatus(machine[.a1])
        #expect(status[.spp] == (mode == .virtualSupervisor))
        #expect(status[.spie])
        #expect(!status[.sie])
        #expect(machine[.a3] == TestMachine.base)
        #expect(machine[.a4] == TestMachine.base)
        #expect(machine.state.pointee.sepc == TestMachine.base + 0x20)
        #expect(machine.state.pointee.vsstatus[.sie])
        let expected: ExceptionCause = mode == .virtualUser ? .environmentCallFromU : .environmentCallFromVS
        #expect(machine.state.pointee.scause == expected.rawValue)
        #expect(machine.state.pointee.mstatus[.mpp] == before.0[.mpp])
        #expect(before.1[.spvp] == false)
    }

    /// SRET and MRET where they are forbidden. norm:mstatus_tsr_op norm:H_virtinst_vs_sret_vtsr1 norm:H_virtinst_vu_sret_sfence
    @Test(
        arguments: [
            (Opcode.sret, PrivilegeMode.user, false, ExceptionCause.illegalInstruction),
            (.sret, .virtualUser, false, .virtualInstruction),
            (.sret, .supervisor, true, .illegalInstruction),
            (.sret, .virtualSupervisor, true, .virtualInstruction),
            (.mret, .user, false, .illegalInstruction),
            (.mret, .supervisor, false, .illegalInstruction),
            (.mret, .virtualSupervisor, false, .illegalInstruction),
            (.mret, .virtualUser, false, .illegalInstruction),
        ])
    func refusedReturns(opcode: Opcode, mode: PrivilegeMode, traps: Bool, cause: ExceptionCause) throws {
        let machine = try TestMachine()
        machine.state.pointee.mstatus[.tsr] = traps
        machine.state.pointee.hstatus[.vtsr] = traps
        machine.load { $0.emit(opcode) }
        machine.run(mode, at: TestMachine.base)
        #expect(machine.state.pointee.scause == cause.rawValue)
        #expect(machine.state.pointee.stval == UInt64(ProgramBuilder.encode(opcode)))
    }

    /// A hypervisor injects through the same entry. norm:H_trap_vs_csrwrites
    @Test func injection() throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x200)
        machine.state.pointee.vsstatus[.sie] = true
        machine.state.pointee.mode = .virtualUser
        machine.state.pointee.pc = TestMachine.base + 0x80
        machine.hart.inject(Trap(.loadAccessFault, value: 0x1234))
        #expect(machine.state.pointee.mode == .virtualSupervisor)
        #expect(machine.state.pointee.pc == TestMachine.base + 0x200)
        #expect(machine.state.pointee.vsepc == TestMachine.base + 0x80)
        #expect(machine.state.pointee.vscause == ExceptionCause.loadAccessFault.rawValue)
        #expect(machine.state.pointee.vstval == 0x1234)
        #expect(!machine.state.pointee.vsstatus[.spp])
        #expect(machine.state.pointee.vsstatus[.spie])
        #expect(!machine.state.pointee.vsstatus[.sie])
    }

    /// A handler that faults at its own first instruction is noticed.
    @Test func trapLoop() throws {
        let machine = try TestMachine(hosted: .bare)
        machine.state.pointee.mtvec = 0x100
        machine.load { $0.word(0) }
        #expect(machine.run(.machine, at: TestMachine.base, instructions: .max) == .trapLoop)
        #expect(machine.state.pointee.mcause == ExceptionCause.instructionAccessFault.rawValue)
        #expect(machine.state.pointee.mepc == 0x100)
    }
}
