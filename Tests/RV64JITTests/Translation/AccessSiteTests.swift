import Platform
import RV64Core
import RV64JIT
import TestSupport
import Testing

@testable import translatorfuzz

/// What an access remembers of its page.
@Suite(.enabled(if: NativeEngine.isSupported)) struct AccessSiteTests {
    /// What a load has found is no right to store, however many accesses there are.
    @Test(arguments: [1, 2, 512, 1024, 1025, 2048, 2049, 2500])
    func loadsGiveNoRightToStore(_ loads: Int) throws {
        let twin = try Twin()
        var program = Program(mode: .supervisor, entry: Twin.base + Layout.code)
        var random = SplitMix64(seed: 1)
        let load = Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0)
        let store = Encoding.s(Encoding.storeDouble, X.a0, X.a2, 0)
        let code = [UInt32](repeating: load, count: loads) + [store, Encoding.ebreak]
        let readOnly = Tables.entry(Layout.data, Tables.all & ~4)
        program.chunks = [
            (Layout.root, Tables(isUser: false, &random).bytes),
            (Layout.leaves + Layout.firstDataPage * 8, readOnly.littleEndianBytes),
            (Layout.code, code.littleEndianBytes),
        ]
        program.x[Int(X.a0)] = Twin.base + Layout.data
        program.x[Int(X.a2)] = 0x1234
        program.load(into: twin)
        guard case .same = twin.run(instructions: 10_000) else {
            Issue.record("\(twin.difference ?? "other exits")")
            return
        }
        #expect(twin.translated.state.pointee.scause == ExceptionCause.storePageFault.rawValue)
        #expect(twin.memoryDifference == nil)
    }
}
