@testable import RV64Core

/// Operands to encode; the tests' own packing, field by field, independent of the decoder's unpacking.
struct EncodedOperands {
    var rd: UInt32
    var rs1: UInt32
    var rs2: UInt32
    var immediate: Int32

    /// Bits `high...low` of the immediate, placed from bit `position` up.
    fileprivate func bits(_ high: UInt32, _ low: UInt32, at position: UInt32) -> UInt32 {
        (UInt32(bitPattern: immediate) >> low & (1 << (high - low + 1) - 1)) << position
    }
}

extension Operand {
    /// Immediates at the edges of the operand's range.
    fileprivate var sampleImmediates: [Int32]? {
        switch self {
        case .immediate, .loadAddress, .storeAddress: [0, 1, -1, 2047, -2048, 0x555, -0x556]
        case .branchTarget: [0, 2, -2, 4094, -4096, 0x554, -0xAAC, 2048, 32, 16]
        case .upper: [0, 0x1000, -0x1000, 0x7FFF_F000, Int32.min, 0x5555_5000]
        case .jumpTarget: [0, 2, -2, 0xF_FFFE, -0x10_0000, 0x5_5554, -0x5_5556, 0x800, 0x1000, 0x400]
        case .shiftAmount: [0, 1, 16, 31, 32, 63]
        case .csr: [0, 1, 0x300, 0x7FF, 0x800, 0xC00, 0xFFF]
        case .floatRs3: [0, 1, 15, 16, 31]
        case .roundNumber: [0, 1, 8, 10]
        case .rd, .rs1, .rs2, .evenRd, .evenRs2, .floatRd, .floatRs1, .floatRs2, .baseAddress, .csrImmediate,
            .predecessors, .successors, .roundingMode, .fixedRoundingMode, .floatConstant:
            nil
        }
    }

    /// The bits of a 32-bit encoding that the operand takes.
    fileprivate func encode(_ o: EncodedOperands) -> UInt32 {
        switch self {
        case .rd, .evenRd, .floatRd: o.rd << 7
        case .rs1, .floatRs1, .baseAddress, .csrImmediate, .floatConstant: o.rs1 << 15
        case .rs2, .evenRs2, .floatRs2: o.rs2 << 20
        case .immediate, .csr: o.bits(11, 0, at: 20)
        case .loadAddress: o.rs1 << 15 | o.bits(11, 0, at: 20)
        case .storeAddress: o.rs1 << 15 | o.bits(11, 5, at: 25) | o.bits(4, 0, at: 7)
        case .branchTarget:
            o.bits(12, 12, at: 31) | o.bits(10, 5, at: 25) | o.bits(4, 1, at: 8) | o.bits(11, 11, at: 7)
        case .upper: o.bits(31, 12, at: 12)
        case .jumpTarget:
            o.bits(20, 20, at: 31) | o.bits(10, 1, at: 21) | o.bits(11, 11, at: 20) | o.bits(19, 12, at: 12)
        case .shiftAmount: o.bits(5, 0, at: 20)
        case .roundNumber: o.bits(3, 0, at: 20)
        case .floatRs3: o.bits(4, 0, at: 27)
        case .predecessors, .successors, .roundingMode, .fixedRoundingMode: 0
        }
    }
}

extension InstructionFormat {
    /// Immediates at the edges of the format's range.
    var sampleImmediates: [Int32] { operands.compactMap(\.sampleImmediates).first ?? [0] }

    /// The operand bits of a 32-bit encoding.
    func encode(_ o: EncodedOperands) -> UInt32 { operands.reduce(0) { $0 | $1.encode(o) } }

    /// What the decoder must make of it.
    func expected(_ o: EncodedOperands, opcode: Opcode, raw: UInt32) -> DecodedInstruction {
        var result = DecodedInstruction(opcode: opcode, raw: raw)
        let usesRd = encode(EncodedOperands(rd: 31, rs1: 0, rs2: 0, immediate: 0)) != 0
        let usesRs1 = encode(EncodedOperands(rd: 0, rs1: 31, rs2: 0, immediate: 0)) != 0
        let usesRs2 = encode(EncodedOperands(rd: 0, rs1: 0, rs2: 31, immediate: 0)) != 0
        let integerRd = o.rd == 0 ? DecodedInstruction.writeSink : UInt8(o.rd)
        if usesRd { result.rd = writesFloat ? UInt8(o.rd) : integerRd }
        if usesRs1 { result.rs1 = UInt8(o.rs1) }
        if usesRs2 { result.rs2 = UInt8(o.rs2) }
        result.immediate = o.immediate
        return result
    }

    private var writesFloat: Bool { operands.contains(.floatRd) }
}
