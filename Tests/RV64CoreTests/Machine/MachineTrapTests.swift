import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Traps into M-mode and back, interrupts, delegation and WFI.
@Suite struct MachineTrapTests {
    /// One way to trap in M-mode, and what `mtval` then holds.
    struct Source: CustomTestStringConvertible, Sendable {
        let name: String
        let cause: ExceptionCause
        let value: UInt64
        let emit: @Sendable (inout ProgramBuilder) -> Void
        var testDescription: String { name }
    }

    private static let base = TestMachine.base
    /// What a0 holds: RAM, near the end of a page.
    private static let data = TestMachine.base + 0x8000

    static let sources: [Source] = [
        Source(name: "ebreak", cause: .breakpoint, value: base) { $0.emit(.ebreak) },
        Source(name: "ecall", cause: .environmentCallFromM, value: 0) { $0.emit(.ecall) },
        Source(name: "illegal word", cause: .illegalInstruction, value: 0xFFFF_FFFF) { $0.word(~0) },
        Source(name: "illegal half", cause: .illegalInstruction, value: 0x8000) { $0.half(0x8000) },
        Source(name: "read-only CSR", cause: .illegalInstruction, value: 0xF140_1073) { $0.word(0xF140_1073) },
        Source(name: "load of nothing", cause: .loadAccessFault, value: 0x10) { $0.emit(.ld, rd: .a1, 0x10) },
        Source(name: "store to nothing", cause: .storeAccessFault, value: 0x10) { $0.emit(.sw, rs2: .a1, 0x10) },
        Source(name: "AMO on nothing", cause: .storeAccessFault, value: 0) { $0.emit(.amoaddD, rd: .a1) },
        Source(name: "LR of nothing", cause: .loadAccessFault, value: 0) { $0.emit(.lrD, rd: .a1) },
        Source(name: "SC to nothing", cause: .storeAccessFault, value: 0) { $0.emit(.scD, rd: .a1) },
        Source(name: "misaligned LR", cause: .loadAddressMisaligned, value: data + 2) { program in
            program.emit(.lrW, rd: .a1, rs1: .a2)
        },
        Source(name: "misaligned SC", cause: .storeAddressMisaligned, value: data + 2) { program in
            program.emit(.scW, rd: .a1, rs1: .a2)
        },
        Source(name: "misaligned AMO", cause: .storeAddressMisaligned, value: data + 2) { program in
            program.emit(.amoorD, rd: .a1, rs1: .a2)
        },
    ]

    /// Horizontal traps: to BASE in both modes of `mtvec`, delegated or not. norm:mcause_op norm:mcause_exccode_op
    /// norm:mcause_exccode_enc_img norm:mcause_exccode_ld_ldrsv norm:mcause_exccode_st_sc_amo norm:mcause_intr_op
    /// norm:mcause_exccode_pri2 norm:mtval_op norm:mtval_vaddr_wr1 norm:mtval_instr_bits_lead-in
    /// norm:mtval_instr_bits_list norm:mtval_ill_instr_exc_in_low_bits norm:mtval_other_traps_zero norm:mepc_op
    /// norm:mtvec_mode_direct_op norm:mtvec_mode_vectored_op norm:trap_never_trans_lower norm:trap_def_M_mode
    /// norm:mstatus_xpie_xpp_op norm:mstatus_xpie_xie_xpp_trap_op norm:ecall_op2 norm:ebreak_op2
    /// norm:ecall_ebreak_epc_value norm:ecall_ebreak_no_minstret_inc norm:pma_mag_op_amo norm:pma_mag_op_rsrv
    @Test(arguments: sources, [false, true])
    func entry(source: Source, enable: Bool) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.mtvec, Self.base + 0x801)
        machine.hart.writeCSR(.mtval, 7)
        machine.state.pointee.mstatus[.mie] = enable
        machine[.a2] = Self.data + 2
        let instructions = machine.hart.readCSR(.minstret)
        machine.load { source.emit(&$0) }
        #expect(machine.run(.machine, at: Self.base) == .hosted(.machine))
        let state = machine.state.pointee
        #expect(state.mcause == source.cause.rawValue)
        #expect(state.mtval == source.value)
        #expect(state.mepc == Self.base)
        #expect(state.pc == Self.base + 0x800)
        #expect(state.mstatus[.mpp] == 3)
        #expect(state.mstatus[.mpie] == enable)
        #expect(!state.mstatus[.mie])
        #expect(machine.hart.readCSR(.minstret) == instructions)
        #expect(state.scause == 0)
    }

    /// Delegated: S-level registers alone are written, from U and horizontally from HS. norm:medeleg_mideleg_op1
    /// norm:medeleg_mideleg_op2 norm:medeleg_mideleg_mandatory_S_mode norm:trap_del_S-mode norm:trap_del_S_mode_op
    /// norm:trap_del_S_mode_no_M_mode norm:trap_horiz norm:trap_def_M_mode
    @Test(arguments: [PrivilegeMode.user, .supervisor], [false, true])
    func delegation(mode: PrivilegeMode, isDelegated: Bool) throws {
        let machine = try TestMachine()
        let bit: UInt64 = 1 << ExceptionCause.illegalInstruction.rawValue
        machine.hart.writeCSR(.medeleg, isDelegated ? bit : ~bit)
        machine.hart.writeCSR(.mepc, 0x40)
        machine.hart.writeCSR(.sepc, 0x40)
        machine.state.pointee.mstatus[.mpp] = 3
        machine.state.pointee.mstatus[.mpie] = true
        machine.state.pointee.mstatus[.spp] = mode == .user
        machine.load { $0.half(0x8000) }
        machine.run(mode, at: Self.base)
        let state = machine.state.pointee
        if isDelegated {
            #expect((state.scause, state.sepc, state.stval) == (2, Self.base, 0x8000))
            #expect((state.mcause, state.mepc, state.mtval) == (0, 0x40, 0))
            #expect(state.mstatus[.mpp] == 3)
            #expect(state.mstatus[.mpie])
            #expect(state.mstatus[.spp] == (mode == .supervisor))
        } else {
            #expect((state.mcause, state.mepc, state.mtval) == (2, Self.base, 0x8000))
            #expect((state.scause, state.sepc, state.stval) == (0, 0x40, 0))
            #expect(state.mstatus[.mpp] == mode.nominal)
            #expect(state.mstatus[.spp] == (mode == .user))
        }
    }

    /// MEI, MSI, MTI, SEI, SSI, STI, LCOFI, one after the other, vectored. norm:intr_M_mode_pri
    /// norm:intr_mip_mie_op norm:mtvec_mode_vectored_op norm:mip_meip_mie_meie_op norm:mip_mtip_mie_mtie_op
    /// norm:mip_msip_mie_msie_op norm:mip_seip_mie_seie_op norm:mip_stip_mie_stie_op norm:mip_ssip_mie_ssie_op
    /// norm:mip_lcofip_mie_lcofie_op norm:intr_sei_op norm:mtime_intr_pending norm:mtime_intr_taken
    /// norm:mstatus_mie_sie_op2 norm:mstatus_xie_intr_en_dis
    @Test(arguments: PrivilegeMode.allCases)
    func interruptPriority(_ mode: PrivilegeMode) throws {
        let machine = try TestMachine(extensions: privilegedExtensions.subtracting([.smdbltrp, .ssdbltrp]))
        machine.hart.writeCSR(.mideleg, 0)
        machine.hart.writeCSR(.mtvec, Self.base + 0x401)
        machine.hart.machineTimer.store(0, ordering: .relaxed)
        machine.hart.lines.pointee.store(
            InterruptCause.machineExternal.mask | InterruptCause.machineSoftware.mask,
            ordering: .releasing
        )
        machine.hart.writeCSR(.mip, InterruptSet.supervisor | InterruptCause.counterOverflow.mask)
        machine.load { $0.emit(.ebreak) }
        machine.hart.writeCSR(.mie, ~0)
        for code in [UInt64(11), 3, 7, 9, 1, 5, 13] {
            machine.state.pointee.mstatus[.mie] = true
            #expect(machine.run(mode, at: Self.base) == .hosted(.machine))
            #expect(machine.state.pointee.mcause == InterruptCause.causeFlag | code)
            #expect(machine.state.pointee.pc == Self.base + 0x400 + code * 4)
            #expect(machine.state.pointee.mepc == Self.base)
            #expect(machine.state.pointee.mtval == 0)
            #expect(machine.state.pointee.mstatus[.mpp] == mode.nominal)
            // With MIE clear M-mode takes none; the others take them all the same.
            machine.state.pointee.mstatus[.mie] = false
            machine.run(mode, at: Self.base)
            let isInterrupt = [machine.state.pointee.mcause, machine.state.pointee.scause].contains { $0 >> 63 != 0 }
            if mode == .machine {
                #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
            } else {
                #expect(isInterrupt)
            }
            machine.state.pointee.mie &= ~(1 << code)
        }
    }

    /// A delegated interrupt is masked in M, an enable that is clear masks it everywhere. norm:trap_del_intr_priv_lvl
    /// norm:intr_mip_mie_op norm:intr_M_mode_highest_pri
    @Test(arguments: [InterruptCause.supervisorSoftware, .supervisorTimer, .supervisorExternal, .counterOverflow])
    func delegatedInterrupts(_ cause: InterruptCause) throws {
        for mode in [PrivilegeMode.machine, .supervisor, .user] {
            for (isDelegated, isEnabled) in [(false, true), (true, true), (true, false), (false, false)] {
                let machine = try TestMachine(extensions: privilegedExtensions)
                machine.hart.writeCSR(.mideleg, isDelegated ? cause.mask : 0)
                machine.hart.writeCSR(.mip, cause.mask)
                machine.hart.writeCSR(.mie, isEnabled ? cause.mask : ~cause.mask)
                machine.state.pointee.mstatus[.mie] = true
                machine.state.pointee.mstatus[.sie] = true
                machine.load { $0.emit(.ebreak) }
                machine.run(mode, at: Self.base)
                let code = InterruptCause.causeFlag | cause.rawValue
                #expect((machine.state.pointee.mcause == code) == (isEnabled && !isDelegated))
                #expect((machine.state.pointee.scause == code) == (isEnabled && isDelegated && mode != .machine))
            }
        }
        var state = HartState()
        state.mode = .supervisor
        state.mstatus[.sie] = true
        state.mie = ~0
        state.mideleg = InterruptCause.supervisorExternal.mask
        let pending = InterruptCause.supervisorExternal.mask | InterruptCause.supervisorTimer.mask
        #expect(state.interrupt(pending: pending)?.target == .machine)
    }

    /// The conditions are looked at right after MRET and after writes to `mip`, `mie`, `mstatus` and `mideleg`.
    /// norm:intr_mip_mie_xret_csrwr norm:intr_mip_mie_bounded_time
    @Test(arguments: [CSRAddress.mstatus, .mie, .mip, nil])
    func takenAtOnce(_ register: CSRAddress?) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.mideleg, 0)
        // SSIP, SSIE; MIE is bit 3.
        machine.hart.writeCSR(.mip, register == .mip ? 0 : 2)
        machine.hart.writeCSR(.mie, register == .mie ? 0 : 2)
        machine.state.pointee.mstatus[.mie] = register != .mstatus && register != nil
        machine.state.pointee.mstatus[.mpie] = true
        machine.state.pointee.mstatus[.mpp] = 3
        machine.hart.writeCSR(.mepc, Self.base + 4)
        machine[.a0] = register == .mstatus ? 8 : 2
        machine[.a1] = 0
        machine.load { program in
            if let register {
                program.emit(.csrrs, rs1: .a0, Int32(register.rawValue))
            } else {
                program.emit(.mret)
            }
            for _ in 0..<8 { program.emit(.addi, rd: .a1, rs1: .a1, 1) }
            program.emit(.ebreak)
        }
        machine.run(.machine, at: Self.base)
        #expect(machine.state.pointee.mcause == InterruptCause.causeFlag | 1)
        #expect(machine.state.pointee.mepc == Self.base + 4)
        #expect(machine[.a1] == 0)
    }

    /// `time` against `mtimecmp`; read-only in `mip`. norm:mip_mtip_rdonly norm:mtime_intr_pending
    /// norm:mtime_intr_mtip_visibility norm:time_op_rdonly norm:time_timeh_visibility_mtime norm:mip_bits_rdonly_op
    @Test func timer() throws {
        let machine = try TestMachine()
        let timer = InterruptCause.machineTimer.mask
        machine.clock.advance(byNanoseconds: 100 * Timebase.nanosecondsPerTick)
        for (compare, isPending) in [(UInt64(100), true), (101, false), (0, true), (~0, false), (1 << 63, false)] {
            machine.hart.machineTimer.store(compare, ordering: .relaxed)
            machine.hart.refreshTimers()
            #expect(machine.hart.readCSR(.mip) == (isPending ? timer : 0))
            machine.hart.writeCSR(.mip, isPending ? 0 : timer)
            #expect(machine.hart.readCSR(.mip) == (isPending ? timer : 0))
        }
        #expect(machine.hart.readCSR(.time) == 100)
    }

    /// xRET in every mode: permitted in x and above. norm:mret_presence norm:sret_presence norm:xret_in_higher_mode
    /// norm:xret_in_lower_mode norm:xret_op norm:sret_ill_inst_exc_rst norm:mstatus_tsr_op norm:mstatus_xret_op
    /// norm:mstatus_mprv_clr_mret_sret_less_priv norm:xret_enc_img
    @Test(arguments: [Opcode.mret, .sret], [PrivilegeMode.machine, .supervisor, .user])
    func returns(opcode: Opcode, mode: PrivilegeMode) throws {
        for (isTrapped, previous) in [(false, UInt64(0)), (false, 1), (true, 1), (false, 3)] {
            let machine = try TestMachine()
            machine.state.pointee.mstatus[.tsr] = isTrapped
            machine.state.pointee.mstatus[.mpp] = previous
            machine.state.pointee.mstatus[.spp] = previous == 1
            machine.state.pointee.mstatus[.mprv] = mode == .machine
            for address in [CSRAddress.mepc, .sepc] { machine.hart.writeCSR(address, Self.base + 0x40) }
            machine.load { $0.emit(opcode) }
            machine.load(at: Self.base + 0x40) { $0.emit(.jal) }
            machine.run(mode, at: Self.base, instructions: 3)
            let isPermitted =
                mode == .machine || opcode == .sret && mode == .supervisor && !isTrapped
            if isPermitted {
                let target: PrivilegeMode =
                    opcode == .mret
                    ? previous == 0 ? .user : previous == 1 ? .supervisor : .machine
                    : previous == 1 ? .supervisor : .user
                #expect(machine.state.pointee.mode == target)
                #expect(machine.state.pointee.pc == Self.base + 0x40)
                #expect(machine.state.pointee.mstatus[.mprv] == (mode == .machine && target == .machine))
                if opcode == .mret { #expect(machine.state.pointee.mstatus[.mpp] == 0) }
            } else {
                #expect(machine.state.pointee.scause == ExceptionCause.illegalInstruction.rawValue)
                #expect(machine.state.pointee.mstatus[.mpp] == previous)
            }
        }
    }

    /// WFI: in M and HS, trapped by TW below M, never in U; over with anything pending that is enabled by itself, and
    /// then the next instruction runs or the interrupt is taken there. norm:wfi_all_privileged_modes
    /// norm:wfi_opt_U_mode norm:wfi_ill_exc norm:wfi_mepc_val norm:wfi_resume_reason norm:wfi_intr_dis
    /// norm:wfi_unaffected_conditions norm:wfi_no_intr_pc norm:mstatus_tw_op norm:mstatus_tw_umode_op
    /// norm:mstatus_tw_always_illegal norm:wfi_enc_img
    @Test(arguments: [PrivilegeMode.machine, .supervisor, .user], [false, true])
    func wait(mode: PrivilegeMode, isBound: Bool) throws {
        for (isGlobal, isDelegated) in [(false, false), (false, true), (true, false), (true, true)] {
            let machine = try TestMachine()
            machine.state.pointee.mstatus[.tw] = isBound
            machine.hart.writeCSR(.mideleg, isDelegated ? ~0 : 0)
            machine.load { program in
                program.emit(.wfi)
                program.emit(.ebreak)
            }
            let exit = machine.run(mode, at: Self.base)
            if mode == .user || mode == .supervisor && isBound {
                #expect(machine.state.pointee.scause == ExceptionCause.illegalInstruction.rawValue)
                continue
            }
            #expect(exit == .waiting(untilTick: .max))
            #expect(machine.state.pointee.pc == Self.base + 4)
            // Pending while it waits: it goes on from there.
            machine.hart.writeCSR(.mie, 2)
            machine.hart.writeCSR(.mip, 2)
            machine.state.pointee.mstatus[.mie] = isGlobal
            machine.state.pointee.mstatus[.sie] = isGlobal
            machine.run(mode, at: Self.base + 4)
            let isTaken = isDelegated ? mode == .supervisor && isGlobal : mode == .supervisor || isGlobal
            let toMachine = isTaken ? !isDelegated : mode == .machine
            let (cause, epc) =
                toMachine
                ? (machine.state.pointee.mcause, machine.state.pointee.mepc)
                : (machine.state.pointee.scause, machine.state.pointee.sepc)
            #expect(epc == Self.base + 4)
            #expect(cause == (isTaken ? InterruptCause.causeFlag | 1 : ExceptionCause.breakpoint.rawValue))
            // Pending before it begins: it ends at once.
            machine.state.pointee.mstatus[.mie] = false
            machine.state.pointee.mstatus[.sie] = false
            machine.hart.writeCSR(.mideleg, 2)
            machine.run(mode, at: Self.base)
            let reached = mode == .machine ? machine.state.pointee.mepc : machine.state.pointee.sepc
            #expect(reached == Self.base + 4)
        }
    }

    /// An RNMI is never unexpected, and leaves MDT as it is. norm:trap_unexp_rnmi norm:mstatus_mdt_not_set_rnmi
    @Test(arguments: [false, true])
    func nonMaskableInterruptAndDoubleTrap(isDisabled: Bool) throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        machine.state.pointee.mstatus[.mdt] = isDisabled
        machine.hart.writeCSR(.mtvec, Self.base + 0x100)
        machine.load(at: Self.base + 0x100) { $0.emit(.jal) }
        machine.hart.nonMaskableLines.store(1, ordering: .releasing)
        #expect(machine.run(.machine, at: Self.base + 0x40, instructions: 2) == .budgetExhausted)
        #expect(machine.state.pointee.mncause == InterruptCause.causeFlag)
        #expect(machine.state.pointee.mnepc == Self.base + 0x40)
        #expect(machine.state.pointee.pc == Self.base + 0x100)
        #expect(machine.state.pointee.mstatus[.mdt] == isDisabled)
    }
}
