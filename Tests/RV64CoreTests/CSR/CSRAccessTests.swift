import Testing

@testable import RV64Core

/// What one register answers to U, HS, M, VU and VS.
struct AccessRow: CustomTestStringConvertible, Sendable {
    enum Outcome: Sendable { case ok, illegal, virtual }

    let address: CSRAddress
    let access: CSRAccess
    /// In the order of ``PrivilegeMode``: U, HS, M, VU, VS.
    let outcomes: [Outcome]
    var effectiveInVS: CSRAddress?
    let rule: String

    init(
        _ address: CSRAddress,
        _ outcomes: [Outcome],
        access: CSRAccess = .write,
        vs: CSRAddress? = nil,
        _ rule: String
    ) {
        self.address = address
        self.access = access
        self.outcomes = outcomes
        self.effectiveInVS = vs
        self.rule = rule
    }

    var testDescription: String { "\(address.name ?? "?") \(access): \(rule)" }
}

@Suite("Access to CSRs")
struct CSRAccessTests {
    static let rows: [AccessRow] = [
        AccessRow(.fcsr, [.ok, .ok, .ok, .ok, .ok], vs: .fcsr, "norm:Zicsr_access"),
        AccessRow(.time, [.ok, .ok, .ok, .ok, .ok], access: .read, vs: .time, "norm:mcounteren_set_nxt_priv"),
        AccessRow(.time, [.illegal, .illegal, .illegal, .illegal, .illegal], access: .write, "norm:Zicsr_illegal_acc"),
        AccessRow(.hpmcounter31, [.ok, .ok, .ok, .ok, .ok], access: .read, vs: .hpmcounter31, "norm:hcounteren_op"),
        AccessRow(.sstatus, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsstatus, "norm:H_vscsrs_sub"),
        AccessRow(.sie, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsie, "norm:H_vscsrs_sub"),
        AccessRow(.stvec, [.illegal, .ok, .ok, .virtual, .ok], vs: .vstvec, "norm:H_vscsrs_sub"),
        AccessRow(.sscratch, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsscratch, "norm:H_vscsrs_sub"),
        AccessRow(.sepc, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsepc, "norm:H_vscsrs_sub"),
        AccessRow(.scause, [.illegal, .ok, .ok, .virtual, .ok], vs: .vscause, "norm:H_vscsrs_sub"),
        AccessRow(.stval, [.illegal, .ok, .ok, .virtual, .ok], vs: .vstval, "norm:H_vscsrs_sub"),
        AccessRow(.sip, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsip, "norm:H_vscsrs_sub"),
        AccessRow(.stimecmp, [.illegal, .ok, .ok, .virtual, .ok], vs: .vstimecmp, "norm:H_vscsrs_sub"),
        AccessRow(.satp, [.illegal, .ok, .ok, .virtual, .ok], vs: .vsatp, "norm:H_vscsrs_sub"),
        AccessRow(.scounteren, [.illegal, .ok, .ok, .virtual, .ok], vs: .scounteren, "norm:H_scsrs_nomatch"),
        AccessRow(.senvcfg, [.illegal, .ok, .ok, .virtual, .ok], vs: .senvcfg, "norm:H_scsrs_nomatch"),
        AccessRow(.sstateen0, [.illegal, .ok, .ok, .virtual, .ok], vs: .sstateen0, "norm:H_scsrs_nomatch"),
        AccessRow(.hstatus, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_csrs_hs_not_vs"),
        AccessRow(.hgatp, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_csrs_hs_not_vs"),
        AccessRow(.henvcfg, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_csrs_hs_not_vs"),
        AccessRow(.hstateen3, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_csrs_hs_not_vs"),
        AccessRow(
            .hgeip,
            [.illegal, .ok, .ok, .virtual, .virtual],
            access: .read,
            "norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0"
        ),
        AccessRow(
            .hgeip,
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            access: .write,
            "norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 not allowed in HS"
        ),
        AccessRow(.vsstatus, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_vscsrs_acc_vs norm:H_vscsrs_acc_u"),
        AccessRow(.vsatp, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_vscsrs_acc_m_hs"),
        AccessRow(.vstimecmp, [.illegal, .ok, .ok, .virtual, .virtual], "norm:H_vscsrs_acc_vs"),
        AccessRow(.mstatus, [.illegal, .illegal, .ok, .illegal, .illegal], "norm:Zicsr_illegal_mode"),
        AccessRow(.mhartid, [.illegal, .illegal, .ok, .illegal, .illegal], access: .read, "norm:Zicsr_illegal_mode"),
        AccessRow(.pmpcfg0, [.illegal, .illegal, .ok, .illegal, .illegal], "norm:pmp_csr_mode"),
        AccessRow(
            CSRAddress(0x3a1),
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            "norm:pmp_cfg_rv64_illegal"
        ),
        AccessRow(
            CSRAddress(0xc80),
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            access: .read,
            "norm:H_illegal_high_half"
        ),
        AccessRow(
            CSRAddress(0x615),
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            access: .read,
            "norm:H_illegal_high_half"
        ),
        AccessRow(
            CSRAddress(0x608),
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            access: .read,
            "hvien: no Ssaia"
        ),
        AccessRow(
            CSRAddress(0x747),
            [.illegal, .illegal, .illegal, .illegal, .illegal],
            access: .read,
            "norm:mseccfg_presence"
        ),
    ]

    @Test("every mode, all enables set", arguments: rows)
    func table(_ row: AccessRow) throws {
        let test = try TestHart()
        test.openAllGates()
        #expect(row.outcomes.count == PrivilegeMode.allCases.count)
        for (mode, outcome) in zip(PrivilegeMode.allCases, row.outcomes) {
            let effective = mode.isVirtual ? row.effectiveInVS ?? row.address : row.address
            let expected: CSRDecision =
                switch outcome {
                case .ok: .allowed(effective)
                case .illegal: .illegalInstruction
                case .virtual: .virtualInstruction
                }
            #expect(test.hart.decideAccess(to: row.address, row.access, from: mode) == expected, "\(mode)")
        }
    }

    @Test("an absent extension takes its registers away")
    func absentExtensions() throws {
        let bare = try TestHart([.i, .m, .a, .c, .zicsr]).hart
        let absent: [CSRAddress] = [
            .fcsr, .time, .cycle, .hpmcounter3, .stimecmp, .vstimecmp, .hstatus, .vsstatus, .mtval2, .mtinst,
            .mstateen0,
            .hstateen0, .sstateen0, .hgeip,
        ]
        for address in absent {
            for mode in PrivilegeMode.allCases {
                #expect(bare.decideAccess(to: address, .read, from: mode) == .illegalInstruction)
            }
        }
    }

    @Test("norm:mstatus_tvm_warl_op norm:hgatp_tvm_illegal norm:mstatus_tvm_hs")
    func trapVirtualMemory() throws {
        let test = try TestHart()
        test.state.pointee.mstatus[.tvm] = true
        let decide = { test.hart.decideAccess(to: $0, .read, from: $1) }
        #expect(decide(.satp, .supervisor) == .illegalInstruction)
        #expect(decide(.hgatp, .supervisor) == .illegalInstruction)
        #expect(decide(.vsatp, .supervisor) == .allowed(.vsatp))
        #expect(decide(.satp, .machine) == .allowed(.satp))
        #expect(decide(.satp, .virtualSupervisor) == .allowed(.vsatp))
        // "would be allowed in HS-mode, assuming mstatus.TVM=0"
        #expect(decide(.satp, .virtualUser) == .virtualInstruction)
        #expect(decide(.hgatp, .virtualSupervisor) == .virtualInstruction)
    }

    @Test("norm:H_virtinst_vs_sfence_sinval_satp_vtvm1")
    func virtualTrapVirtualMemory() throws {
        let test = try TestHart()
        test.state.pointee.hstatus[.vtvm] = true
        #expect(test.hart.decideAccess(to: .satp, .read, from: .virtualSupervisor) == .virtualInstruction)
        #expect(test.hart.decideAccess(to: .satp, .read, from: .supervisor) == .allowed(.satp))
    }

    @Test("norm:vsstatus_fs_op norm:H_illegalinst_xstatus_fs_vs", arguments: PrivilegeMode.allCases)
    func floatingPoint(_ mode: PrivilegeMode) throws {
        let test = try TestHart()
        for (outer, inner) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(UInt64, UInt64)] {
            test.state.pointee.mstatus[.fs] = outer
            test.state.pointee.vsstatus[.fs] = inner
            let isOn = outer != 0 && (inner != 0 || !mode.isVirtual)
            let expected: CSRDecision = isOn ? .allowed(.frm) : .illegalInstruction
            #expect(test.hart.decideAccess(to: .frm, .write, from: mode) == expected)
        }
    }
}
