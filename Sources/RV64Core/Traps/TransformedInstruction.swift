/// What `htinst` and `mtinst` receive. Privileged ISA, "Transformed Instruction or Pseudoinstruction for mtinst or
/// htinst". norm:H_trap_xtinst_val
package enum TransformedInstruction {
    /// A 64-bit read of a VS-stage page-table entry.
    package static let implicitRead: UInt64 = 0x3000
    /// A 64-bit write of a VS-stage page-table entry: an A or D update.
    package static let implicitWrite: UInt64 = 0x3020

    static func value(
        for trap: Trap,
        raisedBy instruction: DecodedInstruction?,
        decoder: borrowing Decoder
    ) -> UInt64 {
        switch trap.instruction {
        case .zero: 0
        case .implicitRead: implicitRead
        case .implicitWrite: implicitWrite
        case .transformed:
            if let instruction, let encoding = decoder.baseEncoding(of: instruction.raw) {
                transform(encoding, length: instruction.length, offset: UInt32(trap.addressOffset))
            } else {
                0
            }
        }
    }

    /// The standard transformation: immediate fields cleared, rs1 replaced by the address offset, and bit 1 cleared
    /// where the original was a compressed one.
    private static func transform(_ encoding: UInt32, length: UInt8, offset: UInt32) -> UInt64 {
        let kept: UInt32
        switch encoding & 0x7F {
        case 0x03, 0x07: kept = encoding & 0x0000_7FFF  // loads: funct3, rd, opcode
        case 0x23, 0x27: kept = encoding & 0x01F0_707F  // stores: rs2, funct3, opcode
        case 0x2F, 0x73, 0x0F: kept = encoding & 0xFFF0_7FFF  // AMOs, HLV, HSV, CBOs: all but rs1
        // Bits of an encoding: no other instruction accesses memory.
        default: return 0
        }
        let transformed = kept | (offset &<< 15)
        return UInt64(length == 2 ? transformed & ~2 : transformed)
    }
}
