import Platform
import RV64Core
import RV64JIT
import TestSupport
import Testing

@testable import translatorfuzz

/// Loops whose accesses leave a page, where the next one allows something else, on both engines.
@Suite(.enabled(if: NativeEngine.isSupported)) struct LoopBorderTests {
    /// What the page behind the border is.
    enum Neighbour: CaseIterable, Sendable {
        case like, readOnly, clean, invalid, users

        var flags: UInt64 {
            switch self {
            case .like: Tables.all
            case .readOnly: Tables.all & ~4
            case .clean: Tables.all & ~0x80
            case .invalid: Tables.all & ~1
            case .users: Tables.all | 0x10
            }
        }
    }

    private static let border = Twin.base + Layout.data + 0x4000
    private static let turns = 40

    /// A store behind a load, a stride, and an offset at which the last access is whole inside its page, or a byte too far.
    struct Walk: Sendable, CustomTestStringConvertible {
        let stride: Int
        let slip: Int
        let backByJump: Bool

        var testDescription: String { "stride \(stride), \(slip) off, by \(backByJump ? "JAL" : "branch")" }

        static let all = [1, 2, 4, 8, 12, 64, 256, -1, -3, -8, -16, -256].flatMap { stride in
            [0, 1, 7, 8, -8].flatMap { slip in
                [true, false].map { Walk(stride: stride, slip: slip, backByJump: $0) }
            }
        }

        /// The loop, behind which is EBREAK.
        var code: [UInt32] {
            let body: [UInt32] = [
                Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0), Encoding.i(Encoding.addi, X.a1, X.a1, 1),
                Encoding.s(Encoding.storeDouble, X.a0, X.a1, 0), Encoding.s(Encoding.storeWord, X.a0, X.a2, 8),
                Encoding.i(Encoding.addi, X.a0, X.a0, stride), Encoding.i(Encoding.addi, X.s3, X.s3, -1),
            ]
            let back = -4 * body.count
            guard backByJump else {
                return body + [Encoding.b(Encoding.branchNotEqual, X.s3, 0, back), Encoding.ebreak]
            }
            return body + [Encoding.b(0x63, X.s3, 0, 8), Encoding.j(0, back - 4), Encoding.ebreak]
        }
    }

    @Test(arguments: Neighbour.allCases, Walk.all)
    func whatIsBehindTheBorderIsAsked(_ neighbour: Neighbour, _ walk: Walk) throws {
        let twin = try Twin()
        // Budgets that end loops in the middle of a turn, and before the first.
        for budget: UInt64 in [10_000, 97, 5] {
            var program = Program(mode: .supervisor, entry: Twin.base + Layout.code)
            var random = SplitMix64(seed: 1)
            let page = (Self.border - Twin.base) >> 12
            let place = walk.stride > 0 ? page : page - 1
            program.chunks = [
                (Layout.root, Tables(isUser: false, &random).bytes),
                (Layout.data, [UInt8](repeating: 0, count: Int(Layout.dataBytes))),
                (Layout.code, walk.code.littleEndianBytes),
            ]
            for data in Layout.firstDataPage..<Layout.firstDataPage + 8 {
                let flags = data == place ? neighbour.flags : Tables.all
                program.chunks.append((Layout.leaves + data * 8, Tables.entry(data << 12, flags).littleEndianBytes))
            }
            let way = walk.stride * (Self.turns - 10) + walk.slip
            program.x[Int(X.a0)] = Self.border &- UInt64(bitPattern: Int64(way))
            program.x[Int(X.s3)] = UInt64(Self.turns)
            program.x[Int(X.a2)] = 0x1234_5678
            program.load(into: twin)
            var difference: String? = "it does not end"
            for _ in 0..<200 {
                switch twin.run(instructions: budget) {
                case .differ(let text): difference = text
                case .same(.budgetExhausted): continue
                case .same: difference = nil
                }
                break
            }
            #expect(difference == nil, "budget \(budget)")
            #expect(twin.memoryDifference == nil, "budget \(budget)")
        }
    }
    /// A strip has a limit of its own where its pages have none: counts and budgets stay exact across it.
    @Test(arguments: [1, 5, 4095, 4096 * 3 - 1, 4096 * 3, 4096 * 3 + 1, 4096 * 3 + 2, 50_000, 1_000_000] as [UInt64])
    func loopsInOnePageGoOnBehindAStrip(_ budget: UInt64) throws {
        let twin = try Twin()
        let turns = budget < 100 ? 200 : 30_000
        let code = [
            Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0), Encoding.i(Encoding.addi, X.s3, X.s3, -1),
            Encoding.b(Encoding.branchNotEqual, X.s3, 0, -8), Encoding.ebreak,
        ]
        var program = Program(mode: .supervisor, entry: Twin.base + Layout.code)
        program.isPaged = false
        program.chunks = [(Layout.code, code.littleEndianBytes)]
        program.x[Int(X.a0)] = Twin.base + Layout.data
        program.x[Int(X.s3)] = UInt64(turns)
        program.load(into: twin)
        for _ in 0...turns {
            switch twin.run(instructions: budget) {
            case .differ(let text): Issue.record("\(text)")
            case .same(.budgetExhausted): continue
            case .same: break
            }
            break
        }
        #expect(twin.translated.state.pointee.scause == ExceptionCause.breakpoint.rawValue)
        #expect(twin.translated.state.pointee.retired == UInt64(3 * turns))
    }

    /// The last page of all and the first one are neighbours; those at the borders of the canonical addresses have none.
    @Test(arguments: [8, -8, 256, -512, 1], [0, 1, -8] as [Int])
    func loopsReachTheEndsOfTheAddressSpace(_ stride: Int, _ slip: Int) throws {
        for border in [0, UInt64(1) << 38, ~0 << 38] {
            let twin = try Twin()
            var program = Program(mode: .supervisor, entry: Twin.base + Layout.code)
            var random = SplitMix64(seed: 1)
            let (middle, leaves) = (0x1_3000 as UInt64, 0x1_4000 as UInt64)
            func write(_ table: UInt64, _ index: UInt64, _ entry: UInt64) {
                program.chunks.append((table + index * 8, entry.littleEndianBytes))
            }
            program.chunks = [
                (Layout.root, Tables(isUser: false, &random).bytes),
                (Layout.code, Walk(stride: stride, slip: 0, backByJump: false).code.littleEndianBytes),
            ]
            for index: UInt64 in [0, 255, 256, 511] { write(Layout.root, index, Tables.entry(middle, 1)) }
            for index: UInt64 in [0, 511] {
                write(middle, index, Tables.entry(leaves, 1))
                write(leaves, index, Tables.entry(Layout.data + (index & 1) << 12, Tables.all))
            }
            program.x[Int(X.a0)] = border &+ UInt64(bitPattern: Int64(slip - 7 * stride))
            program.x[Int(X.s3)] = 14
            program.load(into: twin)
            for _ in 0..<40 {
                switch twin.run(instructions: 1000) {
                case .differ(let text): Issue.record("\(text)")
                case .same(.budgetExhausted): continue
                case .same: break
                }
                break
            }
            let isBreakpoint = twin.translated.state.pointee.scause == ExceptionCause.breakpoint.rawValue
            #expect(isBreakpoint == (border == 0))
            #expect(twin.memoryDifference == nil)
        }
    }
}
