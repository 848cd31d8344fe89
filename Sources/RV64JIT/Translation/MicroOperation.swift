import Platform
import RV64Core

/// What a micro-instruction does: the same for every host, and with the width as a parameter.
///
/// Operands are guest registers or an immediate. What has no case of its own is `execute`, which calls the function that
/// the interpreter calls for that instruction, or `system`, after which the context may be another one.
package enum MicroOperation: UInt8, CaseIterable, Sendable {
    case constant, move
    case add, subtract, and, or, exclusiveOr
    case shiftLeft, shiftRight, shiftRightArithmetic, rotateLeft, rotateRight
    case lessThan, lessThanUnsigned
    case multiply, multiplyHigh, multiplyHighUnsigned, multiplyHighMixed
    case divide, divideUnsigned, remainder, remainderUnsigned
    /// rs2 and rs1 shifted left by the immediate; rs1 is a word in `shiftAddWord`.
    case shiftAdd, shiftAddWord, shiftLeftWord
    case andNot, orNot, exclusiveNor
    case minimum, maximum, minimumUnsigned, maximumUnsigned
    case signExtendByte, signExtendHalf, zeroExtendHalf
    case leadingZeros, trailingZeros, population, reverseBytes, orCombine
    case bitSet, bitClear, bitInvert, bitExtract
    case zeroIfZero, zeroIfNotZero
    case load, store, floatLoad, floatStore, float
    case loadReserved, storeConditional, modify
    case fence, fullFence
    case branch, jump, jumpRegister
    case execute, system, environmentCall, supervisorReturn
}

/// One micro-instruction. Registers are guest registers, `DecodedInstruction.writeSink` included.
package struct MicroInstruction {
    package var operation: MicroOperation
    /// 32-bit operands, the result sign-extended.
    package var isWord = false
    /// The immediate takes the place of rs2.
    package var usesImmediate = false
    package var rd: UInt8 = 0
    package var rs1: UInt8 = 0
    package var rs2: UInt8 = 0
    package var immediate: Int64 = 0

    package var writesNothing: Bool { rd == DecodedInstruction.writeSink }
}

/// How an instruction that engines execute themselves is expressed.
private struct Lowering {
    enum Operands { case registers, immediate, unary, upper, pcRelative, none }
    let operation: MicroOperation
    let operands: Operands
    let isWord: Bool

    init(_ operation: MicroOperation, _ operands: Operands = .registers, isWord: Bool = false) {
        self.operation = operation
        self.operands = operands
        self.isWord = isWord
    }
}

extension MicroInstruction {
    /// The instruction at `pc`; `isMisalignable` where it is a jump that may raise instruction-address-misaligned.
    init(_ i: DecodedInstruction, pc: UInt64, isMisalignable: Bool) {
        self.init(operation: .execute, rd: i.rd, rs1: i.rs1, rs2: i.rs2, immediate: Int64(i.immediate))
        if isMisalignable {
            operation = .system
            return
        }
        switch i.opcode.execution {
        case .loop: lower(i, pc)
        case .jump(.always): operation = .jump
        case .jump(.register): operation = .jumpRegister
        case .jump: operation = .branch
        case .load: operation = .load
        case .store: operation = .store
        case .floatLoad(.half), .floatStore(.half): break
        case .floatLoad: operation = .floatLoad
        case .floatStore: operation = .floatStore
        case .float(_, .half): break
        case .float: operation = .float
        case .atomic(.loadReserved, _): operation = .loadReserved
        case .atomic(.storeConditional, _): operation = .storeConditional
        case .modify(_, .word), .modify(_, .double): operation = .modify
        case .atomic, .modify, .scalar, .cacheBlock: break
        case .system(.environmentCall): operation = .environmentCall
        case .system(.supervisorReturn): operation = .supervisorReturn
        case .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal: operation = .system
        }
    }

    private mutating func lower(_ i: DecodedInstruction, _ pc: UInt64) {
        guard let lowering = Self.lowerings[Int(i.opcode.rawValue)] else { return }
        operation = lowering.operation
        isWord = lowering.isWord
        switch lowering.operands {
        case .registers, .unary: break
        case .immediate: usesImmediate = true
        case .upper: usesImmediate = true
        case .pcRelative: immediate = Int64(bitPattern: pc) &+ Int64(i.immediate)
        case .none: break
        }
        // The manual's own idioms.
        if operation == .add, usesImmediate, !isWord {
            if rs1 == 0 { operation = .constant } else if immediate == 0 { operation = .move }
        }
        if !usesImmediate, !isWord, [.add, .or, .exclusiveOr].contains(operation), rs1 == 0 || rs2 == 0 {
            operation = .move
            rs1 = rs1 == 0 ? rs2 : rs1
        }
        if i.opcode == .fence, MemoryFence.ordersWritesBeforeReads(i.raw) { operation = .fullFence }
        if operation == .constant, lowering.operands == .none { immediate = 0 }
    }

    private static let lowerings: [Lowering?] = {
        var result = [Lowering?](repeating: nil, count: Opcode.allCases.count)
        for (opcode, lowering) in rows { result[Int(opcode.rawValue)] = lowering }
        return result
    }()

    // swift-format-ignore
    private static let rows: [(Opcode, Lowering)] = [
        (.lui, .init(.constant, .upper)), (.auipc, .init(.constant, .pcRelative)),
        (.addi, .init(.add, .immediate)), (.xori, .init(.exclusiveOr, .immediate)), (.ori, .init(.or, .immediate)),
        (.andi, .init(.and, .immediate)), (.slti, .init(.lessThan, .immediate)), (.sltiu, .init(.lessThanUnsigned, .immediate)),
        (.slli, .init(.shiftLeft, .immediate)), (.srli, .init(.shiftRight, .immediate)), (.srai, .init(.shiftRightArithmetic, .immediate)),
        (.add, .init(.add)), (.sub, .init(.subtract)), (.xor, .init(.exclusiveOr)), (.or, .init(.or)), (.and, .init(.and)),
        (.sll, .init(.shiftLeft)), (.srl, .init(.shiftRight)), (.sra, .init(.shiftRightArithmetic)),
        (.slt, .init(.lessThan)), (.sltu, .init(.lessThanUnsigned)),
        (.addiw, .init(.add, .immediate, isWord: true)), (.slliw, .init(.shiftLeft, .immediate, isWord: true)),
        (.srliw, .init(.shiftRight, .immediate, isWord: true)), (.sraiw, .init(.shiftRightArithmetic, .immediate, isWord: true)),
        (.addw, .init(.add, isWord: true)), (.subw, .init(.subtract, isWord: true)), (.sllw, .init(.shiftLeft, isWord: true)),
        (.srlw, .init(.shiftRight, isWord: true)), (.sraw, .init(.shiftRightArithmetic, isWord: true)),
        (.mul, .init(.multiply)), (.mulw, .init(.multiply, isWord: true)), (.mulh, .init(.multiplyHigh)), (.mulhu, .init(.multiplyHighUnsigned)), (.mulhsu, .init(.multiplyHighMixed)),
        (.div, .init(.divide)), (.divu, .init(.divideUnsigned)), (.rem, .init(.remainder)), (.remu, .init(.remainderUnsigned)),
        (.divw, .init(.divide, isWord: true)), (.divuw, .init(.divideUnsigned, isWord: true)),
        (.remw, .init(.remainder, isWord: true)), (.remuw, .init(.remainderUnsigned, isWord: true)),
        (.addUw, .init(.shiftAddWord)), (.sh1add, .init(.shiftAdd)), (.sh2add, .init(.shiftAdd)), (.sh3add, .init(.shiftAdd)),
        (.sh1addUw, .init(.shiftAddWord)), (.sh2addUw, .init(.shiftAddWord)), (.sh3addUw, .init(.shiftAddWord)),
        (.slliUw, .init(.shiftLeftWord, .immediate)),
        (.andn, .init(.andNot)), (.orn, .init(.orNot)), (.xnor, .init(.exclusiveNor)),
        (.max, .init(.maximum)), (.maxu, .init(.maximumUnsigned)), (.min, .init(.minimum)), (.minu, .init(.minimumUnsigned)),
        (.sextB, .init(.signExtendByte, .unary)), (.sextH, .init(.signExtendHalf, .unary)), (.zextH, .init(.zeroExtendHalf, .unary)),
        (.rori, .init(.rotateRight, .immediate)), (.roriw, .init(.rotateRight, .immediate, isWord: true)),
        (.rol, .init(.rotateLeft)), (.rolw, .init(.rotateLeft, isWord: true)), (.ror, .init(.rotateRight)), (.rorw, .init(.rotateRight, isWord: true)),
        (.rev8, .init(.reverseBytes, .unary)), (.orcB, .init(.orCombine, .unary)),
        (.clz, .init(.leadingZeros, .unary)), (.clzw, .init(.leadingZeros, .unary, isWord: true)),
        (.ctz, .init(.trailingZeros, .unary)), (.ctzw, .init(.trailingZeros, .unary, isWord: true)),
        (.cpop, .init(.population, .unary)), (.cpopw, .init(.population, .unary, isWord: true)),
        (.bclr, .init(.bitClear)), (.bclri, .init(.bitClear, .immediate)), (.bext, .init(.bitExtract)), (.bexti, .init(.bitExtract, .immediate)),
        (.binv, .init(.bitInvert)), (.binvi, .init(.bitInvert, .immediate)), (.bset, .init(.bitSet)), (.bseti, .init(.bitSet, .immediate)),
        (.czeroEqz, .init(.zeroIfZero)), (.czeroNez, .init(.zeroIfNotZero)),
        (.fence, .init(.fence, .none)), (.mopR, .init(.constant, .none)), (.mopRr, .init(.constant, .none)),
        (.wrsNto, .init(.fence, .none)), (.wrsSto, .init(.fence, .none)),
    ]
}

extension DecodedInstruction {
    /// By how much `rs1` is shifted in the shift-and-add instructions.
    var shiftAddAmount: UInt8 {
        switch opcode {
        case .sh1add, .sh1addUw: 1
        case .sh2add, .sh2addUw: 2
        case .sh3add, .sh3addUw: 3
        default: 0
        }
    }
}
