import Platform
import Testing

@testable import RV64Core

/// The walker's own accesses: to VS-stage tables through the G-stage, and to tables that are not RAM.
@Suite struct ImplicitAccessTests {
    /// How the original access is reported.
    struct Original: Sendable, CustomTestStringConvertible {
        let opcode: Opcode?
        let guestPageFault: ExceptionCause
        let accessFault: ExceptionCause
        var testDescription: String { guestPageFault.name }
    }

    static let originals = [
        Original(opcode: .ld, guestPageFault: .loadGuestPageFault, accessFault: .loadAccessFault),
        Original(opcode: .sd, guestPageFault: .storeGuestPageFault, accessFault: .storeAccessFault),
        Original(opcode: .amoaddD, guestPageFault: .storeGuestPageFault, accessFault: .storeAccessFault),
        Original(opcode: nil, guestPageFault: .instructionGuestPageFault, accessFault: .instructionAccessFault),
    ]

    /// An address whose tables share no page but the root with the code's.
    private static let address: UInt64 = 0x1_4000_0000 + 0x18

    private func perform(_ original: Original, _ fixture: GuestMachine) {
        if let opcode = original.opcode {
            fixture.access(opcode, at: Self.address)
        } else {
            fixture.machine.run(.virtualSupervisor, at: Self.address)
        }
    }

    private func machine(_ flags: UInt64 = Entry.supervisor) throws -> (GuestMachine, leaf: UInt64) {
        let fixture = try GuestMachine()
        fixture.first.map(Self.address & ~0xFFF, to: GuestMachine.data, flags)
        return (fixture, fixture.first.entry(for: Self.address) - GuestMachine.frames)
    }

    /// A read of an entry that the G-stage refuses: cause of the original access, address of the entry, 0x3000.
    /// norm:H_trap_xtinst_guestpage norm:htval_trapval
    @Test(arguments: originals)
    func readFault(original: Original) throws {
        let (fixture, leaf) = try machine()
        fixture.guest.unmap(leaf & ~0xFFF)
        perform(original, fixture)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    original.guestPageFault,
                    value: Self.address,
                    guestPhysicalAddress: leaf,
                    instruction: 0x3000
                )
        )
    }

    /// An update of an entry in a page that the G-stage lets only be read: 0x3020. norm:H_trap_xtinst_guestpage_rw
    @Test(arguments: originals)
    func writeFault(original: Original) throws {
        let (fixture, leaf) = try machine(Entry.supervisor & ~(Entry.a | Entry.d))
        fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.guest.map(leaf & ~0xFFF, to: fixture.physical(leaf & ~0xFFF), Entry.user & ~Entry.w)
        perform(original, fixture)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    original.guestPageFault,
                    value: Self.address,
                    guestPhysicalAddress: leaf,
                    instruction: 0x3020
                )
        )
        #expect(fixture.machine.read(fixture.physical(leaf)) & (Entry.a | Entry.d) == 0)
    }

    /// Execute permission and MXR do not help an implicit read. norm:H_vm_gpapriv
    @Test func executeOnlyTablesAreNotReadable() throws {
        let (fixture, leaf) = try machine()
        fixture.state.pointee.mstatus[.mxr] = true
        fixture.guest.map(
            leaf & ~0xFFF,
            to: fixture.physical(leaf & ~0xFFF),
            Entry.v | Entry.x | Entry.u | Entry.a | Entry.d
        )
        fixture.access(.ld, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)
        #expect(fixture.state.pointee.htinst == 0x3000)
    }

    /// A VS-stage table where there is no memory: an access fault, with htval and htinst zero. norm:htval_trapval
    @Test(arguments: originals)
    func tableOutsideMemory(original: Original) throws {
        let (fixture, leaf) = try machine()
        fixture.guest.map(leaf & ~0xFFF, to: 0x1000_0000, Entry.user)
        perform(original, fixture)
        #expect(SupervisorTrap(fixture.state) == SupervisorTrap(original.accessFault, value: Self.address))
    }

    /// The same for a G-stage table, on the way to the data itself.
    @Test(arguments: originals)
    func guestTableOutsideMemory(original: Original) throws {
        let fixture = try GuestMachine()
        let far: UInt64 = 0x40_0000_0000
        fixture.machine.write(Entry.leaf(0x1000_0000, Entry.v), at: fixture.guest.entry(for: far, level: 2))
        fixture.first.map(Self.address & ~0xFFF, to: far, Entry.supervisor)
        perform(original, fixture)
        #expect(SupervisorTrap(fixture.state) == SupervisorTrap(original.accessFault, value: Self.address))
    }

    /// norm:menvcfg_adue_op norm:svade_access_ad_bit_clear: without ADUE a clear A, or D on a store, faults in its stage.
    @Test func clearBitsFaultWithoutUpdates() throws {
        let (fixture, leaf) = try machine(Entry.supervisor & ~Entry.d)
        fixture.access(.ld, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        fixture.access(.sd, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.storePageFault.rawValue)
        fixture.first.map(Self.address & ~0xFFF, to: GuestMachine.data, Entry.supervisor)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), Entry.user & ~Entry.a)
        fixture.machine.hart.flushTranslations()
        fixture.access(.ld, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)
        #expect(leaf != 0)
    }

    /// With ADUE the walk sets A, and D for stores only, in both stages; the table's own page is a written page.
    @Test func updates() throws {
        let (fixture, leaf) = try machine(Entry.supervisor & ~(Entry.a | Entry.d))
        fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        let clean = Entry.user & ~(Entry.a | Entry.d)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), clean)
        fixture.guest.map(leaf & ~0xFFF, to: fixture.physical(leaf & ~0xFFF), clean)
        let leafEntry = fixture.physical(leaf)
        let dataEntry = fixture.guest.entry(for: GuestMachine.data)
        let tableEntry = fixture.guest.entry(for: leaf)
        let bits = Entry.a | Entry.d

        fixture.access(.ld, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        #expect(fixture.machine.read(leafEntry) & bits == Entry.a)
        #expect(fixture.machine.read(dataEntry) & bits == Entry.a)
        #expect(fixture.machine.read(tableEntry) & bits == bits)

        fixture.access(.sd, at: Self.address)
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        #expect(fixture.machine.read(leafEntry) & bits == bits)
        #expect(fixture.machine.read(dataEntry) & bits == bits)
    }
}
