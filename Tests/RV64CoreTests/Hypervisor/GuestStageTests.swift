import Testing

@testable import RV64Core

extension Entry {
    /// Global.
    static let g: UInt64 = 1 << 5
    static let executeOnly = v | x | a | d
}

/// Both stages, either alone, and none; what the hypervisor's registers make of them.
@Suite struct GuestStageTests {
    private static let data = GuestMachine.virtualData
    private static let value: UInt64 = 0x1234_5678_9ABC_DEF0

    /// Stage by stage on and off, the address that reaches memory. norm:H_vm_twostage norm:H_vm_gstagetrans
    /// norm:hgatp_mode_bare norm:hgatp_mode_bare_trans norm:vsatp_sz_acc_op
    @Test(arguments: [false, true], [false, true])
    func stages(hasFirst: Bool, hasGuest: Bool) throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        if !hasFirst { machine.hart.writeCSR(.vsatp, 0) }
        if !hasGuest { machine.hart.writeCSR(.hgatp, 0) }
        // Where the guest's address leads: through neither, one or both tables.
        let virtual: UInt64 = hasFirst ? Self.data : hasGuest ? GuestMachine.data : TestMachine.base + 0x8000
        let physical: UInt64 = hasGuest ? fixture.physical(GuestMachine.data) : TestMachine.base + 0x8000
        let code: UInt64 = hasFirst ? GuestMachine.virtualCode : hasGuest ? GuestMachine.code : TestMachine.base
        if hasFirst, !hasGuest {
            // The same first stage, in supervisor physical addresses.
            let tables = try PageTables(machine, mode: 8, at: TestMachine.base + 0x10_0000, isGuestStage: false)
            tables.map(Self.data, to: physical, Entry.supervisor)
            tables.map(GuestMachine.virtualCode, to: TestMachine.base, Entry.supervisor)
            machine.hart.writeCSR(.vsatp, tables.register())
        }
        machine.write(Self.value, at: physical)
        machine[.a0] = virtual
        machine.load(at: hasGuest ? fixture.physical(GuestMachine.code) : TestMachine.base) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.sd, rs1: .a0, rs2: .a0, 8)
            program.emit(.ecall)
        }
        machine.run(.virtualSupervisor, at: code)
        #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        #expect(machine[.a1] == Self.value)
        #expect(machine.read(physical + 8) == virtual)
    }

    /// The root has four pages, in which two more address bits choose; PPN[1:0] is zero. norm:hgatp_mode_x4
    /// norm:hgatp_ppn_op norm:hgatp_mode_sv39x4 norm:hgatp_mode_sv48x4 norm:hgatp_mode_sv57x4
    @Test(arguments: [UInt64(8), 9, 10], UInt64(0)..<4)
    func rootPages(mode: UInt64, quarter: UInt64) throws {
        let fixture = try GuestMachine(guest: mode)
        let bits: UInt64 = [8: 41, 9: 50, 10: 59][mode] ?? 0
        let address = quarter << (bits - 2) | GuestMachine.data
        fixture.guest.map(address, to: fixture.physical(GuestMachine.secondData), Entry.user)
        let top = fixture.guest.entry(for: address, level: fixture.guest.scheme.levels - 1)
        #expect(top >> 12 == fixture.guest.root >> 12 + quarter)
        fixture.machine.write(Self.value, at: fixture.physical(GuestMachine.secondData))
        let register = fixture.guest.register(GuestMachine.vmid)
        fixture.machine.hart.writeCSR(.hgatp, register | 3)
        #expect(fixture.machine.hart.readCSR(.hgatp) == register)
        fixture.machine.hart.writeCSR(.vsatp, 0)
        fixture.machine[.a0] = address
        fixture.machine.load(at: fixture.physical(GuestMachine.code)) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.code)
        #expect(fixture.machine[.a1] == Self.value)
    }

    /// The bits above the scheme's must be zero: no sign extension in the G-stage. norm:H_vm_gpatrans
    @Test(arguments: zip([UInt64(8), 9, 10], [UInt64(41), 50, 59]))
    func addressesAboveTheScheme(mode: UInt64, bits: UInt64) throws {
        let fixture = try GuestMachine(guest: mode)
        fixture.machine.hart.writeCSR(.vsatp, 0)
        for address in [1 << bits, ~0 << (bits - 1), 1 << 63] as [UInt64] {
            fixture.machine[.a0] = address
            fixture.machine.load(at: fixture.physical(GuestMachine.code)) { $0.emit(.sd, rs1: .a0, rs2: .a1) }
            fixture.machine.run(.virtualSupervisor, at: GuestMachine.code)
            #expect(fixture.state.pointee.scause == ExceptionCause.storeGuestPageFault.rawValue)
            #expect(fixture.state.pointee.stval == address)
            #expect(fixture.state.pointee.htval == address >> 2)
            fixture.machine.run(.virtualSupervisor, at: address)
            #expect(fixture.state.pointee.scause == ExceptionCause.instructionGuestPageFault.rawValue)
        }
    }

    /// Permissions of the G-stage by access, from VS and VU: U always needed, X, R and W as in the first stage; a
    /// guest-page fault of the access's own kind. norm:H_vm_gpatrans norm:H_vm_gpapriv norm:H_guest_page_fault
    @Test(arguments: [PrivilegeMode.virtualSupervisor, .virtualUser])
    func permissions(mode: PrivilegeMode) throws {
        let accesses: [(Opcode?, UInt64, ExceptionCause)] = [
            (.ld, Entry.r, .loadGuestPageFault), (.sd, Entry.w, .storeGuestPageFault),
            (.amoaddD, Entry.r | Entry.w, .storeGuestPageFault), (nil, Entry.x, .instructionGuestPageFault),
        ]
        for (opcode, needed, fault) in accesses {
            for flags in [Entry.r, Entry.r | Entry.w, Entry.x, Entry.r | Entry.x, Entry.r | Entry.w | Entry.x] {
                for user in [0, Entry.u] {
                    let fixture = try GuestMachine()
                    let own = mode == .virtualUser ? Entry.user : Entry.supervisor
                    fixture.first.map(Self.data, to: GuestMachine.data, own)
                    fixture.first.map(GuestMachine.virtualCode, to: GuestMachine.code, own)
                    fixture.guest.map(
                        GuestMachine.data,
                        to: fixture.physical(GuestMachine.data),
                        Entry.v | Entry.a | Entry.d | flags | user
                    )
                    fixture.machine.load(at: fixture.physical(GuestMachine.data)) { $0.emit(.ecall) }
                    if let opcode {
                        fixture.access(opcode, at: Self.data, mode)
                    } else {
                        fixture.machine.run(mode, at: Self.data)
                    }
                    let isAllowed = user != 0 && flags & needed == needed
                    let call: ExceptionCause =
                        mode == .virtualUser ? .environmentCallFromU : .environmentCallFromVS
                    #expect(fixture.state.pointee.scause == (isAllowed ? call : fault).rawValue)
                }
            }
        }
    }

    /// G means nothing in the G-stage: another VMID has its own translations. norm:H_vm_gpa_g
    @Test func globalGuestPages() throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        let other = try PageTables(machine, mode: 8, at: TestMachine.base + 0x30_0000, isGuestStage: true)
        for page in 0..<GuestMachine.pages {
            fixture.guest.map(page << 12, to: fixture.physical(page << 12), Entry.user | Entry.g)
            let target = page << 12 == GuestMachine.data ? GuestMachine.secondData : page << 12
            other.map(page << 12, to: fixture.physical(target), Entry.user | Entry.g)
        }
        machine.write(1, at: fixture.physical(GuestMachine.data))
        machine.write(2, at: fixture.physical(GuestMachine.secondData))
        fixture.access(.ld, at: Self.data)
        #expect(machine[.a1] == 1)
        machine.hart.writeCSR(.hgatp, other.register(GuestMachine.vmid + 1))
        fixture.access(.ld, at: Self.data)
        #expect(machine[.a1] == 2)
        machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
        fixture.access(.ld, at: Self.data)
        #expect(machine[.a1] == 1)
    }

    /// ADUE and PBMTE of `henvcfg` govern the VS-stage alone, those of `menvcfg` the G-stage and HS.
    /// norm:henvcfg_adue_op norm:henvcfg_pbmte_op
    @Test(arguments: [false, true], [false, true])
    func environment(byMachine: Bool, byHypervisor: Bool) throws {
        let fields = Flag<EnvironmentConfiguration>.adue.mask | Flag<EnvironmentConfiguration>.pbmte.mask
        for isType in [false, true] {
            for inGuestStage in [false, true] {
                let fixture = try GuestMachine()
                fixture.machine.hart.writeCSR(.menvcfg, byMachine ? fields : 0)
                fixture.machine.hart.writeCSR(.henvcfg, byHypervisor ? fields : 0)
                let flags: UInt64 = isType ? 1 << 61 | Entry.user : Entry.user & ~Entry.d
                if inGuestStage {
                    fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), flags)
                } else {
                    fixture.first.map(Self.data, to: GuestMachine.data, flags & ~Entry.u)
                }
                fixture.access(.sd, at: Self.data)
                let isOn = byMachine && (inGuestStage || byHypervisor)
                let fault: ExceptionCause = inGuestStage ? .storeGuestPageFault : .storePageFault
                #expect(fixture.state.pointee.scause == (isOn ? .environmentCallFromVS : fault).rawValue)
                if !isType {
                    let entry = (inGuestStage ? fixture.guest : fixture.first).entry(
                        for: inGuestStage ? GuestMachine.data : Self.data
                    )
                    #expect((fixture.machine.read(entry) & Entry.d != 0) == isOn)
                }
            }
        }
    }

    /// PMP judges the supervisor physical address, in every mode below M; also those of the tables themselves.
    /// norm:H_pmp
    @Test(arguments: [PrivilegeMode.virtualSupervisor, .virtualUser], [Opcode.ld, .sd])
    func physicalProtection(mode: PrivilegeMode, opcode: Opcode) throws {
        let fault: ExceptionCause = opcode == .ld ? .loadAccessFault : .storeAccessFault
        let far: UInt64 = 0x1_4000_0000
        for target in 0..<3 {
            let fixture = try GuestMachine()
            let own = mode == .virtualUser ? Entry.user : Entry.supervisor
            fixture.first.map(far, to: GuestMachine.data, own)
            fixture.first.map(GuestMachine.virtualCode, to: GuestMachine.code, own)
            // The data, the VS-stage table, or the G-stage table of a page of its own.
            let frame: UInt64
            switch target {
            case 0: frame = fixture.physical(GuestMachine.data)
            case 1: frame = fixture.first.entry(for: far)
            default:
                fixture.first.map(far, to: 0x40_0000_0000 >> 8, own)
                fixture.guest.map(0x40_0000_0000 >> 8, to: fixture.physical(GuestMachine.data), Entry.user)
                frame = fixture.guest.entry(for: 0x40_0000_0000 >> 8)
            }
            let hart = fixture.machine.hart
            hart.writeCSR(.pmpaddr0, (frame & ~0xFFF) >> 2 | 0x1FF)
            hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
            hart.writeCSR(.pmpcfg0, 0x1F18)
            fixture.access(opcode, at: far, mode)
            #expect(SupervisorTrap(fixture.state) == SupervisorTrap(fault, value: far))
        }
    }

    /// Without V the guest's registers count for nothing but HLV, HSV and MPRV. norm:H_vscsrs_v0 norm:vsatp_v0
    /// norm:vsstatus_v0 norm:vstvec_sz_acc_op norm:vspec_sz_acc_op norm:vscause_sz_acc_op norm:vstval_sz_acc_op
    @Test(arguments: [PrivilegeMode.machine, .supervisor, .user])
    func withoutVirtualization(mode: PrivilegeMode) throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        let tables = try PageTables(machine, mode: 8, at: TestMachine.base + 0x10_0000, isGuestStage: false)
        let own = mode == .user ? Entry.user : Entry.supervisor
        tables.map(TestMachine.base, to: TestMachine.base, own)
        // Execute-only and the other privilege's page: vsstatus.MXR and SUM would open them.
        tables.map(Self.data, to: TestMachine.base + 0x8000, own & ~(Entry.r | Entry.w))
        machine.hart.writeCSR(.satp, mode == .machine ? 0 : tables.register())
        machine.hart.writeCSR(.vsatp, 8 << 60)
        machine.hart.writeCSR(.vsstatus, Flag<SStatus>.mxr.mask | Flag<SStatus>.sum.mask)
        machine.hart.writeCSR(.vstvec, 0xF000)
        machine.hart.writeCSR(.vsepc, 0xE000)
        machine.hart.writeCSR(.stvec, TestMachine.base + 0x40)
        machine.hart.writeCSR(.mtvec, TestMachine.base + 0x40)
        machine.hart.writeCSR(.hedeleg, ~0)
        machine[.a0] = Self.data
        machine.load { program in
            program.emit(.faddD)
            program.emit(.ld, rd: .a1, rs1: .a0)
        }
        machine.run(mode, at: TestMachine.base)
        let state = machine.state.pointee
        #expect(state.pc == TestMachine.base + 0x40)
        if mode == .machine {
            #expect(state.mcause == ExceptionCause.loadAccessFault.rawValue)
            #expect(state.mepc == TestMachine.base + 4)
        } else {
            #expect(state.scause == ExceptionCause.loadPageFault.rawValue)
            #expect(state.sepc == TestMachine.base + 4)
        }
        #expect(state.vscause == 0)
        #expect(state.vstval == 0)
        #expect(state.vsepc == 0xE000)
    }

    /// Bits 60 and 59 of G-stage entries. norm:Svrsw60t59b_h_g_stage_reserved_bits
    @Test(arguments: [false, true])
    func softwareBits(isPresent: Bool) throws {
        let extensions = isPresent ? fullExtensions.union([.svrsw60t59b]) : fullExtensions
        for level in 0..<2 {
            for bits: UInt64 in [1 << 59, 1 << 60, 3 << 59] {
                let fixture = try GuestMachine(first: 8, guest: 8, TestMachine(extensions: extensions))
                let entry = fixture.guest.entry(for: GuestMachine.data, level: level)
                fixture.machine.write(fixture.machine.read(entry) | bits, at: entry)
                fixture.access(.ld, at: GuestMachine.virtualData)
                let expected: ExceptionCause =
                    isPresent ? .environmentCallFromVS : level == 0 ? .loadGuestPageFault : .instructionGuestPageFault
                #expect(fixture.state.pointee.scause == expected.rawValue)
                #expect(fixture.machine.read(entry) & 3 << 59 == bits)
            }
        }
    }
}
