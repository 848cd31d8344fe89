import Testing

@testable import RV64Core

/// Physical memory protection as accesses meet it. Privileged ISA, "Physical Memory Protection".
@Suite struct PhysicalProtectionTests {
    private static let target = TestMachine.base + 0x10_0000

    /// Entry 0 as given, entry 1 allows everything.
    private func machine(_ configuration: UInt64, _ address: UInt64) throws -> TestMachine {
        let machine = try TestMachine()
        machine.hart.writeCSR(.pmpcfg0, 0)
        machine.hart.writeCSR(.pmpaddr0, address)
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        machine.hart.writeCSR(.pmpcfg0, 0x1F00 | configuration)
        return machine
    }

    /// The cause of one access from a mode, nil when it went through.
    private func cause(
        _ machine: TestMachine,
        _ opcode: Opcode,
        _ address: UInt64,
        _ mode: PrivilegeMode = .supervisor
    ) -> ExceptionCause? {
        machine[.a0] = address
        machine.load { program in
            if opcode == .sd || opcode == .sw {
                program.emit(opcode, rs1: .a0, rs2: .a1)
            } else {
                program.emit(opcode, rd: .a1, rs1: .a0)
            }
            program.emit(.ecall)
        }
        machine.hart.synchronizeInstructionFetch()
        let exit = machine.run(mode, at: TestMachine.base)
        let code = exit == .hosted(.machine) ? machine.state.pointee.mcause : machine.state.pointee.scause
        let result = ExceptionCause(rawValue: code)
        return [.environmentCallFromU, .environmentCallFromHS, .environmentCallFromM].contains(result) ? nil : result
    }

    /// Each permission, in S and U; M is bound by locked entries only. norm:pmp_l_bit_function
    /// norm:pmp_cfg_permissions norm:pmp_exec_fault norm:pmp_load_fault norm:pmp_store_fault norm:pmp_rwx_check
    /// norm:pmp_l_bit_m_mode_enforcement norm:pmp_mmode_locking norm:pmp_access_fault_exception norm:pmp_a_field_encoding
    @Test(arguments: [UInt64(0), 1, 3, 4, 5, 7])
    func permissions(bits: UInt64) throws {
        for lock in [UInt64(0), 0x80] {
            let machine = try machine(0x18 | bits | lock, Self.target >> 2 | 0x1FF)
            for mode in [PrivilegeMode.supervisor, .machine] {
                let applies = mode != .machine || lock != 0
                let canRead = bits & 1 != 0 || !applies
                let canWrite = bits & 2 != 0 || !applies
                #expect(cause(machine, .ld, Self.target + 8, mode) == (canRead ? nil : .loadAccessFault))
                #expect(cause(machine, .sd, Self.target + 8, mode) == (canWrite ? nil : .storeAccessFault))
                machine.load(at: Self.target) { $0.emit(.ebreak) }
                machine.run(mode, at: Self.target)
                let code = mode == .machine ? machine.state.pointee.mcause : machine.state.pointee.scause
                let canExecute = bits & 4 != 0 || !applies
                let expected: ExceptionCause = canExecute ? .breakpoint : .instructionAccessFault
                #expect(code == expected.rawValue)
            }
        }
    }

    /// An access that only partly matches the deciding entry fails; the rest of the page stays reachable.
    /// norm:pmp_full_match_required norm:pmp_a_field_napot_na4 norm:pmp_entry_priority norm:pmp_granularity
    @Test func fourByteEntryInsideAPage() throws {
        let machine = try machine(0x10, (Self.target + 8) >> 2)
        #expect(cause(machine, .lw, Self.target + 8) == .loadAccessFault)
        #expect(cause(machine, .lw, Self.target + 4) == nil)
        #expect(cause(machine, .lw, Self.target + 12) == nil)
        #expect(cause(machine, .ld, Self.target + 8) == .loadAccessFault)
        #expect(cause(machine, .lw, Self.target + 6) == .loadAccessFault)
        #expect(cause(machine, .sw, Self.target + 12) == nil)
    }

    /// Top of range: up to the address, from the entry before, or from zero.
    /// norm:pmp_a_field_tor norm:pmp_violation_precise_trap
    @Test func topOfRange() throws {
        let machine = try machine(0x08, (Self.target + 0x1000) >> 2)
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), (Self.target + 0x2000) >> 2)
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 2), ~0)
        // Entry 0: nothing below the first bound, so the program must lie above; entry 1: read only; entry 2: all.
        machine.hart.writeCSR(.pmpcfg0, 0x1F_0908)
        machine[.a0] = Self.target + 0x1FF8
        machine.load(at: Self.target + 0x3000) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.sd, rs1: .a0, rs2: .a1)
        }
        machine.run(.supervisor, at: Self.target + 0x3000)
        #expect(machine.state.pointee.scause == ExceptionCause.storeAccessFault.rawValue)
        #expect(machine.state.pointee.sepc == Self.target + 0x3004)
        machine[.a0] = Self.target + 0xFF8
        machine.run(.supervisor, at: Self.target + 0x3000)
        #expect(machine.state.pointee.scause == ExceptionCause.loadAccessFault.rawValue)
    }

    /// Without a matching entry S and U have no access, M has all.
    /// norm:pmp_no_entry_match norm:pmp_a_field_off norm:pmp_check_priv_modes
    @Test func noEntryMatches() throws {
        let machine = try TestMachine()
        machine.hart.writeCSR(.pmpcfg0, 0)
        #expect(cause(machine, .ld, Self.target, .machine) == nil)
        machine.run(.user, at: TestMachine.base)
        #expect(machine.state.pointee.scause == ExceptionCause.instructionAccessFault.rawValue)
    }

    /// A page-table walk is an S-level access: a table that S may not read is an access fault.
    /// norm:pmp_check_pagetable_access norm:pmp_with_paging
    @Test func walksAreProtected() throws {
        let machine = try machine(0x18, Self.target >> 2 | 0x1FF)
        let tables = try PageTables(machine, mode: 8, at: TestMachine.base + 0xF_C000, isGuestStage: false)
        tables.map(TestMachine.base, to: TestMachine.base, Entry.supervisor)
        machine.hart.writeCSR(.satp, tables.register())
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine.state.pointee.scause == ExceptionCause.instructionAccessFault.rawValue)
        #expect(machine.state.pointee.stval == TestMachine.base)
        #expect(!machine.state.pointee.hstatus[.gva])
    }

    /// Instructions on both sides of a boundary inside a page: each half is checked for itself.
    @Test func fetchesAcrossABoundary() throws {
        let machine = try machine(0x10, (Self.target + 8) >> 2)
        machine.load(at: Self.target) { program in
            program.half(0x0505)  // c.addi a0, 1
            program.half(0x0505)
            program.half(0x0505)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
        }
        machine[.a0] = 0
        machine.run(.supervisor, at: Self.target)
        #expect(machine.state.pointee.scause == ExceptionCause.instructionAccessFault.rawValue)
        #expect(machine.state.pointee.sepc == Self.target + 6)
        #expect(machine.state.pointee.stval == Self.target + 8)
        #expect(machine[.a0] == 3)
    }
}
