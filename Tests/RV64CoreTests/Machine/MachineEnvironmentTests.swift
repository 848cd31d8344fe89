import Testing

@testable import RV64Core

/// What M-mode grants the modes below it, through `menvcfg`, `mcounteren`, PMP and delegation.
@Suite struct MachineEnvironmentTests {
    /// ADUE and PBMTE of HS's own tables and of the G-stage; after a change SFENCE.VMA, or HFENCE.GVMA, is enough.
    /// norm:menvcfg_adue_op norm:menvcfg_pbmte_op norm:menvcfg_adue_fence norm:menvcfg_pbmte_fence
    @Test(arguments: [Flag<EnvironmentConfiguration>.adue.mask, Flag<EnvironmentConfiguration>.pbmte.mask])
    func pageTableFields(field: UInt64) throws {
        let isType = field == Flag<EnvironmentConfiguration>.pbmte.mask
        let flags = isType ? Entry.user | 1 << 61 : Entry.user & ~(Entry.a | Entry.d)
        let fixture = try SupervisorMachine()
        let guest = try GuestMachine()
        for isOn in [false, true, false, true] {
            fixture.machine.hart.writeCSR(.menvcfg, isOn ? field : 0)
            guest.machine.hart.writeCSR(.menvcfg, isOn ? field : 0)
            fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, flags & ~Entry.u)
            guest.guest.map(GuestMachine.data, to: guest.physical(GuestMachine.data), flags)
            fixture.machine.hart.perform(.supervisor(address: nil, asid: nil))
            guest.machine.hart.perform(.guest(vmid: nil))
            #expect(fixture.access(.ld, at: SupervisorMachine.data) == (isOn ? nil : .loadPageFault))
            guest.access(.ld, at: GuestMachine.virtualData)
            let expected: ExceptionCause = isOn ? .environmentCallFromVS : .loadGuestPageFault
            #expect(guest.state.pointee.scause == expected.rawValue)
        }
    }

    /// Cache-block operations below M. norm:menvcfg_cbze_op norm:menvcfg_cbcfe_op
    /// norm:menvcfg_cbie_cbo-inval_op_lead-in norm:menvcfg_cbie_cbo-inval_op_list
    @Test(arguments: [Opcode.cboZero, .cboClean, .cboFlush, .cboInval])
    func cacheBlocks(_ opcode: Opcode) throws {
        let fields: [UInt64] =
            opcode == .cboZero ? [0, 1 << 7] : opcode == .cboInval ? [0, 1 << 4, 3 << 4] : [0, 1 << 6]
        for field in fields {
            for mode in [PrivilegeMode.machine, .supervisor, .user] {
                let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
                machine.hart.writeCSR(.medeleg, 0)
                machine.hart.writeCSR(.menvcfg, 0xF0 & ~(fields.last ?? 0) | field)
                machine.hart.writeCSR(.senvcfg, 0xF0)
                machine[.a0] = TestMachine.base + 0x8000
                machine[.a1] = 0x2222
                machine.load { program in
                    program.emit(.sd, rs1: .a0, rs2: .a1)
                    program.emit(opcode, rs1: .a0)
                    program.emit(.ld, rd: .a2, rs1: .a0)
                    program.emit(.ebreak)
                }
                machine.run(mode, at: TestMachine.base)
                let isOpen = field != 0 || mode == .machine
                let expected: ExceptionCause = isOpen ? .breakpoint : .illegalInstruction
                #expect(machine.state.pointee.mcause == expected.rawValue)
                if isOpen { #expect(machine[.a2] == (opcode == .cboZero ? 0 : 0x2222)) }
            }
        }
    }

    /// Every counter, `stimecmp` and `vstimecmp` of the next lower mode. norm:mcounteren_op norm:mcounteren_tm_set
    /// norm:mcounteren_flds_rdonly0 norm:time_csr_architectural_availability
    @Test(arguments: 0..<32)
    func counters(_ number: Int) throws {
        let bit: UInt64 = 1 << UInt64(number)
        for isOpen in [false, true] {
            let test = try TestHart.open(in: .supervisor)
            test.hart.writeCSR(.mcounteren, isOpen ? bit : ~bit)
            let expected: ExceptionCause? = isOpen ? nil : .illegalInstruction
            #expect(test.execute(.csrrs, .cycle.advanced(by: number), rd: 7)?.cause == expected)
            guard number == 1 else { continue }
            #expect(test.execute(.csrrs, .stimecmp, rd: 7)?.cause == expected)
            #expect(test.execute(.csrrs, .vstimecmp, rd: 7)?.cause == expected)
            test.state.pointee.mode = .virtualSupervisor
            #expect(test.execute(.csrrs, .stimecmp, rd: 7)?.cause == expected)
        }
    }

    /// PMP changed, then SFENCE.VMA: what was cached does not count. norm:pmp_sfence_required
    /// norm:pmp_check_pagetable_access norm:pmp_with_paging
    @Test(arguments: [false, true])
    func protectionBehindTranslations(ofTable: Bool) throws {
        let fixture = try SupervisorMachine()
        let address: UInt64 = 0x1_4000_0000
        fixture.tables.map(address, to: SupervisorMachine.frame, Entry.supervisor)
        #expect(fixture.access(.ld, at: address) == nil)
        let page = ofTable ? fixture.tables.entry(for: address) & ~0xFFF : SupervisorMachine.frame
        fixture.machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        for configuration in [UInt64(0x1F18), 0x1F1F, 0x1F18] {
            fixture.machine.hart.writeCSR(.pmpaddr0, page >> 2 | 0x1FF)
            fixture.machine.hart.writeCSR(.pmpcfg0, configuration)
            fixture.machine.hart.perform(.supervisor(address: nil, asid: nil))
            #expect(fixture.access(.ld, at: address) == (configuration == 0x1F1F ? nil : .loadAccessFault))
        }
    }

    /// Page and access faults below M, taken in M: virtual addresses, of the part that faulted.
    /// norm:mtval_vaddr_not_paddr norm:mtval_vaddr_wr2 norm:mtval_varlen_wr norm:mepc_varlen_wr
    @Test func valuesOfUndelegatedFaults() throws {
        let (data, frame) = (SupervisorMachine.data, SupervisorMachine.frame)
        for hasMemory in [false, true] {
            let fixture = try SupervisorMachine()
            fixture.machine.hart.writeCSR(.medeleg, 0)
            fixture.tables.map(data, to: frame, Entry.supervisor)
            if hasMemory { fixture.tables.map(data + 0x1000, to: 0x1000_0000, Entry.supervisor) }
            let faults: [ExceptionCause] =
                hasMemory
                ? [.loadAccessFault, .storeAccessFault, .instructionAccessFault]
                : [.loadPageFault, .storePageFault, .instructionPageFault]
            for (opcode, fault) in zip([Opcode.ld, .sd, nil], faults) {
                fixture.machine.load(at: frame + 0xFFE) { $0.half(0x0013) }
                _ = fixture.access(opcode, at: data + (opcode == nil ? 0xFFE : 0xFFD))
                #expect(fixture.state.pointee.mcause == fault.rawValue)
                #expect(fixture.state.pointee.mtval == data + 0x1000)
                #expect(fixture.state.pointee.mepc == (opcode == nil ? data + 0xFFE : SupervisorMachine.code))
            }
        }
    }

    /// "Synchronous exception priority in decreasing priority order", without the hypervisor's part.
    /// norm:exc_priority norm:mcause_exccode_pri1 norm:mcause_exccode_pri2
    @Test func priority() throws {
        let (data, frame) = (SupervisorMachine.data, SupervisorMachine.frame)
        func cause(_ provoke: (SupervisorMachine) -> Void) throws -> ExceptionCause? {
            let fixture = try SupervisorMachine()
            provoke(fixture)
            return ExceptionCause(rawValue: fixture.cause)
        }
        // Page fault of the fetch before the access fault of its table's neighbour, and before the instruction's own.
        let fetch = try cause { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor & ~Entry.x)
            _ = fixture.access(nil, at: data)
        }
        #expect(fetch == .instructionPageFault)
        let physical = try cause { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor)
            _ = fixture.access(nil, at: data)
        }
        #expect(physical == .instructionAccessFault)
        // An illegal instruction before the page fault that it would raise.
        let illegal = try cause { fixture in
            fixture.state.pointee.mstatus[.fs] = ContextStatus.off
            _ = fixture.access(.fld, at: 0x66_6000)
        }
        #expect(illegal == .illegalInstruction)
        // Misaligned atomics before their page fault; page faults before access faults.
        let misaligned = try cause { _ = $0.access(.amoaddD, at: 0x66_6004) }
        #expect(misaligned == .storeAddressMisaligned)
        let page = try cause { fixture in
            fixture.tables.map(data, to: 0x1000_0000, Entry.supervisor & ~Entry.w)
            _ = fixture.access(.sd, at: data)
        }
        #expect(page == .storePageFault)
        let access = try cause { fixture in
            fixture.tables.map(data, to: frame, Entry.supervisor)
            fixture.tables.map(data + 0x1000, to: 0x1000_0000, Entry.supervisor & ~Entry.r & ~Entry.w)
            _ = fixture.access(.ld, at: data + 0xFFC)
        }
        #expect(access == .loadPageFault)
    }
}
