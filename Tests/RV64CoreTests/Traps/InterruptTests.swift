import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Priorities, delegation, vectors and WFI.
@Suite struct InterruptTests {
    private static let all = InterruptSet.machine | InterruptSet.supervisor | InterruptSet.alwaysDelegated

    /// The order to each mode when everything is pending at once. norm:intr_M_mode_pri norm:hsint_priority norm:s_interrupt_priority
    @Test func priority() {
        var state = HartState()
        state.mode = .virtualUser
        state.mie = Self.all
        state.mideleg = InterruptSet.supervisor | InterruptSet.alwaysDelegated
        state.hideleg = InterruptSet.virtualSupervisor
        let expected: [(InterruptCause, PrivilegeMode)] = [
            (.machineExternal, .machine), (.machineSoftware, .machine), (.machineTimer, .machine),
            (.supervisorExternal, .supervisor), (.supervisorSoftware, .supervisor),
            (.supervisorTimer, .supervisor), (.supervisorGuestExternal, .supervisor),
            (.virtualSupervisorExternal, .virtualSupervisor), (.virtualSupervisorSoftware, .virtualSupervisor),
            (.virtualSupervisorTimer, .virtualSupervisor),
        ]
        var pending = Self.all
        for (cause, target) in expected {
            let taken = state.interrupt(pending: pending)
            #expect(taken?.cause == cause)
            #expect(taken?.target == target)
            pending &= ~cause.mask
        }
        let none = state.interrupt(pending: pending)
        #expect(none == nil)
    }

    /// Who takes an interrupt to M, to HS and to VS, in each mode with each global enable.
    /// norm:mstatus_mie_sie_op1 norm:mstatus_mie_sie_op2 norm:mstatus_xie_intr_en_dis
    @Test(arguments: PrivilegeMode.allCases, [false, true])
    func globalEnables(mode: PrivilegeMode, enable: Bool) {
        var state = HartState()
        state.mode = mode
        state.mie = Self.all
        state.mideleg = InterruptSet.supervisor | InterruptSet.alwaysDelegated
        state.mstatus[.mie] = enable
        state.mstatus[.sie] = enable
        state.vsstatus[.sie] = enable
        let toMachine = state.interrupt(pending: InterruptCause.machineTimer.mask)
        #expect((toMachine != nil) == (mode != .machine || enable))
        let toSupervisor = state.interrupt(pending: InterruptCause.supervisorTimer.mask)
        #expect((toSupervisor != nil) == (mode == .supervisor ? enable : mode != .machine))
        let undelegated = state.interrupt(pending: InterruptCause.virtualSupervisorTimer.mask)
        #expect((undelegated != nil) == (mode == .supervisor ? enable : mode != .machine))
        state.hideleg = InterruptSet.virtualSupervisor
        let toGuest = state.interrupt(pending: InterruptCause.virtualSupervisorTimer.mask)
        let isTaken = mode == .virtualUser || mode == .virtualSupervisor && enable
        #expect(toGuest?.target == (isTaken ? .virtualSupervisor : nil))
    }

    /// Vectored entry; in VS the code is the S-level one. norm:mtvec_mode_enc
    @Test(
        arguments: [
            (InterruptCause.virtualSupervisorSoftware, UInt64(1)), (.virtualSupervisorTimer, 5),
            (.virtualSupervisorExternal, 9),
        ],
        [false, true]
    )
    func deliveryToTheGuest(cause: (InterruptCause, UInt64), isDelegated: Bool) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.hie, ~0)
        machine.hart.writeCSR(.hvip, cause.0.mask)
        machine.hart.writeCSR(.hideleg, isDelegated ? ~0 : 0)
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x401)
        machine.state.pointee.vsstatus[.sie] = true
        machine.load { $0.emit(.ebreak) }
        machine.load(at: TestMachine.base + 0x400 + cause.1 * 4) { $0.emit(.ebreak) }
        #expect(machine.run(.virtualSupervisor, at: TestMachine.base) == .hosted(.supervisor))
        if isDelegated {
            #expect(machine.state.pointee.vscause == InterruptCause.causeFlag | cause.1)
            #expect(machine.state.pointee.vsepc == TestMachine.base)
            #expect(machine.state.pointee.sepc == TestMachine.base + 0x400 + cause.1 * 4)
        } else {
            #expect(machine.state.pointee.scause == InterruptCause.causeFlag | cause.0.rawValue)
            #expect(machine.state.pointee.htinst == 0)
            #expect(machine.state.pointee.sepc == TestMachine.base)
        }
    }

    /// Enabling an interrupt that is pending takes it right after the instruction. norm:intr_mip_mie_xret_csrwr
    /// norm:intr_mip_mie_bounded_time norm:sie_sip_strap_time_constraint
    @Test func takenAtOnceAfterEnabling() throws {
        let machine = try TestMachine()
        machine.hart.lines.pointee.store(InterruptCause.machineSoftware.mask, ordering: .releasing)
        machine.hart.writeCSR(.mie, ~0)
        machine.state.pointee.mtvec = TestMachine.base + 0x801
        machine.load { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.csrrsi, Int32(CSRAddress.mstatus.rawValue))
            program.word(ProgramBuilder.encode(.csrrsi, Int32(CSRAddress.mstatus.rawValue)) | 8 << 15)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
        }
        machine[.a0] = 0
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine[.a0] == 1)
        #expect(machine.state.pointee.mcause == InterruptCause.causeFlag | 3)
        #expect(machine.state.pointee.mepc == TestMachine.base + 12)
        #expect(machine.state.pointee.pc == TestMachine.base + 0x800 + 12)
        #expect(machine.state.pointee.mtval == 0)
    }

    /// WFI completes when something enabled is pending, whatever the global enables say. norm:wfi_op
    /// norm:wfi_mepc_val norm:wfi_unaffected_conditions norm:wfi_intr_dis norm:wfi_no_intr_pc norm:wfi_all_privileged_modes
    @Test func waitForInterrupt() throws {
        let machine = try TestMachine()
        machine.load { program in
            program.emit(.wfi)
            program.emit(.ebreak)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .waiting(untilTick: .max))
        #expect(machine.state.pointee.pc == TestMachine.base + 4)
        machine.hart.lines.pointee.store(InterruptCause.machineExternal.mask, ordering: .releasing)
        #expect(machine.run(.machine, at: TestMachine.base) == .waiting(untilTick: .max))
        machine.hart.writeCSR(.mie, InterruptCause.machineExternal.mask)
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
    }

    struct WaitCase: Sendable {
        let mode: PrivilegeMode
        let machineTimeout: Bool
        let guestTimeout: Bool
        let cause: ExceptionCause?
    }

    /// norm:H_virtinst_vu_wfi_tw0 norm:H_virtinst_wfi_vtw1_tw0 norm:vtw_virtinstr
    /// norm:mstatus_tw_op norm:mstatus_tw_umode_op norm:mstatus_tw_always_illegal norm:wfi_ill_exc
    @Test(arguments: [
        WaitCase(mode: .machine, machineTimeout: true, guestTimeout: true, cause: nil),
        WaitCase(mode: .supervisor, machineTimeout: false, guestTimeout: true, cause: nil),
        WaitCase(mode: .supervisor, machineTimeout: true, guestTimeout: false, cause: .illegalInstruction),
        WaitCase(mode: .user, machineTimeout: false, guestTimeout: false, cause: .illegalInstruction),
        WaitCase(mode: .virtualSupervisor, machineTimeout: false, guestTimeout: false, cause: nil),
        WaitCase(mode: .virtualSupervisor, machineTimeout: false, guestTimeout: true, cause: .virtualInstruction),
        WaitCase(mode: .virtualSupervisor, machineTimeout: true, guestTimeout: true, cause: .illegalInstruction),
        WaitCase(mode: .virtualUser, machineTimeout: false, guestTimeout: false, cause: .virtualInstruction),
        WaitCase(mode: .virtualUser, machineTimeout: true, guestTimeout: false, cause: .illegalInstruction),
    ])
    func refusedWaits(wait: WaitCase) throws {
        let machine = try TestMachine()
        machine.state.pointee.mstatus[.tw] = wait.machineTimeout
        machine.state.pointee.hstatus[.vtw] = wait.guestTimeout
        machine.load { $0.emit(.wfi) }
        let exit = machine.run(wait.mode, at: TestMachine.base)
        if let cause = wait.cause {
            #expect(machine.state.pointee.scause == cause.rawValue)
        } else {
            #expect(exit == .waiting(untilTick: .max))
        }
    }
}
