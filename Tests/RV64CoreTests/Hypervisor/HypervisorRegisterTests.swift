import Synchronization
import Testing

@testable import RV64Core

/// The writable bits of one register, and its read-only ones.
struct RegisterBits: CustomTestStringConvertible, Sendable {
    let address: CSRAddress
    let writable: UInt64
    let constant: UInt64

    init(_ address: CSRAddress, _ writable: UInt64, constant: UInt64 = 0) {
        self.address = address
        self.writable = writable
        self.constant = constant
    }

    var testDescription: String { address.name ?? "?" }
}

extension TestHart {
    /// A hart with all gates open and every VS-level interrupt delegated, in one mode.
    static func open(_ extensions: ExtensionSet = fullExtensions, in mode: PrivilegeMode) throws -> TestHart {
        let test = try TestHart(extensions)
        test.openAllGates()
        test.hart.writeCSR(.mideleg, ~0)
        test.hart.writeCSR(.hideleg, ~0)
        test.state.pointee.mode = mode
        return test
    }

    /// `csrrw`, as the current mode.
    func write(_ address: CSRAddress, _ value: UInt64) -> Trap? {
        hart.x[5] = value
        return execute(.csrrw, address, rs1: 5)
    }

    /// `csrrs` with x0, as the current mode.
    func read(_ address: CSRAddress) -> UInt64 {
        execute(.csrrs, address, rd: 7) == nil ? hart.x[7] : 0xDEAD
    }

    /// Writes each bit alone, and reads it back.
    func walk(_ row: RegisterBits, through address: CSRAddress) {
        #expect(write(address, 0) == nil)
        #expect(read(address) == row.constant)
        for bit in UInt64(0)..<64 {
            #expect(write(address, 0) == nil)
            #expect(write(address, 1 << bit) == nil)
            #expect(read(address) == row.constant | (1 << bit) & row.writable, "bit \(bit)")
        }
        #expect(write(address, 0) == nil)
    }
}

/// The registers of "Hypervisor and Virtual Supervisor CSRs", bit by bit, through CSR instructions.
@Suite struct HypervisorRegisterTests {
    private static let rv64: UInt64 = 2 << 32

    /// As HS-mode sees them. VGEIN holds values up to GEILEN = 3; MODE of `hgatp` alone shows Sv39x4.
    static let supervisorRows = [
        RegisterBits(.hstatus, 0x70_33C0, constant: rv64),
        RegisterBits(.hedeleg, 0xC_B1FF),
        RegisterBits(.hideleg, 0x444),
        RegisterBits(.hvip, 0x444),
        RegisterBits(.hip, 0x4),
        RegisterBits(.hie, 0x1444),
        RegisterBits(.hgeie, 0xE),
        RegisterBits(.henvcfg, 0xE000_0000_0000_0001),
        RegisterBits(.hcounteren, 0xFFFF_FFFF),
        RegisterBits(.htimedelta, ~0),
        RegisterBits(.htval, ~0),
        RegisterBits(.htinst, ~0),
        RegisterBits(.hgatp, 0x83FF_FFFF_FFFF_FFFC),
    ]

    /// norm:hstatus_sz_acc_op norm:hstatus_vsbe_op norm:hstatus_vsxl_64 norm:vsxl_ro norm:hedeleg_sz_acc
    /// norm:hedeleg_img norm:hedeleg_acc norm:hideleg_sz_acc norm:hideleg_img norm:hideleg_acc norm:hvip_sz_op
    /// norm:hvip_img norm:hvip_acc norm:hip_hie_sz_acc norm:hip_img norm:hip_acc norm:hie_img norm:hie_acc
    /// norm:hgeie_sz_acc_op norm:hgeie_img norm:geilen norm:henvcfg_sz_acc_op norm:hcounteren_sz norm:hcounteren_warl
    /// norm:htimedelta_sz_acc_op norm:htval_sz_acc_op norm:htval_val norm:htinst_sz_acc_op norm:htinst_val
    /// norm:hgatp_sz_acc_op norm:hgatp_vmid norm:hgatp_vmid_lsbs norm:hgatp_ppn_op
    @Test(arguments: supervisorRows)
    func hypervisorRegister(_ row: RegisterBits) throws {
        for mode in [PrivilegeMode.supervisor, .machine] {
            let test = try TestHart.open(in: mode)
            test.walk(row, through: row.address)
        }
    }

    /// `vsip` and `vsie` as far as `hideleg` delegates; SD and MODE need more than one bit to read as set.
    static let virtualSupervisorRows: [(RegisterBits, CSRAddress)] = [
        (RegisterBits(.vsstatus, 0xC_6122, constant: rv64), .sstatus),
        (RegisterBits(.vsip, 0x2), .sip),
        (RegisterBits(.vsie, 0x222), .sie),
        (RegisterBits(.vstvec, ~2), .stvec),
        (RegisterBits(.vsscratch, ~0), .sscratch),
        (RegisterBits(.vsepc, ~1), .sepc),
        (RegisterBits(.vscause, ~0), .scause),
        (RegisterBits(.vstval, ~0), .stval),
        (RegisterBits(.vstimecmp, ~0), .stimecmp),
        (RegisterBits(.vsatp, 0x8FFF_FFFF_FFFF_FFFF), .satp),
    ]

    /// As HS-mode sees them, and as VS-mode does at the supervisor addresses. UBE, VS and XS are read-only zero.
    /// norm:vsstatus_sz_acc_op norm:vsstatus_ube norm:vsstatus_uxl_op norm:vsip_vsie_sz_acc_op norm:vsip_img
    /// norm:vsie_img norm:vstvec_sz_acc_op norm:vstvec_img norm:vsscratch_sz_acc_op norm:vspec_sz_acc_op
    /// norm:vsepc_warl norm:vscause_sz_acc_op norm:vscause_wlrl norm:vstval_sz_acc_op norm:vstval_warl
    /// norm:vstimecmp_sz norm:vsatp_sz_acc_op norm:H_vscsrs_acc_m_hs
    @Test(arguments: virtualSupervisorRows)
    func virtualSupervisorRegister(_ row: RegisterBits, _ guestAddress: CSRAddress) throws {
        for mode in [PrivilegeMode.supervisor, .machine, .virtualSupervisor] {
            let test = try TestHart.open(in: mode)
            test.walk(row, through: mode == .virtualSupervisor ? guestAddress : row.address)
        }
    }

    /// norm:mtval2_sz_acc_op norm:mtval2_val norm:mtinst_sz_acc_op norm:mtinst_val norm:H_mtval_nrz
    @Test(arguments: [CSRAddress.mtval2, .mtinst, .mtval])
    func machineRegister(_ address: CSRAddress) throws {
        let test = try TestHart.open(in: .machine)
        test.walk(RegisterBits(address, ~0), through: address)
    }

    /// What the guest writes goes to the VS CSR and leaves the supervisor's own alone; with V=0 the reverse.
    /// norm:H_vscsrs_sub norm:H_vscsrs_v1 norm:H_vscsrs_v0 norm:vsip_vsie_sz_acc_op
    @Test(arguments: virtualSupervisorRows)
    func substitution(_ row: RegisterBits, _ supervisorAddress: CSRAddress) throws {
        let value: UInt64 = row.address == .vsatp ? 8 << 60 | 0x123 : row.writable & 0x202
        for mode in [PrivilegeMode.supervisor, .virtualSupervisor] {
            let test = try TestHart.open(in: mode)
            let (written, other) =
                mode == .supervisor ? (supervisorAddress, row.address) : (row.address, supervisorAddress)
            let before = test.hart.readCSR(other)
            #expect(test.write(supervisorAddress, value) == nil)
            #expect(test.hart.readCSR(written) == row.constant | value)
            #expect(test.hart.readCSR(other) == before)
            #expect(value != 0)
        }
    }

    /// SD and XS summarize vsstatus alone. norm:vsstatus_sd_xs_op norm:vsstatus_fs_op
    @Test(arguments: [UInt64(0), 1, 2, 3], [UInt64(0), 1, 2, 3])
    func summary(outer: UInt64, inner: UInt64) throws {
        let test = try TestHart.open(in: .supervisor)
        #expect(test.write(.sstatus, outer << 13) == nil)
        #expect(test.write(.vsstatus, inner << 13 | 3 << 15) == nil)
        let status = SStatus(test.read(.vsstatus))
        #expect(status[.sd] == (inner == 3))
        #expect(status[.xs] == 0)
        #expect(status[.fs] == inner)
        #expect(SStatus(test.read(.sstatus))[.sd] == (outer == 3))
        #expect(SStatus(test.read(.sstatus))[.fs] == outer)
    }

    /// XLEN is 64 in every mode, and no field can say otherwise. norm:hsxlen norm:vsxlen norm:hstatus_vsxl_op
    /// norm:misa_mxl_enc norm:vsstatus_uxl_op
    @Test(arguments: PrivilegeMode.allCases)
    func widths(_ mode: PrivilegeMode) throws {
        let machine = try TestMachine()
        for value in [UInt64(0), 1, 3] {
            machine.hart.writeCSR(.hstatus, value << 32)
            machine.hart.writeCSR(.vsstatus, value << 32 | 1 << 13)
            machine.hart.writeCSR(.mstatus, value << 34 | value << 32)
        }
        #expect(machine.state.pointee.hstatus[.vsxl] == 2)
        #expect(machine.state.pointee.vsstatus[.uxl] == 2)
        #expect(machine.state.pointee.mstatus[.sxl] == 2)
        #expect(machine.state.pointee.mstatus[.uxl] == 2)
        #expect(machine.hart.readCSR(.misa) >> 62 == 2)
        machine[.a0] = 1
        machine.load { program in
            program.emit(.slli, rd: .a0, rs1: .a0, 63)
            program.emit(.srai, rd: .a1, rs1: .a0, 63)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        #expect(machine[.a0] == 1 << 63)
        #expect(machine[.a1] == ~0)
    }

    /// Addresses of the upper halves that only RV32 has. norm:hedelegh_sz_acc_op norm:henvcfgh_sz_acc_op
    /// norm:htimedeltah_sz_acc_op norm:vstimecmp_acc norm:H_illegal_high_half
    @Test(arguments: [0x612, 0x61A, 0x615, 0x618, 0x655, 0x25D, 0x15D, 0x310, 0x312, 0x31A, 0xC80, 0xC81, 0xC9F])
    func upperHalves(_ address: UInt16) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        for mode in PrivilegeMode.allCases {
            for access in CSRAccess.allCases {
                let decision = test.hart.decideAccess(to: CSRAddress(address), access, from: mode)
                #expect(decision == .illegalInstruction)
            }
        }
    }

    /// misa.H says that the registers are there. norm:misa_h_op norm:time_htimedelta_req norm:mtval2_Ssdbltrap
    /// norm:hcounteren_warl
    @Test func presence() throws {
        let letter: UInt64 = 1 << 7
        let with = try TestHart()
        with.openAllGates()
        #expect(with.hart.readCSR(.misa) & letter != 0)
        for address in [CSRAddress.time, .htimedelta, .hcounteren, .hgatp, .vsatp, .mtval2, .mtinst] {
            #expect(with.hart.decideAccess(to: address, .read, from: .machine) == .allowed(address))
        }
        let without = try TestHart([.i, .m, .a, .c, .zicsr])
        #expect(without.hart.readCSR(.misa) & letter == 0)
        without.hart.writeCSR(.misa, ~0)
        #expect(without.hart.readCSR(.misa) & letter == 0)
        for address in [CSRAddress.htimedelta, .hcounteren, .hgatp, .vsatp, .mtval2, .mtinst] {
            #expect(without.hart.decideAccess(to: address, .read, from: .machine) == .illegalInstruction)
        }
        let doubleTrap = try TestHart([.i, .m, .a, .c, .zicsr, .ssdbltrp])
        #expect(doubleTrap.hart.decideAccess(to: .mtval2, .write, from: .machine) == .allowed(.mtval2))
        #expect(doubleTrap.hart.decideAccess(to: .mtinst, .write, from: .machine) == .illegalInstruction)
    }

    /// Sv39 is there in all three registers, however few modes the hart is given. norm:H_vm_supported
    /// norm:hgatp_mode_sv
    @Test(arguments: PagingLimit.allCases)
    func translationModes(_ limit: PagingLimit) throws {
        let test = try TestHart(pagingLimit: limit)
        test.state.pointee.mode = .supervisor
        for address in [CSRAddress.satp, .vsatp, .hgatp] {
            for mode in UInt64(0)..<16 {
                #expect(test.write(address, 0) == nil)
                #expect(test.write(address, mode << 60) == nil)
                let isSupported = mode == 0 || 8...limit.rawValue ~= mode
                #expect(test.read(address) >> 60 == (isSupported ? mode : 0))
            }
        }
    }

    /// One field of `henvcfg` and what brings it.
    struct EnvironmentField: CustomTestStringConvertible, Sendable {
        let provider: ISAExtension
        let mask: UInt64
        /// Read-only zero while `menvcfg` has it zero.
        let isBounded: Bool
        var testDescription: String { provider.name }
    }

    /// norm:henvcfg_pbmte_op norm:henvcfg_adue_op norm:henvcfg_stce norm:henvcfg_dte_op norm:henvcfg_cbze
    /// norm:henvcfg_cbcfe norm:henvcfg_cbie norm:henvcfg_pmm_op
    @Test(arguments: [
        EnvironmentField(provider: .svpbmt, mask: 1 << 62, isBounded: true),
        EnvironmentField(provider: .svadu, mask: 1 << 61, isBounded: true),
        EnvironmentField(provider: .sstc, mask: 1 << 63, isBounded: true),
        EnvironmentField(provider: .ssdbltrp, mask: 1 << 59, isBounded: true),
        EnvironmentField(provider: .zicboz, mask: 1 << 7, isBounded: false),
        EnvironmentField(provider: .zicbom, mask: 7 << 4, isBounded: false),
        EnvironmentField(provider: .ssnpm, mask: 3 << 32, isBounded: false),
    ])
    func environmentFields(_ field: EnvironmentField) throws {
        let all = ISAConfiguration.full.extensions
        let with = try TestHart.open(all, in: .supervisor)
        #expect(with.write(.henvcfg, ~0) == nil)
        #expect(with.read(.henvcfg) & field.mask == field.mask)
        #expect(with.write(.henvcfg, ~field.mask) == nil)
        #expect(with.read(.henvcfg) & field.mask == 0)
        with.hart.writeCSR(.menvcfg, 0)
        #expect(with.write(.henvcfg, ~0) == nil)
        #expect(with.read(.henvcfg) & field.mask == (field.isBounded ? 0 : field.mask))
        let without = try TestHart.open(all.subtracting(ExtensionSet([field.provider])), in: .supervisor)
        #expect(without.write(.henvcfg, ~0) == nil)
        #expect(without.read(.henvcfg) & field.mask == 0)
    }

    /// The reserved CBIE keeps the old value. norm:henvcfg_cbie
    @Test func reservedInvalidate() throws {
        let test = try TestHart.open(ISAConfiguration.full.extensions, in: .supervisor)
        for legal in [UInt64(0), 1, 3] {
            #expect(test.write(.henvcfg, legal << 4) == nil)
            #expect(test.write(.henvcfg, 2 << 4) == nil)
            #expect(test.read(.henvcfg) == legal << 4)
        }
    }

    /// While MODE is Bare the other fields are zero in well-behaved software; they are kept as written here.
    /// norm:hgatp_mode_bare
    @Test func bareGuestStage() throws {
        let test = try TestHart.open(in: .supervisor)
        #expect(test.write(.hgatp, 8 << 60 | 5 << 44 | 0x1230) == nil)
        #expect(test.write(.hgatp, 0) == nil)
        #expect(test.read(.hgatp) == 0)
    }
}
