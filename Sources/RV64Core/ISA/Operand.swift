/// One operand of an instruction as assembly language writes it.
package enum Operand: CaseIterable, Sendable {
    case rd, rs1, rs2
    /// The first of a pair of registers.
    case evenRd, evenRs2
    case floatRd, floatRs1, floatRs2, floatRs3
    /// The I immediate, signed decimal.
    case immediate
    /// The 20-bit immediate of `lui` and `auipc`.
    case upper
    case shiftAmount
    /// imm(rs1) with the I immediate.
    case loadAddress
    /// imm(rs1) with the S immediate.
    case storeAddress
    /// (rs1).
    case baseAddress
    case branchTarget, jumpTarget
    case csr
    /// The five-bit immediate in rs1's place.
    case csrImmediate
    case predecessors, successors
    /// Printed only where it is not what the assembler would choose.
    case roundingMode
    /// One that is part of the encoding, printed all the same.
    case fixedRoundingMode
    /// The round number of `aes64ks1i`.
    case roundNumber
    /// The constant of `fli`.
    case floatConstant
}

/// What an operand takes of an encoding.
enum OperandField {
    case destination(isInteger: Bool)
    case firstSource
    case secondSource
    case immediate(ImmediateField)
    case reserved(ReservedOperands)
}

extension Operand {
    /// The fields that the decoder reads for the operand; those of fences, and rounding modes, it leaves in the raw
    /// encoding.
    var fields: [OperandField] {
        switch self {
        case .rd: [.destination(isInteger: true)]
        case .floatRd: [.destination(isInteger: false)]
        case .evenRd: [.destination(isInteger: true), .reserved(.oddRegisters)]
        case .rs1, .floatRs1, .baseAddress, .csrImmediate, .floatConstant: [.firstSource]
        case .rs2, .floatRs2: [.secondSource]
        case .evenRs2: [.secondSource, .reserved(.oddRegisters)]
        case .floatRs3: [.immediate(.thirdSource)]
        case .immediate: [.immediate(.i)]
        case .loadAddress: [.firstSource, .immediate(.i)]
        case .storeAddress: [.firstSource, .immediate(.s)]
        case .branchTarget: [.immediate(.b)]
        case .upper: [.immediate(.u)]
        case .jumpTarget: [.immediate(.j)]
        case .shiftAmount: [.immediate(.shiftAmount)]
        case .csr: [.immediate(.csr)]
        case .roundNumber: [.immediate(.roundNumber), .reserved(.roundNumbers)]
        case .roundingMode: [.reserved(.roundingModes)]
        case .predecessors, .successors, .fixedRoundingMode: []
        }
    }
}
