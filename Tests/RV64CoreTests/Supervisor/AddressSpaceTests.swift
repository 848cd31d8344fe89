import Testing

@testable import RV64Core

/// `satp` and SFENCE.VMA without a hypervisor: what is visible at once, and what after which fence.
@Suite struct AddressSpaceTests {
    typealias Fixture = SupervisorPagingTests.Fixture
    private static let page: UInt64 = 0x60_0000
    private static let second = Fixture.frame + 0x1000

    /// Two frames with different contents, the first of which `page` shows and is cached.
    private func fixture(_ flags: UInt64 = Entry.supervisor) throws -> Fixture {
        let fixture = try Fixture(8)
        fixture.machine.write(1, at: Fixture.frame)
        fixture.machine.write(2, at: Self.second)
        fixture.tables.map(Self.page, to: Fixture.frame, flags)
        #expect(load(fixture) == 1)
        fixture.tables.map(Self.page, to: Self.second, flags)
        return fixture
    }

    private func load(_ fixture: Fixture) -> UInt64 {
        fixture.machine[.a0] = Self.page
        fixture.run { $0.emit(.ld, rd: .a1, rs1: .a0) }
        return fixture.machine[.a1]
    }

    /// A fence for an ASID spares global mappings; those for no ASID do not.
    /// norm:sfence_vma_asid_only norm:sfence_vma_va_all_asid
    @Test func globalMappings() throws {
        let isGlobal: UInt64 = 1 << 5
        let fixture = try fixture(Entry.supervisor | isGlobal)
        fixture.machine[.a4] = Self.page
        fixture.run { $0.emit(.sfenceVma, rs1: .a4) }
        #expect(load(fixture) == 2)
    }

    /// norm:sfence_vma_invalid_va
    @Test func invalidAddress() throws {
        let fixture = try fixture()
        fixture.machine[.a4] = 1 << 63
        #expect(fixture.run { $0.emit(.sfenceVma, rs1: .a4) } == .environmentCallFromHS)
    }

    /// Switching between Bare and a paged mode acts at once. norm:sfence_vma_mode_effect norm:svbare_satp_mode_bare
    @Test func modeChanges() throws {
        let fixture = try Fixture(8)
        let machine = fixture.machine
        // Code at the same address with and without translation.
        fixture.tables.map(Fixture.codeFrame, to: Fixture.codeFrame, Entry.supervisor)
        fixture.tables.map(Self.second, to: Fixture.frame, Entry.supervisor)
        machine.write(1, at: Fixture.frame)
        machine.write(2, at: Self.second)
        machine[.a0] = Self.second
        machine[.a4] = machine.hart.readCSR(.satp)
        machine.load(at: Fixture.codeFrame) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.swap(.satp)
            program.emit(.ld, rd: .a2, rs1: .a0)
            program.swap(.satp, rs1: .a4)
            program.emit(.ld, rd: .a3, rs1: .a0)
            program.emit(.ecall)
        }
        machine.run(.supervisor, at: Fixture.codeFrame)
        #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
        #expect([machine[.a1], machine[.a2], machine[.a3]] == [1, 2, 1])
    }

    /// Two address spaces under two ASIDs: a write of `satp` alone switches, and each keeps what it has cached.
    /// norm:sfence_vma_asid_effect norm:asid_hart_private norm:satp_op_sfence_vma norm:sfence_vma_implicit_access
    @Test func addressSpaces() throws {
        let fixture = try Fixture(8)
        let machine = fixture.machine
        let other = try PageTables(machine, mode: 8, at: TestMachine.base + 0x80_0000, isGuestStage: false)
        other.map(Fixture.code, to: Fixture.codeFrame, Entry.supervisor)
        fixture.tables.map(Self.page, to: Fixture.frame, Entry.supervisor)
        other.map(Self.page, to: Self.second, Entry.supervisor)
        machine.write(1, at: Fixture.frame)
        machine.write(2, at: Self.second)
        machine[.a0] = Self.page
        machine[.a4] = other.register(Fixture.asid + 1)
        machine[.a5] = fixture.tables.register(Fixture.asid)
        let cause = fixture.run { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.swap(.satp, rs1: .a4)
            program.emit(.ld, rd: .a2, rs1: .a0)
            program.swap(.satp, rs1: .a5)
            program.emit(.ld, rd: .a3, rs1: .a0)
        }
        #expect(cause == .environmentCallFromHS)
        #expect([machine[.a1], machine[.a2], machine[.a3]] == [1, 2, 1])
    }

    /// The fields of `satp`: ASIDLEN is 16, PPN 44 bits wide; a hart with Sv57 has Sv48 and Sv39 too.
    /// norm:satp norm:asidlen norm:satp_mode_sxlen64 norm:satp_ppn_sv39_sz norm:satp_ppn_sv48_sz norm:satp_ppn_sv57_sz
    /// norm:Sv48_requires_Sv39 norm:Sv57_requires_Sv48
    @Test(arguments: PagingLimit.allCases)
    func fields(limit: PagingLimit) throws {
        let hart = try TestHart(pagingLimit: limit).hart
        for mode in 8...limit.rawValue {
            let value = mode << 60 | 0xFFFF << 44 | (1 << 44 - 1)
            hart.writeCSR(.satp, value)
            #expect(hart.readCSR(.satp) == value)
            hart.writeCSR(.satp, 0)
            #expect(hart.readCSR(.satp) == 0)
        }
    }
}
