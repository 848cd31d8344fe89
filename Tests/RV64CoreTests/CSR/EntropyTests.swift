import Synchronization
import Testing

@testable import RV64Core

/// Zkr: the `seed` register.
@Suite struct EntropyTests {
    /// norm:mseccfg_useed_U-mode_op norm:mseccfg_sseed_SorHS-mode_op norm:mseccfg_sseed_VSorVU-mode_op
    /// norm:mseccfg_sseed_useed_presence
    /// norm:mseccfg_sseed_useed_op_tbl norm:seed_ro_illegal norm:seed_exec_mode_control
    @Test(arguments: PrivilegeMode.allCases)
    func access(mode: PrivilegeMode) throws {
        let hart = try TestHart(privilegedExtensions).hart
        for (supervisor, user) in [(false, false), (true, false), (false, true), (true, true)] {
            hart.writeCSR(.mseccfg, (supervisor ? 1 << 9 : 0) | (user ? 1 << 8 : 0))
            let expected: CSRDecision =
                switch mode {
                case .machine: .allowed(.seed)
                case .supervisor: supervisor ? .allowed(.seed) : .illegalInstruction
                case .user: user ? .allowed(.seed) : .illegalInstruction
                case .virtualSupervisor, .virtualUser: supervisor ? .virtualInstruction : .illegalInstruction
                }
            #expect(hart.decideAccess(to: .seed, .write, from: mode) == expected)
            #expect(hart.decideAccess(to: .seed, .read, from: mode) == .illegalInstruction)
        }
    }

    @Test func absent() throws {
        let hart = try TestHart(privilegedExtensions.subtracting([.zkr])).hart
        #expect(hart.decideAccess(to: .seed, .write, from: .machine) == .illegalInstruction)
        #expect(hart.readCSR(.seed) == 0)
    }

    /// Each poll takes a new value, and the operand does not matter. norm:seed_write_ignore norm:seed_entropy_unique
    /// norm:seed_wipe_on_read
    @Test func polls() throws {
        let next = Atomic<UInt64>(0x1111)
        let source = EntropySource {
            UInt16(truncatingIfNeeded: next.wrappingAdd(0x1111, ordering: .relaxed).oldValue)
        }
        let test = try TestHart(privilegedExtensions, entropy: source)
        test.hart.x[5] = ~0
        for (opcode, rs1, expected) in [
            (.csrrw, 0, 0x1111), (.csrrw, 5, 0x2222), (.csrrs, 5, 0x3333), (.csrrc, 5, 0x4444), (.csrrwi, 0, 0x5555),
            (.csrrsi, 1, 0x6666),
        ] as [(Opcode, UInt8, UInt64)] {
            #expect(test.execute(opcode, .seed, rd: 7, rs1: rs1) == nil)
            #expect(test.hart.x[7] == 0x8000_0000 | expected)
        }
        #expect(test.execute(.csrrs, .seed, rd: 7)?.cause == .illegalInstruction)
        #expect(test.execute(.csrrci, .seed, rd: 7)?.cause == .illegalInstruction)
    }

    /// norm:seed_entropy_zero_non_es16: a dead source has no bits.
    @Test func deadSource() throws {
        let test = try TestHart(privilegedExtensions, entropy: EntropySource { nil })
        #expect(test.execute(.csrrw, .seed, rd: 7) == nil)
        #expect(test.hart.x[7] == 0xC000_0000)
    }

    /// The host's generator answers, and not always the same.
    @Test func hostSource() throws {
        let hart = try TestHart(privilegedExtensions).hart
        let values = (0..<16).map { _ in hart.readCSR(.seed) }
        #expect(values.allSatisfy { $0 >> 16 == 0x8000 })
        #expect(Set(values).count > 1)
    }
}
