import Testing

@testable import RV64Core

/// Virtual-instruction or illegal-instruction, executed; and which exception comes first.
@Suite struct VirtualInstructionTests {
    /// Executes one instruction in a mode, all gates open but for what `prepare` closes.
    /// - Returns: the cause, or nil if the instruction did not trap.
    private func cause(
        of encoding: UInt32,
        in mode: PrivilegeMode,
        _ prepare: (Hart) -> Void = { _ in }
    ) throws -> ExceptionCause? {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        for number in 0...3 {
            machine.hart.writeCSR(CSRAddress.mstateen0.advanced(by: number), ~0)
            machine.hart.writeCSR(CSRAddress.hstateen0.advanced(by: number), ~0)
        }
        machine.hart.writeCSR(.menvcfg, ~0)
        machine.hart.writeCSR(.henvcfg, ~0)
        machine.hart.writeCSR(.menvcfg, machine.hart.readCSR(.menvcfg) & ~(3 << 32 | 1 << 60))
        machine.hart.writeCSR(.henvcfg, machine.hart.readCSR(.henvcfg) & ~(3 << 32))
        prepare(machine.hart)
        machine[.a0] = TestMachine.base + 0x8000
        machine.load { program in
            program.word(encoding)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        let state = machine.state.pointee
        let found = try #require(ExceptionCause(rawValue: state.scause))
        if found == .breakpoint { return nil }
        if found == .illegalInstruction || found == .virtualInstruction { #expect(state.stval == UInt64(encoding)) }
        return found
    }

    private static func csr(_ opcode: Opcode, _ address: CSRAddress) -> UInt32 {
        ProgramBuilder.encode(opcode, rd: .a1, Int32(address.rawValue))
    }

    static let counters = (UInt16(0)..<32).map { CSRAddress.cycle.advanced(by: Int($0)) }

    /// norm:H_virtinst_vs_nonhighctr_h0_m1 norm:H_virtinst_vu_nonhighctr_h0_s0_m1 norm:hcounteren_op
    /// norm:H_virtinst_xtval
    @Test(arguments: [PrivilegeMode.virtualSupervisor, .virtualUser], 0..<8)
    func closedCounters(mode: PrivilegeMode, setting: Int) throws {
        for (number, address) in Self.counters.enumerated() where [0, 1, 2, 3, 31].contains(number) {
            let bit: UInt64 = 1 << UInt64(number)
            let found = try cause(of: Self.csr(.csrrs, address), in: mode) { hart in
                hart.writeCSR(.mcounteren, setting & 4 != 0 ? bit : ~bit)
                hart.writeCSR(.hcounteren, setting & 2 != 0 ? bit : ~bit)
                hart.writeCSR(.scounteren, setting & 1 != 0 ? bit : ~bit)
            }
            let isOpen = setting & 2 != 0 && (setting & 1 != 0 || mode == .virtualSupervisor)
            let expected: ExceptionCause? =
                setting & 4 == 0 ? .illegalInstruction : isOpen ? nil : .virtualInstruction
            #expect(found == expected, "\(number)")
        }
    }

    /// All of HLV, HLVX, HSV, HFENCE and HINVAL. norm:H_virtinst_vu_vs_hinst norm:hlsv_virtinst norm:hlsv_illegalinst
    /// norm:hfence-vvma_hfence-gvma_exceptions norm:hlsv_mode norm:hstatus_hu_op
    @Test(arguments: InstructionTable.hypervisorRows.map(\.opcode))
    func hypervisorInstructions(_ opcode: Opcode) throws {
        let encoding = ProgramBuilder.encode(opcode, rd: .a1, rs1: .a0, rs2: .zero)
        #expect(try cause(of: encoding, in: .virtualSupervisor) == .virtualInstruction)
        #expect(try cause(of: encoding, in: .virtualUser) == .virtualInstruction)
        #expect(try cause(of: encoding, in: .supervisor) == nil)
        let isFence = [.hfenceVvma, .hfenceGvma, .hinvalVvma, .hinvalGvma].contains(opcode)
        for isUserAllowed in [false, true] {
            let found = try cause(of: encoding, in: .user) { $0.state.pointee.hstatus[.hu] = isUserAllowed }
            #expect(found == (isUserAllowed && !isFence ? nil : .illegalInstruction))
            for mode in [PrivilegeMode.virtualSupervisor, .virtualUser] {
                let found = try cause(of: encoding, in: mode) { $0.state.pointee.hstatus[.hu] = isUserAllowed }
                #expect(found == .virtualInstruction)
            }
        }
    }

    static let hypervisorCSRs: [CSRAddress] = (UInt16(0)..<0x1000).map { CSRAddress($0) }.filter { address in
        address.level == .hypervisor && address.isImplemented && !address.isIndirect
    }

    static let supervisorCSRs: [CSRAddress] = (UInt16(0)..<0x1000).map { CSRAddress($0) }.filter { address in
        // `CounterDelegationTests` have the last.
        address.level == .supervisor && address.isImplemented && !address.isIndirect && address != .scountinhibit
    }

    /// Every hypervisor and VS CSR: virtual-instruction where HS could with TVM=0, illegal-instruction where not.
    /// norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 norm:H_csrs_hs_not_vs norm:H_vscsrs_acc_vs norm:H_vscsrs_acc_u
    /// norm:H_vscsrs_acc_m_hs norm:H_cause_virtual_instruction
    @Test(arguments: hypervisorCSRs)
    func hypervisorRegisters(_ address: CSRAddress) throws {
        for (opcode, isWrite) in [(Opcode.csrrs, false), (.csrrw, true)] {
            let encoding = Self.csr(opcode, address)
            let isImpossible = isWrite && address.isReadOnly
            let guest: ExceptionCause = isImpossible ? .illegalInstruction : .virtualInstruction
            for mode in [PrivilegeMode.virtualSupervisor, .virtualUser] {
                #expect(try cause(of: encoding, in: mode) == guest)
                #expect(try cause(of: encoding, in: mode) { $0.state.pointee.mstatus[.tvm] = true } == guest)
            }
            #expect(try cause(of: encoding, in: .user) == .illegalInstruction)
            #expect(try cause(of: encoding, in: .supervisor) == (isImpossible ? .illegalInstruction : nil))
        }
    }

    /// Every supervisor CSR, from VU. norm:H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0
    /// norm:H_cause_virtual_instruction
    @Test(arguments: supervisorCSRs)
    func supervisorRegisters(_ address: CSRAddress) throws {
        for (opcode, isWrite) in [(Opcode.csrrs, false), (.csrrw, true)] {
            let encoding = Self.csr(opcode, address)
            let isImpossible = isWrite && address.isReadOnly
            let refused: ExceptionCause = isImpossible ? .illegalInstruction : .virtualInstruction
            #expect(try cause(of: encoding, in: .virtualUser) == refused)
            #expect(try cause(of: encoding, in: .virtualUser) { $0.state.pointee.mstatus[.tvm] = true } == refused)
            #expect(try cause(of: encoding, in: .virtualSupervisor) == (isImpossible ? .illegalInstruction : nil))
        }
    }

    /// What HS cannot do in any mode below M stays illegal: machine CSRs, MRET, absent registers of AIA and RV32.
    /// norm:H_cause_virtual_instruction norm:H_illegal_high_half
    @Test(arguments: [0x300, 0x342, 0xB00, 0xF14, 0x254, 0x25C, 0x608, 0x609, 0x646, 0x15C, 0xDB0, 0xEB0, 0x615, 0xC81])
    func notQualified(_ address: UInt16) throws {
        for mode in [PrivilegeMode.virtualSupervisor, .virtualUser] {
            #expect(try cause(of: Self.csr(.csrrs, CSRAddress(address)), in: mode) == .illegalInstruction)
            #expect(try cause(of: ProgramBuilder.encode(.mret), in: mode) == .illegalInstruction)
            #expect(try cause(of: 0x7020_0073, in: mode) == .illegalInstruction, "mnret without Smrnmi")
            #expect(try cause(of: 0, in: mode) == .illegalInstruction)
        }
    }

    /// norm:H_virtinst_vu_wfi_tw0 norm:H_virtinst_vu_sret_sfence
    @Test(arguments: [Opcode.wfi, .sret, .sfenceVma, .sinvalVma, .sfenceWInval, .sfenceInvalIr], [false, true])
    func supervisorInstructions(opcode: Opcode, isBound: Bool) throws {
        // TSR and TVM do not count for a guest; TW does.
        let found = try cause(of: ProgramBuilder.encode(opcode), in: .virtualUser) { hart in
            for flag in [Flag<MStatus>.tsr, .tvm, .tw] { hart.state.pointee.mstatus[flag] = isBound }
        }
        #expect(found == (opcode == .wfi && isBound ? .illegalInstruction : .virtualInstruction))
    }

    /// Floating point with FS off at either level: always illegal. norm:H_illegalinst_xstatus_fs_vs norm:vsstatus_fs_op
    @Test(arguments: [PrivilegeMode.virtualSupervisor, .virtualUser], 0..<4)
    func floatingPoint(mode: PrivilegeMode, setting: Int) throws {
        let instructions = [
            ProgramBuilder.encode(.faddD), ProgramBuilder.encode(.fld, rs1: .a0), Self.csr(.csrrs, .fcsr),
            Self.csr(.csrrw, .fflags),
        ]
        for encoding in instructions {
            let found = try cause(of: encoding, in: mode) { hart in
                hart.state.pointee.mstatus[.fs] = setting & 1 != 0 ? ContextStatus.clean : ContextStatus.off
                hart.state.pointee.vsstatus[.fs] = setting & 2 != 0 ? ContextStatus.clean : ContextStatus.off
            }
            #expect(found == (setting == 3 ? nil : .illegalInstruction))
        }
    }

    /// Changing floating-point state in V makes both FS fields dirty; without V only the outer one.
    /// norm:vsstatus_fs_op norm:H_vscsrs_v0
    @Test(arguments: PrivilegeMode.allCases)
    func dirtyFloatingPoint(_ mode: PrivilegeMode) throws {
        let programs: [UInt32] = [
            ProgramBuilder.encode(.fld, rs1: .a0), ProgramBuilder.encode(.faddD), Self.csr(.csrrw, .frm),
        ]
        for encoding in programs {
            let machine = try TestMachine()
            machine.state.pointee.vsstatus[.fs] = mode.isVirtual ? ContextStatus.clean : ContextStatus.off
            machine[.a0] = TestMachine.base
            machine.load { program in
                program.word(encoding)
                program.emit(.ebreak)
            }
            machine.run(mode, at: TestMachine.base)
            #expect(machine.state.pointee.mstatus[.fs] == ContextStatus.dirty)
            let inner = mode.isVirtual ? ContextStatus.dirty : ContextStatus.off
            #expect(machine.state.pointee.vsstatus[.fs] == inner)
            #expect(SStatus(machine.hart.readCSR(.vsstatus))[.sd] == mode.isVirtual)
        }
    }
}

/// "Synchronous exception priority when the hypervisor extension is implemented".
@Suite struct ExceptionPriorityTests {
    /// Several reasons to trap, and the one that counts.
    struct Conflict: CustomTestStringConvertible, Sendable {
        let name: String
        let cause: ExceptionCause
        let run: @Sendable (GuestMachine) -> Void
        var testDescription: String { name }
    }

    private static let data = GuestMachine.virtualData
    /// Its VS-stage tables share no page but the root with those of the code.
    private static let far: UInt64 = 0x1_4000_0000

    @Sendable private static func mapFar(_ fixture: GuestMachine, _ flags: UInt64) -> UInt64 {
        fixture.first.map(far, to: GuestMachine.data, flags)
        return fixture.first.entry(for: far) - GuestMachine.frames
    }

    static let conflicts: [Conflict] = [
        Conflict(name: "fetch fault before the instruction's own", cause: .instructionGuestPageFault) { fixture in
            fixture.guest.unmap(GuestMachine.code)
            fixture.run { $0.emit(.hlvD) }
        },
        Conflict(name: "VS-stage before G-stage of the same access", cause: .loadPageFault) { fixture in
            fixture.first.unmap(data)
            fixture.guest.unmap(GuestMachine.data)
            fixture.access(.ld, at: data)
        },
        Conflict(name: "table's G-stage fault before its entry's fault", cause: .loadGuestPageFault) { fixture in
            let entry = mapFar(fixture, 0)
            fixture.guest.unmap(entry & ~0xFFF)
            fixture.access(.ld, at: far)
        },
        Conflict(name: "table's access fault before its entry's fault", cause: .storeAccessFault) { fixture in
            let entry = mapFar(fixture, 0)
            fixture.guest.map(entry & ~0xFFF, to: 0x1000_0000, Entry.user)
            fixture.access(.sd, at: far)
        },
        Conflict(name: "VS-stage permission before G-stage", cause: .storePageFault) { fixture in
            fixture.first.map(data, to: GuestMachine.data, Entry.supervisor & ~Entry.w)
            fixture.guest.unmap(GuestMachine.data)
            fixture.access(.sd, at: data)
        },
        Conflict(name: "G-stage before physical protection", cause: .loadGuestPageFault) { fixture in
            fixture.guest.map(GuestMachine.data, to: 0x1000_0000, Entry.user & ~(Entry.r | Entry.w))
            fixture.access(.ld, at: data)
        },
        Conflict(name: "illegal instruction before its page fault", cause: .illegalInstruction) { fixture in
            fixture.state.pointee.vsstatus[.fs] = ContextStatus.off
            fixture.access(.fld, at: 0x66_6000)
        },
        Conflict(name: "virtual instruction before its page fault", cause: .virtualInstruction) { fixture in
            fixture.access(.hlvD, at: 0x66_6000)
        },
        Conflict(name: "misaligned atomic before its page fault", cause: .storeAddressMisaligned) { fixture in
            fixture.access(.amoaddD, at: 0x66_6004)
        },
        Conflict(name: "first page of two", cause: .loadPageFault) { fixture in
            fixture.first.unmap(data)
            fixture.guest.unmap(GuestMachine.secondData)
            fixture.access(.ld, at: data + 0xFFC)
        },
        Conflict(name: "second page of two", cause: .loadGuestPageFault) { fixture in
            fixture.guest.unmap(GuestMachine.secondData)
            fixture.access(.ld, at: data + 0xFFC)
        },
    ]

    /// norm:H_exception_priority
    @Test(arguments: conflicts)
    func first(_ conflict: Conflict) throws {
        let fixture = try GuestMachine()
        conflict.run(fixture)
        #expect(fixture.state.pointee.scause == conflict.cause.rawValue)
    }
}
