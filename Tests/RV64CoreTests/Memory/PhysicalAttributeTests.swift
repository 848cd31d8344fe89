import Platform
import Testing

@testable import RV64Core

/// Physical memory attributes of RAM, of devices and of nothing. "Physical Memory Attributes".
@Suite struct PhysicalAttributeTests {
    private static let device: UInt64 = 0x1000_0000

    /// Sixteen bytes that answer to every width.
    private final class Register: MMIODevice {
        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0x5A }
        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {}
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
    }

    private func machine() throws -> TestMachine {
        var bus = Bus()
        bus.attach(Register(), at: Self.device, size: 0x1000)
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions, bus: bus)
        machine.hart.writeCSR(.medeleg, 0)
        return machine
    }

    /// The cause of one access in a mode; nil where it succeeded.
    private func cause(_ opcode: Opcode, _ address: UInt64, _ mode: PrivilegeMode, _ machine: TestMachine) -> UInt64? {
        machine[.a0] = address
        machine.load { program in
            program.emit(opcode, rd: .a2, rs1: .a0, rs2: .a4)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(mode, at: TestMachine.base)
        let found = machine.state.pointee.mcause
        return found == ExceptionCause.breakpoint.rawValue ? nil : found
    }

    static let atomics = InstructionTable.rows.filter {
        [.atomic, .atomicPair, .loadReserved, .loadAcquire, .storeRelease].contains($0.format)
    }
    .map(\.opcode)

    /// RAM supports every atomic of every width; devices and nothing support none, in any mode.
    /// norm:ziccamoa_pma_amo_req norm:ziccamoc_pma_amo_req norm:pma_amo_levels
    /// norm:pma_amo_sz_support norm:pma_amo_zacas_levels1 norm:pma_amo_zacas_levels2 norm:pma_amo_zacas_req_arith
    /// norm:pma_amo_zabha_req norm:pma_cache_mm_all_atomics norm:pma_amo_far_subset_proc
    /// norm:pma_indep_exec_context norm:pma_precise_recom
    @Test(arguments: atomics)
    func atomicSupport(_ opcode: Opcode) throws {
        let machine = try machine()
        let isLoad = [.lrW, .lrD, .lbAq, .lhAq, .lwAq, .ldAq].contains(opcode)
        let fault: ExceptionCause = isLoad ? .loadAccessFault : .storeAccessFault
        for mode in PrivilegeMode.allCases {
            #expect(cause(opcode, TestMachine.base + 0x8000, mode, machine) == nil)
            #expect(cause(opcode, Self.device, mode, machine) == fault.rawValue)
            #expect(machine.state.pointee.mtval == Self.device)
            #expect(cause(opcode, 0x5000_0000, mode, machine) == fault.rawValue)
        }
    }

    /// A constrained LR/SC loop on RAM comes to its end, in every mode. norm:ziccrse_pma_rsrv_req norm:pma_rsrv_levels
    @Test(arguments: [(Opcode.lrW, Opcode.scW), (.lrD, .scD)], PrivilegeMode.allCases)
    func reservations(pair: (Opcode, Opcode), mode: PrivilegeMode) throws {
        let machine = try machine()
        machine.write(41, at: TestMachine.base + 0x8000)
        machine[.a0] = TestMachine.base + 0x8000
        machine.load { program in
            let loop = program.offset
            program.emit(pair.0, rd: .a1, rs1: .a0)
            program.emit(.addi, rd: .a1, rs1: .a1, 1)
            program.emit(pair.1, rd: .a2, rs1: .a0, rs2: .a1)
            program.loop(.bne, rs1: .a2, to: loop)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.read(TestMachine.base + 0x8000) == 42)
    }

    /// RAM is read, written and executed in all widths; devices are read and written, aligned, and never executed;
    /// the misaligned accesses that they refuse are access faults. norm:pma_mm_rw norm:pma_mm_ifetch
    /// norm:pma_mm_vs_io_def norm:pma_mm_mandatory_sz norm:pma_io_rwx_per_sz norm:pma_mag_op_ldst norm:pma_mag_exc
    /// norm:pma_idp_misaligned_exc norm:pma_chk_paddr
    @Test(arguments: [Opcode.lb, .lh, .lw, .ld, .flw, .fld, .sb, .sh, .sw, .sd, .fsw, .fsd])
    func widths(_ opcode: Opcode) throws {
        let machine = try machine()
        let isLoad = [.lb, .lh, .lw, .ld, .flw, .fld].contains(opcode)
        let fault: ExceptionCause = isLoad ? .loadAccessFault : .storeAccessFault
        for mode in PrivilegeMode.allCases {
            for offset in UInt64(0)..<8 {
                #expect(cause(opcode, TestMachine.base + 0x8000 + offset, mode, machine) == nil)
            }
            #expect(cause(opcode, Self.device + 8, mode, machine) == nil)
            let isByte = opcode == .lb || opcode == .sb
            #expect(cause(opcode, Self.device + 9, mode, machine) == (isByte ? nil : fault.rawValue))
            #expect(cause(opcode, 0x5000_0000, mode, machine) == fault.rawValue)
            machine.run(mode, at: Self.device)
            #expect(machine.state.pointee.mcause == ExceptionCause.instructionAccessFault.rawValue)
        }
    }

    /// Page tables lie in RAM, with reads and with updates of A and D; not in devices. norm:pma_vm_hw_tbl_acc
    /// norm:ssccptr_memory_pte_reads norm:pma_chk_paddr
    @Test(arguments: [false, true])
    func pageTables(inDevice: Bool) throws {
        let fixture = try SupervisorMachine(machine())
        fixture.machine.hart.writeCSR(.medeleg, ~0)
        fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor & ~(Entry.a | Entry.d))
        if inDevice {
            fixture.machine.write(
                Entry.leaf(Self.device, Entry.v),
                at: fixture.tables.entry(for: SupervisorMachine.data, level: 1)
            )
        }
        #expect(fixture.access(.sd, at: SupervisorMachine.data) == (inDevice ? .storeAccessFault : nil))
    }

    /// Instructions are little-endian parcels of 16 bits. norm:endianness_inst_fetch_little
    @Test func instructionsAreLittleEndian() throws {
        let machine = try machine()
        // addi a2, x0, 1; c.addi a2, 2; ebreak
        let bytes: [UInt8] = [0x13, 0x06, 0x10, 0x00, 0x09, 0x06, 0x73, 0x00, 0x10, 0x00]
        bytes.withUnsafeBytes { _ = machine.memory.write($0, at: TestMachine.base) }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine[.a2] == 3)
        #expect(machine.state.pointee.mepc == TestMachine.base + 6)
    }
}
