import RV64Core
import RV64JIT
import Testing

@testable import translatorfuzz

/// Random programs on a hart whose engine compares the translator with the interpreter, beside one that interprets: it
/// finds nothing, and what it leaves is what the interpreter leaves.
@Suite(.enabled(if: NativeEngine.isSupported)) struct LockstepTests {
    @Test(arguments: 0..<8)
    func comparingChangesNothing(_ part: UInt64) throws {
        let twin = try Twin { (try? NativeEngine(threshold: .first)).map { LockstepEngine(checking: $0) } }
        let comparison = try Comparison(of: twin)
        for seed in part * 25..<part * 25 + 25 {
            #expect(comparison.run(seed: seed) == nil, "\(twin.translated.hart.disagreement?.differences ?? [])")
        }
    }
}
