/// How an encoding's operand bits are laid out, and which register file each register field names: a case here, and a
/// row in ``FormatTable``.
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
    /// Load-acquire: rd, (rs1).
    case loadAcquire
    /// Store-release: rs2, (rs1).
    case storeRelease
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

/// What there is to know of a format: its operands in the order assembly language writes them. Where they stand in an
/// encoding, and what the decoder takes from it, follows from the operands.
struct FormatRow: Sendable {
    let format: InstructionFormat
    let operands: [Operand]
    /// What the encoding adds to the mnemonic.
    let suffix: MnemonicSuffix
    let layout: OperandLayout

    init(_ format: InstructionFormat, _ operands: [Operand], suffix: MnemonicSuffix = .none) {
        self.format = format
        self.operands = operands
        self.suffix = suffix
        layout = OperandLayout(operands)
    }
}

/// A part of a mnemonic that is a field of the encoding.
enum MnemonicSuffix {
    case none
    /// aq and rl.
    case ordering
    /// rl behind the aq that a mnemonic has, and aq before the rl.
    case acquire
    case release
    /// The number of `mop.r.`n and of `mop.rr.`n.
    case mayBe
    case mayBeBinary
}

/// The formats, in the order of the cases of ``InstructionFormat``.
enum FormatTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let rows: [FormatRow] = [
        .init(.r,                     [.rd, .rs1, .rs2]),
        .init(.i,                     [.rd, .rs1, .immediate]),
        .init(.load,                  [.rd, .loadAddress]),
        .init(.store,                 [.rs2, .storeAddress]),
        .init(.branch,                [.rs1, .rs2, .branchTarget]),
        .init(.upper,                 [.rd, .upper]),
        .init(.jump,                  [.rd, .jumpTarget]),
        .init(.jumpRegister,          [.rd, .loadAddress]),
        .init(.shift,                 [.rd, .rs1, .shiftAmount]),
        .init(.shiftWord,             [.rd, .rs1, .shiftAmount]),
        .init(.fence,                 [.predecessors, .successors]),
        .init(.none,                  []),
        .init(.csr,                   [.rd, .csr, .rs1]),
        .init(.csrImmediate,          [.rd, .csr, .csrImmediate]),

        .init(.loadReserved,          [.rd, .baseAddress],       suffix: .ordering),
        .init(.atomic,                [.rd, .rs2, .baseAddress], suffix: .ordering),
        .init(.loadAcquire,           [.rd, .baseAddress],       suffix: .acquire),
        .init(.storeRelease,          [.rs2, .baseAddress],      suffix: .release),
        .init(.translationFence,      [.rs1, .rs2]),
        .init(.hypervisorLoad,        [.rd, .baseAddress]),
        .init(.hypervisorStore,       [.rs2, .baseAddress]),

        .init(.floatLoad,             [.floatRd, .loadAddress]),
        .init(.floatStore,            [.floatRs2, .storeAddress]),
        .init(.fused,                 [.floatRd, .floatRs1, .floatRs2, .floatRs3, .roundingMode]),
        .init(.floatRounded,          [.floatRd, .floatRs1, .floatRs2, .roundingMode]),
        .init(.float,                 [.floatRd, .floatRs1, .floatRs2]),
        .init(.floatUnaryRounded,     [.floatRd, .floatRs1, .roundingMode]),
        .init(.floatCompare,          [.rd, .floatRs1, .floatRs2]),
        .init(.floatToInteger,        [.rd, .floatRs1]),
        .init(.floatToIntegerRounded, [.rd, .floatRs1, .roundingMode]),
        .init(.integerToFloat,        [.floatRd, .rs1]),
        .init(.integerToFloatRounded, [.floatRd, .rs1, .roundingMode]),

        .init(.unary,                 [.rd, .rs1]),
        .init(.roundNumber,           [.rd, .rs1, .roundNumber]),
        .init(.mayBe,                 [.rd, .rs1],               suffix: .mayBe),
        .init(.mayBeBinary,           [.rd, .rs1, .rs2],         suffix: .mayBeBinary),
        .init(.cacheBlock,            [.baseAddress]),
        .init(.atomicPair,            [.evenRd, .evenRs2, .baseAddress], suffix: .ordering),
        .init(.floatConstant,         [.floatRd, .floatConstant]),
        .init(.floatTruncated,        [.rd, .floatRs1, .fixedRoundingMode]),
    ]
}

extension InstructionFormat {
    private var row: FormatRow { FormatTable.rows[Int(rawValue)] }

    /// The operands in the order assembly language writes them.
    package var operands: [Operand] { row.operands }
    var suffix: MnemonicSuffix { row.suffix }
    var layout: OperandLayout { row.layout }

    /// Whether rd names an integer register, so that x0 becomes the write sink.
    package var hasIntegerDestination: Bool { operands.contains(.rd) || operands.contains(.evenRd) }

    /// Whether bits 14:12 are a rounding mode that the programmer chooses.
    package var hasRoundingMode: Bool { operands.contains(.roundingMode) }

    /// Whether the operands of `word` are reserved.
    package func isReserved(_ word: UInt32) -> Bool { layout.isReserved(word) }
}

/// What the decoder does for a format: masks instead of cases, for the registers.
struct OperandLayout: Sendable, BitwiseCopyable {
    private var rdMask: UInt8 = 0
    /// What a destination of register 0 becomes.
    private var rdZero: UInt8 = 0
    private var rs1Mask: UInt8 = 0
    private var rs2Mask: UInt8 = 0
    private var immediate = ImmediateField.none
    private var reserved = ReservedOperands.none

    init(_ operands: [Operand]) {
        for operand in operands {
            for field in operand.fields {
                switch field {
                case .destination(let isInteger):
                    rdMask = 31
                    rdZero = isInteger ? DecodedInstruction.writeSink : 0
                case .firstSource: rs1Mask = 31
                case .secondSource: rs2Mask = 31
                case .immediate(let field): immediate = field
                case .reserved(let rule): reserved = rule
                }
            }
        }
    }

    /// Some operands make an encoding reserved, beyond what a row's fixed bits say.
    @inline(__always) var hasReservedOperands: Bool { reserved != .none }

    func isReserved(_ word: UInt32) -> Bool {
        switch reserved {
        case .none: false
        // RNE, RTZ, RDN, RUP, RMM and DYN; 5 and 6 are reserved, also for conversions that never round
        // (norm:roundingmode_rsv); 7 asks for `frm`, which is checked at execution.
        case .roundingModes: word >> 12 & 7 == 5 || word >> 12 & 7 == 6
        case .roundNumbers: word >> 20 & 15 > 10
        // norm:Zacas_rv64_amocas-q_frst_pair_entry_reg_even
        case .oddRegisters: word & (1 << 20 | 1 << 7) != 0
        }
    }

    /// Fills in the operands of `instruction` from `word`, a 32-bit encoding of the format.
    @inline(__always)
    func extract(from word: UInt32, into instruction: inout DecodedInstruction) {
        let fields = OperandFields(word: word)
        let rd = fields.rd & rdMask
        instruction.rd = rd == 0 ? rdZero : rd
        instruction.rs1 = fields.rs1 & rs1Mask
        instruction.rs2 = fields.rs2 & rs2Mask
        instruction.immediate = fields.immediate(immediate)
    }
}

/// Which bits of an encoding make its immediate ("Immediate Encoding Variants").
enum ImmediateField: UInt8, Sendable, BitwiseCopyable {
    case none
    case i, s, b, u, j
    case shiftAmount
    case csr
    case thirdSource
    case roundNumber
}

/// Operands that make an encoding reserved.
enum ReservedOperands: UInt8, Sendable, BitwiseCopyable {
    case none
    case roundingModes
    case roundNumbers
    case oddRegisters
}

/// The fields of a 32-bit encoding ("Immediate Encoding Variants").
struct OperandFields {
    let word: UInt32

    private var signed: Int32 { Int32(bitPattern: word) }

    var rd: UInt8 { UInt8(truncatingIfNeeded: word >> 7) & 31 }
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
    var thirdSource: Int32 { Int32(bitPattern: word >> 27) }

    @inline(__always)
    func immediate(_ field: ImmediateField) -> Int32 {
        switch field {
        case .none: 0
        case .i: immediateI
        case .s: immediateS
        case .b: immediateB
        case .u: immediateU
        case .j: immediateJ
        case .shiftAmount: shiftAmount
        case .csr: csr
        case .thirdSource: thirdSource
        case .roundNumber: roundNumber
        }
    }
}
