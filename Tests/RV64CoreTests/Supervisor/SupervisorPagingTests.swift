import Testing

@testable import RV64Core

/// Address translation of S-mode and U-mode without a hypervisor, in each paging mode.
@Suite struct SupervisorPagingTests {
    static let modes: [UInt64] = [8, 9, 10]

    /// Tables, code for S-mode at one page and for U-mode at another, and a frame for data.
    struct Fixture {
        static let code: UInt64 = 0x40_0000
        static let userCode: UInt64 = 0x41_0000
        static let codeFrame = TestMachine.base + 0x1_0000
        static let frame = TestMachine.base + 0x40_0000
        static let asid: UInt64 = 5

        let machine: TestMachine
        let tables: PageTables

        init(_ mode: UInt64, extensions: ExtensionSet = ISAConfiguration.standard.extensions) throws {
            machine = try TestMachine(extensions: extensions)
            tables = try PageTables(machine, mode: mode, at: TestMachine.base + 0x20_0000, isGuestStage: false)
            tables.map(Self.code, to: Self.codeFrame, Entry.supervisor)
            tables.map(Self.userCode, to: Self.codeFrame, Entry.user)
            machine.hart.writeCSR(.satp, tables.register(Self.asid))
        }

        var state: UnsafeMutablePointer<HartState> { machine.state }

        /// Where the address space of its mode ends, half of it from zero up.
        var half: UInt64 { 1 << (tables.scheme.addressBits - 1) }

        /// Runs a program in S-mode or U-mode, and an ECALL behind it; says what trapped.
        @discardableResult
        func run(_ mode: PrivilegeMode = .supervisor, _ build: (inout ProgramBuilder) -> Void) -> ExceptionCause? {
            machine.load(at: Self.codeFrame) { program in
                build(&program)
                program.emit(.ecall)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(mode, at: mode == .user ? Self.userCode : Self.code)
            return ExceptionCause(rawValue: state.pointee.scause)
        }

        /// One instruction on a0, after a fence for everything; nil when it went through.
        func access(_ opcode: Opcode, _ address: UInt64, _ mode: PrivilegeMode = .supervisor) -> ExceptionCause? {
            machine.hart.flushTranslations()
            machine[.a0] = address
            let isStore = InstructionTable.rows.first { $0.opcode == opcode }?.format == .store
            let cause = run(mode) { program in
                program.emit(opcode, rd: isStore ? .zero : .a1, rs1: .a0, rs2: .a2)
            }
            return [.environmentCallFromU, .environmentCallFromHS].contains(cause) ? nil : cause
        }
    }

    /// Addresses are signed numbers of as many bits as the mode has; all others fault.
    /// norm:Sv39_sxlen norm:Sv39_va_sz norm:Sv39_va_signext norm:Sv48_sxlen norm:Sv48_va_sz norm:Sv48_va_signext
    /// norm:Sv57_sxlen norm:Sv57_va_sz norm:Sv57_va_signext norm:stval_op_faulting_addr
    @Test(arguments: modes)
    func addressWidth(mode: UInt64) throws {
        let fixture = try Fixture(mode)
        let half = fixture.half
        for address in [half - 0x1000, 0 &- half, 0 &- 0x1000] {
            fixture.tables.map(address, to: Fixture.frame, Entry.supervisor)
            fixture.machine.write(address | 1, at: Fixture.frame + 8)
            #expect(fixture.access(.ld, address + 8) == nil)
            #expect(fixture.machine[.a1] == address | 1)
        }
        for address in [half, 0 &- half &- 0x1000, half << 1, 1 << 63] {
            #expect(fixture.access(.ld, address) == .loadPageFault)
            #expect(fixture.state.pointee.stval == address)
            #expect(fixture.access(.sd, address) == .storePageFault)
            #expect(fixture.state.pointee.stval == address)
        }
    }

    /// A leaf at each level: the bits below its level are an offset, and its frame must be as aligned as it is large.
    /// norm:Sv39_levels norm:Sv39_LEVELS norm:Sv39_PTESIZE norm:Sv39_pte_sz norm:Sv39_pte_count norm:Sv39_pt_sz
    /// norm:Sv39_pt_align norm:Sv39_vpn_sz norm:Sv39_page_offset_sz norm:Sv39_leaf_any_level norm:Sv39_page_sizes
    /// norm:Sv39_superpage_align norm:Sv39_superpage_align_fault
    /// norm:Sv48_levels norm:Sv48_LEVELS norm:Sv48_PTESIZE norm:Sv48_vpn_sz norm:Sv48_page_offset_sz
    /// norm:Sv48_leaf_any_level norm:Sv48_page_sizes norm:Sv48_superpage_align norm:Sv48_superpage_align_fault
    /// norm:Sv57_levels norm:Sv57_LEVELS norm:Sv57_PTESIZE norm:Sv57_vpn_sz norm:Sv57_page_offset_sz
    /// norm:Sv57_leaf_any_level norm:Sv57_page_sizes norm:Sv57_superpage_align norm:Sv57_superpage_align_fault
    @Test(arguments: modes)
    func superpages(mode: UInt64) throws {
        for level in 0..<(Int(mode) - 5) {
            let fixture = try Fixture(mode)
            let size: UInt64 = 4096 << (9 * UInt64(level))
            // The second leaf of its kind in an index of its own at the top; RAM lies in the frames of a giant page.
            let address = fixture.half - size
            let physical = Fixture.frame & ~(size - 1)
            let offset = Fixture.frame & (size - 1)
            fixture.tables.map(address, to: physical, Entry.supervisor, level: level)
            fixture.machine.write(UInt64(level) + 7, at: Fixture.frame + 0x18)
            #expect(fixture.access(.ld, address + offset + 0x18) == nil)
            #expect(fixture.machine[.a1] == UInt64(level) + 7)
            guard level > 0 else { continue }
            for bit in [12, 9 * UInt64(level) + 11] {
                fixture.tables.map(address, to: physical | 1 << bit, Entry.supervisor, level: level)
                #expect(fixture.access(.ld, address + offset) == .loadPageFault)
            }
        }
    }

    /// A pointer where only a leaf can be, an entry that is not valid, and one that may be written and not read.
    @Test(arguments: modes)
    func wrongEntries(mode: UInt64) throws {
        let fixture = try Fixture(mode)
        for flags in [Entry.v, Entry.supervisor & ~Entry.v, Entry.supervisor & ~Entry.r] {
            fixture.tables.map(0x60_0000, to: Fixture.frame, flags)
            #expect(fixture.access(.ld, 0x60_0000) == .loadPageFault)
            #expect(fixture.access(.sd, 0x60_0000) == .storePageFault)
        }
    }

    /// norm:Sv39_pte_future_rsv norm:Sv39_pte_svnapot_rsv norm:Sv39_pte_svpbmt_rsv
    @Test(arguments: modes)
    func reservedBits(mode: UInt64) throws {
        let extensions = ISAConfiguration.standard.extensions.subtracting([.svnapot, .svpbmt])
        let fixture = try Fixture(mode, extensions: extensions)
        fixture.machine.hart.writeCSR(.menvcfg, 1 << 62)
        for bit in 54..<UInt64(64) {
            fixture.tables.map(0x60_0000, to: Fixture.frame | 0x8000, Entry.supervisor | 1 << bit)
            #expect(fixture.access(.ld, 0x60_0000) == .loadPageFault, "\(bit)")
        }
        // RSW is software's.
        fixture.tables.map(0x60_0000, to: Fixture.frame, Entry.supervisor | 3 << 8)
        #expect(fixture.access(.ld, 0x60_0000) == nil)
    }

    /// norm:fetch_page_fault_no_x norm:load_page_fault_no_r norm:store_page_fault_no_w norm:cbz_unperm_fault
    @Test(arguments: modes)
    func permissions(mode: UInt64) throws {
        let fixture = try Fixture(mode)
        fixture.machine.hart.writeCSR(.menvcfg, 0xF0)
        let page: UInt64 = 0x60_0000
        fixture.tables.map(page, to: Fixture.frame, Entry.supervisor & ~Entry.r & ~Entry.w)
        for opcode in [Opcode.ld, .lbu, .lrW] { #expect(fixture.access(opcode, page) == .loadPageFault) }
        fixture.tables.map(page, to: Fixture.frame, Entry.supervisor & ~Entry.w)
        for opcode in [Opcode.ld, .lbu, .lrW] { #expect(fixture.access(opcode, page) == nil) }
        for opcode in [Opcode.sd, .sb, .scW, .amoaddD, .amocasD, .cboZero] {
            #expect(fixture.access(opcode, page) == .storePageFault, "\(opcode)")
            #expect(fixture.state.pointee.stval == page)
        }
        fixture.tables.map(page, to: Fixture.frame, Entry.supervisor & ~Entry.x)
        fixture.machine.hart.flushTranslations()
        fixture.machine.run(.supervisor, at: page)
        #expect(fixture.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
        #expect(fixture.state.pointee.stval == page)
    }

    /// Whose page it is, SUM and MXR; the two act at once, without a fence.
    /// norm:sstatus_sum norm:sstatus_mxr norm:mstatus_sum_op norm:mstatus_mxr_op norm:sfence_vma_sum_mxr_effect
    @Test(arguments: modes)
    func statusModifiers(mode: UInt64) throws {
        let fixture = try Fixture(mode)
        let (sum, mxr): (UInt64, UInt64) = (1 << 18, 1 << 19)
        fixture.tables.map(0x60_0000, to: Fixture.frame, Entry.user)
        fixture.tables.map(0x61_0000, to: Fixture.frame, Entry.supervisor & ~Entry.r & ~Entry.w)
        fixture.tables.map(0x62_0000, to: Fixture.frame, Entry.supervisor)
        #expect(fixture.access(.ld, 0x62_0000, .user) == .loadPageFault)
        #expect(fixture.access(.ld, 0x60_0000, .user) == nil)
        for (address, bit) in [(0x60_0000, sum), (0x61_0000, mxr)] as [(UInt64, UInt64)] {
            fixture.machine[.a0] = address
            fixture.machine[.a3] = bit
            fixture.machine.write(0xAB, at: Fixture.frame)
            let cause = fixture.run { program in
                program.emit(.csrrs, rs1: .a3, Int32(CSRAddress.sstatus.rawValue))
                program.emit(.ld, rd: .a1, rs1: .a0)
                program.emit(.csrrc, rs1: .a3, Int32(CSRAddress.sstatus.rawValue))
                program.emit(.ld, rd: .a2, rs1: .a0)
            }
            #expect(cause == .loadPageFault)
            #expect(fixture.machine[.a1] == 0xAB)
            #expect(fixture.state.pointee.sepc == Fixture.code + 12)
        }
        // SUM does not let S-mode execute a user's page, nor MXR let it write one that can be executed only.
        fixture.state.pointee.mstatus[.sum] = true
        fixture.state.pointee.mstatus[.mxr] = true
        #expect(fixture.access(.sd, 0x61_0000) == .storePageFault)
        fixture.machine.run(.supervisor, at: Fixture.userCode)
        #expect(fixture.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
    }

    /// M-mode's loads translate only where MPRV makes them S-mode's, and then with SUM; its fetches never do.
    /// norm:satp_op_active norm:mstatus_mprv_ldst_op norm:mstatus_mprv_inst_xlat_op norm:mstatus_sum_op_mprv_mpp
    @Test(arguments: modes)
    func machineMode(mode: UInt64) throws {
        let fixture = try Fixture(mode)
        let machine = fixture.machine
        fixture.tables.map(TestMachine.base + 0x1000, to: Fixture.frame, Entry.user)
        machine.write(1, at: TestMachine.base + 0x1000)
        machine.write(2, at: Fixture.frame)
        machine[.a0] = TestMachine.base + 0x1000
        machine.load { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ebreak)
        }
        for (isModified, sum, expected) in [(false, false, 1), (true, true, 2), (true, false, 0)]
            as [(Bool, Bool, UInt64)]
        {
            machine.state.pointee.mstatus[.mprv] = isModified
            machine.state.pointee.mstatus[.sum] = sum
            machine.state.pointee.mstatus[.mpp] = 1
            machine[.a1] = 0
            machine.hart.writeCSR(.medeleg, 0)
            machine.run(.machine, at: TestMachine.base)
            let cause: ExceptionCause = expected == 0 ? .loadPageFault : .breakpoint
            #expect(machine.state.pointee.mcause == cause.rawValue)
            #expect(machine[.a1] == expected)
        }
    }
}
