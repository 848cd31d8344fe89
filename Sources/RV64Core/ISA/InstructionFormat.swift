/// How an encoding's operand bits are laid out, and which register file each register field names.
///
/// The first group is the manual's base formats; the rest are the same layouts with other register files or with
/// fields that the instruction does not use.
package enum InstructionFormat: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// rd, rs1, rs2.
    case r
    /// rd, rs1, imm[11:0].
    case i
    /// The I layout of a load: rd, imm(rs1).
    case load
    /// The S layout of a store: rs2, imm(rs1).
    case store
    /// rs1, rs2, branch offset.
    case branch
    /// rd, imm[31:12].
    case upper
    /// rd, jump offset.
    case jump
    /// `jalr`: rd, imm(rs1).
    case jumpRegister
    /// rd, rs1, six-bit shift amount.
    case shift
    /// rd, rs1, five-bit shift amount (the word forms).
    case shiftWord
    /// `fence`: predecessor and successor sets; the other fields are ignored (norm:fence_unused_flds_rsv).
    case fence
    /// No operands: every bit is fixed or, for `fence.i`, ignored (norm:fence_i_rsv).
    case none
    /// rd, csr, rs1.
    case csr
    /// rd, csr, five-bit immediate in rs1's place.
    case csrImmediate

    /// LR: rd, (rs1).
    case loadReserved
    /// SC and AMO: rd, rs2, (rs1).
    case atomic
    /// Address-translation fences: rs1, rs2.
    case translationFence
    /// HLV, HLVX: rd, (rs1).
    case hypervisorLoad
    /// HSV: rs2, (rs1).
    case hypervisorStore

    /// Floating-point load: f[rd], imm(x[rs1]).
    case floatLoad
    /// Floating-point store: f[rs2], imm(x[rs1]).
    case floatStore
    /// f[rd], f[rs1], f[rs2], f[rs3], rounding mode.
    case fused
    /// f[rd], f[rs1], f[rs2], rounding mode.
    case floatRounded
    /// f[rd], f[rs1], f[rs2].
    case float
    /// f[rd], f[rs1], rounding mode.
    case floatUnaryRounded
    /// x[rd], f[rs1], f[rs2].
    case floatCompare
    /// x[rd], f[rs1].
    case floatToInteger
    /// x[rd], f[rs1], rounding mode.
    case floatToIntegerRounded
    /// f[rd], x[rs1].
    case integerToFloat
    /// f[rd], x[rs1], rounding mode.
    case integerToFloatRounded

    /// rd, rs1.
    case unary
    /// `aes64ks1i`: rd, rs1, four-bit round number, of which 0...10 exist.
    case roundNumber
    /// `mop.r.`n: rd, rs1; n is in the encoding.
    case mayBe
    /// `mop.rr.`n: rd, rs1, rs2; n is in the encoding.
    case mayBeBinary
    /// Cache-block operations: (rs1).
    case cacheBlock
    /// `amocas.q`: the register pairs of rd and rs2, (rs1).
    case atomicPair
    /// `fli`: f[rd], constant number in rs1's place.
    case floatConstant
    /// `fcvtmod`: x[rd], f[rs1]; the rounding mode is part of the encoding.
    case floatTruncated
}

extension InstructionFormat {
    /// Whether rd names an integer register, so that x0 becomes the write sink.
    package var hasIntegerDestination: Bool {
        switch self {
        case .r, .i, .load, .upper, .jump, .jumpRegister, .shift, .shiftWord, .csr, .csrImmediate,
            .loadReserved, .atomic, .hypervisorLoad, .floatCompare, .floatToInteger, .floatToIntegerRounded,
            .unary, .roundNumber, .mayBe, .mayBeBinary, .atomicPair, .floatTruncated:
            true
        case .store, .branch, .fence, .none, .translationFence, .hypervisorStore, .floatLoad, .floatStore,
            .fused, .floatRounded, .float, .floatUnaryRounded, .integerToFloat, .integerToFloatRounded,
            .cacheBlock, .floatConstant:
            false
        }
    }

    /// Whether bits 14:12 are a rounding mode. Static values 5 and 6 are reserved and decode as illegal, also for
    /// conversions that never round (norm:roundingmode_rsv); 7 asks for `frm`, which is checked at execution.
    package var hasRoundingMode: Bool {
        switch self {
        case .fused, .floatRounded, .floatUnaryRounded, .floatToIntegerRounded, .integerToFloatRounded: true
        case .r, .i, .load, .store, .branch, .upper, .jump, .jumpRegister, .shift, .shiftWord, .fence, .none,
            .csr, .csrImmediate, .loadReserved, .atomic, .translationFence, .hypervisorLoad, .hypervisorStore,
            .floatLoad, .floatStore, .float, .floatCompare, .floatToInteger, .integerToFloat, .unary, .roundNumber,
            .mayBe, .mayBeBinary, .cacheBlock, .atomicPair, .floatConstant, .floatTruncated:
            false
        }
    }

    /// Whether some operands of this format make an encoding reserved, beyond what a row's fixed bits say.
    package var hasReservedOperands: Bool { hasRoundingMode || self == .roundNumber || self == .atomicPair }

    /// Whether the operands of `word` are reserved.
    package func isReserved(_ word: UInt32) -> Bool {
        switch self {
        case .roundNumber: return word >> 20 & 15 > 10
        // norm:Zacas_rv64_amocas-q_frst_pair_entry_reg_even
        case .atomicPair: return word & (1 << 20 | 1 << 7) != 0
        default:
            // RNE, RTZ, RDN, RUP, RMM and DYN; 5 and 6 are reserved (norm:roundingmode_rsv).
            let mode = word >> 12 & 7
            return hasRoundingMode && (mode == 5 || mode == 6)
        }
    }

    /// Fills in the operands of `instruction` from `word`, a 32-bit encoding of this format.
    @inline(__always)
    package func extractOperands(of word: UInt32, into instruction: inout DecodedInstruction) {
        let operands = OperandFields(word: word)
        switch self {
        case .r, .atomic, .atomicPair, .mayBeBinary:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
        case .i, .load, .jumpRegister:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.immediate = operands.immediateI
        case .store, .floatStore:
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
            instruction.immediate = operands.immediateS
        case .branch:
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
            instruction.immediate = operands.immediateB
        case .upper:
            instruction.rd = operands.integerRd
            instruction.immediate = operands.immediateU
        case .jump:
            instruction.rd = operands.integerRd
            instruction.immediate = operands.immediateJ
        case .shift, .shiftWord:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.immediate = operands.shiftAmount
        case .fence, .none: break
        case .csr, .csrImmediate:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.immediate = operands.csr
        case .translationFence, .hypervisorStore:
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
        case .loadReserved, .hypervisorLoad, .floatToInteger, .floatToIntegerRounded, .unary, .mayBe, .floatTruncated:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
        case .roundNumber:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.immediate = operands.roundNumber
        case .cacheBlock: instruction.rs1 = operands.rs1
        case .floatLoad:
            instruction.rd = operands.rd
            instruction.rs1 = operands.rs1
            instruction.immediate = operands.immediateI
        case .fused:
            instruction.rd = operands.rd
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
            instruction.immediate = Int32(bitPattern: word >> 27)
        case .float, .floatRounded:
            instruction.rd = operands.rd
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
        case .floatUnaryRounded, .integerToFloat, .integerToFloatRounded, .floatConstant:
            instruction.rd = operands.rd
            instruction.rs1 = operands.rs1
        case .floatCompare:
            instruction.rd = operands.integerRd
            instruction.rs1 = operands.rs1
            instruction.rs2 = operands.rs2
        }
    }
}

/// The fields of a 32-bit encoding ("Immediate Encoding Variants").
struct OperandFields {
    let word: UInt32

    private var signed: Int32 { Int32(bitPattern: word) }

    var rd: UInt8 { UInt8(truncatingIfNeeded: word >> 7) & 31 }
    var integerRd: UInt8 { rd == 0 ? DecodedInstruction.writeSink : rd }
    var rs1: UInt8 { UInt8(truncatingIfNeeded: word >> 15) & 31 }
    var rs2: UInt8 { UInt8(truncatingIfNeeded: word >> 20) & 31 }
    var immediateI: Int32 { signed >> 20 }
    var immediateS: Int32 { (signed >> 25) << 5 | Int32(bitPattern: word >> 7 & 31) }
    var immediateB: Int32 {
        (signed >> 31) << 12
            | Int32(bitPattern: (word >> 7 & 1) << 11 | (word >> 25 & 0x3F) << 5 | (word >> 8 & 0xF) << 1)
    }
    var immediateU: Int32 { Int32(bitPattern: word & 0xFFFF_F000) }
    var immediateJ: Int32 {
        (signed >> 31) << 20
            | Int32(bitPattern: word & 0xF_F000 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3FF) << 1)
    }
    var shiftAmount: Int32 { Int32(bitPattern: word >> 20 & 63) }
    var roundNumber: Int32 { Int32(bitPattern: word >> 20 & 15) }
    var csr: Int32 { Int32(bitPattern: word >> 20) }
}
