import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Interrupts of HS and VS: what is pending, who takes it, in which order and under which number.
@Suite struct HypervisorInterruptTests {
    private static let virtualSupervisor: [InterruptCause] = [
        .virtualSupervisorSoftware, .virtualSupervisorTimer, .virtualSupervisorExternal,
    ]

    /// Everything enabled that can be delegated, delegated to HS; a program that waits in a loop.
    private func machine(_ extensions: ExtensionSet = privilegedExtensions) throws -> TestMachine {
        let machine = try TestMachine(extensions: extensions)
        machine.hart.writeCSR(.mie, ~0)
        machine.hart.writeCSR(.stvec, TestMachine.base + 0x1000)
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x2000)
        for address in [TestMachine.base, TestMachine.base + 0x2000] {
            machine.load(at: address) { program in
                for _ in 0..<64 { program.emit(.addi) }
                program.emit(.ebreak)
            }
        }
        return machine
    }

    /// Makes all interrupts that HS can take pending.
    private func raiseAll(_ machine: TestMachine) {
        machine.hart.lines.pointee.store(InterruptCause.supervisorExternal.mask, ordering: .releasing)
        machine.hart.guestExternalLines.pointee.store(1 << 1, ordering: .releasing)
        machine.hart.writeCSR(.hgeie, ~0)
        machine.hart.writeCSR(.hvip, InterruptSet.virtualSupervisor)
        machine.hart.writeCSR(
            .mip,
            InterruptSet.supervisor | InterruptCause.counterOverflow.mask
                | InterruptCause.virtualSupervisorSoftware.mask
        )
    }

    /// SEI, SSI, STI, SGEI, VSEI, VSSI, VSTI, LCOFI, by taking one after the other. norm:hsint_priority
    @Test(arguments: [PrivilegeMode.user, .supervisor, .virtualUser, .virtualSupervisor])
    func priorityInHS(mode: PrivilegeMode) throws {
        let machine = try machine()
        raiseAll(machine)
        machine.hart.writeCSR(.hideleg, 0)
        let order: [UInt64] = [9, 1, 5, 12, 10, 2, 6, 13]
        for code in order {
            machine.state.pointee.mstatus[.sie] = true
            #expect(machine.run(mode, at: TestMachine.base) == .hosted(.supervisor))
            #expect(machine.state.pointee.scause == InterruptCause.causeFlag | code)
            #expect(machine.state.pointee.sepc == TestMachine.base)
            machine.state.pointee.mie &= ~(1 << code)
        }
        #expect(machine.state.pointee.mie & InterruptSet.supervisor == 0)
    }

    /// The same four for VS, in S-level numbers where they have one. norm:hideleg_trans norm:hideleg_op
    /// norm:vsip_vsie_lcofi
    @Test func priorityInVS() throws {
        let machine = try machine()
        raiseAll(machine)
        machine.state.pointee.mie = InterruptSet.virtualSupervisor | InterruptCause.counterOverflow.mask
        machine.hart.writeCSR(.hideleg, ~0)
        for (bit, code) in [(UInt64(10), UInt64(9)), (2, 1), (6, 5), (13, 13)] {
            machine.state.pointee.vsstatus[.sie] = true
            #expect(machine.run(.virtualSupervisor, at: TestMachine.base) == .hosted(.supervisor))
            #expect(machine.state.pointee.vscause == InterruptCause.causeFlag | code)
            #expect(machine.state.pointee.vsepc == TestMachine.base)
            #expect(machine.state.pointee.vstval == 0)
            machine.state.pointee.mie &= ~(1 << bit)
        }
    }

    /// What is left in `mideleg` goes to M first, then what HS keeps, then the guest's. norm:intr_M_mode_pri
    @Test func levelsBeforeNumbers() throws {
        var state = HartState()
        state.mode = .virtualUser
        state.mie = ~0
        state.mideleg = InterruptSet.alwaysDelegated | InterruptCause.supervisorExternal.mask
        state.hideleg = InterruptCause.virtualSupervisorExternal.mask
        let pending: UInt64 =
            InterruptCause.counterOverflow.mask | InterruptCause.supervisorExternal.mask
            | InterruptSet.virtualSupervisor
        #expect(state.interrupt(pending: pending)?.cause == .counterOverflow)
        #expect(state.interrupt(pending: pending)?.target == .machine)
        let delegated = pending & ~InterruptCause.counterOverflow.mask
        #expect(state.interrupt(pending: delegated)?.cause == .supervisorExternal)
        let virtual = InterruptSet.virtualSupervisor
        #expect(state.interrupt(pending: virtual)?.cause == .virtualSupervisorSoftware)
        #expect(state.interrupt(pending: virtual)?.target == .supervisor)
        let external = InterruptCause.virtualSupervisorExternal.mask
        #expect(state.interrupt(pending: external)?.target == .virtualSupervisor)
    }

    /// Mode, SIE, pending, enabled, not in `hideleg`: each condition alone keeps the interrupt away from HS.
    /// norm:hideleg_hs norm:hip_op norm:hie_op norm:hideleg_op
    @Test(arguments: virtualSupervisor, PrivilegeMode.allCases)
    func conditionsOfHS(cause: InterruptCause, mode: PrivilegeMode) throws {
        for enable in [false, true] {
            for (isPending, isEnabled, isPassedOn) in [
                (true, true, false), (false, true, false), (true, false, false), (true, true, true),
            ] {
                let machine = try machine()
                machine.state.pointee.mstatus[.sie] = enable
                machine.hart.writeCSR(.hie, isEnabled ? cause.mask : ~cause.mask)
                machine.hart.writeCSR(.hvip, isPending ? cause.mask : 0)
                machine.hart.writeCSR(.hideleg, isPassedOn ? cause.mask : ~cause.mask)
                #expect(machine.hart.readCSR(.hip) == (isPending ? cause.mask : 0))
                machine.run(mode, at: TestMachine.base, instructions: 16)
                let isOpen = mode == .supervisor ? enable : mode != .machine
                let isTaken = isOpen && isPending && isEnabled && !isPassedOn
                #expect((machine.state.pointee.scause == InterruptCause.causeFlag | cause.rawValue) == isTaken)
            }
        }
    }

    /// VS takes what `hideleg` gives it while V=1, subject to vsstatus.SIE in VS; V=0 never. norm:hideleg_op
    /// norm:hideleg_trans norm:H_vscsrs_v0
    @Test(arguments: virtualSupervisor, PrivilegeMode.allCases)
    func conditionsOfVS(cause: InterruptCause, mode: PrivilegeMode) throws {
        for enable in [false, true] {
            let machine = try machine()
            machine.hart.writeCSR(.hideleg, cause.mask)
            machine.hart.writeCSR(.hvip, cause.mask)
            machine.state.pointee.vsstatus[.sie] = enable
            machine.state.pointee.mstatus[.sie] = true
            machine.run(mode, at: TestMachine.base, instructions: 16)
            let isTaken = mode == .virtualUser || mode == .virtualSupervisor && enable
            #expect((machine.state.pointee.vscause == InterruptCause.causeFlag | (cause.rawValue - 1)) == isTaken)
            #expect((machine.state.pointee.vsepc == TestMachine.base) == isTaken)
            #expect(machine.state.pointee.vsstatus[.spp] == (isTaken && mode == .virtualSupervisor))
        }
    }

    /// Direct and vectored entry into VS: BASE + 4 times the translated number. norm:hideleg_trans norm:vstvec_img
    @Test(arguments: virtualSupervisor, [false, true])
    func vectors(cause: InterruptCause, isVectored: Bool) throws {
        let machine = try machine()
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x2000 | (isVectored ? 1 : 0))
        machine.hart.writeCSR(.hideleg, ~0)
        machine.hart.writeCSR(.hvip, cause.mask)
        machine.load(at: TestMachine.base + 0x2000) { program in
            for _ in 0..<16 { program.emit(.jal) }
        }
        #expect(machine.run(.virtualUser, at: TestMachine.base, instructions: 4) == .budgetExhausted)
        let offset = isVectored ? (cause.rawValue - 1) * 4 : 0
        #expect(machine.state.pointee.pc == TestMachine.base + 0x2000 + offset)
        #expect(machine.state.pointee.mode == .virtualSupervisor)
    }

    /// On an interrupt the trap instruction and second value registers become zero, and GVA too.
    /// norm:H_trap_xtinst_interrupt norm:hstatus_gva_op norm:mstatus_gva_op norm:htval_trapval norm:mtval2_trapval
    @Test(arguments: [PrivilegeMode.user, .virtualUser, .virtualSupervisor], [false, true])
    func interruptsSayNothingElse(mode: PrivilegeMode, toMachine: Bool) throws {
        let machine = try machine()
        machine.hart.writeCSR(.mideleg, toMachine ? 0 : ~0)
        machine.state.pointee.htval = 7
        machine.state.pointee.htinst = 7
        machine.state.pointee.stval = 7
        machine.state.pointee.mtval2 = 7
        machine.state.pointee.mtinst = 7
        machine.state.pointee.mtval = 7
        machine.state.pointee.hstatus[.gva] = true
        machine.state.pointee.mstatus[.gva] = true
        machine.hart.lines.pointee.store(InterruptCause.supervisorExternal.mask, ordering: .releasing)
        machine.run(mode, at: TestMachine.base)
        let state = machine.state.pointee
        let code = InterruptCause.causeFlag | 9
        if toMachine {
            #expect(state.mcause == code)
            #expect(state.mtval | state.mtval2 | state.mtinst == 0)
            #expect(!state.mstatus[.gva])
            #expect(state.mstatus[.mpv] == mode.isVirtual)
            #expect(state.htinst == 7)
        } else {
            #expect(state.scause == code)
            #expect(state.stval | state.htval | state.htinst == 0)
            #expect(!state.hstatus[.gva])
            #expect(state.hstatus[.spv] == mode.isVirtual)
            #expect(state.mtinst == 7)
        }
    }

    /// SGEI: any bit of `hgeip` that `hgeie` selects; it always goes to HS. norm:hip_sgeip_sgeie_acc_op norm:hgeie_op
    /// norm:hgeip_hgeie_fields norm:hgeip_sz_acc_op norm:mideleg_acc_h
    @Test(arguments: UInt64(1)...3)
    func guestExternal(number: UInt64) throws {
        let machine = try machine()
        machine.hart.writeCSR(.hideleg, ~0)
        machine.hart.guestExternalLines.pointee.store(1 << number, ordering: .releasing)
        #expect(machine.hart.readCSR(.hgeip) == 1 << number)
        machine.hart.writeCSR(.hgeip, 0)
        #expect(machine.hart.readCSR(.hgeip) == 1 << number, "read-only")
        for selected in UInt64(1)...3 {
            machine.hart.writeCSR(.hgeie, 1 << selected)
            #expect((machine.hart.readCSR(.hip) == InterruptCause.supervisorGuestExternal.mask) == (selected == number))
            #expect((machine.hart.readCSR(.mip) & 1 << 12 != 0) == (selected == number))
        }
        machine.hart.writeCSR(.hgeie, 1 << number)
        machine.run(.virtualSupervisor, at: TestMachine.base)
        #expect(machine.state.pointee.scause == InterruptCause.causeFlag | 12)
        // VGEIN selects the same line as the guest's own external interrupt, whatever `hgeie` says.
        machine.hart.writeCSR(.hgeie, 0)
        machine.hart.writeCSR(.hstatus, number << 12)
        machine.run(.virtualUser, at: TestMachine.base, instructions: 4)
        #expect(machine.state.pointee.vscause == InterruptCause.causeFlag | 9)
    }

    /// Where `mideleg` is zero, `hideleg` is read-only zero; what was delegated comes back to M. norm:mideleg_hroz
    @Test func undelegatedOverflow() throws {
        let machine = try machine()
        let mask = InterruptCause.counterOverflow.mask
        machine.hart.writeCSR(.mideleg, 0)
        machine.hart.writeCSR(.hideleg, ~0)
        #expect(machine.hart.readCSR(.hideleg) == InterruptSet.virtualSupervisor)
        #expect(machine.hart.readCSR(.hie) & mask == 0)
        machine.hart.writeCSR(.mideleg, ~0)
        #expect(machine.hart.readCSR(.hideleg) == InterruptSet.virtualSupervisor, "the write was lost")
        machine.hart.writeCSR(.hideleg, ~0)
        #expect(machine.hart.readCSR(.hideleg) == InterruptSet.virtualSupervisor | mask)
        machine.hart.writeCSR(.mideleg, ~mask)
        #expect(machine.hart.readCSR(.hideleg) == InterruptSet.virtualSupervisor)
        machine.hart.writeCSR(.mip, mask)
        #expect(machine.hart.readCSR(.hip) == 0)
        #expect(machine.hart.readCSR(.vsip) == 0)
        machine.hart.writeCSR(.vsie, 0)
        #expect(machine.hart.readCSR(.mie) & mask != 0)
        #expect(machine.run(.virtualUser, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == InterruptCause.causeFlag | 13)
    }

    /// `mip` and `mie` show the bits of `hip` and `hie` and write the same ones. norm:mip_mie_vs norm:mip_mie_alias
    @Test func machineAliases() throws {
        let machine = try machine()
        raiseAll(machine)
        let all = InterruptSet.alwaysDelegated
        #expect(machine.hart.readCSR(.hip) == all)
        #expect(machine.hart.readCSR(.mip) & all == all)
        machine.hart.writeCSR(.mip, 0)
        #expect(machine.hart.readCSR(.hip) == all & ~InterruptCause.virtualSupervisorSoftware.mask)
        #expect(machine.hart.readCSR(.mip) & all == machine.hart.readCSR(.hip))
        for bit in [UInt64(2), 6, 10, 12] {
            machine.hart.writeCSR(.mie, 1 << bit)
            #expect(machine.hart.readCSR(.hie) == 1 << bit)
            machine.hart.writeCSR(.hie, 0)
            #expect(machine.hart.readCSR(.mie) == 0)
            machine.hart.writeCSR(.hie, 1 << bit)
            #expect(machine.hart.readCSR(.mie) == 1 << bit)
        }
    }

    /// The guest's timer: posted while time + htimedelta is at or past vstimecmp, taken in V=1 as a supervisor timer
    /// interrupt, and gone when vstimecmp moves on. norm:hip_vstip_op norm:hip_vstip_enable norm:hip_vstip_clear
    /// norm:hip_vstip_vstie_acc_op
    @Test func guestTimer() throws {
        let machine = try machine()
        let timer = InterruptCause.virtualSupervisorTimer.mask
        machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        machine.hart.writeCSR(.hideleg, ~0)
        machine.clock.advance(byNanoseconds: 1000 * Timebase.nanosecondsPerTick)
        let now = machine.hart.time
        // Unsigned, truncated to 64 bits.
        for (delta, compare, isPosted) in [
            (UInt64(0), now, true), (0, now + 1, false), (5, now + 5, true), (5, now + 6, false),
            (0 &- now, 0, true), (0 &- now &- 1, 1, true), (0 &- now, 1, false), (0, ~0, false),
        ] {
            machine.hart.writeCSR(.htimedelta, delta)
            machine.hart.writeCSR(.vstimecmp, compare)
            #expect(machine.hart.readCSR(.hip) == (isPosted ? timer : 0), "\(delta) \(compare)")
            #expect(machine.hart.readCSR(.vsip) == (isPosted ? timer >> 1 : 0))
            machine.hart.writeCSR(.hip, ~0)
            machine.hart.writeCSR(.hip, 0)
            #expect(machine.hart.readCSR(.hip) == (isPosted ? timer : 0), "read-only in hip")
        }
        machine.hart.writeCSR(.htimedelta, 0)
        machine.hart.writeCSR(.vstimecmp, 0)
        machine.state.pointee.mstatus[.sie] = true
        machine.run(.supervisor, at: TestMachine.base, instructions: 8)
        #expect(machine.state.pointee.vscause == 0)
        machine.run(.virtualUser, at: TestMachine.base, instructions: 8)
        #expect(machine.state.pointee.vscause == InterruptCause.causeFlag | 5)
        machine.hart.writeCSR(.vstimecmp, ~0)
        machine.state.pointee.vscause = 0
        machine.run(.virtualUser, at: TestMachine.base, instructions: 8)
        #expect(machine.state.pointee.vscause == 0)
    }

    /// A guest clears what it may: SSIP. The others stay until the hypervisor takes them back. norm:hip_acc
    /// norm:vsip_vsie_ssi norm:vsip_vsie_sti norm:vsip_vsie_sei norm:hip_vssip_vssie_op
    @Test func guestClearsItsSoftwareInterrupt() throws {
        let machine = try machine()
        machine.hart.writeCSR(.hideleg, ~0)
        machine.hart.writeCSR(.hie, 0)
        machine.hart.writeCSR(.hvip, ~0)
        machine.load { program in
            program.read(.sip, into: .a0)
            program.swap(.sip)
            program.read(.sip, into: .a1)
            program.emit(.ecall)
        }
        machine.run(.virtualSupervisor, at: TestMachine.base)
        #expect(machine[.a0] == 0x222)
        #expect(machine[.a1] == 0x220)
        #expect(machine.hart.readCSR(.hvip) == 0x440)
        machine.hart.writeCSR(.hvip, 0)
        #expect(machine.hart.readCSR(.hip) == 0)
    }
}
