import Testing

@testable import RV64Core

/// SFENCE.VMA and the Svinval sequence in HS-mode, and what needs no fence.
@Suite struct SupervisorFenceTests {
    /// The data page leads to 1 and is cached; its entry now leads to 2.
    private func changed() throws -> SupervisorMachine {
        let fixture = try SupervisorMachine()
        fixture.machine.write(1, at: SupervisorMachine.frame)
        fixture.machine.write(2, at: SupervisorMachine.frame + 0x1000)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
        #expect(fixture.load() == 1)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame + 0x1000, Entry.supervisor)
        #expect(fixture.load() == 1)
        return fixture
    }

    /// One fence; nil stands for x0.
    private func fence(_ opcode: Opcode, _ fixture: SupervisorMachine, _ address: UInt64?, _ asid: UInt64?) {
        fixture.machine[.a4] = address ?? 0
        fixture.machine[.a5] = asid ?? 0
        fixture.run { program in
            if opcode == .sinvalVma { program.emit(.sfenceWInval) }
            program.emit(opcode, rs1: address == nil ? .zero : .a4, rs2: asid == nil ? .zero : .a5)
            if opcode == .sinvalVma { program.emit(.sfenceInvalIr) }
            program.emit(.ebreak)
        }
        #expect(fixture.cause == ExceptionCause.breakpoint.rawValue)
    }

    /// Operands that cover the change, one that does not, and an ASID with bits above ASIDLEN, which are ignored.
    /// norm:sfence_vma_op norm:sfence_vma_ordering norm:sfence_vma_invalidation norm:sfence_vma_all_asid_va
    /// norm:sfence_vma_asid_only norm:sfence_vma_va_all_asid norm:sfence_vma_va_asid norm:sfence_vma_rs2_bits
    /// norm:sfence_vma_invalid_va norm:asidlen norm:Svinval_sequence_rs1_rs2 norm:Svinval_sequence_reads_writes_before
    /// norm:Svinval_sequence_reads_writes_after norm:Svinval_sinval_vma_invalidates_same_as_sfence_vma
    /// norm:Svinval_sfence_w_inval_orders_before_sinval_vma
    @Test(arguments: [Opcode.sfenceVma, .sinvalVma])
    func operands(_ opcode: Opcode) throws {
        let (page, asid) = (SupervisorMachine.data, SupervisorMachine.asid)
        for (address, identifier, covers) in [
            (nil, nil, true), (nil, asid, true), (page, nil, true), (page + 0xFFF, asid, true),
            (nil, asid | ~0 << 16, true), (page + 0x1000, nil, false), (nil, asid + 1, false), (page, 0, false),
            (page | 1 << 50, nil, false), (page + 0x1000, asid, false),
        ] as [(UInt64?, UInt64?, Bool)] {
            let fixture = try changed()
            fence(opcode, fixture, address, identifier)
            #expect(fixture.load() == (covers ? 2 : 1))
        }
    }

    /// An invalid entry that becomes valid is seen without a fence. norm:Svvptc_explicit_stores_update_valid_bit
    @Test func newlyValid() throws {
        let fixture = try SupervisorMachine()
        #expect(fixture.access(.ld, at: SupervisorMachine.data) == .loadPageFault)
        fixture.machine.write(3, at: SupervisorMachine.frame)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
        #expect(fixture.load() == 3)
    }

    /// SUM, MXR, MODE and ASID take effect at once. norm:sfence_vma_sum_mxr_effect norm:sfence_vma_mode_effect
    /// norm:sfence_vma_asid_effect norm:satp_op_sfence_vma
    @Test func immediateEffects() throws {
        let fixture = try SupervisorMachine()
        fixture.machine.write(1, at: SupervisorMachine.frame)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.user)
        for isSet in [false, true, false, true] {
            fixture.machine.hart.writeCSR(.sstatus, isSet ? Flag<SStatus>.sum.mask : 0)
            #expect(fixture.access(.ld, at: SupervisorMachine.data) == (isSet ? nil : .loadPageFault))
        }
        fixture.machine.hart.writeCSR(.sstatus, 0)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.executeOnly)
        fixture.machine.hart.flushTranslations()
        for isSet in [false, true, false, true] {
            fixture.machine.hart.writeCSR(.sstatus, isSet ? Flag<SStatus>.mxr.mask : 0)
            #expect(fixture.access(.ld, at: SupervisorMachine.data) == (isSet ? nil : .loadPageFault))
        }
        fixture.machine.hart.writeCSR(.sstatus, 0)
        // Another ASID, whose table leads elsewhere; and Bare, where the address is nowhere.
        let other = try PageTables(fixture.machine, mode: 8, at: TestMachine.base + 0x30_0000, isGuestStage: false)
        other.map(SupervisorMachine.code, to: TestMachine.base, Entry.supervisor)
        other.map(SupervisorMachine.data, to: SupervisorMachine.frame + 0x1000, Entry.supervisor)
        fixture.machine.write(2, at: SupervisorMachine.frame + 0x1000)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
        fixture.machine.hart.flushTranslations()
        for _ in 0..<2 {
            fixture.machine.hart.writeCSR(.satp, fixture.tables.register(SupervisorMachine.asid))
            #expect(fixture.load() == 1)
            fixture.machine.hart.writeCSR(.satp, other.register(SupervisorMachine.asid + 1))
            #expect(fixture.load() == 2)
            fixture.machine.hart.writeCSR(.satp, 0)
            fixture.machine[.a0] = SupervisorMachine.data
            fixture.machine.load { $0.emit(.ld, rd: .a1, rs1: .a0) }
            fixture.machine.hart.synchronizeInstructionFetch()
            fixture.machine.run(.supervisor, at: TestMachine.base)
            #expect(fixture.cause == ExceptionCause.loadAccessFault.rawValue)
        }
    }

    /// `satp` is without effect in M, whatever it says. norm:satp_op_active norm:satp_mode
    @Test func inactive() throws {
        let fixture = try SupervisorMachine()
        fixture.machine.hart.writeCSR(.satp, 8 << 60)
        fixture.machine.load { $0.emit(.ebreak) }
        #expect(fixture.machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(fixture.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        fixture.machine.run(.supervisor, at: TestMachine.base)
        #expect(fixture.cause != ExceptionCause.breakpoint.rawValue)
    }

    /// Two harts with one ASID for two address spaces. norm:asid_hart_private
    @Test func privateIdentifiers() throws {
        let first = try SupervisorMachine()
        let second = try TestMachine(sharing: first.machine)
        let tables = try PageTables(second, mode: 8, at: TestMachine.base + 0x30_0000, isGuestStage: false)
        tables.map(SupervisorMachine.code, to: TestMachine.base, Entry.supervisor)
        tables.map(SupervisorMachine.data, to: SupervisorMachine.frame + 0x1000, Entry.supervisor)
        first.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
        second.hart.writeCSR(.satp, tables.register(SupervisorMachine.asid))
        second.write(1, at: SupervisorMachine.frame)
        second.write(2, at: SupervisorMachine.frame + 0x1000)
        #expect(first.load() == 1)
        second[.a0] = SupervisorMachine.data
        second.run(.supervisor, at: SupervisorMachine.code)
        #expect(second[.a1] == 2)
        second.hart.perform(.supervisor(address: nil, asid: nil))
        #expect(first.load() == 1)
    }

    /// HINVAL between the two halves of the sequence stands for HFENCE; GVMA takes a VMID.
    /// norm:Svinval_hinval_vvma_gvma norm:Svinval_hinval_gvma_uses_vmid
    @Test(arguments: [Opcode.hinvalVvma, .hinvalGvma])
    func hypervisorSequence(_ opcode: Opcode) throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        machine.write(1, at: fixture.physical(GuestMachine.data))
        machine.write(2, at: fixture.physical(GuestMachine.secondData))
        fixture.access(.ld, at: GuestMachine.virtualData)
        #expect(machine[.a1] == 1)
        if opcode == .hinvalVvma {
            fixture.first.map(GuestMachine.virtualData, to: GuestMachine.secondData, Entry.supervisor)
        } else {
            fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.secondData), Entry.user)
        }
        let own = opcode == .hinvalVvma ? GuestMachine.asid : GuestMachine.vmid
        for (identifier, value) in [(own + 1, UInt64(1)), (own, 2)] {
            machine[.a5] = identifier
            machine.load { program in
                program.emit(.sfenceWInval)
                program.emit(opcode, rs2: .a5)
                program.emit(.sfenceInvalIr)
                program.emit(.ebreak)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.supervisor, at: TestMachine.base)
            #expect(machine.state.pointee.scause == ExceptionCause.breakpoint.rawValue)
            fixture.access(.ld, at: GuestMachine.virtualData)
            #expect(machine[.a1] == value)
        }
    }

    /// Who may execute which instruction of Svinval. norm:Svinval_illegal_instruction_u_mode
    /// norm:Svinval_illegal_instruction_tvm norm:Svinval_virtual_instruction_vu_vs
    /// norm:Svinval_virtual_instruction_vtvms norm:Svinval_sfence_w_inval_inval_u_mode
    /// norm:Svinval_sfence_w_inval_inval_vu_mode norm:Svinval_sfence_w_inval_inval_s_vs_mode
    @Test(
        arguments: [Opcode.sinvalVma, .hinvalVvma, .hinvalGvma, .sfenceWInval, .sfenceInvalIr],
        PrivilegeMode.allCases
    )
    func permissions(opcode: Opcode, mode: PrivilegeMode) throws {
        for isTrapped in [false, true] {
            let machine = try TestMachine()
            machine.state.pointee.mstatus[.tvm] = isTrapped
            machine.state.pointee.hstatus[.vtvm] = isTrapped
            machine.load { program in
                program.emit(opcode)
                program.emit(.ebreak)
            }
            machine.run(mode, at: TestMachine.base)
            let isOrder = opcode == .sfenceWInval || opcode == .sfenceInvalIr
            let expected: ExceptionCause =
                switch mode {
                case .machine: .breakpoint
                case .user: .illegalInstruction
                case .virtualUser: .virtualInstruction
                case .supervisor: isTrapped && !isOrder && opcode != .hinvalVvma ? .illegalInstruction : .breakpoint
                case .virtualSupervisor:
                    isOrder || opcode == .sinvalVma && !isTrapped ? .breakpoint : .virtualInstruction
                }
            let cause = mode == .machine ? machine.state.pointee.mcause : machine.state.pointee.scause
            #expect(cause == expected.rawValue)
        }
    }
}
