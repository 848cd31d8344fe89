import Testing

@testable import RV64Core

/// Accesses that are not naturally aligned, inside a page and across two.
@Suite struct MisalignedAccessTests {
    private static let pattern: UInt64 = 0x8877_6655_4433_2211
    private static let boundary = GuestMachine.virtualData + 0x1000

    /// The two halves lie in pages that are not neighbours in memory.
    @Test(arguments: [Opcode.sh, .sw, .sd])
    func storeThenLoadAcrossPages(opcode: Opcode) throws {
        let fixture = try GuestMachine()
        let width: UInt64 = opcode == .sh ? 2 : opcode == .sw ? 4 : 8
        let loadOpcode: Opcode = opcode == .sh ? .lhu : opcode == .sw ? .lwu : .ld
        for back in 1..<width {
            fixture.machine[.a1] = Self.pattern
            fixture.access(opcode, at: Self.boundary - back)
            for index in 0..<width {
                let page = index < back ? GuestMachine.data + 0x1000 : GuestMachine.secondData
                let byte = fixture.machine.read(fixture.physical(page &+ index &- back)) & 0xFF
                #expect(byte == 0x11 * (index + 1), "\(back) \(index)")
            }
            fixture.machine[.a1] = 0
            fixture.access(loadOpcode, at: Self.boundary - back)
            let mask: UInt64 = width == 8 ? ~0 : (1 << (width * 8)) - 1
            #expect(fixture.machine[.a1] == Self.pattern & mask)
        }
    }

    /// A store whose second page faults has stored nothing, and the address offset says where it faulted.
    /// norm:H_straddle norm:H_tinst_addr_offset norm:mtval2_htval_virtaddr
    @Test func storeIntoMissingSecondPage() throws {
        let fixture = try GuestMachine()
        fixture.machine.write(0xAAAA_AAAA_AAAA_AAAA, at: fixture.physical(GuestMachine.data + 0xFF8))
        fixture.guest.unmap(GuestMachine.secondData)
        fixture.machine[.a1] = ~0
        fixture.access(.sd, at: Self.boundary - 3)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    .storeGuestPageFault,
                    value: Self.boundary,
                    guestPhysicalAddress: GuestMachine.secondData,
                    instruction: UInt64(ProgramBuilder.encode(.sd, rs2: .a1) | 3 << 15)
                )
        )
        #expect(fixture.machine.read(fixture.physical(GuestMachine.data + 0xFF8)) == 0xAAAA_AAAA_AAAA_AAAA)
    }

    /// The first page is looked at first, and its fault has no offset.
    @Test func loadFromMissingFirstPage() throws {
        let fixture = try GuestMachine()
        fixture.guest.unmap(GuestMachine.data)
        fixture.guest.unmap(GuestMachine.secondData)
        fixture.access(.lw, at: Self.boundary - 1)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    .loadGuestPageFault,
                    value: Self.boundary - 1,
                    guestPhysicalAddress: GuestMachine.data + 0xFFC,
                    instruction: UInt64(ProgramBuilder.encode(.lw, rd: .a1))
                )
        )
    }

    /// The transformation of a compressed instruction is that of its base form with bit 1 cleared.
    @Test func compressedInstructionsAreTransformed() throws {
        let fixture = try GuestMachine()
        fixture.guest.unmap(GuestMachine.data)
        fixture.machine[.a0] = GuestMachine.virtualData
        fixture.run { $0.half(0x650C) }  // c.ld a1, 8(a0)
        #expect(fixture.state.pointee.htinst == UInt64(ProgramBuilder.encode(.ld, rd: .a1) & ~2))
        #expect(fixture.state.pointee.htval == (GuestMachine.data + 8) >> 2)
        fixture.machine[.sp] = GuestMachine.virtualData - 4
        fixture.run { $0.half(0xC22E) }  // c.swsp a1, 4(sp)
        #expect(fixture.state.pointee.htinst == UInt64(ProgramBuilder.encode(.sw, rs2: .a1) & ~2))
        fixture.run { $0.half(0x210C) }  // c.fld fa1, 0(a0)
        #expect(fixture.state.pointee.htinst == UInt64(ProgramBuilder.encode(.fld, rd: .a1) & ~2))
    }

    /// An atomic must be aligned, whatever page it would touch. norm:pma_mag_op_amo norm:pma_mag_op_rsrv
    @Test(arguments: [Opcode.lrW, .lrD, .scW, .scD, .amoaddW, .amoaddD])
    func misalignedAtomics(opcode: Opcode) throws {
        let fixture = try GuestMachine()
        fixture.access(opcode, at: GuestMachine.virtualData + 2)
        let isLoad = opcode == .lrW || opcode == .lrD
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    isLoad ? .loadAddressMisaligned : .storeAddressMisaligned,
                    value: GuestMachine.virtualData + 2
                )
        )
    }

    /// Below RAM there is nothing, even for a hart that knows the page above.
    ///
    /// The page numbers 0x7FFFF and 0x80000 once shared a TLB entry, whose tag the last byte matched.
    @Test func neighboursOfRAM() throws {
        let machine = try TestMachine()
        machine[.a0] = TestMachine.base
        machine.load { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ld, rd: .a1, rs1: .a0, -4)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.loadAccessFault.rawValue)
        #expect(machine.state.pointee.mtval == TestMachine.base - 4)
        #expect(machine.state.pointee.mepc == TestMachine.base + 4)
    }

    /// What keeps an access that straddles a boundary from meeting its neighbour's entry.
    @Test func neighbouringPagesHaveDifferentEntries() {
        var page: UInt64 = 1
        for _ in 0..<64 {
            for candidate in [page &- 1, page, page &+ 1, 0x7_FFFF, ~page] {
                let address = candidate << 12
                #expect(TLBBank.index(address) != TLBBank.index(address &+ 0x1000))
            }
            page <<= 1
        }
        for page in UInt64(0)..<0x40_0000 where page & 0x3FF > 0x3FC {
            let here = TLBBank.index(page << 12)
            let next = TLBBank.index((page + 1) << 12)
            if here == next { Issue.record("\(page)") }
        }
    }
}
