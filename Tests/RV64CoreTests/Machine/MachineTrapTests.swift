import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Traps into M-mode, and what delegation makes of them.
@Suite struct MachineTrapTests {
    typealias Case = SupervisorTrapTests.Case
    private static let modes: [PrivilegeMode] = [.user, .supervisor, .machine]

    /// Without delegation every trap comes to M-mode, whose registers then say what, where and why.
    /// norm:trap_def_M_mode norm:mcause_op norm:mcause_exccode_op norm:mepc_op norm:mtval_op norm:mtval_vaddr_wr1
    /// norm:mtval_instr_bits_list norm:mtval_ill_instr_exc_in_low_bits norm:mtval_other_traps_zero
    /// norm:mcause_exccode_st_sc_amo norm:mcause_exccode_ld_ldrsv norm:ecall_op2 norm:ebreak_op2
    /// norm:ecall_ebreak_epc_value norm:mstatus_xpie_xie_xpp_trap_op norm:mtvec_mode_direct_op
    /// norm:mtvec_mode_vectored_op norm:M_highest_priv_mode
    @Test(arguments: SupervisorTrapTests.cases, modes)
    func exceptions(exception: Case, mode: PrivilegeMode) throws {
        for isVectored in [false, true] {
            let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
            machine.hart.writeCSR(.medeleg, 0)
            machine.hart.writeCSR(.mtvec, TestMachine.base + 0x400 + (isVectored ? 1 : 0))
            machine[.a0] = 0x70_0000
            machine[.a3] = 0x70_0001
            machine.state.pointee.mstatus[.mie] = isVectored
            machine.state.pointee.mtval = 0x77
            machine.load { program in for half in exception.words { program.half(half) } }
            let retired = machine.state.pointee.retired
            #expect(machine.run(mode, at: TestMachine.base) == .hosted(.machine))
            let state = machine.state.pointee
            #expect(state.mcause == Self.cause(of: exception, mode).rawValue)
            #expect(state.mtval == Self.value(of: exception, mode))
            #expect(state.mepc == TestMachine.base)
            #expect(state.pc == TestMachine.base + 0x400)
            #expect(state.mstatus[.mpp] == mode.nominal)
            #expect(state.mstatus[.mpie] == isVectored)
            #expect(!state.mstatus[.mie])
            // norm:ecall_ebreak_no_minstret_inc
            #expect(state.retired == retired)
        }
    }

    private static func cause(of exception: Case, _ mode: PrivilegeMode) -> ExceptionCause {
        switch (exception.cause, mode) {
        case (.environmentCallFromU, .supervisor): .environmentCallFromHS
        case (.environmentCallFromU, .machine): .environmentCallFromM
        // Without translation there is only physical memory, and none at that address.
        case (.loadPageFault, _): .loadAccessFault
        case (.storePageFault, _): .storeAccessFault
        default: exception.cause
        }
    }

    private static func value(of exception: Case, _ mode: PrivilegeMode) -> UInt64 {
        switch exception.value {
        case .instruction(let bits): bits
        case .address: TestMachine.base
        case .zero: 0
        case .register: exception.cause == .storeAddressMisaligned ? 0x70_0001 : 0x70_0000
        }
    }

    /// Each bit of `medeleg` by itself: the exception goes to S-mode from below M-mode, and leaves M-mode's registers
    /// alone; one raised in M-mode never goes down. norm:medeleg_mideleg_op2 norm:trap_del_S-mode
    /// norm:trap_del_S_mode_op norm:trap_del_S_mode_no_M_mode norm:trap_never_trans_lower norm:trap_horiz
    /// norm:medeleg_enc_txt norm:medeleg_mideleg_op1
    @Test(arguments: [ExceptionCause.illegalInstruction, .breakpoint, .environmentCallFromU], modes)
    func delegation(cause: ExceptionCause, mode: PrivilegeMode) throws {
        for isDelegated in [false, true] {
            let machine = try TestMachine()
            machine.hart.writeCSR(.medeleg, isDelegated ? 1 << cause.rawValue : ~(1 << cause.rawValue))
            machine.load { program in
                switch cause {
                case .breakpoint: program.emit(.ebreak)
                case .environmentCallFromU: program.emit(.ecall)
                default: program.word(0xFFFF_FFFB)
                }
            }
            machine.state.pointee.mcause = 0x55
            machine.state.pointee.mepc = 0x66
            machine.state.pointee.mtval = 0x77
            let before = machine.state.pointee.mstatus
            let exit = machine.run(mode, at: TestMachine.base)
            // An ECALL of S-mode has a cause, and so a bit, of its own.
            let isOther = cause == .environmentCallFromU && mode == .supervisor
            let toSupervisor = mode != .machine && isDelegated != isOther
            #expect(exit == .hosted(toSupervisor ? .supervisor : .machine))
            guard toSupervisor else { continue }
            let state = machine.state.pointee
            #expect([state.mcause, state.mepc, state.mtval] == [0x55, 0x66, 0x77])
            #expect(state.mstatus[.mpp] == before[.mpp] && state.mstatus[.mpie] == before[.mpie])
            #expect(state.sepc == TestMachine.base)
        }
    }

    /// Delegated interrupts are masked in M-mode, and M-mode's own come first. norm:trap_del_intr_priv_lvl
    /// norm:intr_mip_mie_op norm:intr_M_mode_highest_pri norm:mideleg_enc_txt norm:mcause_intr_op
    /// norm:mip_mie_enc_txt
    @Test(arguments: [InterruptCause.supervisorSoftware, .supervisorTimer, .supervisorExternal], modes)
    func interrupts(cause: InterruptCause, mode: PrivilegeMode) throws {
        for isDelegated in [false, true] {
            let machine = try TestMachine()
            machine.hart.writeCSR(.mideleg, isDelegated ? cause.mask : 0)
            machine.hart.writeCSR(.mie, ~0)
            machine.hart.writeCSR(.mip, cause.mask)
            machine.state.pointee.mstatus[.mie] = true
            machine.state.pointee.mstatus[.sie] = true
            machine.hart.writeCSR(.mtvec, TestMachine.base + 0x401)
            machine.load { $0.emit(.ebreak) }
            machine.hart.writeCSR(.medeleg, 0)
            machine.run(mode, at: TestMachine.base)
            let state = machine.state.pointee
            let code = InterruptCause.causeFlag | cause.rawValue
            switch (isDelegated, mode) {
            case (true, .machine): #expect(state.mcause == ExceptionCause.breakpoint.rawValue)
            case (true, _): #expect(state.scause == code)
            default:
                #expect(state.mcause == code)
                #expect(state.pc == TestMachine.base + 0x400 + 4 * cause.rawValue)
                #expect(state.mepc == TestMachine.base)
            }
            // A software interrupt to M-mode wins over all of S-mode's.
            machine.hart.lines.store(InterruptCause.machineSoftware.mask, ordering: .releasing)
            machine.state.pointee.mstatus[.mie] = true
            machine.run(mode, at: TestMachine.base)
            #expect(machine.state.pointee.mcause == InterruptCause.causeFlag | 3)
        }
    }

    /// The address of the part that faulted; `mepc` stays at the start. norm:mtval_vaddr_wr2 norm:mtval_varlen_wr
    /// norm:mepc_varlen_wr norm:mtval_vaddr_not_paddr
    @Test func partialFaults() throws {
        let fixture = try SupervisorPagingTests.Fixture(8)
        let machine = fixture.machine
        machine.hart.writeCSR(.medeleg, 0)
        let end: UInt64 = 0x61_0000
        fixture.tables.map(end - 0x1000, to: SupervisorPagingTests.Fixture.frame, Entry.supervisor)
        machine[.a0] = end - 3
        fixture.run { $0.emit(.ld, rd: .a1, rs1: .a0) }
        #expect(machine.state.pointee.mcause == ExceptionCause.loadPageFault.rawValue)
        #expect(machine.state.pointee.mtval == end)
        machine.load(at: SupervisorPagingTests.Fixture.frame + 0xFFE) { $0.emit(.addi) }
        machine.run(.supervisor, at: end - 2)
        #expect(machine.state.pointee.mcause == ExceptionCause.instructionPageFault.rawValue)
        #expect(machine.state.pointee.mtval == end)
        #expect(machine.state.pointee.mepc == end - 2)
        // A mapped page whose frame does not exist: an access fault, and still the virtual address.
        fixture.tables.map(end, to: 0x2000, Entry.supervisor)
        machine[.a0] = end + 8
        fixture.run { $0.emit(.ld, rd: .a1, rs1: .a0) }
        #expect(machine.state.pointee.mcause == ExceptionCause.loadAccessFault.rawValue)
        #expect(machine.state.pointee.mtval == end + 8)
    }

    /// MRET and SRET from M-mode, and where each is refused. norm:xret_in_higher_mode norm:xret_in_lower_mode
    /// norm:xret_op norm:mstatus_xret_op norm:mret_presence norm:sret_presence
    @Test(arguments: [Opcode.mret, .sret], modes)
    func returns(opcode: Opcode, mode: PrivilegeMode) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.medeleg, 0)
        machine.hart.writeCSR(.mepc, TestMachine.base + 0x100)
        machine.hart.writeCSR(.sepc, TestMachine.base + 0x200)
        machine.state.pointee.mstatus[.mpp] = 1
        machine.state.pointee.mstatus[.spp] = false
        machine.state.pointee.mstatus[.mpie] = false
        machine.state.pointee.mstatus[.spie] = true
        machine.load { $0.emit(opcode) }
        for offset in [0x100, 0x200] as [UInt64] { machine.load(at: TestMachine.base + offset) { $0.emit(.ebreak) } }
        machine.run(mode, at: TestMachine.base)
        let state = machine.state.pointee
        let isRefused = mode == .user || opcode == .mret && mode == .supervisor
        #expect(state.mcause == (isRefused ? ExceptionCause.illegalInstruction : .breakpoint).rawValue)
        if isRefused {
            #expect(state.mepc == TestMachine.base)
        } else if opcode == .mret {
            #expect(state.mepc == TestMachine.base + 0x100)
            #expect(state.mstatus[.mpp] == 1)
        } else {
            #expect(state.mepc == TestMachine.base + 0x200)
            #expect(state.mstatus[.mpp] == 0)
            #expect(state.mstatus[.sie] && state.mstatus[.spie] && !state.mstatus[.spp])
        }
    }

    /// A floating-point instruction under each FS, in each mode. norm:mstatus_fs_op norm:mstatus_fs_vs_xs_off_op
    /// norm:mstatus_fs_vs_xs_dirty_op norm:mstatus_fs_vs_xs_update_indep_priv norm:mstatus_fs_wr
    /// norm:mstatus_sd_acc
    @Test(arguments: UInt64(0)..<4, modes)
    func floatingPointStatus(status: UInt64, mode: PrivilegeMode) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.medeleg, 0)
        machine.hart.f[10] = 0x1234
        machine.state.pointee.mstatus[.fs] = status
        machine.load { program in
            program.emit(.fmvDX, rd: .a1, rs1: .zero)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        let cause: ExceptionCause = status == 0 ? .illegalInstruction : .breakpoint
        #expect(machine.state.pointee.mcause == cause.rawValue)
        #expect(machine.state.pointee.mstatus[.fs] == (status == 0 ? 0 : 3))
        #expect(machine.hart.readCSR(.mstatus) >> 63 == (status == 0 ? 0 : 1))
        #expect(machine.hart.f[10] == 0x1234)
    }
}
