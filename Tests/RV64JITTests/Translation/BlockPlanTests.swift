import RV64Core
import TestSupport
import Testing

@testable import RV64JIT
@testable import translatorfuzz

/// Which accesses share a look for their page, and which loops look once for many turns.
@Suite struct BlockPlanTests {
    private static let base: UInt64 = 0x8000_0000

    private static func load(_ rd: UInt32, _ distance: Int, _ base: UInt32) -> UInt32 {
        Encoding.i(Encoding.loadDouble, rd, base, distance)
    }

    private static func store(_ source: UInt32, _ distance: Int, _ base: UInt32) -> UInt32 {
        Encoding.s(Encoding.storeDouble, base, source, distance)
    }

    private static func add(_ register: UInt32, _ value: Int) -> UInt32 {
        Encoding.i(Encoding.addi, register, register, value)
    }

    /// A branch from the last instruction to the first.
    private static func back(over count: Int) -> UInt32 { Encoding.b(Encoding.branchNotEqual, X.a0, X.a1, -4 * count) }

    private func plan(_ words: [UInt32], _ manner: BlockPlan.Manner = .assuming) throws -> BlockPlan {
        let hart = try Twin().interpreted.hart
        let places = words.enumerated().map { index, word in
            NativePlace(decoded: hart.decoder.decode(word), pc: Self.base + 4 * UInt64(index), index: index)
        }
        return places.withUnsafeBufferPointer { BlockPlan($0, manner, of: hart) }
    }

    private func counts(_ words: [UInt32]) throws -> [Int] { try plan(words).groups.map(\.count) }

    @Test func accessesThroughOneBaseAreOneGroup() throws {
        let frame = [Self.store(1, 56, 2), Self.store(8, 48, 2), Self.add(X.a0, 1), Self.store(9, 40, 2)]
        let group = try #require(try plan(frame).groups.first)
        #expect(try counts(frame) == [3])
        #expect((group.start, group.end) == (40, 64))
        #expect(group.isWide)
        #expect(group.direction == .write)
    }

    @Test func aGroupEndsWhereItsBaseChanges() throws {
        #expect(try counts([Self.load(X.a1, 0, X.a0), Self.add(X.a0, 8), Self.load(X.a2, 8, X.a0)]) == [1, 1])
        #expect(try counts([Self.load(X.a0, 0, X.a0), Self.load(X.a2, 8, X.a0)]) == [1, 1])
        #expect(try counts([Self.load(X.a1, 0, X.a0), Encoding.fenceI, Self.load(X.a2, 8, X.a0)]) == [1, 1])
    }

    @Test func aFloatingPointRegisterIsNoBase() throws {
        let load = try #require(Encoding.row("fld")).pattern.match
        #expect(try counts([Encoding.i(load, X.a0, X.a0, 0), Encoding.i(load, X.a1, X.a0, 8)]) == [2])
    }

    @Test func onlyWhatIsAlignedTogetherIsAGroup() throws {
        let word = try #require(Encoding.row("lw")).pattern.match
        #expect(try counts([Self.load(X.a1, 0, X.a0), Encoding.i(word, X.a2, X.a0, 12)]) == [2])
        #expect(try counts([Encoding.i(word, X.a2, X.a0, 12), Self.load(X.a1, 0, X.a0)]) == [2])
        #expect(try counts([Encoding.i(word, X.a2, X.a0, 12), Self.load(X.a1, 8, X.a0)]) == [2])
        #expect(try counts([Self.load(X.a1, 0, X.a0), Self.load(X.a2, 4, X.a0)]) == [1, 1])
        #expect(try counts([Self.load(X.a1, 0, X.a0), Self.load(X.a2, 2000, X.a0)]) == [1, 1])
        // The word before is looked for with the double that begins with it.
        let group = try #require(try plan([Encoding.i(word, X.a2, X.a0, -4), Self.load(X.a1, 0, X.a0)]).groups.first)
        #expect((group.start, group.end) == (-8, 8))
    }

    @Test func loopsOverArraysAreStrips() throws {
        let body = [Self.load(X.a2, 0, X.a0), Self.add(X.a0, 8), Self.store(X.a2, -8, X.a0), Self.load(X.a2, 0, 2)]
        let strip = try #require(try plan(body + [Self.back(over: 4), Self.load(X.a2, 0, X.a1)]).strip)
        #expect(strip.end == 4)
        #expect(strip.paces.map(\.group) == [0, 1, 2])
        #expect(strip.paces.map(\.stride) == [8, 8, 0])
        #expect(strip.paces.map(\.shift) == [0, 8, 0])
        let goal = try #require(strip.goal)
        #expect((goal.counter, goal.bound, goal.stride) == (UInt8(X.a0), UInt8(X.a1), 8))
    }

    @Test func otherLoopsAreNot() throws {
        let chase = [Self.load(X.a0, 0, X.a0), Self.back(over: 1)]
        #expect(try plan(chase).strip == nil)
        let atomic = Encoding.r(0x202F, X.a2, X.a1, X.a2)
        #expect(try plan([Self.load(X.a2, 0, X.a0), Self.add(X.a0, 8), atomic, Self.back(over: 3)]).strip == nil)
        let twice = [Self.load(X.a2, 0, X.a0), Self.back(over: 1), Self.add(X.a0, 8), Self.back(over: 3)]
        #expect(try plan(twice).isLoop)
        #expect(try plan(twice).strip == nil)
        let fast = [Self.load(X.a2, 0, X.a0), Self.add(X.a0, 2000), Self.back(over: 2)]
        #expect(try plan(fast).strip == nil)
        let straight = [Self.load(X.a2, 0, X.a0), Self.add(X.a0, 8)]
        #expect(try plan(straight).strip == nil)
    }

    @Test func plainCodeTakesNothingForGranted() throws {
        let load = try #require(Encoding.row("fld")).pattern.match
        let loop = [Encoding.i(load, X.a0, X.a0, 0), Encoding.i(load, X.a1, X.a0, 8), Self.back(over: 2)]
        #expect(try plan(loop).floats.kept != 0)
        let plain = try plan(loop, .plain)
        #expect(plain.groups.isEmpty)
        #expect(plain.floats.kept == 0)
        #expect(!plain.isLoop)
    }
}
