import Testing

@testable import RV64Core

/// Smepmp: the rules of `mseccfg`, and of the PMP entries under them.
@Suite struct SecurityConfigurationTests {
    private static let mml = Flag<SecurityConfiguration>.mml.mask
    private static let mmwp = Flag<SecurityConfiguration>.mmwp.mask
    private static let rlb = Flag<SecurityConfiguration>.rlb.mask

    private func hart(_ extensions: ExtensionSet = privilegedExtensions) throws -> Hart {
        try TestHart(extensions).hart
    }

    /// norm:mseccfg_sz_acc norm:mseccfg_enc_img norm:mseccfg_rlb_mmwp_mml_presence norm:mseccfg_pmm_presence_op
    /// norm:mseccfg_presence norm:mseccfg_fields_exist norm:mseccfg_useed_rdonly0 norm:mseccfg_sseed_rdonly0
    /// norm:mseccfg_pmm_rdonly0
    @Test(arguments: [([.smepmp], 0x7), ([.zkr], 0x300), ([.smmpm], 0x3_0000_0000)] as [(ExtensionSet, UInt64)])
    func presence(extensions: ExtensionSet, fields: UInt64) throws {
        let hart = try hart(fullExtensions.union(extensions))
        hart.writeCSR(.mseccfg, ~0)
        #expect(hart.readCSR(.mseccfg) == fields)
        #expect(hart.decideAccess(to: .mseccfg, .write, from: .machine) == .allowed(.mseccfg))
        #expect(hart.decideAccess(to: .mseccfg, .write, from: .supervisor) == .illegalInstruction)
        hart.reset()
        // norm:mseccfg_mml_mmwp_rlb_rst norm:mseccfg_useed_sseed_rst
        #expect(hart.readCSR(.mseccfg) == 0)
        let without = try self.hart(fullExtensions)
        #expect(without.decideAccess(to: .mseccfg, .read, from: .machine) == .illegalInstruction)
    }

    /// norm:mseccfg_mml_warl norm:mseccfg_locking
    /// norm:mseccfg_mml_sticky norm:mseccfg_mmwp_op_warl; SSEED and USEED are not sticky.
    @Test func stickyBits() throws {
        let hart = try hart()
        hart.writeCSR(.mseccfg, Self.mml | 0x300)
        hart.writeCSR(.mseccfg, Self.mmwp)
        #expect(hart.readCSR(.mseccfg) == Self.mml | Self.mmwp)
        hart.writeCSR(.mseccfg, 0)
        #expect(hart.readCSR(.mseccfg) == Self.mml | Self.mmwp)
    }

    /// norm:mseccfg_pmm_enc norm:pmlen_illegal_warl: the reserved encoding keeps the old one.
    @Test func reservedPointerMasking() throws {
        let hart = try hart()
        for old in [UInt64(0), 2, 3] {
            hart.writeCSR(.mseccfg, old << 32)
            hart.writeCSR(.mseccfg, 1 << 32)
            #expect(hart.readCSR(.mseccfg) == old << 32)
        }
    }

    /// RLB can be set only while no entry has L, be it off. norm:mseccfg_rlb_op_warl
    @Test func bypassIsLockedByAnyEntry() throws {
        let hart = try hart()
        hart.writeCSR(.mseccfg, Self.rlb)
        #expect(hart.readCSR(.mseccfg) == Self.rlb)
        hart.writeCSR(.pmpcfg2, 0x80 << 56)
        hart.writeCSR(.mseccfg, Self.rlb)
        #expect(hart.readCSR(.mseccfg) == Self.rlb, "set, it stays writable")
        hart.writeCSR(.mseccfg, 0)
        hart.writeCSR(.mseccfg, Self.rlb)
        #expect(hart.readCSR(.mseccfg) == 0)
    }

    /// With RLB a locked entry, and the address below a locked TOR entry, can be changed.
    @Test func bypassUnlocksEntries() throws {
        let hart = try hart()
        for bypass in [false, true] {
            hart.reset()
            hart.writeCSR(.mseccfg, bypass ? Self.rlb : 0)
            hart.writeCSR(.pmpaddr0, 0x100)
            hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), 0x200)
            hart.writeCSR(.pmpcfg0, 0x8900)
            hart.writeCSR(.pmpaddr0, 0x101)
            hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), 0x201)
            hart.writeCSR(.pmpcfg0, 0x0B00)
            #expect(hart.readCSR(.pmpaddr0) == (bypass ? 0x101 : 0x100))
            #expect(hart.readCSR(CSRAddress.pmpaddr0.advanced(by: 1)) == (bypass ? 0x201 : 0x200))
            #expect(hart.readCSR(.pmpcfg0) == (bypass ? 0x0B00 : 0x8900))
        }
    }

    /// Under MML the shared encodings are legal, and an entry that would let M-mode execute is not taken.
    /// norm:mseccfg_mml_X_restrict norm:pmp_rwx_warl
    @Test(arguments: UInt64(0)..<16)
    func newEntries(encoding: UInt64) throws {
        let bits = encoding & 7 | (encoding & 8) << 4 | 0x18
        let isReserved = bits & 3 == 2
        let letsMachineExecute = [0x84, 0x85, 0x82, 0x86].contains(bits & 0x87)
        let hart = try hart()
        hart.writeCSR(.pmpcfg0, bits)
        #expect(hart.readCSR(.pmpcfg0) == (isReserved ? bits & ~7 : bits), "without MML")
        for bypass in [false, true] {
            hart.reset()
            hart.writeCSR(.mseccfg, Self.mml | (bypass ? Self.rlb : 0))
            hart.writeCSR(.pmpcfg0, 0x1B1B)
            hart.writeCSR(.pmpcfg0, bits << 8 | 0x19)
            #expect(hart.readCSR(.pmpcfg0) == (letsMachineExecute && !bypass ? 0x1B19 : bits << 8 | 0x19))
        }
    }

    /// One row of the truth table: what M-mode and S/U-mode may do under MML.
    struct Row: CustomTestStringConvertible, Sendable {
        /// L, R, W, X as four digits.
        let bits: String
        let machine: String
        let lower: String
        var testDescription: String { bits }

        var configuration: UInt64 {
            let digits = bits.map { $0 == "1" }
            return (digits[0] ? 0x80 : 0) | (digits[1] ? 1 : 0) | (digits[2] ? 2 : 0) | (digits[3] ? 4 : 0)
        }
    }

    static let truthTable: [Row] = [
        Row(bits: "0000", machine: "", lower: ""), Row(bits: "0001", machine: "", lower: "x"),
        Row(bits: "0010", machine: "rw", lower: "r"), Row(bits: "0011", machine: "rw", lower: "rw"),
        Row(bits: "0100", machine: "", lower: "r"), Row(bits: "0101", machine: "", lower: "rx"),
        Row(bits: "0110", machine: "", lower: "rw"), Row(bits: "0111", machine: "", lower: "rwx"),
        Row(bits: "1000", machine: "", lower: ""), Row(bits: "1001", machine: "x", lower: ""),
        Row(bits: "1010", machine: "x", lower: "x"), Row(bits: "1011", machine: "rx", lower: "x"),
        Row(bits: "1100", machine: "r", lower: ""), Row(bits: "1101", machine: "rx", lower: ""),
        Row(bits: "1110", machine: "rw", lower: ""), Row(bits: "1111", machine: "r", lower: "r"),
    ]

    /// norm:mseccfg_mml_set
    /// norm:mml_truth_table norm:mseccfg_mml_pmpcfg_L_op norm:mseccfg_mml_M_rule_op norm:mseccfg_mml_SorU_rule_op
    /// norm:mseccfg_mml_shared_rule_op norm:mseccfg_mml_shared_L0_op norm:mseccfg_mml_shared_L1_op
    /// norm:mseccfg_mml_shared_LRWX_1111_op
    @Test(arguments: truthTable)
    func machineModeLockdown(row: Row) throws {
        let hart = try hart()
        hart.writeCSR(.mseccfg, Self.mml | Self.rlb)
        hart.writeCSR(.pmpaddr0, 0x2000_0000 | 0x1FF)
        hart.writeCSR(.pmpcfg0, row.configuration | 0x18)
        for (privilege, expected) in [(UInt64(3), row.machine), (1, row.lower), (0, row.lower)] {
            for (kind, letter) in [(AccessKind.load, "r"), (.store, "w"), (.fetch, "x")] as [(AccessKind, Character)] {
                let isPermitted = hart.isPermitted(kind, at: 0x8000_0008, count: 8, privilege: privilege)
                #expect(isPermitted == expected.contains(letter), "\(privilege) \(kind)")
            }
        }
    }

    /// Memory without an entry: M-mode may all, or not execute, or nothing. norm:mseccfg_mmwp_op_warl
    /// norm:mseccfg_mml_exec_code
    @Test(
        arguments: [(0, "rwx"), (mml, "rw"), (mmwp, ""), (mml | mmwp, "")] as [(UInt64, String)]
    )
    func unmatched(configuration: UInt64, expected: String) throws {
        let hart = try hart()
        hart.writeCSR(.mseccfg, configuration)
        for (kind, letter) in [(AccessKind.load, "r"), (.store, "w"), (.fetch, "x")] as [(AccessKind, Character)] {
            let isPermitted = hart.isPermitted(kind, at: 0x8000_0000, count: 4, privilege: 3)
            #expect(isPermitted == expected.contains(letter))
            #expect(!hart.isPermitted(kind, at: 0x8000_0000, count: 4, privilege: 1))
        }
    }

    /// A program meets it: cached translations do not outlive the lockdown.
    @Test func lockdownTakesEffectAtOnce() throws {
        let machine = try TestMachine(extensions: privilegedExtensions)
        machine.load { program in
            program.emit(.ld, rd: .a2, rs1: .a0)
            program.swap(.mseccfg, rs1: .a1)
            program.emit(.ld, rd: .a2, rs1: .a0)
        }
        machine.hart.writeCSR(.pmpaddr0, (TestMachine.base + 0x10_0000) >> 2 | 0x1FF)
        machine.hart.writeCSR(.pmpcfg0, 0x1B)
        machine[.a0] = TestMachine.base + 0x10_0000
        machine[.a1] = Self.mml | Self.rlb
        // Its own code, M-mode-only, first.
        machine.hart.writeCSR(.mseccfg, Self.rlb)
        machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), TestMachine.base >> 2 | 0x1FF)
        machine.hart.writeCSR(.pmpcfg0, 0x9D1B)
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.loadAccessFault.rawValue)
        #expect(machine.state.pointee.mepc == TestMachine.base + 8)
    }
}
