import Testing

@testable import RV64Core

/// The registers of "Supervisor CSRs", bit by bit, and the modes below that they bind.
@Suite struct SupervisorRegisterTests {
    private static let rv64: UInt64 = 2 << 32

    static let rows = [
        RegisterBits(.sstatus, 0xC_6122, constant: rv64),
        RegisterBits(.stvec, ~2),
        RegisterBits(.sie, 0x222),
        RegisterBits(.sip, 0x2),
        RegisterBits(.scounteren, 0xFFFF_FFFF),
        RegisterBits(.sscratch, ~0),
        RegisterBits(.sepc, ~1),
        RegisterBits(.scause, ~0),
        RegisterBits(.stval, ~0),
        RegisterBits(.senvcfg, 1),
        RegisterBits(.stimecmp, ~0),
        RegisterBits(.satp, 0x8FFF_FFFF_FFFF_FFFF),
        RegisterBits(.sstateen0, 0),
    ]

    /// UXL is RV64 for ever; UBE, SPELP, VS and XS are read-only zero, and SDT without Ssdbltrp.
    /// norm:sstatus norm:sstatus_uxl norm:sstatus_uxl_sz norm:sstatus_ube norm:sstatus_sdt norm:ssu64xl_uxl_sstatus
    /// norm:stvec_img norm:sip_acc norm:sie_acc norm:scounteren norm:scounteren_acc norm:sscratch norm:sepc
    /// norm:sepc_acc_invalid_addr norm:scause norm:scause_exception_code_acc norm:scause_exception_code_sz
    /// norm:scause_interrupt norm:stval norm:stval_acc norm:senvcfg norm:senvcfg_fiom_acc
    /// norm:stimecmp_stimecmph_sz_acc norm:satp norm:asidlen norm:satp_ppn_sv39_sz
    /// norm:sscounterenw_hpmcounter_scounteren
    @Test(arguments: rows)
    func bits(_ row: RegisterBits) throws {
        for mode in [PrivilegeMode.supervisor, .machine] {
            let test = try TestHart.open(in: mode)
            test.walk(row, through: row.address)
        }
    }

    /// PPN has 44 bits whatever the mode, ASID 16, and Bare can be chosen. norm:satp_ppn_sv39_sz
    /// norm:satp_ppn_sv48_sz norm:satp_ppn_sv57_sz norm:asidlen norm:svbare_satp_mode_bare norm:satp_mode_sxlen64
    /// norm:shvsatpa_satp_vsatp_modes norm:shgatpa_satp_hgatp_mode_support norm:shgatpa_hgatp_bare_mode
    @Test(arguments: [UInt64(0), 8, 9, 10])
    func translationRegister(mode: UInt64) throws {
        let test = try TestHart.open(in: .supervisor)
        for address in [CSRAddress.satp, .vsatp] {
            for bit in UInt64(0)..<60 {
                #expect(test.write(address, mode << 60 | 1 << bit) == nil)
                #expect(test.read(address) == mode << 60 | 1 << bit)
            }
        }
        for bit in UInt64(2)..<58 {
            #expect(test.write(.hgatp, mode << 60 | 1 << bit) == nil)
            #expect(test.read(.hgatp) == mode << 60 | 1 << bit)
        }
    }

    /// Sv57 brings Sv48, which brings Sv39. norm:Sv48_requires_Sv39 norm:Sv57_requires_Sv48
    @Test(arguments: PagingLimit.allCases)
    func narrowerModes(limit: PagingLimit) throws {
        let test = try TestHart(pagingLimit: limit)
        for mode in PagingLimit.sv39.rawValue...limit.rawValue {
            test.hart.writeCSR(.satp, 0)
            test.hart.writeCSR(.satp, mode << 60)
            #expect(test.hart.readCSR(.satp) == mode << 60)
        }
    }

    /// U reads a counter whose bit is set in `scounteren` and `mcounteren`; HS looks at the latter alone.
    /// norm:scounteren_op norm:shcounterenw_hpmcounter_hcounteren
    @Test(arguments: 0..<32)
    func counterEnables(_ number: Int) throws {
        let bit: UInt64 = 1 << UInt64(number)
        let address = CSRAddress.cycle.advanced(by: number)
        for isOpen in [false, true] {
            let test = try TestHart.open(in: .user)
            test.hart.writeCSR(.scounteren, isOpen ? bit : ~bit)
            #expect(test.execute(.csrrs, address, rd: 7)?.cause == (isOpen ? nil : .illegalInstruction))
            test.state.pointee.mode = .supervisor
            #expect(test.execute(.csrrs, address, rd: 7) == nil)
            test.hart.writeCSR(.hcounteren, isOpen ? bit : ~bit)
            #expect(test.hart.readCSR(.hcounteren) & bit == (isOpen ? bit : 0))
        }
    }

    /// Cache-block operations in U: enabled for S and by `senvcfg`. norm:senvcfg_cbze norm:senvcfg_cbcfe
    /// norm:senvcfg_cbie norm:cbo-inval_s-mode_op0 norm:cbo-inval_s-mode_op1
    @Test(arguments: [Opcode.cboZero, .cboClean, .cboFlush, .cboInval])
    func cacheBlocks(_ opcode: Opcode) throws {
        let fields: [UInt64] =
            opcode == .cboZero ? [0, 1 << 7] : opcode == .cboInval ? [0, 1 << 4, 3 << 4] : [0, 1 << 6]
        for machineField in fields {
            for supervisorField in fields {
                let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
                let others = 0xF0 & ~(fields.last ?? 0)
                machine.hart.writeCSR(.menvcfg, others | machineField)
                machine.hart.writeCSR(.senvcfg, others | supervisorField)
                machine[.a0] = TestMachine.base + 0x8000
                machine[.a1] = 0x2222
                machine.load { program in
                    program.emit(.sd, rs1: .a0, rs2: .a1)
                    program.emit(opcode, rs1: .a0)
                    program.emit(.ld, rd: .a2, rs1: .a0)
                    program.emit(.ebreak)
                }
                machine.run(.user, at: TestMachine.base)
                let isOpen = machineField != 0 && supervisorField != 0
                let expected: ExceptionCause = isOpen ? .breakpoint : .illegalInstruction
                #expect(machine.state.pointee.scause == expected.rawValue)
                if isOpen { #expect(machine[.a2] == (opcode == .cboZero ? 0 : 0x2222)) }
            }
        }
    }

    /// Fields of `senvcfg` come with their extensions. norm:senvcfg_cbze norm:senvcfg_cbcfe norm:senvcfg_cbie
    /// norm:senvcfg_pmm_Ssnpm
    @Test(arguments: [(ISAExtension.zicboz, UInt64(1) << 7), (.zicbom, 7 << 4), (.ssnpm, 3 << 32)])
    func environmentFields(provider: ISAExtension, mask: UInt64) throws {
        let all = ISAConfiguration.full.extensions
        let with = try TestHart.open(all, in: .supervisor)
        #expect(with.write(.senvcfg, ~0) == nil)
        #expect(with.read(.senvcfg) & mask == mask)
        let without = try TestHart.open(all.subtracting(ExtensionSet([provider])), in: .supervisor)
        #expect(without.write(.senvcfg, ~0) == nil)
        #expect(without.read(.senvcfg) & mask == 0)
    }

    /// Pointer masking of U changes with the write. norm:senvcfg_pmm_immediate norm:senvcfg_pmm_Ssnpm
    @Test func immediatePointerMasking() throws {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        machine.write(42, at: TestMachine.base + 0x8000)
        for (setting, tag, isReached) in [
            (UInt64(0), UInt64(1) << 60, false), (2, 1 << 60, true), (2, 1 << 50, false), (3, 1 << 50, true),
            (0, 1 << 60, false),
        ] {
            machine.hart.writeCSR(.senvcfg, setting << 32)
            machine[.a0] = TestMachine.base + 0x8000 | tag
            machine[.a1] = 0
            machine.load { program in
                program.emit(.ld, rd: .a1, rs1: .a0)
                program.emit(.ebreak)
            }
            machine.run(.user, at: TestMachine.base)
            #expect((machine[.a1] == 42) == isReached)
        }
    }

    /// norm:mstatus_sum_op_no-vm
    /// SPP, SPIE and SIE through SRET; SUM and MXR are writable, and bind nothing without paging.
    /// norm:sstatus_spp norm:sstatus_spie norm:sstatus_sie norm:sstatus_sum_satp_mode norm:sstatus_mxr
    /// norm:sstatus_sum
    @Test(arguments: [false, true], [false, true])
    func statusWithoutPaging(isSupervisor: Bool, isOpen: Bool) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(
            .sstatus,
            (isOpen ? Flag<SStatus>.sum.mask | Flag<SStatus>.mxr.mask : 0) | Flag<SStatus>.spie.mask
                | (isSupervisor ? Flag<SStatus>.spp.mask : 0)
        )
        machine.hart.writeCSR(.sepc, TestMachine.base + 4)
        machine.write(9, at: TestMachine.base + 0x8000)
        machine[.a0] = TestMachine.base + 0x8000
        machine.load { program in
            program.emit(.sret)
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine[.a1] == 9)
        let expected: ExceptionCause = isSupervisor ? .environmentCallFromHS : .environmentCallFromU
        #expect(machine.state.pointee.scause == expected.rawValue)
        #expect(machine.state.pointee.mstatus[.spp] == isSupervisor)
        #expect(machine.state.pointee.mstatus[.spie], "SRET had set SIE to SPIE")
        #expect(machine.state.pointee.mstatus[.sum] == isOpen)
    }
}
