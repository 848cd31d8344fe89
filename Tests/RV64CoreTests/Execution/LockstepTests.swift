import Platform
import Testing

@testable import RV64Core

/// Two engines compared: what an engine does wrong is found, and one that does nothing wrong is not disturbed.
@Suite struct LockstepTests {
    private static let data = TestMachine.base + 0x10_000
    private static let device: UInt64 = 0x1000_0000
    private static let end = TestMachine.base + 0x100

    /// The interpreter, but for something that it does wrong at the end of each run.
    private final class FaultyEngine: Engine, @unchecked Sendable {
        // @unchecked: a test's one thread uses it.
        private let fault: (Hart, _ start: UInt64) -> Void

        init(_ fault: @escaping (Hart, _ start: UInt64) -> Void) { self.fault = fault }

        func run(_ hart: Hart, budget: Int) {
            let start = hart.state.pointee.pc
            hart.interpreter.run(hart, budget: budget)
            fault(hart, start)
        }

        func step(_ hart: Hart) { hart.interpreter.step(hart) }
        func startFetchEpoch(_ hart: Hart) { hart.interpreter.startFetchEpoch(hart) }
        func forgetCode(_ hart: Hart) { hart.interpreter.forgetCode(hart) }
    }

    private final class CountingDevice: MMIODevice, @unchecked Sendable {
        // @unchecked: a test's one thread uses it.
        private(set) var log: [String] = []

        func read(_ width: AccessWidth, at offset: UInt64) -> UInt64 {
            log.append("read")
            return UInt64(log.count)
        }

        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) { log.append("write \(value)") }
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) {}
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the report says.
        let difference: String
        let apply: @Sendable (Hart) -> Void
    }

    static let faults: [Fault] = [
        Fault(testDescription: "wrong result", difference: "a2 is 0x2 on the interpreter and 0x3 on the other engine") {
            if $0.x[12] == 2 { $0.x[12] = 3 }
        },
        Fault(testDescription: "wrong flag", difference: "fflags is 0x1 on the interpreter and 0x0 on the other") {
            $0.state.pointee.fflags = 0
        },
        Fault(testDescription: "no store", difference: "memory at 0x80010000 is 0x2 on the interpreter and 0x1 on") {
            let place = $0.memory.pointer(at: data, count: 8)
            if place?.load(as: UInt64.self) == 2 { place?.storeBytes(of: 1, as: UInt64.self) }
        },
        Fault(testDescription: "wrong count", difference: "retired is 0x") { $0.state.pointee.retired &+= 1 },
        Fault(testDescription: "wrong trap", difference: "stval is 0x0 on the interpreter and 0x8 on the other engine")
        {
            if $0.state.pointee.scause == 8 { $0.state.pointee.stval = 8 }
        },
        Fault(testDescription: "wrong mode", difference: "the mode is supervisor on the interpreter and virtualUser on")
        {
            $0.state.pointee.mode = .virtualUser
        },
        Fault(testDescription: "no exit", difference: "the exit is Optional(RV64Core.HartExit.hosted(") {
            $0.runState.pointee.exit = nil
        },
        Fault(testDescription: "lost reservation", difference: "the reservation is (") {
            $0.runState.pointee.reservationAddress = 0
        },
    ]

    /// Counts in memory, reserves, divides, talks to a device, and leaves by ECALL.
    private static func machine(_ fault: @escaping @Sendable (Hart) -> Void) throws -> (TestMachine, CountingDevice) {
        let counting = CountingDevice()
        var bus = Bus()
        bus.attach(counting, at: device, size: 0x1000)
        let machine = try TestMachine(bus: bus) { LockstepEngine(checking: FaultyEngine { hart, _ in fault(hart) }) }
        machine.load { program in
            program.swap(.fflags)
            let loop = program.offset
            program.emit(.addi, rd: .a2, rs1: .a2, 1)
            program.emit(.sd, rs1: .a0, rs2: .a2)
            program.emit(.lrD, rd: .a3, rs1: .a0)
            program.emit(.fdivD, rd: .a4, rs1: .a5, rs2: .a6)
            program.emit(.sw, rs1: .a7, rs2: .a2)
            program.emit(.lw, rd: .a4, rs1: .a7, 4)
            program.loop(.bne, rs1: .a2, rs2: .a1, to: loop)
            // A new block.
            program.emit(.jalr, rs1: .t0)
        }
        machine.load(at: end) { program in
            program.emit(.ecall)
        }
        (machine[.a0], machine[.a1], machine[.a7], machine[.t0]) = (data, 3, device, end)
        machine.state.pointee.mstatus[.fs] = ContextStatus.dirty
        machine.state.pointee.f[15] = Binary64.bits(1)
        machine.state.pointee.f[16] = Binary64.bits(3)
        return (machine, counting)
    }

    @Test(arguments: faults)
    func faultIsFound(_ fault: Fault) throws {
        let (machine, _) = try Self.machine(fault.apply)
        #expect(machine.run(.user, at: TestMachine.base) == .disagreement)
        let disagreement = try #require(machine.hart.disagreement)
        let report = disagreement.report { "0x" + String($0, radix: 16) }
        #expect(report.contains(fault.difference), "\(report)")
        #expect(disagreement.differences.count == 1, "\(report)")
    }

    /// It begins at the instruction from which on it differs, not where the block does.
    @Test func instructionIsNamed() throws {
        let machine = try TestMachine {
            LockstepEngine(
                checking: FaultyEngine { hart, start in
                    // SD stores nothing.
                    guard start <= TestMachine.base + 8 else { return }
                    hart.memory.pointer(at: Self.data, count: 8)?.storeBytes(of: 0, as: UInt64.self)
                }
            )
        }
        machine.load { program in
            program.emit(.addi, rd: .a2, 5)
            program.emit(.addi, rd: .a3, 7)
            program.emit(.sd, rs1: .a0, rs2: .a2)
            program.emit(.ecall)
        }
        machine[.a0] = Self.data
        #expect(machine.run(.machine, at: TestMachine.base) == .disagreement)
        let disagreement = try #require(machine.hart.disagreement)
        #expect(disagreement.place == .instruction("sd a2, 0(a0)"))
        #expect(disagreement.pc == TestMachine.base + 8)
        #expect(
            disagreement.differences == ["memory at 0x80010000 is 0x5 on the interpreter and 0x0 on the other engine"]
        )
    }

    /// Each access is made once, in its order, and everything is as without a comparison.
    @Test func devicesSeeOneMachine() throws {
        let (machine, device) = try Self.machine { _ in }
        #expect(machine.run(.user, at: TestMachine.base) == .hosted(.supervisor))
        #expect(machine.hart.disagreement == nil)
        #expect(device.log == ["write 1", "read", "write 2", "read", "write 3", "read"])
        #expect(machine[.a2] == 3)
        #expect(machine[.a4] == 6)
        #expect(machine.read(Self.data) == 3)
        #expect(machine.state.pointee.retired == 1 + 3 * 7 + 1)
        #expect(machine.state.pointee.fflags == 1)
    }

    /// Each is had once, and what else there is in such a round happens.
    @Test func randomNumbersAreNotRepeated() throws {
        let numbers = Numbers()
        let ecall = TestMachine.base + 8
        let engine: @Sendable () -> any Engine = {
            // What it does in those rounds nobody sees.
            LockstepEngine(checking: FaultyEngine { hart, start in if start < ecall { hart.x[10] = 0 } })
        }
        let machine = try TestMachine(
            extensions: .all,
            entropy: EntropySource { numbers.next() },
            makeEngine: { engine() }
        )
        machine.load { program in
            program.swap(.seed, rd: .a0)
            program.swap(.seed, rd: .a1)
            program.emit(.ecall)
        }
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.environmentCallFromM.rawValue)
        #expect([machine[.a0], machine[.a1]] == [1, 2].map { EntropyStatus.es16 | $0 })
    }

    private final class Numbers: @unchecked Sendable {
        // @unchecked: a test's one thread uses it.
        private var last: UInt16 = 0

        func next() -> UInt16 {
            last += 1
            return last
        }
    }
}
