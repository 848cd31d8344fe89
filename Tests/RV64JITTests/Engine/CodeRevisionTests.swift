import Platform
import RV64Core
import RV64JIT
import Synchronization
import Testing

@testable import translatorfuzz

/// Code that one hart writes and another executes.
@Suite(.enabled(if: NativeEngine.isSupported)) struct CodeRevisionTests {
    private static let base: UInt64 = 0x8000_0000
    private static let function = base + 0x1000
    private static let mailbox = base + 0x2000
    private static let device: UInt64 = 0x1000_0000

    /// Tells the test when a hart stores.
    private final class Bell: MMIODevice {
        private let body = Lock<(@Sendable () -> Void)?>(nil)

        func ring(_ body: (@Sendable () -> Void)?) { self.body.withLock { $0 = body } }

        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0 }

        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
            let body = body.withLock { $0 }
            body?()
        }

        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
    }

    private struct Machine {
        let memory: PhysicalMemory
        let reader: Hart
        let writer: Hart
        let bell = Bell()

        init() throws {
            memory = try PhysicalMemory(base: CodeRevisionTests.base, size: 1 << 20)
            var bus = Bus()
            bus.attach(bell, at: CodeRevisionTests.device, size: 0x1000)
            reader = Self.hart(0, memory, bus)
            writer = Self.hart(1, memory, bus)
        }

        private static func hart(_ id: UInt64, _ memory: PhysicalMemory, _ bus: Bus) -> Hart {
            let configuration = HartConfiguration(
                id: id,
                extensions: Twin.extensions,
                hostedModes: .virtualized,
                makeEngine: { try? NativeEngine(threshold: .first) }
            )
            return Hart(configuration: configuration, memory: memory, bus: bus, clock: InstructionClock())
        }

        func write(_ words: [UInt32], at address: UInt64) {
            words.littleEndianBytes.withUnsafeBytes { _ = memory.write($0, at: address) }
        }
    }

    /// Runs to the EBREAK.
    private static func run(_ hart: Hart, at pc: UInt64, _ arguments: [UInt32: UInt64] = [:]) {
        hart.state.pointee.mode = .machine
        hart.state.pointee.pc = pc
        for (register, value) in arguments { hart.state.pointee.x[Int(register)] = value }
        guard case .hosted = hart.run(instructions: 10_000) else {
            Issue.record("no EBREAK")
            return
        }
    }

    /// li a0, value; ret.
    private static func body(_ value: Int) -> [UInt32] { [Encoding.li(X.a0, value), Encoding.ret] }

    /// Code at `base` that fences and calls the function.
    private static let call = [
        Encoding.fenceI, Encoding.j(1, Int(function - base) - 4), Encoding.ebreak,
    ]

    /// Code at `base + 0x100` that rings, stores a2 where a1 points, and ends.
    private static let store = [
        Encoding.s(Encoding.storeWord, X.t0, 0, 0), Encoding.s(Encoding.storeWord, X.a1, X.a2, 0), Encoding.ebreak,
    ]

    private static func result(of machine: Machine) -> UInt64 {
        run(machine.reader, at: base)
        return machine.reader.state.pointee.x[Int(X.a0)]
    }

    /// However long code has been what it was: a store is seen by the next fence.
    @Test(arguments: [0, 1, 2, 3, 5, 10])
    func storeIsSeen(after fences: Int) throws {
        let machine = try Machine()
        machine.write(Self.call, at: Self.base)
        machine.write(Self.store, at: Self.base + 0x100)
        machine.write(Self.body(1), at: Self.function)
        for round in 2..<6 {
            for _ in 0..<fences { #expect(Self.result(of: machine) == UInt64(round - 1)) }
            let instruction = UInt64(Encoding.li(X.a0, round))
            Self.run(
                machine.writer,
                at: Self.base + 0x100,
                [X.t0: Self.device, X.a1: Self.function, X.a2: instruction]
            )
            #expect(Self.result(of: machine) == UInt64(round))
        }
    }

    /// A hart that still has a right to store uses it after the watch began, and gives it up then: what it stored between
    /// is seen.
    @Test(arguments: [1, 2, 3, 4, 5])
    func storeBeforeTheRightIsGivenUpIsSeen(after fences: Int) throws {
        let machine = try Machine()
        machine.write(Self.call, at: Self.base)
        machine.write(Self.store, at: Self.base + 0x100)
        machine.write(Self.body(1), at: Self.function)
        let instruction = UInt64(Encoding.li(X.a0, 1))
        let arguments = [X.t0: Self.device, X.a1: Self.function, X.a2: instruction]
        // The right to store, which nobody watches yet.
        Self.run(machine.writer, at: Self.base + 0x100, arguments)
        let reader = machine.reader
        machine.bell.ring {
            for _ in 0..<fences { Self.run(reader, at: Self.base) }
        }
        Self.run(machine.writer, at: Self.base + 0x100, arguments.merging([X.a2: UInt64(Encoding.li(X.a0, 2))]) { $1 })
        machine.bell.ring(nil)
        #expect(Self.result(of: machine) == 2)
        // The writer enters its run loop, where it gives up its right.
        Self.run(machine.writer, at: Self.base + 0x108)
        for _ in 0..<4 { #expect(Self.result(of: machine) == 2) }
    }

    /// The same, but the right is given up before the next fence.
    @Test(arguments: [1, 2, 3, 4, 5])
    func storeIsSeenOnceTheRightIsGone(after fences: Int) throws {
        let machine = try Machine()
        machine.write(Self.call, at: Self.base)
        machine.write(Self.store, at: Self.base + 0x100)
        machine.write(Self.body(1), at: Self.function)
        let arguments = [X.t0: Self.device, X.a1: Self.function, X.a2: UInt64(Encoding.li(X.a0, 1))]
        Self.run(machine.writer, at: Self.base + 0x100, arguments)
        let reader = machine.reader
        machine.bell.ring {
            for _ in 0..<fences { Self.run(reader, at: Self.base) }
        }
        Self.run(machine.writer, at: Self.base + 0x100, arguments.merging([X.a2: UInt64(Encoding.li(X.a0, 2))]) { $1 })
        machine.bell.ring(nil)
        Self.run(machine.writer, at: Self.base + 0x108)
        // So does the reader.
        Self.run(reader, at: Self.base + 0x108)
        for _ in 0..<4 { #expect(Self.result(of: machine) == 2) }
    }

    /// A hart that has ended a watch on the slow path, and stores only behind the next one, is seen: it has acknowledged
    /// nothing in between.
    @Test(arguments: [1, 2, 3, 4, 5])
    func storeUnderWayIsSeen(after fences: Int) throws {
        let machine = try Machine()
        machine.write(Self.call, at: Self.base)
        machine.write([Encoding.ebreak], at: Self.base + 0x100)
        machine.write(Self.body(1), at: Self.function)
        // Not asleep, but inside an instruction.
        Self.run(machine.writer, at: Self.base + 0x100)
        for _ in 0..<6 { #expect(Self.result(of: machine) == 1) }
        let page = try #require(machine.memory.pointer(at: Self.function, count: 4))
        let watch = try #require(machine.memory.watch(ofHost: page))
        #expect(watch.isWatched)
        #expect(!watch.willStore())
        for _ in 0..<fences { #expect(Self.result(of: machine) == 1) }
        page.storeBytes(of: Encoding.li(X.a0, 2).littleEndian, as: UInt32.self)
        #expect(Self.result(of: machine) == 2)
    }

    /// Two threads: one patches and tells the other, which fences and calls. By guest code alone.
    @Test(.timeLimit(.minutes(1)))
    func handshake() async throws {
        let machine = try Machine()
        let rounds = 4000
        machine.write(Self.patching(rounds), at: Self.base + 0x3000)
        machine.write(Self.calling(rounds), at: Self.base + 0x4000)
        machine.write(Self.body(0), at: Self.function)
        let (reader, writer) = (machine.reader, machine.writer)
        for hart in [reader, writer] {
            hart.state.pointee.mode = .machine
            hart.state.pointee.x[Int(X.a1)] = Self.mailbox
            hart.state.pointee.x[Int(X.a2)] = Self.function
        }
        reader.state.pointee.pc = Self.base + 0x4000
        writer.state.pointee.pc = Self.base + 0x3000
        await withTaskGroup { group in
            for hart in [reader, writer] {
                group.addTask { while case .budgetExhausted = hart.run(instructions: 1_000_000) {} }
            }
        }
        #expect(reader.state.pointee.x[Int(X.s3)] == 0, "calls of old code")
        #expect(reader.state.pointee.x[Int(X.t0)] == UInt64(rounds))
    }

    /// t0 counts from 1: stores `li a0, t0 & 1023`, then t0, and waits for the answer.
    private static func patching(_ rounds: Int) -> [UInt32] {
        let t1: UInt32 = 6
        let t2: UInt32 = 7
        return [
            Encoding.li(X.t0, 0), Encoding.u(Encoding.lui, X.s3, 1),
            Encoding.i(Encoding.addi, X.s3, X.s3, rounds - 4096),
            // Again:
            Encoding.i(Encoding.addi, X.t0, X.t0, 1), Encoding.i(0x7013, t1, X.t0, 1023),
            Encoding.i(Encoding.slli, t1, t1, 20), Encoding.i(Encoding.addi, t1, t1, 0x513),
            Encoding.s(Encoding.storeWord, X.a2, t1, 0), 0x0FF0_000F, Encoding.s(Encoding.storeDouble, X.a1, X.t0, 0),
            // Wait:
            Encoding.i(Encoding.loadDouble, t2, X.a1, 8), Encoding.b(Encoding.branchNotEqual, t2, X.t0, -4),
            Encoding.b(Encoding.branchNotEqual, X.t0, X.s3, -36), Encoding.ebreak,
        ]
    }

    /// t0 is the round: waits for it, fences, calls, counts in s3 what was not new, and answers.
    private static func calling(_ rounds: Int) -> [UInt32] {
        let t1: UInt32 = 6
        let t2: UInt32 = 7
        let limit: UInt32 = 20
        let distance = Int(function) - Int(base + 0x4000 + 32)
        return [
            Encoding.li(X.t0, 0), Encoding.li(X.s3, 0), Encoding.u(Encoding.lui, limit, 1),
            Encoding.i(Encoding.addi, limit, limit, rounds - 4096),
            // Again:
            Encoding.i(Encoding.addi, X.t0, X.t0, 1),
            // Wait:
            Encoding.i(Encoding.loadDouble, t2, X.a1, 0), Encoding.b(Encoding.branchNotEqual, t2, X.t0, -4),
            Encoding.fenceI, Encoding.j(1, distance), Encoding.i(0x7013, t1, X.t0, 1023),
            Encoding.b(0x63, X.a0, t1, 8), Encoding.i(Encoding.addi, X.s3, X.s3, 1),
            Encoding.s(Encoding.storeDouble, X.a1, X.t0, 8), Encoding.b(Encoding.branchNotEqual, X.t0, limit, -36),
            Encoding.ebreak,
        ]
    }

    /// A reset gives up no code, and what code finds in the hart is still there.
    @Test func resetHartRunsOn() throws {
        let machine = try Machine()
        machine.write(Self.call, at: Self.base)
        machine.write(Self.body(3), at: Self.function)
        #expect(Self.result(of: machine) == 3)
        machine.reader.reset()
        #expect(Self.result(of: machine) == 3)
    }
}
