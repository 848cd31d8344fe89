import Platform
import RV64Core
import RV64JIT
import TestSupport
import Testing

@testable import translatorfuzz

/// Pages that displace each other, their fences, and what is found of them afterwards: by both engines, and by the tables.
@Suite(.enabled(if: NativeEngine.isSupported)) struct SecondLevelTests {
    /// A leaf of the tables: pages at `alias`, and superpages behind them, all of the same RAM.
    private struct Leaf {
        let entry: UInt64
        let pages: Range<UInt64>
        let base: UInt64
        var flags = Tables.all

        func allows(_ kind: AccessKind) -> Bool {
            guard flags & 0x41 == 0x41 else { return false }
            return switch kind {
            case .load: flags & 2 != 0
            case .store: flags & 0x84 == 0x84
            case .fetch: flags & 8 != 0
            }
        }
    }

    /// Pages of data, whose first instruction returns.
    private static let pages = Layout.firstDataPage..<Layout.firstDataPage + 8
    private static let flags: [UInt64] =
        [Tables.all, Tables.all, Tables.all & ~4, Tables.all & ~8, Tables.all & ~0x80]
        + [Tables.all & ~0x40, Tables.all & ~1]

    private static let load = code(Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0x100), 0)
    private static let store = code(Encoding.s(Encoding.storeDouble, X.a0, X.a2, 0x100), 1)
    private static let group = code(Encoding.s(Encoding.storeDouble, X.a0, X.a2, 0x108), 2)
    private static let call = code(Encoding.i(Encoding.jalr, 1, X.a0, 0), 3)
    private static let fencePage = code(Encoding.r(Encoding.sfenceVma, 0, X.a0, 0), 4)
    private static let fencePageOfSpace = code(Encoding.r(Encoding.sfenceVma, 0, X.a0, X.s3), 5)
    private static let fenceSpace = code(Encoding.r(Encoding.sfenceVma, 0, 0, X.s3), 6)
    private static let fenceAll = code(Encoding.sfenceVma, 7)
    private static let all = [load, store, group, call, fencePage, fencePageOfSpace, fenceSpace, fenceAll]

    private static func code(_ instruction: UInt32, _ number: UInt64) -> (words: [UInt32], pc: UInt64) {
        let second = number == 2 ? [Encoding.i(Encoding.loadDouble, X.a1, X.a0, 0x100)] : []
        return ([instruction] + second + [Encoding.ebreak], Twin.base + Layout.code + number * 0x40)
    }

    @Test(arguments: [PrivilegeMode.supervisor, .virtualSupervisor], 0..<4)
    func fencesReachWhatWasDisplaced(_ mode: PrivilegeMode, _ seed: UInt64) throws {
        let twin = try Twin()
        var random = SplitMix64(seed: seed)
        var program = Program(mode: mode, entry: Self.load.pc)
        program.chunks = [(Layout.root, Tables(isUser: false, &random).bytes)]
        program.chunks += Self.all.map { ($0.pc - Twin.base, $0.words.littleEndianBytes) }
        var leaves = Self.pages.map { page in
            Leaf(entry: Layout.aliasLeaves + page * 8, pages: page..<page + 1, base: Layout.alias)
        }
        for number: UInt64 in 1..<40 {
            let base = Layout.alias + number << 21
            leaves.append(Leaf(entry: Layout.aliasMiddle + number * 8, pages: Self.pages, base: base))
        }
        for leaf in leaves { program.chunks.append((leaf.entry, Self.entry(leaf).littleEndianBytes)) }
        for page in Self.pages {
            program.chunks.append((page << 12, [Encoding.ret].littleEndianBytes))
            program.chunks.append((Layout.guestLeaves + page * 8, Tables.entry(page << 12, 0xDF).littleEndianBytes))
        }
        program.load(into: twin)
        for step in 0..<4000 {
            let index = Int(random.next() % UInt64(leaves.count))
            let leaf = leaves[index]
            let page = leaf.pages.lowerBound + random.next() % UInt64(leaf.pages.count)
            let address = leaf.base + page << 12
            let choice = random.next() % 40
            let (code, kind): ((words: [UInt32], pc: UInt64), AccessKind?) =
                switch choice {
                case 0...12: (Self.load, .load)
                case 13...20: (Self.store, .store)
                case 21...26: (Self.group, .store)
                case 27...37: (Self.call, .fetch)
                default: (Self.all[4 + Int(random.next() & 3)], nil)
                }
            var fenced = address
            if kind == nil {
                leaves[index].flags = Self.flags[Int(random.next() % UInt64(Self.flags.count))]
                twin.write(Self.entry(leaves[index]).littleEndianBytes, at: Twin.base + leaf.entry)
                // Any address of the page.
                if leaf.pages.count > 1, random.next() & 1 == 0 { fenced = leaf.base + random.next() & 0x1F_FFFF }
            }
            twin.forBoth { side in
                side.state.pointee.x[Int(X.a0)] = fenced
                side.state.pointee.x[Int(X.a2)] = UInt64(step)
                side.state.pointee.x[Int(X.s3)] = 0
                side.state.pointee.mode = mode
                side.state.pointee.pc = code.pc
            }
            guard case .same(.hosted) = twin.run(instructions: 100) else {
                Issue.record("step \(step): \(twin.difference ?? "other exits")")
                return
            }
            let cause = twin.interpreted.state.pointee.scause
            let isAllowed = kind.map { leaf.allows($0) } ?? true
            #expect((cause == ExceptionCause.breakpoint.rawValue) == isAllowed, "step \(step), \(Twin.hex(address))")
        }
        #expect(twin.memoryDifference == nil)
    }

    private static func entry(_ leaf: Leaf) -> UInt64 {
        leaf.pages.count == 1 ? Tables.entry(leaf.pages.lowerBound << 12, leaf.flags) : Tables.entry(0, leaf.flags)
    }
}
