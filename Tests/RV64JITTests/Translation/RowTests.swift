import RV64Core
import RV64JIT
import Testing

@testable import translatorfuzz

extension InstructionRow: CustomTestStringConvertible {
    /// What the manual calls it.
    public var testDescription: String { mnemonic }
}

/// Every row of the instruction table, translated and interpreted: in all modes, with all combinations of registers, any
/// operands, rounding modes and states of the floating-point unit.
@Suite(.enabled(if: NativeEngine.isSupported)) struct RowTests {
    @Test(arguments: InstructionTable.rows)
    func rowIsTranslatedAsInterpreted(_ row: InstructionRow) throws {
        let comparison = try Comparison()
        let isFloat = if case .float = row.execution { true } else { false }
        for seed in 0..<UInt64(isFloat ? 12 : 6) {
            let difference = comparison.run(seed: seed &* 0x1_0001 &+ UInt64(row.pattern.match), of: row)
            #expect(difference == nil)
        }
    }
}
