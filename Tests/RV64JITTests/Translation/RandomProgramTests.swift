import RV64JIT
import Testing

@testable import translatorfuzz

/// A few of the programs that `translatorfuzz` runs by the million.
@Suite(.enabled(if: NativeEngine.isSupported)) struct RandomProgramTests {
    @Test(arguments: 0..<8)
    func enginesAgree(_ part: UInt64) throws {
        let comparison = try Comparison()
        for seed in part * 25..<part * 25 + 25 { #expect(comparison.run(seed: seed) == nil) }
    }
}
