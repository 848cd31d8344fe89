/// One operand of an instruction as assembly language writes it.
enum Operand: Sendable {
    case rd, rs1, rs2
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
    /// The round number of `aes64ks1i`.
    case roundNumber
    /// The constant of `fli`.
    case floatConstant
}

extension InstructionFormat {
    /// The operands in the order assembly language writes them.
    var operands: [Operand] {
        switch self {
        case .r, .mayBeBinary: [.rd, .rs1, .rs2]
        case .i: [.rd, .rs1, .immediate]
        case .load, .jumpRegister: [.rd, .loadAddress]
        case .store: [.rs2, .storeAddress]
        case .branch: [.rs1, .rs2, .branchTarget]
        case .upper: [.rd, .upper]
        case .jump: [.rd, .jumpTarget]
        case .shift, .shiftWord: [.rd, .rs1, .shiftAmount]
        case .fence: [.predecessors, .successors]
        case .none: []
        case .csr: [.rd, .csr, .rs1]
        case .csrImmediate: [.rd, .csr, .csrImmediate]
        case .loadReserved, .hypervisorLoad: [.rd, .baseAddress]
        case .atomic: [.rd, .rs2, .baseAddress]
        case .translationFence: [.rs1, .rs2]
        case .hypervisorStore: [.rs2, .baseAddress]
        case .floatLoad: [.floatRd, .loadAddress]
        case .floatStore: [.floatRs2, .storeAddress]
        case .fused: [.floatRd, .floatRs1, .floatRs2, .floatRs3, .roundingMode]
        case .floatRounded: [.floatRd, .floatRs1, .floatRs2, .roundingMode]
        case .float: [.floatRd, .floatRs1, .floatRs2]
        case .floatUnaryRounded: [.floatRd, .floatRs1, .roundingMode]
        case .floatCompare: [.rd, .floatRs1, .floatRs2]
        case .floatToInteger: [.rd, .floatRs1]
        case .floatToIntegerRounded: [.rd, .floatRs1, .roundingMode]
        case .integerToFloat: [.floatRd, .rs1]
        case .integerToFloatRounded: [.floatRd, .rs1, .roundingMode]
        case .unary, .mayBe: [.rd, .rs1]
        case .roundNumber: [.rd, .rs1, .roundNumber]
        case .cacheBlock: [.baseAddress]
        case .atomicPair: [.rd, .rs2, .baseAddress]
        case .floatConstant: [.floatRd, .floatConstant]
        case .floatTruncated: [.rd, .floatRs1, .roundingMode]
        }
    }
}
