@testable import RV64Core

/// A register by its ABI name, as far as the test programs need them.
enum Register: UInt32 {
    case zero = 0
    case ra = 1
    case sp = 2
    case t0 = 5
    case t1 = 6
    case t2 = 7
    case s0 = 8
    case s1 = 9
    case a0 = 10
    case a1 = 11
    case a2 = 12
    case a3 = 13
    case a4 = 14
    case a5 = 15
    case a6 = 16
    case a7 = 17
}

/// A tiny assembler: instructions by opcode, encoded through the hart's own instruction table.
struct ProgramBuilder {
    private(set) var bytes: [UInt8] = []

    /// Where the next instruction goes, from the start of the program.
    var offset: Int { bytes.count }

    /// The encoding of one instruction.
    static func encode(
        _ opcode: Opcode,
        rd: Register = .zero,
        rs1: Register = .zero,
        rs2: Register = .zero,
        _ immediate: Int32 = 0
    ) -> UInt32 {
        guard let row = InstructionTable.rows.first(where: { $0.opcode == opcode }) else { return 0 }
        let operands = EncodedOperands(
            rd: rd.rawValue,
            rs1: rs1.rawValue,
            rs2: rs2.rawValue,
            immediate: immediate
        )
        return row.pattern.match | row.format.encode(operands)
    }

    mutating func emit(
        _ opcode: Opcode,
        rd: Register = .zero,
        rs1: Register = .zero,
        rs2: Register = .zero,
        _ immediate: Int32 = 0
    ) {
        word(Self.encode(opcode, rd: rd, rs1: rs1, rs2: rs2, immediate))
    }

    mutating func word(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func half(_ value: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// `csrrw rd, csr, rs1`.
    mutating func swap(_ csr: CSRAddress, rd: Register = .zero, rs1: Register = .zero) {
        emit(.csrrw, rd: rd, rs1: rs1, Int32(csr.rawValue))
    }

    /// `csrrs rd, csr, x0`.
    mutating func read(_ csr: CSRAddress, into rd: Register) { emit(.csrrs, rd: rd, Int32(csr.rawValue)) }

    /// A branch or jump to an earlier offset.
    mutating func loop(_ opcode: Opcode, rs1: Register = .zero, rs2: Register = .zero, to target: Int) {
        emit(opcode, rs1: rs1, rs2: rs2, Int32(target - offset))
    }
}
