import Testing

@testable import RV64Core

/// One write: what the register held, what is written, what it reads as afterwards.
struct WARLRow: CustomTestStringConvertible, Sendable {
    let address: CSRAddress
    let before: UInt64
    let write: UInt64
    let after: UInt64
    let rule: String

    init(_ address: CSRAddress, before: UInt64 = 0, write: UInt64, after: UInt64, _ rule: String) {
        self.address = address
        self.before = before
        self.write = write
        self.after = after
        self.rule = rule
    }

    var testDescription: String { "\(address.name ?? "?"): \(rule)" }
}

@Suite("Legal values")
struct WARLTests {
    private static let rv64Status: UInt64 = 0xa_0000_0000
    private static let rv64Supervisor: UInt64 = 0x2_0000_0000

    static let statusRows: [WARLRow] = [
        WARLRow(
            .mstatus,
            write: ~0,
            after: 0x8000_0000_0000_0000 | 0xc0_0000_0000 | rv64Status | 0x7e_79aa,
            "norm:mstatus_sxl_uxl_warl_op all ones"
        ),
        WARLRow(.mstatus, write: 0, after: rv64Status, "norm:mstatus_sxl_uxl_warl_op all zeros"),
        WARLRow(
            .mstatus,
            before: 0x800,
            write: 0x1000,
            after: rv64Status | 0x800,
            "norm:mstatus_xpp_warl norm:mstatus_xpp_enc 2 keeps 1"
        ),
        WARLRow(.mstatus, before: 0x800, write: 0x1800, after: rv64Status | 0x1800, "norm:mstatus_xpp_warl M"),
        WARLRow(.mstatus, write: 0x4000, after: rv64Status | 0x4000, "norm:mstatus_sd_op1 Clean"),
        WARLRow(
            .mstatus,
            write: 0x6000,
            after: 0x8000_0000_0000_0000 | rv64Status | 0x6000,
            "norm:mstatus_sd_op1 Dirty"
        ),
        WARLRow(
            .sstatus,
            write: ~0,
            after: 0x8000_0000_0000_0000 | rv64Supervisor | 0xc_6122,
            "norm:sstatus_uxl"
        ),
        WARLRow(
            .vsstatus,
            write: ~0,
            after: 0x8000_0000_0000_0000 | rv64Supervisor | 0xc_6122,
            "norm:vsstatus_uxl_op"
        ),
        WARLRow(.hstatus, write: ~0, after: rv64Supervisor | 0x70_03c0, "norm:hstatus_vgein_op 63 is refused"),
        WARLRow(.hstatus, write: 0x3000, after: rv64Supervisor | 0x3000, "norm:hstatus_vgein_op GEILEN"),
        WARLRow(
            .hstatus,
            before: 0x1000,
            write: 0x4000,
            after: rv64Supervisor | 0x1000,
            "norm:hstatus_vgein_op above"
        ),
    ]

    static let translationRows: [WARLRow] = [
        WARLRow(.satp, write: 0xafff_ffff_ffff_ffff, after: 0xafff_ffff_ffff_ffff, "norm:satp_mode Sv57, ASIDLEN 16"),
        WARLRow(
            .satp,
            before: 0x8000_0000_0000_1234,
            write: 0xb000_0000_0000_0001,
            after: 0x8000_0000_0000_1234,
            "norm:satp_mode_op_unsupported"
        ),
        WARLRow(
            .satp,
            before: 0x8000_0000_0000_1234,
            write: 0x1000_0000_0000_0001,
            after: 0x8000_0000_0000_1234,
            "norm:satp_mode_op_unsupported reserved 1"
        ),
        WARLRow(
            .vsatp,
            before: 0x9000_0000_0000_1234,
            write: ~0,
            after: 0x9000_0000_0000_1234,
            "norm:vsatp_mode_unsupported_v0"
        ),
        WARLRow(.hgatp, write: 0x8fff_ffff_ffff_ffff, after: 0x83ff_ffff_ffff_fffc, "norm:hgatp_ppn_op, VMIDLEN 14"),
        WARLRow(
            .hgatp,
            before: 0x9000_0000_0000_1000,
            write: 0xf000_0000_0000_2000,
            after: 0x9000_0000_0000_2000,
            "norm:hgatp_mode_warl"
        ),
    ]

    static let trapRows: [WARLRow] = [
        WARLRow(
            .medeleg,
            write: ~0,
            after: 0xfc_b7ff,
            "norm:medeleg_when_rd0 norm:medeleg_16_no_rd0 norm:medeleg_mideleg_warl"
        ),
        WARLRow(.medeleg, write: 0, after: 0, "norm:medeleg_no_rd1"),
        WARLRow(.hedeleg, write: ~0, after: 0xc_b1ff, "norm:hedeleg_acc"),
        WARLRow(.mideleg, write: ~0, after: 0x1666, "norm:mideleg_no_rd1"),
        WARLRow(.mideleg, write: 0, after: 0x1444, "norm:mideleg_acc_h"),
        WARLRow(.hideleg, write: ~0, after: 0x444, "norm:hideleg_acc"),
        WARLRow(.mie, write: ~0, after: 0x1eee, "norm:mie_bits_wr"),
        WARLRow(.hie, write: ~0, after: 0x1444, "norm:hie_acc"),
        WARLRow(.hvip, write: ~0, after: 0x444, "norm:hvip_acc"),
        WARLRow(.hgeie, write: ~0, after: 0xe, "norm:geilen"),
        WARLRow(.mtvec, write: 0x8000_0005, after: 0x8000_0005, "norm:mtvec_mode_enc Vectored"),
        WARLRow(.mtvec, before: 1, write: 0x8000_0006, after: 0x8000_0005, "norm:mtvec_mode_enc reserved"),
        WARLRow(.stvec, before: 0, write: 0x8000_0007, after: 0x8000_0004, "norm:stvec reserved"),
        WARLRow(.vstvec, write: 0x8000_0004, after: 0x8000_0004, "norm:vstvec_sz_acc_op"),
        WARLRow(.mepc, write: ~0, after: ~1, "norm:mepc_align"),
        WARLRow(.sepc, write: 3, after: 2, "norm:sepc"),
        WARLRow(.vsepc, write: 3, after: 2, "norm:vsepc_warl"),
        WARLRow(.mtval2, write: ~0, after: ~0, "norm:mtval2_sz_acc_op"),
        WARLRow(.htval, write: 0x3fff_ffff_ffff_ffff, after: 0x3fff_ffff_ffff_ffff, "norm:htval_val"),
        WARLRow(.htinst, write: 0x3020, after: 0x3020, "norm:htinst_val"),
    ]

    static let otherRows: [WARLRow] = [
        WARLRow(
            .misa,
            before: 0,
            write: 0,
            after: 0x8000_0000_0014_11ad,
            "norm:misa_extensions_warl_op norm:misa_acc norm:misa_mxl_acc"
        ),
        WARLRow(.mcounteren, write: ~0, after: 0xffff_ffff, "norm:mcounteren_sz norm:mcounteren_flds_mandatory_warl"),
        WARLRow(.hcounteren, write: ~0, after: 0xffff_ffff, "norm:hcounteren_sz"),
        WARLRow(.scounteren, write: ~0, after: 0xffff_ffff, "norm:scounteren"),
        WARLRow(.mcountinhibit, write: ~0, after: 0xffff_fffd, "norm:mcountinhibit_sz_warl_op1"),
        WARLRow(.mhpmevent3, write: ~0, after: 0, "norm:mhpmevent_sz_warl_op"),
        WARLRow(.mhpmevent31, write: ~0, after: 0, "norm:mhpmevent_sz_warl_op"),
        WARLRow(.mhpmcounter31, write: ~0, after: ~0, "norm:mhpmcounter_warl"),
        WARLRow(.mstateen0, write: ~0, after: 0xc000_0000_0000_0000, "norm:stateen_unimplemented_state_roz"),
        WARLRow(.mstateen3, write: ~0, after: 0x8000_0000_0000_0000, "norm:stateen_reserved_roz"),
        WARLRow(.sstateen0, write: ~0, after: 0, "norm:stateen_unimplemented_state_roz"),
        WARLRow(.menvcfg, write: ~0, after: 0xe000_0000_0000_0001, "norm:menvcfg_cbie_rdonly0"),
        WARLRow(.senvcfg, write: ~0, after: 1, "norm:senvcfg"),
        WARLRow(.fcsr, write: ~0, after: 0xff, "fcsr is eight bits"),
        WARLRow(.fflags, write: ~0, after: 0x1f, "fflags is five bits"),
        WARLRow(.frm, write: ~0, after: 7, "frm is three bits"),
        WARLRow(.mhartid, write: 9, after: 5, "norm:mhartid_sz_acc_op norm:mhartid_always_rd"),
        WARLRow(.mvendorid, write: 9, after: 0, "norm:mvendorid_always_rd"),
    ]

    @Test("a write leaves a legal value", arguments: statusRows + translationRows + trapRows + otherRows)
    func legalise(_ row: WARLRow) throws {
        let hart = try TestHart().hart
        hart.writeCSR(row.address, row.before)
        hart.writeCSR(row.address, row.write)
        #expect(hart.readCSR(row.address) == row.after, "\(String(hart.readCSR(row.address), radix: 16))")
    }

    @Test("norm:satp_mode_op_unsupported: modes above the paging limit", arguments: PagingLimit.allCases)
    func pagingLimit(_ limit: PagingLimit) throws {
        let hart = try TestHart(pagingLimit: limit).hart
        for mode in 0..<UInt64(16) {
            let isLegal = mode == 0 || (8...limit.rawValue).contains(mode)
            hart.writeCSR(.satp, 0)
            hart.writeCSR(.satp, mode << 60 | 0x10)
            #expect(hart.readCSR(.satp) == (isLegal ? mode << 60 | 0x10 : 0))
            hart.writeCSR(.hgatp, 0)
            hart.writeCSR(.hgatp, mode << 60 | 0x10)
            #expect(hart.readCSR(.hgatp) == (isLegal ? mode << 60 | 0x10 : 0x10))
        }
    }

    @Test(
        "norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0 norm:menvcfg_adue_henvcfg_adue_rdonly0: henvcfg is bounded by menvcfg"
    )
    func environmentBounds() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.henvcfg, ~0)
        #expect(hart.readCSR(.henvcfg) == 1)
        hart.writeCSR(.menvcfg, ~0)
        hart.writeCSR(.henvcfg, ~0)
        #expect(hart.readCSR(.henvcfg) == 0xe000_0000_0000_0001)
        hart.writeCSR(.menvcfg, 1 << 62)
        #expect(hart.readCSR(.henvcfg) == 0x4000_0000_0000_0001)
    }

    @Test("norm:menvcfg_cbie_warl_op: the reserved CBIE keeps the old value")
    func reservedCBIE() throws {
        let hart = try TestHart(fullExtensions.union([.zicbom, .zicboz])).hart
        hart.writeCSR(.senvcfg, 0xf1)
        #expect(hart.readCSR(.senvcfg) == 0xf1)
        hart.writeCSR(.senvcfg, 0xe1)
        #expect(hart.readCSR(.senvcfg) == 0xf1)
        hart.writeCSR(.senvcfg, 0x10)
        hart.writeCSR(.senvcfg, 0x20)
        #expect(hart.readCSR(.senvcfg) == 0x10)
    }

    @Test("norm:mstateen_lower_priv_roz: hstateen shows only what mstateen grants")
    func stateEnableBounds() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.hstateen0, ~0)
        #expect(hart.readCSR(.hstateen0) == 0)
        hart.writeCSR(.mstateen0, 1 << 63)
        hart.writeCSR(.hstateen0, ~0)
        #expect(hart.readCSR(.hstateen0) == 1 << 63)
    }

    /// norm:mstatus_sd_rdonly0
    @Test("without H and Sstc the fields they bring are read-only zero")
    func smallHart() throws {
        let hart = try TestHart([.i, .m, .a, .c, .zicsr]).hart
        hart.writeCSR(.mstatus, ~0)
        #expect(hart.readCSR(.mstatus) == 0xa_0000_0000 | 0x7e_19aa)
        hart.writeCSR(.mideleg, ~0)
        #expect(hart.readCSR(.mideleg) == 0x222)
        hart.writeCSR(.mie, ~0)
        #expect(hart.readCSR(.mie) == 0xaaa)
        hart.writeCSR(.medeleg, ~0)
        #expect(hart.readCSR(.medeleg) == 0xc_b3ff)
        hart.writeCSR(.menvcfg, ~0)
        #expect(hart.readCSR(.menvcfg) == 1)
        #expect(hart.readCSR(.misa) == 0x8000_0000_0014_1105)
    }
}
