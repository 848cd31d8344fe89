import Testing

@testable import RV64Core

/// Ssdbltrp and Smdbltrp.
@Suite struct DoubleTrapTests {
    private static let enable = Flag<EnvironmentConfiguration>.dte.mask
    private static let sdt: UInt64 = 1 << 24
    private static let mdt: UInt64 = 1 << 42

    // MARK: - Fields

    /// norm:menvcfg_dte_op norm:henvcfg_dte_op norm:sstatus_SDT norm:vsstatus_SDT
    @Test func enables() throws {
        let hart = try TestHart(privilegedExtensions).hart
        for (machine, hypervisor) in [(false, false), (true, false), (false, true), (true, true)] {
            hart.writeCSR(.menvcfg, machine ? Self.enable : 0)
            hart.writeCSR(.henvcfg, hypervisor ? Self.enable : 0)
            #expect(hart.readCSR(.henvcfg) == (machine && hypervisor ? Self.enable : 0))
            hart.writeCSR(.sstatus, Self.sdt)
            hart.writeCSR(.vsstatus, Self.sdt)
            #expect(hart.readCSR(.sstatus) & Self.sdt == (machine ? Self.sdt : 0))
            #expect(hart.readCSR(.mstatus) & Self.sdt == (machine ? Self.sdt : 0))
            #expect(hart.readCSR(.vsstatus) & Self.sdt == (machine && hypervisor ? Self.sdt : 0))
        }
        hart.writeCSR(.henvcfg, 0)
        #expect(hart.readCSR(.vsstatus) & Self.sdt == 0)
        hart.writeCSR(.menvcfg, 0)
        #expect(hart.readCSR(.sstatus) & Self.sdt == 0)
        let without = try TestHart().hart
        without.writeCSR(.menvcfg, Self.enable)
        without.writeCSR(.mstatus, Self.sdt | Self.mdt)
        #expect(without.readCSR(.menvcfg) == 0)
        #expect(without.readCSR(.mstatus) & (Self.sdt | Self.mdt) == 0)
    }

    /// norm:mstatus_mdt_sz_warl
    /// SIE and MIE against SDT and MDT in one write. norm:sstatus_sdt_sstatus_sie_overwrite
    /// norm:mstatus_mie_clr_by_mdt norm:mstatus_mie_clr_by_mdt_rv64 norm:mstatus_mie_set_mdt_0
    /// norm:mstatus_mie_set_mdt_0_rv64 norm:vsstatus_sdt_op
    @Test(
        arguments: [
            (CSRAddress.mstatus, UInt64(1) << 42, UInt64(8)), (.mstatus, sdt, 2), (.sstatus, sdt, 2),
            (.vsstatus, sdt, 2),
        ])
    func interruptEnable(address: CSRAddress, disable: UInt64, enable: UInt64) throws {
        let hart = try TestHart(privilegedExtensions).hart
        hart.writeCSR(.menvcfg, Self.enable)
        hart.writeCSR(.henvcfg, Self.enable)
        func after(_ values: UInt64...) -> UInt64 {
            hart.writeCSR(.mstatus, 0)
            hart.writeCSR(.vsstatus, 0)
            for value in values { hart.writeCSR(address, value) }
            return hart.readCSR(address) & (disable | enable)
        }
        #expect(after(enable) == enable)
        #expect(after(disable) == disable)
        #expect(after(enable | disable) == disable)
        #expect(after(enable, disable) == disable)
        #expect(after(enable, enable | disable) == disable)
        #expect(after(disable, enable) == enable, "set and cleared by the same write")
    }

    /// norm:mstatus_mdt_rst; a hosted M-mode has no first instructions that could clear it.
    @Test func reset() throws {
        let (with, without) = (try TestHart(privilegedExtensions), try TestHart())
        let hosted = try TestMachine(extensions: privilegedExtensions)
        #expect(with.state.pointee.mstatus[.mdt])
        #expect(!without.state.pointee.mstatus[.mdt])
        #expect(!hosted.state.pointee.mstatus[.mdt])
        withExtendedLifetime((with, without, hosted)) {}
    }

    // MARK: - Supervisor levels

    private func machine() throws -> TestMachine {
        let machine = try TestMachine(hosted: .machine, extensions: privilegedExtensions)
        machine.hart.writeCSR(.menvcfg, Self.enable)
        machine.hart.writeCSR(.henvcfg, Self.enable)
        machine.hart.writeCSR(.stvec, TestMachine.base + 0x100)
        machine.hart.writeCSR(.vstvec, TestMachine.base + 0x200)
        machine.load { $0.word(0) }
        machine.load(at: TestMachine.base + 0x100) { $0.word(0) }
        machine.load(at: TestMachine.base + 0x200) { $0.word(0) }
        return machine
    }

    /// The first trap sets SDT, the second goes to M with cause 16. norm:sstatus_sdt_trap norm:vsstatus_sdt_op
    /// norm:HS_mode_invoke_error norm:M_mode_invoke_error
    @Test(arguments: [PrivilegeMode.user, .supervisor, .virtualUser, .virtualSupervisor], [false, true])
    func secondTrap(mode: PrivilegeMode, toGuest: Bool) throws {
        let machine = try machine()
        let isGuestTrap = toGuest && mode.isVirtual
        if toGuest { machine.hart.writeCSR(.hedeleg, ~0) }
        #expect(machine.run(mode, at: TestMachine.base) == .hosted(.machine))
        let state = machine.state.pointee
        let illegal = ExceptionCause.illegalInstruction.rawValue
        #expect(state.mcause == ExceptionCause.doubleTrap.rawValue)
        #expect(state.mtval2 == illegal)
        #expect(state.mepc == TestMachine.base + (isGuestTrap ? 0x200 : 0x100))
        #expect(state.mtval == 0)
        #expect(state.mtinst == 0)
        #expect(state.mstatus[.mpp] == 1)
        #expect(state.mstatus[.mpv] == isGuestTrap)
        // The first trap stands as it was delivered.
        #expect((isGuestTrap ? state.vsepc : state.sepc) == TestMachine.base)
        #expect((isGuestTrap ? state.vscause : state.scause) == illegal)
        #expect(state.mstatus[.sdt] == !isGuestTrap)
        #expect(state.vsstatus[.sdt] == isGuestTrap)
    }

    /// Without DTE the handler just traps again.
    @Test func disabled() throws {
        let machine = try machine()
        machine.hart.writeCSR(.menvcfg, 0)
        #expect(machine.run(.supervisor, at: TestMachine.base, instructions: 50) == .budgetExhausted)
        #expect(machine.state.pointee.sepc == TestMachine.base + 0x100)
        #expect(!machine.state.pointee.mstatus[.sdt])
    }

    /// An unexpected guest-page fault of HLV: the address goes to mtval, the cause to mtval2.
    @Test func guestPageFault() throws {
        let machine = try machine()
        machine.hart.writeCSR(.hgatp, 8 << 60 | (TestMachine.base + 0x10_0000) >> 12)
        machine.state.pointee.mstatus[.sdt] = true
        machine.load { $0.emit(.hlvD, rd: .a0, rs1: .a1) }
        machine[.a1] = 0x5008
        #expect(machine.run(.supervisor, at: TestMachine.base) == .hosted(.machine))
        let state = machine.state.pointee
        #expect(state.mcause == ExceptionCause.doubleTrap.rawValue)
        #expect(state.mtval2 == ExceptionCause.loadGuestPageFault.rawValue)
        #expect(state.mtval == 0x5008)
        #expect(state.mstatus[.gva])
        #expect(state.mtinst != 0)
    }

    /// norm:sstatus_sdt
    /// SRET clears SDT, and vsstatus.SDT on the way to VU. norm:sstatus_sdt_sret norm:sret_dt
    @Test(arguments: [PrivilegeMode.user, .supervisor, .virtualUser, .virtualSupervisor])
    func supervisorReturn(target: PrivilegeMode) throws {
        let machine = try machine()
        machine.state.pointee.mstatus[.sdt] = true
        machine.state.pointee.vsstatus[.sdt] = true
        machine.state.pointee.mode = .supervisor
        machine.state.pointee.mstatus[.spp] = target.nominal == 1
        machine.state.pointee.hstatus[.spv] = target.isVirtual
        machine.hart.returnFromSupervisorTrap()
        #expect(machine.state.pointee.mode == target)
        #expect(!machine.state.pointee.mstatus[.sdt])
        #expect(machine.state.pointee.vsstatus[.sdt] == (target != .virtualUser))
        machine.state.pointee.vsstatus[.sdt] = true
        machine.state.pointee.mstatus[.sdt] = true
        machine.state.pointee.mode = .virtualSupervisor
        machine.hart.returnFromVirtualSupervisorTrap()
        #expect(!machine.state.pointee.vsstatus[.sdt])
        #expect(machine.state.pointee.mstatus[.sdt])
    }

    /// norm:mstatus_mdt_clr_mret_sret norm:sstatus_sdt_clr_mret_sret norm:vsstatus_sdt_clr_mret_sret
    @Test(arguments: PrivilegeMode.allCases)
    func machineReturn(target: PrivilegeMode) throws {
        let machine = try machine()
        machine.state.pointee.mstatus[.mdt] = true
        machine.state.pointee.mstatus[.sdt] = true
        machine.state.pointee.vsstatus[.sdt] = true
        machine.state.pointee.mode = .machine
        machine.state.pointee.mstatus[.mpp] = target.nominal
        machine.state.pointee.mstatus[.mpv] = target.isVirtual
        machine.hart.returnFromMachineTrap()
        #expect(machine.state.pointee.mode == target)
        #expect(!machine.state.pointee.mstatus[.mdt])
        #expect(machine.state.pointee.mstatus[.sdt] == [.machine, .supervisor].contains(target))
        #expect(machine.state.pointee.vsstatus[.sdt] == (target != .virtualUser))
    }

    // MARK: - Machine level

    /// Without Smrnmi the second trap into M ends the hart, and nothing of its state changes. norm:trap_exp
    /// norm:trap_unexp_mdt_1 norm:trap_unexp_hndl_no_rnmi norm:critical_error
    @Test func criticalError() throws {
        let machine = try TestMachine(
            hosted: .bare,
            extensions: privilegedExtensions.subtracting([.smrnmi])
        )
        machine.hart.writeCSR(.mtvec, TestMachine.base + 0x100)
        machine.hart.writeCSR(.mstatus, 0)
        machine.load { $0.word(0) }
        machine.load(at: TestMachine.base + 0x100) { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.ebreak)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .criticalError)
        let state = machine.state.pointee
        #expect(machine[.a0] == 1)
        #expect(state.pc == TestMachine.base + 0x104)
        #expect(state.mepc == TestMachine.base)
        #expect(state.mcause == ExceptionCause.illegalInstruction.rawValue)
        #expect(state.mstatus[.mdt])
        // It stays so, until reset.
        #expect(machine.hart.run(instructions: 10) == .criticalError)
        machine.hart.reset()
        #expect(machine.hart.run(instructions: 0) == .budgetExhausted)
    }

    /// With Smrnmi, and NMIE set, the RNMI handler gets it. norm:trap_unexp_hndl_rnmi norm:mncause_doubletrap
    /// norm:Smdbltrp_with_Smrnmi_op
    @Test func nonMaskableHandlerTakesOver() throws {
        let machine = try TestMachine(hosted: .bare, extensions: privilegedExtensions)
        machine.hart.writeCSR(.mtvec, TestMachine.base + 0x100)
        machine.hart.writeCSR(.mnstatus, 8)
        machine.load { $0.word(0) }
        machine.state.pointee.mcause = 77
        #expect(machine.state.pointee.mstatus[.mdt])
        // The handler's own trap is a critical error: NMIE is clear. norm:trap_unexp_mnstatus_nmie_0
        machine.load(at: TestMachine.base + 0x100) { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.ebreak)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .criticalError)
        let state = machine.state.pointee
        #expect(state.mnepc == TestMachine.base)
        #expect(state.mncause == ExceptionCause.illegalInstruction.rawValue)
        #expect(state.mnstatus.rawValue == 0x1800)
        #expect(state.mcause == 77)
        #expect(state.pc == TestMachine.base + 0x104)
        #expect(machine[.a0] == 1)
    }
}
