import Platform
import RV64Core
import TestSupport
import Testing

@testable import RV64JIT
@testable import translatorfuzz

/// Loops that look for their pages once for many turns.
@Suite(.enabled(if: NativeEngine.isSupported)) struct StripTests {
    /// A strip is left in the middle for the loop that it belongs to, whose accesses rely on what was looked for in the
    /// strip: both have to mean the same sites.
    @Test func stripsHaveTheSitesOfTheirLoops() throws {
        let side = try Twin().interpreted
        let store = Encoding.s(Encoding.storeDouble, X.a0, X.a2, 0)
        let irregular = Encoding.r(Encoding.add, X.t0, X.a0, X.a1)
        let code: [UInt32] = [
            store, irregular, Encoding.i(Encoding.loadDouble, X.a2, X.t0, 0),
            Encoding.i(Encoding.loadDouble, X.a2, X.t0, 8), Encoding.i(Encoding.addi, X.a0, X.a0, 8),
            Encoding.b(Encoding.branchNotEqual, X.a0, X.a1, -20), Encoding.ebreak,
        ]
        code.littleEndianBytes.withUnsafeBytes { _ = side.memory.write($0, at: Twin.base) }
        side.state.pointee.mode = .machine
        side.state.pointee.pc = Twin.base
        side.hart.synchronizeInstructionFetch()
        let block = try #require(side.hart.block(at: Twin.base, retired: 0))
        let memory = try NativeMemory()
        let translated = BlockTranslator.translate(block, at: Twin.base, in: memory, of: side.hart)
        #expect(translated.pointee.count == 7)
        // Two groups, each with the place of a site that is read and of one that is written.
        #expect(memory.nextSite == 4)
    }
}
