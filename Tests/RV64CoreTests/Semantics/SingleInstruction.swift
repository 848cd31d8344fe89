import Testing

@testable import RV64Core

/// One instruction on a hart of its own: rd is a2, rs1 a0, rs2 a1.
struct SingleInstruction {
    let machine: TestMachine

    init(_ opcode: Opcode, rd: Register = .a2, rs2: Register = .a1, _ immediate: Int32 = 0) throws {
        // Misaligned atomics have tests of their own.
        machine = try TestMachine(extensions: ISAConfiguration.standard.extensions.subtracting([.zama16b]))
        machine.load { program in
            program.emit(opcode, rd: rd, rs1: .a0, rs2: rs2, immediate)
            program.emit(.ebreak)
        }
    }

    /// Runs it in M-mode; `nil` after another trap than that of the EBREAK behind it.
    func callAsFunction(_ a: UInt64, _ b: UInt64 = 0) -> UInt64? {
        machine[.a0] = a
        machine[.a1] = b
        machine.run(.machine, at: TestMachine.base)
        return machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue ? machine[.a2] : nil
    }
}

/// Operands: edges, and what a linear congruential generator makes, the same in every run.
enum SampleOperands {
    static let edges: [UInt64] = [
        0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, .max, 63, 64, 31, 32, 0x0123_4567_89AB_CDEF,
    ]

    static let random: [UInt64] = {
        var state: UInt64 = 0x2545_F491_4F6C_DD1D
        return (0..<48).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }()

    static let pairs: [(UInt64, UInt64)] =
        edges.flatMap { a in edges.map { (a, $0) } } + zip(random, random.reversed())
        + random.map { ($0, $0 >> 58) }
}

extension UInt64 {
    /// Bit by bit, as the manual's loops address operands.
    subscript(bit number: Int) -> Bool { self >> UInt64(number) & 1 != 0 }

    /// The number whose bits a function gives.
    static func bits(_ bit: (Int) -> Bool) -> UInt64 {
        (0..<64).reduce(0) { $0 | (bit($1) ? 1 << UInt64($1) : 0) }
    }

    /// The number whose bytes a function gives.
    static func bytes(_ byte: (Int) -> UInt64) -> UInt64 {
        (0..<8).reduce(0) { $0 | (byte($1) & 0xFF) << UInt64(8 * $1) }
    }

    func byte(_ number: Int) -> UInt64 { self >> UInt64(8 * number) & 0xFF }

    func extended(from width: Int) -> UInt64 {
        .bits { self[bit: Swift.min($0, width - 1)] }
    }
}
