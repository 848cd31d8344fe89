/// Where a 16-bit encoding's operands stand, and how they are laid out in the base encoding it expands to.
///
/// "Prime" forms name x8...x15 or f8...f15 in three bits.
package enum CompressedOperands: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case addi4spn, loadWord, loadDouble, storeWord, storeDouble
    case immediate, loadImmediate, addi16sp, upper, shiftPrime, immediatePrime, registersPrime, jump, branch
    case shift, loadWordStack, loadDoubleStack, jumpRegister, jumpLinkRegister, move, registers, none
    case storeWordStack, storeDoubleStack
    case loadByte, loadHalf, storeByte, storeHalf, unaryPrime, zeroExtendByte, not

    private static let stackPointer: UInt32 = 2

    /// The operand bits of the base encoding. Field positions are those of "RVC Instruction Set Listings".
    func expanded(from half: UInt32) -> UInt32 {
        let fields = CompressedFields(half: half)
        let sp = Self.stackPointer
        return switch self {
        case .addi4spn: typeI(fields.rdPrime, sp, fields.addi4spnImmediate)
        case .loadWord: typeI(fields.rdPrime, fields.rs1Prime, fields.wordOffset)
        case .loadDouble: typeI(fields.rdPrime, fields.rs1Prime, fields.doubleOffset)
        case .storeWord: typeS(fields.rs1Prime, fields.rdPrime, fields.wordOffset)
        case .storeDouble: typeS(fields.rs1Prime, fields.rdPrime, fields.doubleOffset)
        case .immediate: typeI(fields.rd, fields.rd, fields.immediate)
        case .loadImmediate: typeI(fields.rd, 0, fields.immediate)
        case .addi16sp: typeI(sp, sp, fields.addi16spImmediate)
        case .upper: fields.immediate << 12 | fields.rd << 7
        case .shiftPrime: typeI(fields.rs1Prime, fields.rs1Prime, fields.shiftAmount)
        case .immediatePrime: typeI(fields.rs1Prime, fields.rs1Prime, fields.immediate)
        case .registersPrime: typeR(fields.rs1Prime, fields.rs1Prime, fields.rdPrime)
        case .jump: typeJ(fields.jumpOffset)
        case .branch: typeB(fields.rs1Prime, fields.branchOffset)
        case .shift: typeI(fields.rd, fields.rd, fields.shiftAmount)
        case .loadWordStack: typeI(fields.rd, sp, fields.wordStackLoadOffset)
        case .loadDoubleStack: typeI(fields.rd, sp, fields.doubleStackLoadOffset)
        case .jumpRegister: typeI(0, fields.rd, 0)
        case .jumpLinkRegister: typeI(1, fields.rd, 0)
        case .move: typeR(fields.rd, 0, fields.rs2)
        case .registers: typeR(fields.rd, fields.rd, fields.rs2)
        case .none: 0
        case .storeWordStack: typeS(sp, fields.rs2, fields.wordStackStoreOffset)
        case .storeDoubleStack: typeS(sp, fields.rs2, fields.doubleStackStoreOffset)
        case .loadByte: typeI(fields.rdPrime, fields.rs1Prime, fields.byteOffset)
        case .loadHalf: typeI(fields.rdPrime, fields.rs1Prime, fields.halfOffset)
        case .storeByte: typeS(fields.rs1Prime, fields.rdPrime, fields.byteOffset)
        case .storeHalf: typeS(fields.rs1Prime, fields.rdPrime, fields.halfOffset)
        case .unaryPrime: typeR(fields.rs1Prime, fields.rs1Prime, 0)
        case .zeroExtendByte: typeI(fields.rs1Prime, fields.rs1Prime, 0xFF)
        case .not: typeI(fields.rs1Prime, fields.rs1Prime, ~0)
        }
    }

    private func typeR(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 { rs2 << 20 | rs1 << 15 | rd << 7 }

    private func typeI(_ rd: UInt32, _ rs1: UInt32, _ immediate: UInt32) -> UInt32 {
        immediate << 20 | rs1 << 15 | rd << 7
    }

    private func typeS(_ rs1: UInt32, _ rs2: UInt32, _ immediate: UInt32) -> UInt32 {
        (immediate >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | (immediate & 31) << 7
    }

    private func typeB(_ rs1: UInt32, _ offset: UInt32) -> UInt32 {
        (offset >> 12 & 1) << 31 | (offset >> 5 & 0x3F) << 25 | rs1 << 15
            | (offset >> 1 & 0xF) << 8 | (offset >> 11 & 1) << 7
    }

    private func typeJ(_ offset: UInt32) -> UInt32 {
        (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3FF) << 21 | (offset >> 11 & 1) << 20 | offset & 0xF_F000
    }
}

/// The fields of a 16-bit encoding. Immediates that can be negative come sign-extended to 32 bits.
private struct CompressedFields {
    let half: UInt32

    /// The `width` bits of the encoding from bit `low` up, moved to bit `position` of the immediate.
    private func bits(_ low: UInt32, _ width: UInt32, to position: UInt32) -> UInt32 {
        (half >> low & (1 << width - 1)) << position
    }

    /// `value` sign-extended from bit `top`.
    private func signExtended(_ value: UInt32, from top: UInt32) -> UInt32 {
        UInt32(bitPattern: Int32(bitPattern: value << (31 - top)) >> (31 - top))
    }

    var rd: UInt32 { bits(7, 5, to: 0) }
    var rs2: UInt32 { bits(2, 5, to: 0) }
    /// Bits 4:2: rd' of the loads, rs2' of the stores and of the register forms.
    var rdPrime: UInt32 { bits(2, 3, to: 0) | 8 }
    /// Bits 9:7: rs1', also rd' of the forms whose destination is their first source.
    var rs1Prime: UInt32 { bits(7, 3, to: 0) | 8 }

    var shiftAmount: UInt32 { bits(12, 1, to: 5) | bits(2, 5, to: 0) }
    var immediate: UInt32 { signExtended(shiftAmount, from: 5) }

    /// nzuimm[5:4|9:6|2|3].
    var addi4spnImmediate: UInt32 { bits(11, 2, to: 4) | bits(7, 4, to: 6) | bits(6, 1, to: 2) | bits(5, 1, to: 3) }
    /// nzimm[9] and nzimm[4|6|8:7|5].
    var addi16spImmediate: UInt32 {
        signExtended(
            bits(12, 1, to: 9) | bits(6, 1, to: 4) | bits(5, 1, to: 6) | bits(3, 2, to: 7) | bits(2, 1, to: 5),
            from: 9
        )
    }
    /// uimm[5:3] and uimm[2|6].
    var wordOffset: UInt32 { bits(10, 3, to: 3) | bits(6, 1, to: 2) | bits(5, 1, to: 6) }
    /// uimm[5:3] and uimm[7:6].
    var doubleOffset: UInt32 { bits(10, 3, to: 3) | bits(5, 2, to: 6) }
    /// uimm[0|1].
    var byteOffset: UInt32 { bits(6, 1, to: 0) | bits(5, 1, to: 1) }
    /// uimm[1].
    var halfOffset: UInt32 { bits(5, 1, to: 1) }
    /// uimm[5] and uimm[4:2|7:6].
    var wordStackLoadOffset: UInt32 { bits(12, 1, to: 5) | bits(4, 3, to: 2) | bits(2, 2, to: 6) }
    /// uimm[5] and uimm[4:3|8:6].
    var doubleStackLoadOffset: UInt32 { bits(12, 1, to: 5) | bits(5, 2, to: 3) | bits(2, 3, to: 6) }
    /// uimm[5:2|7:6].
    var wordStackStoreOffset: UInt32 { bits(9, 4, to: 2) | bits(7, 2, to: 6) }
    /// uimm[5:3|8:6].
    var doubleStackStoreOffset: UInt32 { bits(10, 3, to: 3) | bits(7, 3, to: 6) }
    /// imm[11|4|9:8|10|6|7|3:1|5].
    var jumpOffset: UInt32 {
        let high = bits(12, 1, to: 11) | bits(11, 1, to: 4) | bits(9, 2, to: 8) | bits(8, 1, to: 10)
        let low = bits(7, 1, to: 6) | bits(6, 1, to: 7) | bits(3, 3, to: 1) | bits(2, 1, to: 5)
        return signExtended(high | low, from: 11)
    }
    /// imm[8|4:3] and imm[7:6|2:1|5].
    var branchOffset: UInt32 {
        let high = bits(12, 1, to: 8) | bits(10, 2, to: 3)
        let low = bits(5, 2, to: 6) | bits(3, 2, to: 1) | bits(2, 1, to: 5)
        return signExtended(high | low, from: 8)
    }
}
