import Testing

@testable import RV64Core

/// The registers of "Machine-Level CSRs", bit by bit, and their values after reset.
@Suite struct MachineRegisterTests {
    private static let rv64: UInt64 = 0xA << 32

    /// With H, Sstc, Svadu and Svpbmt, without the pointer-masking and double-trap extensions. One bit at a time: MPP
    /// shows that 2 is no mode, SD that Dirty takes both bits.
    static let rows = [
        RegisterBits(.mstatus, 0xC0_007E_69AA, constant: rv64),
        RegisterBits(.medeleg, 0xFC_B7FF),
        RegisterBits(.mideleg, 0x222, constant: 0x1444),
        RegisterBits(.mie, 0x1EEE),
        RegisterBits(.mip, 0x226),
        RegisterBits(.mtvec, ~2),
        RegisterBits(.mcounteren, 0xFFFF_FFFF),
        RegisterBits(.mcountinhibit, 0xFFFF_FFFD),
        RegisterBits(.mscratch, ~0),
        RegisterBits(.mepc, ~1),
        RegisterBits(.mcause, ~0),
        RegisterBits(.mtval, ~0),
        RegisterBits(.menvcfg, 0xE000_0000_0000_0001),
        RegisterBits(.mvendorid, 0),
    ]

    /// MBE, SBE and UBE, VS and XS, MPELP and SPELP are read-only zero; SXL and UXL are RV64 for ever.
    /// norm:mstatus_sz_acc norm:mstatus_mie_sie_op1 norm:mstatus_sie_spie_rdonly0 norm:mstatus_xpp_enc
    /// norm:mstatus_mpp_sz norm:mstatus_spp_sz norm:mstatus_sxl_acc_mxlen64 norm:mstatus_sxl_rdonly_mxlen64
    /// norm:mstatus_uxl_acc_mxlen64 norm:mstatus_uxl_rdonly_mxlen64 norm:mstatus_sxl_uxl_enc norm:sxlen_uxlen
    /// norm:mstatus_uxl_legal_vals_smode norm:mstatus_mprv_rdonly0_no_umode norm:mstatus_mxr_rdonly0_no_smode
    /// norm:mstatus_sum_rdonly0 norm:mstatus_mstatush_xbe_warl norm:mstatus_sbe_rocopy norm:mstatus_ube_rocopy
    /// norm:mstatus_tw_warl norm:mstatus_tw_acc norm:mstatus_tsr_warl norm:mstatus_tsr_acc norm:mstatus_fs_vs_warl
    /// norm:mstatus_fs_acc1 norm:mstatus_vs_rdonly0_s_no_v norm:mstatus_xs_acc norm:medeleg_sz_acc
    /// norm:medeleg_no_rd1 norm:medeleg_enc_txt norm:medeleg_enc_img norm:medeleg_mideleg_warl norm:mideleg_sz_acc
    /// norm:mideleg_enc_txt norm:mideleg_enc_img norm:mideleg_rd1_lower_level norm:mip_sz_acc norm:mip_enc_img
    /// norm:mip_std_enc_img norm:mip_bits_wr_or_rdonly norm:mip_bits_wr_op norm:mip_seip_acc norm:mip_ssip_acc
    /// norm:mip_stip_no_stimecmp_op2 norm:mip_mtip_rdonly norm:mip_mie_enc_txt norm:mip_mie_std_enc_txt
    /// norm:mie_sz_acc norm:mie_enc_img norm:mie_std_enc_img norm:mie_bits_rdonly0 norm:mtvec_sz_warl_acc
    /// norm:mtvec_mandatory norm:mtvec_base_align_4B norm:mtvec_enc norm:mcounteren_enc_img
    /// norm:mcounteren_flds_mandatory_warl norm:mcountinhibit_enc_img norm:mscratch_sz_acc norm:mscratch_enc_img
    /// norm:mepc_sz_acc norm:mepc_warl norm:mepc_enc_img norm:mcause_sz_acc norm:mcause_exccode_wlrl
    /// norm:mcause_enc_img norm:mtval_sz_acc norm:mtval_warl norm:mtval_vaddr_and_0_sz norm:mtval_instr_bits_sz
    /// norm:mtval_enc_img norm:menvcfg_sz_acc norm:menvcfg_fiom_rdonly0_ok norm:menvcfg_cde_rdonly0
    @Test(arguments: rows)
    func bits(_ row: RegisterBits) throws {
        let test = try TestHart()
        if row.address == .mvendorid {
            for address in [CSRAddress.mvendorid, .marchid, .mimpid, .mhartid, .mconfigptr] {
                #expect(test.write(address, ~0)?.cause == .illegalInstruction)
            }
            return
        }
        test.walk(row, through: row.address)
    }

    /// Identity: zero stands for "not given"; the hart has its own number. norm:mvendorid_sz_acc_op
    /// norm:marchid_sz_acc_op norm:marchid_always_rd norm:mimpid_op norm:mimpid_always_rd norm:mconfigptr_sz_acc
    /// norm:mconfigptr_mandatory norm:mconfigptr_val norm:mconfigptr_align norm:mhartid_sz_acc_op
    /// norm:mhartid_always_rd norm:mconfigptr_enc_img
    @Test func identity() throws {
        let test = try TestHart()
        for address in [CSRAddress.mvendorid, .marchid, .mimpid, .mconfigptr] { #expect(test.read(address) == 0) }
        #expect(test.read(.mhartid) == 5)
    }

    /// A letter of `misa` and what sets it.
    struct Letter: CustomTestStringConvertible, Sendable {
        let name: Character
        let provider: ISAExtension?
        var testDescription: String { String(name) }
        var bit: UInt64 { 1 << UInt64(name.asciiValue.map { $0 - 65 } ?? 0) }
    }

    /// norm:misa_acc norm:misa_always_rd norm:misa_csr_implemented norm:misa_mxl_op_isa norm:misa_mxl_acc
    /// norm:misa_mxl_op_nz norm:misa_sz norm:xlen_le_mxlen norm:misa_extensions_enc_txt norm:misa_extensions_enc_tbl
    /// norm:misa_enc_img norm:misa_i_op norm:misa_e_op norm:misa_e_acc norm:misa_e_not_i norm:misa_m_op norm:misa_b_op
    /// norm:misa_s_op norm:misa_u_op norm:misa_x_op norm:misa_extensions_rst1 norm:misa_extensions_rst2
    /// norm:misa_extensions_rsv_ret_0 norm:misa_c_set_line norm:misa_c_set_list norm:Zmmul_misa_m
    @Test(arguments: [
        Letter(name: "A", provider: .a), Letter(name: "B", provider: .b), Letter(name: "C", provider: .c),
        Letter(name: "D", provider: .d), Letter(name: "F", provider: .f), Letter(name: "H", provider: .h),
        Letter(name: "M", provider: .m), Letter(name: "I", provider: nil), Letter(name: "S", provider: nil),
        Letter(name: "U", provider: nil), Letter(name: "E", provider: nil), Letter(name: "X", provider: nil),
        Letter(name: "V", provider: nil), Letter(name: "Q", provider: nil),
    ])
    func letters(_ letter: Letter) throws {
        let base: ExtensionSet = [.i, .zicsr]
        let with = try TestHart(base.union(letter.provider.map { ExtensionSet([$0]) } ?? []).closure)
        let without = try TestHart(base)
        let isAlways = "ISU".contains(letter.name)
        #expect((with.read(.misa) & letter.bit != 0) == (isAlways || letter.provider != nil))
        #expect((without.read(.misa) & letter.bit != 0) == isAlways)
        for test in [with, without] {
            let value = test.read(.misa)
            #expect(value >> 62 == 2)
            #expect(value & 0x3FFF_FFFF_FC00_0000 == 0)
            #expect(test.write(.misa, 0) == nil)
            #expect(test.write(.misa, ~0) == nil)
            #expect(test.read(.misa) == value)
        }
        // Parts of a letter are not the letter.
        let part = try TestHart([.i, .zicsr, .zmmul, .zca, .zaamo, .zba])
        #expect(part.read(.misa) == without.read(.misa))
    }

    /// Every bit of MPP's four values from every other. norm:mstatus_xpp_warl norm:mstatus_xpp_rdonly0
    @Test func previousPrivilege() throws {
        let test = try TestHart()
        for old in [UInt64(0), 1, 3] {
            for new in UInt64(0)..<4 {
                #expect(test.write(.mstatus, old << 11) == nil)
                #expect(test.write(.mstatus, new << 11) == nil)
                #expect(test.read(.mstatus) >> 11 & 3 == (new == 2 ? old : new))
            }
        }
    }

    /// SD follows FS; without F both are read-only zero. norm:mstatus_sd_acc norm:mstatus_sd_rdonly0
    /// norm:mstatus_fs_rdonly0_s_no_f norm:mstatus_fs_vs_xs_enc norm:mstatus_fs_op
    @Test func floatingPointStatus() throws {
        let with = try TestHart()
        let without = try TestHart([.i, .zicsr])
        for value in UInt64(0)..<4 {
            for test in [with, without] { #expect(test.write(.mstatus, value << 13 | 1 << 63) == nil) }
            #expect(with.read(.mstatus) >> 13 & 3 == value)
            #expect((with.read(.mstatus) >> 63 == 1) == (value == 3))
            #expect((with.read(.sstatus) >> 63 == 1) == (value == 3))
            #expect(without.read(.mstatus) & (3 << 13 | 1 << 63) == 0)
        }
    }

    /// Off closes, Initial and Clean become Dirty with the first change, in every mode; the contents of the registers
    /// do not depend on FS. norm:mstatus_fs_vs_xs_off_op norm:mstatus_fs_vs_xs_initial_op
    /// norm:mstatus_fs_vs_xs_clean_op norm:mstatus_fs_vs_xs_dirty_op norm:mstatus_fs_vs_xs_update_indep_priv
    /// norm:mstatus_fs_wr norm:mstatus_fs_no_change_dirty
    @Test(arguments: PrivilegeMode.allCases, UInt64(0)..<4)
    func floatingPointContext(mode: PrivilegeMode, before: UInt64) throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.medeleg, 0)
        machine.state.pointee.f[1] = 0x1234
        machine.state.pointee.mstatus[.fs] = before
        machine.state.pointee.vsstatus[.fs] = ContextStatus.clean
        machine.load { program in
            program.emit(.fsgnjD, rd: .ra, rs1: .ra, rs2: .ra)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        let cause: ExceptionCause = before == 0 ? .illegalInstruction : .breakpoint
        #expect(machine.state.pointee.mcause == cause.rawValue)
        #expect(machine.state.pointee.mstatus[.fs] == (before == 0 ? 0 : ContextStatus.dirty))
        #expect(machine.state.pointee.f[1] == 0x1234)
        for value in UInt64(0)..<4 {
            machine.hart.writeCSR(.mstatus, value << 13)
            #expect(machine.state.pointee.f[1] == 0x1234)
        }
    }

    /// Fields of `menvcfg` come with their extensions. norm:menvcfg_enc_img norm:menvcfg_op norm:menvcfg_pbmte_rdonly0
    /// norm:menvcfg_adue_rdonly0 norm:menvcfg_stce_op1 norm:menvcfg_stce_rdonly0 norm:menvcfg_cbze_rdonly0
    /// norm:menvcfg_cbcfe_rdonly0 norm:menvcfg_pmm_op norm:menvcfg_DTE
    @Test(arguments: [
        (ISAExtension.svpbmt, UInt64(1) << 62), (.svadu, 1 << 61), (.sstc, 1 << 63), (.ssdbltrp, 1 << 59),
        (.zicboz, 1 << 7), (.zicbom, 7 << 4), (.smnpm, 3 << 32),
    ])
    func environmentFields(provider: ISAExtension, mask: UInt64) throws {
        let all = ISAConfiguration.full.extensions
        let with = try TestHart(all)
        #expect(with.write(.menvcfg, ~0) == nil)
        #expect(with.read(.menvcfg) & mask == mask)
        let without = try TestHart(all.subtracting(ExtensionSet([provider])))
        #expect(without.write(.menvcfg, ~0) == nil)
        #expect(without.read(.menvcfg) & mask == 0)
    }

    /// Fields of `henvcfg` go with those of `menvcfg`. norm:menvcfg_adue_henvcfg_adue_rdonly0
    /// norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0 norm:menvcfg_stce_op2 norm:menvcfg_dte_op norm:henvcfg_DTE
    @Test(arguments: [UInt64(59), 61, 62, 63])
    func boundedFields(bit: UInt64) throws {
        let test = try TestHart(ISAConfiguration.full.extensions)
        #expect(test.write(.menvcfg, ~(1 << bit)) == nil)
        #expect(test.write(.henvcfg, ~0) == nil)
        #expect(test.read(.henvcfg) & 1 << bit == 0)
        #expect(test.write(.menvcfg, ~0) == nil)
        #expect(test.read(.henvcfg) & 1 << bit == 0)
        #expect(test.write(.henvcfg, ~0) == nil)
        #expect(test.read(.henvcfg) & 1 << bit != 0)
        #expect(test.write(.menvcfg, ~(1 << bit)) == nil)
        #expect(test.read(.henvcfg) & 1 << bit == 0)
    }

    /// norm:mcycle_op norm:minstret_op
    /// Counters of 64 bits: written whole, counting on from there, whatever the enables of lower modes say.
    /// norm:mcycle_minstret_sz norm:mcycle_minstret_rst norm:mhpmcounter_num norm:mhpmcounter_mandatory
    /// norm:mhpmcounter_sz norm:mcounteren_inc_inaccessible norm:mcountinhibit_only_inc norm:m_mode_perf_monitoring
    @Test(arguments: [CSRAddress.mcycle, .minstret, .mhpmcounter3, .mhpmcounter31])
    func counters(_ address: CSRAddress) throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        machine.hart.writeCSR(.mcounteren, 0)
        if address != .mcycle, address != .minstret {
            machine.hart.writeCSR(address.advanced(by: 0x323 - 0xB03), HardwareEvent.instructions.selector)
        }
        for start in [UInt64(0), 0x1234_5678_9ABC_DEF0, 1 << 63, ~2] {
            for isInhibited in [false, true] {
                machine.hart.writeCSR(.mcountinhibit, isInhibited ? ~0 : 0)
                machine.hart.writeCSR(address, start)
                machine.load { program in
                    for _ in 0..<4 { program.emit(.addi) }
                    program.emit(.ebreak)
                }
                machine.run(.supervisor, at: TestMachine.base)
                #expect(machine.hart.readCSR(address) == (isInhibited ? start : start &+ 4))
                let isReadable =
                    machine.hart.decideAccess(to: address, .read, from: .machine) == .allowed(address)
                #expect(isReadable)
            }
        }
    }

    /// norm:M-mode_at_rst1 norm:M-mode_at_rst2 norm:mstatus_mie_mprv_rst norm:mstatus_mstatush_mbe_rst
    /// norm:misa_extensions_rst2 norm:ld_rsv_rst norm:mcause_rst1_val norm:mcause_rst_zero norm:pmp_A_L_rst norm:hgatp_vsatp_mode_rst
    /// norm:mnstatus_nmie_rst norm:warl_rst norm:M_highest_priv_mode
    @Test func reset() throws {
        let test = try TestHart(ISAConfiguration.full.extensions)
        for _ in 0..<2 {
            let state = test.state.pointee
            #expect(state.mode == .machine)
            #expect(!state.mstatus[.mie])
            #expect(!state.mstatus[.mprv])
            #expect(!state.mnstatus[.nmie])
            #expect(test.hart.runState.pointee.reservationAddress == 0)
            #expect(state.mcause == 0)
            for register in [CSRAddress.pmpcfg0, .pmpcfg2, .hgatp, .vsatp, .satp, .medeleg, .mie] {
                #expect(test.hart.readCSR(register) == 0)
            }
            // Writing back what is read changes nothing: no field holds an illegal value.
            for raw in UInt16(0)..<0x1000 {
                let address = CSRAddress(raw)
                let isCounter = (0xB00...0xB1F).contains(raw) || raw == CSRAddress.seed.rawValue
                guard address.isImplemented, !isCounter else { continue }
                let value = test.hart.readCSR(address)
                test.hart.writeCSR(address, value)
                #expect(test.hart.readCSR(address) == value, "\(CSRAddress(raw).name ?? "?")")
            }
            // Everything changed, then reset.
            for raw in UInt16(0)..<0x1000 { test.hart.writeCSR(CSRAddress(raw), ~0) }
            test.state.pointee.mode = .virtualUser
            test.hart.runState.pointee.reservationAddress = 8
            test.hart.reset()
        }
    }
}
