import Testing

@testable import RV64Core

/// Pairs of instructions against the same two with a FENCE between them, which no pair spans.
@Suite struct InstructionPairTests {
    private static let pairs: [(Opcode, Opcode)] = Opcode.allCases.flatMap { first in
        Opcode.allCases.filter { Handler.pair(Handler(first), Handler($0)) != nil }.map { (first, $0) }
    }

    private static let data = TestMachine.base + 0x8000
    /// Nothing is there.
    private static let nowhere: UInt64 = 0x100

    /// Which registers the two instructions use: independent, dependent, all the same, and with x0.
    private static let registers: [[(rd: Register, rs1: Register, rs2: Register)]] = [
        [(.a0, .a1, .a2), (.a3, .a4, .a5)],
        [(.a0, .a1, .a2), (.a3, .a0, .a0)],
        [(.a1, .a1, .a2), (.a1, .a1, .a1)],
        [(.zero, .a1, .a4), (.a0, .a4, .zero)],
        [(.a4, .a1, .zero), (.zero, .a4, .a1)],
    ]

    private struct Outcome: Equatable {
        var registers: [UInt64]
        var memory: [UInt64]
        var cause: UInt64
        var value: UInt64
        var pc: UInt64
        var retired: UInt64
    }

    private func immediate(_ opcode: Opcode) -> Int32 {
        switch opcode {
        case .slli, .srli: 3
        case .bne, .bltu: 8
        default: 16
        }
    }

    private func run(_ pair: (Opcode, Opcode), _ layout: Int, _ addresses: (UInt64, UInt64), separated: Bool) throws
        -> Outcome
    {
        let machine = try TestMachine()
        let (one, two) = (Self.registers[layout][0], Self.registers[layout][1])
        machine.load { program in
            program.emit(pair.0, rd: one.rd, rs1: one.rs1, rs2: one.rs2, immediate(pair.0))
            if separated { program.emit(.fence) }
            program.emit(pair.1, rd: two.rd, rs1: two.rs1, rs2: two.rs2, immediate(pair.1))
            program.emit(.addi, rd: .a7, rs1: .a7, 1)
            program.emit(.ebreak)
        }
        for index in UInt64(0)..<16 { machine.write(0x0123_4567_89AB_CDEF &* (index + 1), at: Self.data + 8 * index) }
        (machine[.a1], machine[.a4], machine[.a2], machine[.a5]) = (addresses.0, addresses.1, 8, 24)
        machine.run(.machine, at: TestMachine.base)
        let state = machine.state
        let isBehindFence = separated && state.pointee.mepc > TestMachine.base
        return Outcome(
            registers: (0..<32).map { state.pointee.x[$0] },
            memory: (UInt64(0)..<16).map { machine.read(Self.data + 8 * $0) },
            cause: state.pointee.mcause,
            value: isBehindFence && state.pointee.mcause == ExceptionCause.breakpoint.rawValue
                ? state.pointee.mtval - 4 : state.pointee.mtval,
            pc: isBehindFence ? state.pointee.mepc - 4 : state.pointee.mepc,
            retired: isBehindFence ? state.pointee.retired - 1 : state.pointee.retired
        )
    }

    /// Values, traps of either instruction, and the number of retired instructions.
    @Test(arguments: pairs)
    func matchesItsParts(first: Opcode, second: Opcode) throws {
        for layout in Self.registers.indices {
            for addresses in [(Self.data, Self.data + 32), (Self.nowhere, Self.data), (Self.data, Self.nowhere)] {
                let together = try run((first, second), layout, addresses, separated: false)
                let apart = try run((first, second), layout, addresses, separated: true)
                #expect(together == apart, "layout \(layout), addresses \(addresses)")
            }
        }
    }
}
