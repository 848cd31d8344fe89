import Testing

@testable import RV64Core

/// `htinst` and `mtinst` after guest-page faults of every instruction that accesses memory.
@Suite struct TransformedInstructionTests {
    private static let extensions = ISAConfiguration.standard.extensions

    /// Loads, stores, atomics, HLV, HSV and cache-block operations.
    static let opcodes: [Opcode] = InstructionTable.rows.filter { row in
        switch row.format {
        case .load, .store, .floatLoad, .floatStore, .loadReserved, .atomic, .atomicPair, .loadAcquire,
            .storeRelease, .hypervisorLoad, .hypervisorStore:
            true
        default: [.cboInval, .cboClean, .cboFlush, .cboZero].contains(row.opcode)
        }
    }.map(\.opcode)

    private func fixture() throws -> GuestMachine {
        let fixture = try GuestMachine(first: 8, guest: 8, TestMachine(extensions: Self.extensions))
        fixture.machine.hart.writeCSR(.menvcfg, 0xF0)
        fixture.machine.hart.writeCSR(.henvcfg, 0xF0)
        fixture.state.pointee.hstatus[.spvp] = true
        fixture.guest.unmap(GuestMachine.data)
        return fixture
    }

    /// Whether the immediate is an address offset, which a transformation clears.
    private func hasOffset(_ format: InstructionFormat) -> Bool {
        [.load, .store, .floatLoad, .floatStore].contains(format)
    }

    /// Bit 0 is set, setting bit 1 makes an instruction of the same kind, and the upper half is zero; rs1 and the
    /// offset are zero, all other fields are those of the instruction. norm:H_trap_xtinst
    /// norm:H_trap_xtinst_exception_lead-in norm:H_trap_xtinst_exception_list norm:h_trans_cache
    @Test(arguments: opcodes)
    func everyAccess(_ opcode: Opcode) throws {
        let row = try #require(InstructionTable.rows.first { $0.opcode == opcode })
        let isHypervisor = row.format == .hypervisorLoad || row.format == .hypervisorStore
        for toMachine in [false, true] {
            let fixture = try fixture()
            if toMachine { fixture.machine.hart.writeCSR(.medeleg, 0) }
            let offset: Int32 = hasOffset(row.format) ? -0x7F0 : 0
            let address = GuestMachine.virtualData + 0x40
            fixture.machine[.a0] = address &- UInt64(bitPattern: Int64(offset))
            let base = ProgramBuilder.encode(opcode, rd: .a2, rs1: .a0, rs2: .a4, offset)
            // aq, for atomics.
            let hasOrder = [.atomic, .atomicPair, .loadReserved].contains(row.format)
            let encoding = hasOrder ? base | 1 << 26 : base
            if isHypervisor {
                fixture.machine.load { $0.word(encoding) }
                fixture.machine.run(.supervisor, at: TestMachine.base)
            } else {
                fixture.run { $0.word(encoding) }
            }
            let state = fixture.state.pointee
            let cause = toMachine ? state.mcause : state.scause
            let isLoad = [.load, .floatLoad, .loadReserved, .loadAcquire, .hypervisorLoad].contains(row.format)
            #expect(cause == (isLoad ? ExceptionCause.loadGuestPageFault : .storeGuestPageFault).rawValue)
            #expect((toMachine ? state.mtval : state.stval) == address)
            #expect((toMachine ? state.mtval2 : state.htval) == (GuestMachine.data + 0x40) >> 2)

            let value = toMachine ? state.mtinst : state.htinst
            let expected = (hasOffset(row.format) ? ProgramBuilder.encode(opcode, rd: .a2, rs2: .a4) : encoding)
            #expect(value == UInt64(expected & ~(31 << 15)))
            #expect(value & 3 == 3)
            let decoder = Decoder(extensions: Self.extensions)
            #expect(decoder.decode(UInt32(truncatingIfNeeded: value)).opcode == opcode)
        }
    }

    /// A compressed access and the base instruction it stands for.
    struct Compressed: CustomTestStringConvertible, Sendable {
        let name: String
        let half: UInt16
        let base: UInt32
        /// Where it goes, from the data page.
        let offset: UInt64
        var testDescription: String { name }
    }

    static let compressed: [Compressed] = [
        Compressed(name: "c.lw a2, 4(a0)", half: 0x4150, base: ProgramBuilder.encode(.lw, rd: .a2), offset: 4),
        Compressed(name: "c.ld a2, 8(a0)", half: 0x6510, base: ProgramBuilder.encode(.ld, rd: .a2), offset: 8),
        Compressed(name: "c.fld fa2, 8(a0)", half: 0x2510, base: ProgramBuilder.encode(.fld, rd: .a2), offset: 8),
        Compressed(name: "c.sw a2, 4(a0)", half: 0xC150, base: ProgramBuilder.encode(.sw, rs2: .a2), offset: 4),
        Compressed(name: "c.sd a2, 8(a0)", half: 0xE510, base: ProgramBuilder.encode(.sd, rs2: .a2), offset: 8),
        Compressed(name: "c.fsd fa2, 8(a0)", half: 0xA510, base: ProgramBuilder.encode(.fsd, rs2: .a2), offset: 8),
        Compressed(name: "c.lwsp a2, 4(sp)", half: 0x4612, base: ProgramBuilder.encode(.lw, rd: .a2), offset: 4),
        Compressed(name: "c.ldsp a2, 8(sp)", half: 0x6622, base: ProgramBuilder.encode(.ld, rd: .a2), offset: 8),
        Compressed(name: "c.fldsp fa2, 8(sp)", half: 0x2622, base: ProgramBuilder.encode(.fld, rd: .a2), offset: 8),
        Compressed(name: "c.swsp a2, 4(sp)", half: 0xC232, base: ProgramBuilder.encode(.sw, rs2: .a2), offset: 4),
        Compressed(name: "c.sdsp a2, 8(sp)", half: 0xE432, base: ProgramBuilder.encode(.sd, rs2: .a2), offset: 8),
        Compressed(name: "c.fsdsp fa2, 8(sp)", half: 0xA432, base: ProgramBuilder.encode(.fsd, rs2: .a2), offset: 8),
        Compressed(name: "c.lbu a2, 1(a0)", half: 0x8150, base: ProgramBuilder.encode(.lbu, rd: .a2), offset: 1),
        Compressed(name: "c.lhu a2, 2(a0)", half: 0x8530, base: ProgramBuilder.encode(.lhu, rd: .a2), offset: 2),
        Compressed(name: "c.lh a2, 2(a0)", half: 0x8570, base: ProgramBuilder.encode(.lh, rd: .a2), offset: 2),
        Compressed(name: "c.sb a2, 1(a0)", half: 0x8950, base: ProgramBuilder.encode(.sb, rs2: .a2), offset: 1),
        Compressed(name: "c.sh a2, 2(a0)", half: 0x8D30, base: ProgramBuilder.encode(.sh, rs2: .a2), offset: 2),
    ]

    /// Expanded, transformed, and bit 1 cleared. norm:H_trap_xtinst_exception_list
    @Test(arguments: compressed)
    func compressedAccess(_ instruction: Compressed) throws {
        let fixture = try fixture()
        fixture.machine[.a0] = GuestMachine.virtualData
        fixture.machine[.sp] = GuestMachine.virtualData
        fixture.run { program in
            program.half(instruction.half)
            program.half(0x0001)
        }
        let state = fixture.state.pointee
        #expect(state.htinst == UInt64(instruction.base & ~2))
        #expect(state.stval == GuestMachine.virtualData + instruction.offset)
        #expect(state.htval == (GuestMachine.data + instruction.offset) >> 2)
        #expect([21, 23].contains(state.scause))
    }

    /// How far into a page-crossing access its fault lies; zero when the first page faults. norm:H_tinst_addr_offset
    @Test(arguments: [Opcode.lh, .lhu, .lw, .lwu, .ld, .sh, .sw, .sd, .hlvH, .hlvWu, .hlvD, .hsvH, .hsvW, .hsvD])
    func addressOffset(_ opcode: Opcode) throws {
        let row = try #require(InstructionTable.rows.first { $0.opcode == opcode })
        let isHypervisor = row.format == .hypervisorLoad || row.format == .hypervisorStore
        let boundary = GuestMachine.virtualData + 0x1000
        let width: UInt64 =
            switch opcode {
            case .lh, .lhu, .sh, .hlvH, .hsvH: 2
            case .lw, .lwu, .sw, .hlvWu, .hsvW: 4
            default: 8
            }
        for isFirst in [false, true] {
            for back in 1..<width {
                let fixture = try fixture()
                if !isFirst {
                    fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), Entry.user)
                    fixture.guest.unmap(GuestMachine.secondData)
                }
                fixture.machine[.a0] = boundary - back
                let encoding = ProgramBuilder.encode(opcode, rd: .a2, rs1: .a0, rs2: .a4)
                if isHypervisor {
                    fixture.machine.load { $0.word(encoding) }
                    fixture.machine.run(.supervisor, at: TestMachine.base)
                } else {
                    fixture.run { $0.word(encoding) }
                }
                let offset = isFirst ? 0 : back
                let state = fixture.state.pointee
                #expect(state.htinst == UInt64(encoding & ~(31 << 15)) | offset << 15)
                #expect(state.stval == boundary - back + offset)
                let fault = isFirst ? GuestMachine.data + 0x1000 - back : GuestMachine.secondData
                #expect(state.htval == fault >> 2)
            }
        }
    }
}
