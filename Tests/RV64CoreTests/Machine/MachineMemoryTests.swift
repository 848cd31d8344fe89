import Platform
import Testing

@testable import RV64Core

/// Priorities of exceptions, and memory as M-mode's chapter wants it.
@Suite struct MachineMemoryTests {
    typealias Fixture = SupervisorPagingTests.Fixture

    /// Where one instruction could raise several exceptions, the earlier step wins.
    /// norm:exc_priority norm:mcause_exccode_pri1 norm:mcause_exccode_enc_img
    @Test func priorities() throws {
        let fixture = try Fixture(8)
        let page: UInt64 = 0x60_0000
        func fetched(_ word: UInt32, _ flags: UInt64, frame: UInt64 = Fixture.frame) -> UInt64 {
            fixture.machine.load(at: Fixture.frame) { $0.word(word) }
            fixture.tables.map(page, to: frame, flags)
            fixture.machine.hart.flushTranslations()
            fixture.machine.hart.synchronizeInstructionFetch()
            fixture.machine.run(.supervisor, at: page)
            return fixture.state.pointee.scause
        }
        let illegal: UInt32 = 0xFFFF_FFFB
        // What cannot be fetched is not decoded; the page's permission comes before its memory.
        #expect(fetched(illegal, Entry.supervisor & ~Entry.x) == ExceptionCause.instructionPageFault.rawValue)
        #expect(
            fetched(illegal, Entry.supervisor & ~Entry.x, frame: 0x2000) == ExceptionCause.instructionPageFault.rawValue
        )
        #expect(fetched(illegal, Entry.supervisor, frame: 0x2000) == ExceptionCause.instructionAccessFault.rawValue)
        #expect(fetched(illegal, Entry.supervisor) == ExceptionCause.illegalInstruction.rawValue)
        // An instruction that may not execute accesses nothing.
        fixture.state.pointee.mstatus[.fs] = ContextStatus.off
        fixture.machine[.a0] = 1 << 63
        let load = ProgramBuilder.encode(.fld, rs1: .a0)
        #expect(fetched(load, Entry.supervisor) == ExceptionCause.illegalInstruction.rawValue)
        fixture.state.pointee.mstatus[.fs] = ContextStatus.initial
        #expect(fetched(load, Entry.supervisor) == ExceptionCause.loadPageFault.rawValue)
        // The page-table permission comes before the memory behind it.
        fixture.tables.map(0x61_0000, to: 0x2000, Entry.supervisor & ~Entry.w)
        #expect(fixture.access(.sd, 0x61_0000) == .storePageFault)
        #expect(fixture.access(.ld, 0x61_0000) == .loadAccessFault)
    }

    /// RAM takes every width at every alignment, instructions, and aligned atomics of every size.
    /// norm:pma_mm_rw norm:pma_mm_ifetch norm:pma_idp_mm norm:pma_amo_sz_support norm:pma_amo_zacas_req_arith
    /// norm:pma_amo_zabha_req norm:ziccamoa_pma_amo_req norm:ziccrse_pma_rsrv_req
    @Test(
        arguments: [
            (Opcode.amoaddB, 1), (.amomaxuH, 2), (.amoxorW, 4), (.amoswapD, 8), (.amocasB, 1), (.amocasH, 2),
            (.amocasW, 4), (.amocasD, 8), (.lrW, 4), (.lrD, 8), (.lbu, 0), (.lh, 0), (.lwu, 0), (.ld, 0), (.sb, 0),
            (.sh, 0), (.sw, 0), (.sd, 0),
        ] as [(Opcode, UInt64)]
    )
    func mainMemory(opcode: Opcode, alignment: UInt64) throws {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        let isStore = InstructionTable.rows.first { $0.opcode == opcode }?.format == .store
        machine.load { program in
            program.emit(opcode, rd: isStore ? .zero : .a1, rs1: .a0, rs2: .a2)
            program.emit(.ebreak)
        }
        for offset in UInt64(0)..<16 {
            machine[.a0] = TestMachine.base + 0x1000 + offset
            machine.run(.machine, at: TestMachine.base)
            let isAligned = alignment == 0 || offset % alignment == 0
            let isLoad = opcode == .lrW || opcode == .lrD
            let misaligned: ExceptionCause = isLoad ? .loadAddressMisaligned : .storeAddressMisaligned
            #expect(machine.state.pointee.mcause == (isAligned ? .breakpoint : misaligned).rawValue)
        }
    }

    private final class Register: MMIODevice {
        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0x55 }
        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {}
    }

    /// Devices take aligned accesses only, also behind page tables. norm:pma_idp_misaligned_exc norm:pma_chk_paddr
    @Test(arguments: [false, true])
    func devices(isTranslated: Bool) throws {
        var bus = Bus()
        bus.attach(Register(), at: 0x1000_0000, size: 0x1000)
        let machine = try TestMachine(bus: bus)
        var address: UInt64 = 0x1000_0000
        if isTranslated {
            let tables = try PageTables(machine, mode: 9, at: TestMachine.base + 0x20_0000, isGuestStage: false)
            tables.map(TestMachine.base, to: TestMachine.base, Entry.supervisor)
            tables.map(0x5000_0000, to: address, Entry.supervisor)
            machine.hart.writeCSR(.satp, tables.register())
            address = 0x5000_0000
        }
        machine.load { program in
            program.emit(.lw, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        for offset in UInt64(0)..<4 {
            machine[.a0] = address + offset
            machine.run(.supervisor, at: TestMachine.base)
            let cause: ExceptionCause = offset == 0 ? .environmentCallFromHS : .loadAccessFault
            #expect(machine.state.pointee.scause == cause.rawValue)
            if offset != 0 { #expect(machine.state.pointee.stval == address + offset) }
        }
    }

    /// SUM and MXR are about page tables: without them they do nothing, and no physical protection bends to them.
    /// norm:mstatus_sum_op_no-vm norm:mstatus_mxr_sum_op_acc_fault
    @Test(arguments: [false, true])
    func statusWithoutPaging(isSet: Bool) throws {
        let machine = try TestMachine()
        machine.state.pointee.mstatus[.sum] = isSet
        machine.state.pointee.mstatus[.mxr] = isSet
        machine.hart.writeCSR(.pmpcfg0, 0)
        // Entry 0: execute only.
        machine.hart.writeCSR(.pmpaddr0, (TestMachine.base + 0x1000) >> 2 | 0x1FF)
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        machine.hart.writeCSR(.pmpcfg0, 0x1F1C)
        machine.load { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        for (address, cause) in [(0x2000, ExceptionCause.environmentCallFromHS), (0x1000, .loadAccessFault)] {
            machine[.a0] = TestMachine.base + UInt64(address)
            machine.run(.supervisor, at: TestMachine.base)
            #expect(machine.state.pointee.scause == cause.rawValue)
        }
    }

    /// Each trailing one of a NAPOT address doubles its range. norm:pmp_napot_encoding_low_bits
    /// norm:pmp_addr_encoding
    @Test(arguments: UInt64(0)..<12)
    func naturallyAlignedRanges(ones: UInt64) throws {
        let machine = try TestMachine()
        let (target, size) = (TestMachine.base + 0x10_0000, UInt64(8) << ones)
        machine.hart.writeCSR(.pmpcfg0, 0)
        machine.hart.writeCSR(.pmpaddr0, target >> 2 | ((1 << ones) - 1))
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        machine.hart.writeCSR(.pmpcfg0, 0x1F18)
        machine.load { program in
            program.emit(.lw, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        for (address, isInside) in [
            (target - 4, false), (target, true), (target + size - 4, true), (target + size, false),
        ] {
            machine[.a0] = address
            machine.run(.supervisor, at: TestMachine.base)
            let cause: ExceptionCause = isInside ? .loadAccessFault : .environmentCallFromHS
            #expect(machine.state.pointee.scause == cause.rawValue)
        }
    }

    /// After a change of PBMTE or ADUE a fence for everything suffices. norm:menvcfg_pbmte_fence
    /// norm:menvcfg_adue_fence norm:menvcfg_adue_op norm:menvcfg_pbmte_op
    @Test(arguments: [(62, 1 << 61), (61, 0)] as [(UInt64, UInt64)])
    func environmentChanges(bit: UInt64, entry: UInt64) throws {
        let fixture = try Fixture(8)
        let flags = bit == 62 ? Entry.supervisor | entry : Entry.supervisor & ~Entry.a & ~Entry.d
        fixture.machine[.a0] = 0x60_0000
        for isSet in [false, true, false] {
            fixture.tables.map(0x60_0000, to: Fixture.frame, flags)
            fixture.machine.hart.writeCSR(.menvcfg, isSet ? 1 << bit : 0)
            let cause = fixture.run { program in
                program.emit(.sfenceVma)
                program.emit(.sd, rs1: .a0, rs2: .a1)
            }
            #expect(cause == (isSet ? .environmentCallFromHS : .storePageFault))
        }
    }
}
