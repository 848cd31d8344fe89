import Platform
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
}

/// MPRV, HLV and HSV: explicit accesses as another mode makes them.
@Suite struct EffectivePrivilegeTests {
    private static let data = GuestMachine.virtualData

    /// A guest whose data page has given flags, and an HS-level table that maps the same address elsewhere.
    private func fixture(_ first: UInt64, _ guest: UInt64, _ host: UInt64) throws -> GuestMachine {
        let fixture = try GuestMachine()
        fixture.first.map(Self.data, to: GuestMachine.data, first)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), guest)
        let tables = try PageTables(fixture.machine, mode: 8, at: TestMachine.base + 0x10_0000, isGuestStage: false)
        tables.map(TestMachine.base, to: TestMachine.base, Entry.supervisor)
        tables.map(Self.data, to: TestMachine.base + 0x8000, host)
        fixture.machine.hart.writeCSR(.satp, tables.register())
        fixture.machine.write(0xAAAA, at: fixture.physical(GuestMachine.data))
        fixture.machine.write(0xBBBB, at: TestMachine.base + 0x8000)
        return fixture
    }

    /// One instruction in a mode, its address in a0, then an EBREAK.
    private func execute(_ opcode: Opcode, in mode: PrivilegeMode, _ fixture: GuestMachine) -> (UInt64, UInt64) {
        fixture.machine[.a0] = Self.data
        fixture.machine[.a1] = 0
        fixture.machine.load { program in
            program.emit(opcode, rd: .a1, rs1: .a0)
            program.emit(.ebreak)
        }
        fixture.machine.hart.synchronizeInstructionFetch()
        fixture.machine.run(mode, at: TestMachine.base)
        let state = fixture.state.pointee
        return (mode == .machine ? state.mcause : state.scause, fixture.machine[.a1])
    }

    /// norm:mstatus_sum_op_mprv_mpp
    /// The table "Effect of MPRV on the translation and protection of explicit memory accesses".
    /// norm:mstatus_mprv_hypervisor norm:vsstatus_v0 norm:vsatp_v0
    @Test(arguments: [UInt64(0), 1, 3], [false, true])
    func modifyPrivilege(nominal: UInt64, isVirtual: Bool) throws {
        for isOn in [false, true] {
            for isUserPage in [false, true] {
                for (outerSUM, innerSUM) in [(false, false), (true, false), (false, true)] {
                    let flags = isUserPage ? Entry.user : Entry.supervisor
                    let fixture = try fixture(flags, Entry.user, flags)
                    fixture.state.pointee.mstatus[.mprv] = isOn
                    fixture.state.pointee.mstatus[.mpv] = isVirtual
                    fixture.state.pointee.mstatus[.mpp] = nominal
                    fixture.state.pointee.mstatus[.sum] = outerSUM
                    fixture.state.pointee.vsstatus[.sum] = innerSUM
                    let (cause, value) = execute(.ld, in: .machine, fixture)
                    if !isOn || nominal == 3 {
                        #expect(cause == ExceptionCause.loadAccessFault.rawValue, "no translation, no memory there")
                        #expect(!fixture.state.pointee.mstatus[.gva])
                        continue
                    }
                    let sum = isVirtual ? innerSUM : outerSUM
                    let isAllowed = nominal == 0 ? isUserPage : !isUserPage || sum
                    #expect(cause == (isAllowed ? ExceptionCause.breakpoint : .loadPageFault).rawValue)
                    #expect(value == (isAllowed ? isVirtual ? 0xAAAA : 0xBBBB : 0))
                    if !isAllowed { #expect(fixture.state.pointee.mstatus[.gva] == isVirtual) }
                }
            }
        }
    }

    /// HLV and MPRV loads of execute-only pages in either stage: the HS-level MXR opens both, the guest's own its
    /// stage. norm:hlsv_sstatus_mxr norm:hlsv_vsstatus_mxr norm:mstatus_mprv_hypervisor norm:sstatus_mxr_vm
    /// norm:vsstatus_mxr_vm norm:hlsv_trans
    @Test(arguments: [false, true], [false, true])
    func executableReadable(outer: Bool, inner: Bool) throws {
        for isModified in [false, true] {
            for (hidesFirst, hidesGuest) in [(true, false), (false, true), (true, true)] {
                let fixture = try fixture(
                    hidesFirst ? Entry.executeOnly : Entry.supervisor,
                    hidesGuest ? Entry.executeOnly | Entry.u : Entry.user,
                    Entry.supervisor
                )
                fixture.state.pointee.mstatus[.mxr] = outer
                fixture.state.pointee.vsstatus[.mxr] = inner
                fixture.state.pointee.hstatus[.spvp] = true
                fixture.state.pointee.mstatus[.mprv] = isModified
                fixture.state.pointee.mstatus[.mpv] = true
                fixture.state.pointee.mstatus[.mpp] = 1
                let (cause, value) = execute(isModified ? .ld : .hlvD, in: .machine, fixture)
                let expected: ExceptionCause =
                    outer
                    ? .breakpoint
                    : hidesFirst && !inner ? .loadPageFault : hidesGuest ? .loadGuestPageFault : .breakpoint
                #expect(cause == expected.rawValue)
                #expect(value == (expected == .breakpoint ? 0xAAAA : 0))
            }
        }
    }

    /// HLV acts as V=1 and SPVP say, from every mode that may execute it, whatever MPRV, MPP, MPV and the HS-level
    /// SUM say. norm:mstatus_mprv_hlsv norm:hlsv_priv norm:hlsv_mode norm:hlsv_trans norm:hstatus_spvp_op
    @Test(arguments: [PrivilegeMode.machine, .supervisor], [false, true])
    func hypervisorLoads(mode: PrivilegeMode, isSupervisor: Bool) throws {
        for isUserPage in [false, true] {
            for setting in 0..<8 {
                let flags = isUserPage ? Entry.user : Entry.supervisor
                let fixture = try fixture(flags, Entry.user, flags)
                fixture.state.pointee.hstatus[.spvp] = isSupervisor
                fixture.state.pointee.mstatus[.sum] = true
                if mode == .machine {
                    fixture.state.pointee.mstatus[.mprv] = true
                    fixture.state.pointee.mstatus[.mpv] = setting & 1 != 0
                    fixture.state.pointee.mstatus[.mpp] = [0, 1, 3, 3][setting >> 1]
                }
                let (cause, value) = execute(.hlvD, in: mode, fixture)
                let isAllowed = isSupervisor != isUserPage
                #expect(cause == (isAllowed ? ExceptionCause.breakpoint : .loadPageFault).rawValue)
                #expect(value == (isAllowed ? 0xAAAA : 0))
            }
        }
    }

    /// The same from U with HU: the page tables of U itself play no part. norm:hstatus_hu_op norm:hlsv_mode
    @Test(arguments: [false, true])
    func userLoads(isSupervisor: Bool) throws {
        for isUserPage in [false, true] {
            let fixture = try fixture(
                isUserPage ? Entry.user : Entry.supervisor,
                Entry.user,
                Entry.supervisor
            )
            fixture.machine.hart.writeCSR(.satp, 0)
            fixture.state.pointee.hstatus[.hu] = true
            fixture.state.pointee.hstatus[.spvp] = isSupervisor
            let (cause, value) = execute(.hlvD, in: .user, fixture)
            let isAllowed = isSupervisor != isUserPage
            #expect(cause == (isAllowed ? ExceptionCause.breakpoint : .loadPageFault).rawValue)
            #expect(value == (isAllowed ? 0xAAAA : 0))
            #expect(fixture.state.pointee.hstatus[.gva] == !isAllowed)
            #expect(!fixture.state.pointee.hstatus[.spv])
            #expect(!fixture.state.pointee.mstatus[.spp])
            #expect(fixture.state.pointee.hstatus[.spvp] == isSupervisor, "V was 0: SPVP stays")
        }
    }

    private final class Register: MMIODevice {
        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0x55 }
        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {}
    }

    /// Devices can be read, not executed: HLVX needs both of physical memory attributes. norm:hlsv_u_op
    @Test(arguments: [(Opcode.hlvWu, true), (.hlvHu, true), (.hlvxWu, false), (.hlvxHu, false)])
    func devices(opcode: Opcode, isReached: Bool) throws {
        var bus = Bus()
        bus.attach(Register(), at: 0x1000_0000, size: 0x1000)
        let fixture = try GuestMachine(first: 8, guest: 8, TestMachine(bus: bus))
        fixture.guest.map(GuestMachine.data, to: 0x1000_0000, Entry.user)
        fixture.state.pointee.hstatus[.spvp] = true
        let (cause, value) = execute(opcode, in: .supervisor, fixture)
        #expect(cause == (isReached ? ExceptionCause.breakpoint : .loadAccessFault).rawValue)
        #expect(value == (isReached ? 0x55 : 0))
    }
}
