import Platform
import Testing

@testable import RV64Core

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
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
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
