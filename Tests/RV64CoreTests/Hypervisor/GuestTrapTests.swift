import Testing

@testable import RV64Core

/// What a trap out of a guest, or about one, leaves in which register, whoever takes it.
@Suite struct GuestTrapTests {
    /// One way to trap.
    struct Source: CustomTestStringConvertible, Sendable {
        let name: String
        let cause: ExceptionCause
        /// `xtval` is a guest virtual address.
        let isGuestVirtual: Bool
        var mode = PrivilegeMode.virtualSupervisor
        /// What `xtval` receives; nil stands for the instruction's encoding.
        let value: UInt64?
        /// What `htval` or `mtval2` receives, unshifted.
        var guestPhysicalAddress: UInt64 = 0
        let provoke: @Sendable (GuestMachine) throws -> Void
        var testDescription: String { name }
    }

    private static let data = GuestMachine.virtualData
    private static let code = GuestMachine.virtualCode

    /// One access, with its address in a0.
    @Sendable private static func access(_ opcode: Opcode, _ address: UInt64) -> @Sendable (GuestMachine) throws -> Void
    {
        { fixture in fixture.access(opcode, at: address) }
    }

    static let sources: [Source] = [
        Source(
            name: "ebreak",
            cause: .breakpoint,
            isGuestVirtual: true,
            value: code,
            provoke: { $0.run { $0.emit(.ebreak) } }
        ),
        Source(
            name: "misaligned load",
            cause: .loadAddressMisaligned,
            isGuestVirtual: true,
            value: data + 2,
            provoke: access(.lrD, data + 2)
        ),
        Source(
            name: "misaligned AMO",
            cause: .storeAddressMisaligned,
            isGuestVirtual: true,
            value: data + 2,
            provoke: access(.amoaddW, data + 2)
        ),
        Source(
            name: "load page fault",
            cause: .loadPageFault,
            isGuestVirtual: true,
            value: 0x66_6000,
            provoke: access(.ld, 0x66_6000)
        ),
        Source(
            name: "store page fault",
            cause: .storePageFault,
            isGuestVirtual: true,
            value: 0x66_6000,
            provoke: access(.sb, 0x66_6000)
        ),
        Source(
            name: "instruction page fault",
            cause: .instructionPageFault,
            isGuestVirtual: true,
            value: 0x66_6000,
            provoke: { $0.machine.run(.virtualSupervisor, at: 0x66_6000) }
        ),
        Source(
            name: "load access fault",
            cause: .loadAccessFault,
            isGuestVirtual: true,
            value: data,
            provoke: { fixture in
                fixture.guest.map(GuestMachine.data, to: 0x1000_0000, Entry.user)
                fixture.access(.lw, at: data)
            }
        ),
        Source(
            name: "store access fault",
            cause: .storeAccessFault,
            isGuestVirtual: true,
            value: data,
            provoke: { fixture in
                fixture.guest.map(GuestMachine.data, to: 0x1000_0000, Entry.user)
                fixture.access(.sw, at: data)
            }
        ),
        Source(
            name: "instruction access fault",
            cause: .instructionAccessFault,
            isGuestVirtual: true,
            value: code,
            provoke: { fixture in
                fixture.guest.map(GuestMachine.code, to: 0x1000_0000, Entry.user)
                fixture.machine.run(.virtualSupervisor, at: code)
            }
        ),
        Source(
            name: "load guest-page fault",
            cause: .loadGuestPageFault,
            isGuestVirtual: true,
            value: data + 9,
            guestPhysicalAddress: GuestMachine.data + 8,
            provoke: { fixture in
                fixture.guest.unmap(GuestMachine.data)
                fixture.access(.lb, at: data + 9)
            }
        ),
        Source(
            name: "store guest-page fault",
            cause: .storeGuestPageFault,
            isGuestVirtual: true,
            value: data + 16,
            guestPhysicalAddress: GuestMachine.data + 16,
            provoke: { fixture in
                fixture.guest.unmap(GuestMachine.data)
                fixture.access(.amoswapD, at: data + 16)
            }
        ),
        Source(
            name: "instruction guest-page fault",
            cause: .instructionGuestPageFault,
            isGuestVirtual: true,
            value: code,
            guestPhysicalAddress: GuestMachine.code,
            provoke: { fixture in
                fixture.guest.unmap(GuestMachine.code)
                fixture.machine.run(.virtualSupervisor, at: code)
            }
        ),
        Source(
            name: "illegal instruction",
            cause: .illegalInstruction,
            isGuestVirtual: false,
            value: nil,
            provoke: { $0.run { $0.emit(.mret) } }
        ),
        Source(
            name: "virtual instruction",
            cause: .virtualInstruction,
            isGuestVirtual: false,
            value: nil,
            provoke: { $0.run { $0.emit(.hfenceGvma) } }
        ),
        Source(
            name: "ecall",
            cause: .environmentCallFromVS,
            isGuestVirtual: false,
            value: 0,
            provoke: { $0.run { $0.emit(.ecall) } }
        ),
        Source(
            name: "HLV",
            cause: .loadPageFault,
            isGuestVirtual: true,
            mode: .supervisor,
            value: 0x66_6000,
            provoke: { fixture in
                fixture.machine[.a0] = 0x66_6000
                fixture.machine.load { $0.emit(.hlvD, rd: .a1, rs1: .a0) }
                fixture.machine.run(.supervisor, at: TestMachine.base)
            }
        ),
        Source(
            name: "load in HS",
            cause: .loadAccessFault,
            isGuestVirtual: false,
            mode: .supervisor,
            value: 0x100,
            provoke: { fixture in
                fixture.machine[.a0] = 0x100
                fixture.machine.load { $0.emit(.ld, rd: .a1, rs1: .a0) }
                fixture.machine.run(.supervisor, at: TestMachine.base)
            }
        ),
    ]

    /// Codes, values and GVA of a trap into HS. norm:H_cause norm:hstatus_gva_op norm:hstatus_spv_op
    /// norm:hstatus_spvp_op norm:H_trap_hs_csrwrites norm:htval_trapval norm:H_virtinst_xtval
    /// norm:mtval2_htval_virtaddr
    @Test(arguments: sources)
    func toSupervisor(_ source: Source) throws {
        for before in [false, true] {
            let fixture = try GuestMachine()
            fixture.state.pointee.hstatus[.gva] = before
            fixture.state.pointee.hstatus[.spv] = before
            fixture.state.pointee.hstatus[.spvp] = before
            fixture.state.pointee.htval = 7
            fixture.state.pointee.htinst = 7
            let machineStatus = fixture.state.pointee.mstatus
            if source.name == "HLV" { fixture.state.pointee.hstatus[.spvp] = true }
            try source.provoke(fixture)
            let state = fixture.state.pointee
            #expect(state.mode == .supervisor)
            #expect(state.scause == source.cause.rawValue)
            #expect(state.hstatus[.gva] == source.isGuestVirtual)
            #expect(state.hstatus[.spv] == source.mode.isVirtual)
            #expect(state.hstatus[.spvp] == (source.mode.isVirtual || source.name == "HLV" || before))
            #expect(state.mstatus[.spp])
            #expect(state.mstatus[.mpv] == machineStatus[.mpv])
            #expect(state.mstatus[.gva] == machineStatus[.gva])
            #expect(state.htval == source.guestPhysicalAddress >> 2)
            if let value = source.value {
                #expect(state.stval == value)
            } else {
                #expect(state.stval == fixture.machine.read(fixture.physical(GuestMachine.code)) & 0xFFFF_FFFF)
            }
        }
    }

    /// The same into M, where nothing is delegated. norm:mstatus_gva_op norm:mstatus_mpv_op norm:H_trap_m_csrwrites
    /// norm:mtval2_trapval norm:H_mtval_nrz norm:H_virtinst_xtval
    @Test(arguments: sources)
    func toMachine(_ source: Source) throws {
        for before in [false, true] {
            let fixture = try GuestMachine()
            fixture.machine.hart.writeCSR(.medeleg, 0)
            fixture.state.pointee.mstatus[.gva] = before
            fixture.state.pointee.mstatus[.mpv] = before
            fixture.state.pointee.hstatus[.spvp] = true
            fixture.state.pointee.mtval2 = 7
            fixture.state.pointee.mtinst = 7
            let hypervisorStatus = fixture.state.pointee.hstatus
            try source.provoke(fixture)
            let state = fixture.state.pointee
            #expect(state.mode == .machine)
            #expect(state.mcause == source.cause.rawValue)
            #expect(state.mstatus[.gva] == source.isGuestVirtual)
            #expect(state.mstatus[.mpv] == source.mode.isVirtual)
            #expect(state.mstatus[.mpp] == 1)
            #expect(state.mtval2 == source.guestPhysicalAddress >> 2)
            #expect(state.hstatus == hypervisorStatus)
            if let value = source.value {
                #expect(state.mtval == value)
            } else {
                #expect(state.mtval == fixture.machine.read(fixture.physical(GuestMachine.code)) & 0xFFFF_FFFF)
            }
        }
    }

    /// Only a guest-page fault of an explicit access tells the instruction; every other exception writes zero.
    /// norm:H_trap_xtinst norm:H_trap_xtinst_val
    @Test(arguments: sources, [false, true])
    func trapInstruction(source: Source, toMachine: Bool) throws {
        let fixture = try GuestMachine()
        if toMachine { fixture.machine.hart.writeCSR(.medeleg, 0) }
        fixture.state.pointee.hstatus[.spvp] = true
        fixture.state.pointee.htinst = 7
        fixture.state.pointee.mtinst = 7
        try source.provoke(fixture)
        let value = toMachine ? fixture.state.pointee.mtinst : fixture.state.pointee.htinst
        let isTold = source.cause == .loadGuestPageFault || source.cause == .storeGuestPageFault
        #expect((value != 0) == isTold)
        #expect((toMachine ? fixture.state.pointee.htinst : fixture.state.pointee.mtinst) == 7)
    }

    /// `hedeleg` passes on what it may; guest-page faults, virtual instructions and the calls of VS stay with HS.
    /// norm:hedeleg_op norm:H_trap_deleg norm:H_guest_page_fault norm:H_trap_vs_csrwrites norm:hedeleg_acc
    @Test(arguments: sources)
    func delegatedToTheGuest(_ source: Source) throws {
        let fixture = try GuestMachine()
        fixture.machine.hart.writeCSR(.hedeleg, ~0)
        fixture.machine.hart.writeCSR(.vstvec, Self.data + 0x1000)
        fixture.machine.load(at: fixture.physical(GuestMachine.secondData)) { $0.emit(.ecall) }
        fixture.state.pointee.hstatus[.spvp] = true
        try source.provoke(fixture)
        let kept: [ExceptionCause] = [
            .loadGuestPageFault, .storeGuestPageFault, .instructionGuestPageFault, .virtualInstruction,
            .environmentCallFromVS,
        ]
        if source.mode.isVirtual, !kept.contains(source.cause) {
            #expect(fixture.state.pointee.vscause == source.cause.rawValue)
            #expect(fixture.state.pointee.vsstatus[.spp])
            if let value = source.value { #expect(fixture.state.pointee.vstval == value) }
            #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
            #expect(fixture.state.pointee.sepc == Self.data + 0x1000)
        } else {
            #expect(fixture.state.pointee.scause == source.cause.rawValue)
            #expect(fixture.state.pointee.vscause == 0)
        }
    }

    /// Guest-page faults of page-crossing accesses and instructions: both registers name the part that faulted.
    /// norm:mtval2_trapval_other norm:H_straddle norm:mtval2_htval_virtaddr norm:H_tinst_addr_offset
    @Test(arguments: [false, true])
    func faultingPart(toMachine: Bool) throws {
        let boundary = Self.data + 0x1000
        for isFetch in [false, true] {
            let fixture = try GuestMachine()
            if toMachine { fixture.machine.hart.writeCSR(.medeleg, 0) }
            fixture.guest.unmap(GuestMachine.secondData)
            if isFetch {
                // The first half of a 32-bit instruction ends its page.
                fixture.machine.load(at: fixture.physical(GuestMachine.data + 0xFFE)) { $0.half(0x0013) }
                fixture.machine.run(.virtualSupervisor, at: boundary - 2)
            } else {
                fixture.access(.ld, at: boundary - 6)
            }
            let state = fixture.state.pointee
            #expect((toMachine ? state.mtval : state.stval) == boundary)
            #expect((toMachine ? state.mtval2 : state.htval) == GuestMachine.secondData >> 2)
            let instruction = isFetch ? 0 : UInt64(ProgramBuilder.encode(.ld, rd: .a1) | 6 << 15)
            #expect((toMachine ? state.mtinst : state.htinst) == instruction)
            let epc = isFetch ? boundary - 2 : Self.code
            #expect((toMachine ? state.mepc : state.sepc) == epc)
        }
    }

    /// A VS-stage entry that the G-stage refuses, taken in M. norm:mtval2_trapval_vstrans norm:H_trap_xtinst_guestpage
    /// norm:H_trap_xtinst_guestpage_rw norm:H_vm_gpapriv
    @Test(arguments: [Opcode.ld, .sd, .amoaddD], [false, true])
    func implicitAccess(opcode: Opcode, isUpdate: Bool) throws {
        let fixture = try GuestMachine()
        fixture.machine.hart.writeCSR(.medeleg, 0)
        let address: UInt64 = 0x1_4000_0018
        fixture.first.map(address & ~0xFFF, to: GuestMachine.data, Entry.supervisor & ~(Entry.a | Entry.d))
        let entry = fixture.first.entry(for: address) - GuestMachine.frames
        if isUpdate {
            fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
            fixture.machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.adue.mask)
            fixture.guest.map(entry & ~0xFFF, to: fixture.physical(entry & ~0xFFF), Entry.user & ~Entry.w)
        } else {
            fixture.guest.unmap(entry & ~0xFFF)
        }
        fixture.access(opcode, at: address)
        let state = fixture.state.pointee
        let cause: ExceptionCause = opcode == .ld ? .loadGuestPageFault : .storeGuestPageFault
        #expect(state.mcause == cause.rawValue)
        #expect(state.mtval == address)
        #expect(state.mtval2 == entry >> 2)
        #expect(state.mtinst == (isUpdate ? 0x3020 : 0x3000))
        #expect(state.mstatus[.gva])
    }
}
