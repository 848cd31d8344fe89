extension FloatingPointUnit {
    /// The half-precision value in a 64-bit register: the canonical NaN unless properly boxed.
    static func unboxedHalf(_ register: UInt64) -> UInt64 {
        register >= halfBoxMask ? register & 0xFFFF : Binary16.canonicalNaN
    }

    /// A half-precision value as a register holds it: upper bits all ones.
    static func boxedHalf(_ value: UInt64) -> UInt64 { value | halfBoxMask }

    private static var halfBoxMask: UInt64 { 0xFFFF_FFFF_FFFF_0000 }

    /// Zfhmin and Zfh; false for other instructions. norm:Zfh_computational_instrs
    ///
    /// The host has no half-precision arithmetic that every machine would do alike, so all is in software.
    static func executeHalf(_ opcode: Opcode, _ op: Operands, _ mode: RoundingMode, _ flags: inout UInt64) -> Bool {
        switch opcode {
        case .faddH: op.writeHalf(SoftFloat<Binary16>.add(op.h1, op.h2, mode, &flags))
        case .fsubH: op.writeHalf(SoftFloat<Binary16>.subtract(op.h1, op.h2, mode, &flags))
        case .fmulH: op.writeHalf(SoftFloat<Binary16>.multiply(op.h1, op.h2, mode, &flags))
        case .fdivH: op.writeHalf(SoftFloat<Binary16>.divide(op.h1, op.h2, mode, &flags))
        case .fsqrtH: op.writeHalf(SoftFloat<Binary16>.squareRoot(op.h1, mode, &flags))
        case .fmaddH: op.writeHalf(fused(op.h1, op.h2, op.h3, mode, &flags))
        case .fmsubH: op.writeHalf(fused(op.h1, op.h2, op.h3 ^ Binary16.signBit, mode, &flags))
        case .fnmsubH: op.writeHalf(fused(op.h1 ^ Binary16.signBit, op.h2, op.h3, mode, &flags))
        case .fnmaddH: op.writeHalf(fused(op.h1 ^ Binary16.signBit, op.h2, op.h3 ^ Binary16.signBit, mode, &flags))
        case .fsgnjH: op.writeHalf(Binary16.magnitude(op.h1) | (op.h2 & Binary16.signBit))
        case .fsgnjnH: op.writeHalf(Binary16.magnitude(op.h1) | (~op.h2 & Binary16.signBit))
        case .fsgnjxH: op.writeHalf(op.h1 ^ (op.h2 & Binary16.signBit))
        case .fminH: op.writeHalf(SoftFloat<Binary16>.minimum(op.h1, op.h2, &flags))
        case .fmaxH: op.writeHalf(SoftFloat<Binary16>.maximum(op.h1, op.h2, &flags))
        case .feqH: op.writeInteger(SoftFloat<Binary16>.isEqual(op.h1, op.h2, &flags) ? 1 : 0)
        case .fltH: op.writeInteger(SoftFloat<Binary16>.isLess(op.h1, op.h2, &flags) ? 1 : 0)
        case .fleH: op.writeInteger(SoftFloat<Binary16>.isLessOrEqual(op.h1, op.h2, &flags) ? 1 : 0)
        case .fclassH: op.writeInteger(SoftFloat<Binary16>.classify(op.h1))
        default: return convertHalf(opcode, op, mode, &flags)
        }
        return true
    }

    private static func convertHalf(
        _ opcode: Opcode,
        _ op: Operands,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> Bool {
        switch opcode {
        case .fcvtSH: op.writeSingle(SoftFloat<Binary16>.convert(op.h1, to: Binary32.self, mode, &flags))
        case .fcvtDH: op.writeDouble(SoftFloat<Binary16>.convert(op.h1, to: Binary64.self, mode, &flags))
        case .fcvtHS: op.writeHalf(SoftFloat<Binary32>.convert(op.s1, to: Binary16.self, mode, &flags))
        case .fcvtHD: op.writeHalf(SoftFloat<Binary64>.convert(op.d1, to: Binary16.self, mode, &flags))
        case .fcvtWH: op.writeInteger(integer(op.h1, Int32.self, mode, &flags))
        case .fcvtWuH: op.writeInteger(integer(op.h1, UInt32.self, mode, &flags))
        case .fcvtLH: op.writeInteger(integer(op.h1, Int64.self, mode, &flags))
        case .fcvtLuH: op.writeInteger(integer(op.h1, UInt64.self, mode, &flags))
        case .fcvtHW: op.writeHalf(half(Int32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtHWu: op.writeHalf(half(UInt32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtHL: op.writeHalf(half(Int64(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtHLu: op.writeHalf(half(op.x1, mode, &flags))
        // The transfers move bits as they are, boxed or not (norm:fmv-x-h_op).
        case .fmvXH: op.writeInteger(UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: op.d1))))
        case .fmvHX: op.writeHalf(op.x1 & 0xFFFF)
        default: return false
        }
        return true
    }

    private static func fused(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        SoftFloat<Binary16>.fusedMultiplyAdd(a, b, c, mode, &flags)
    }

    private static func integer<Integer: FixedWidthInteger>(
        _ value: UInt64,
        _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        signExtended(SoftFloat<Binary16>.toInteger(value, as: Integer.self, mode, &flags))
    }

    private static func half<Integer: FixedWidthInteger>(
        _ value: Integer,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        SoftFloat<Binary16>.fromInteger(
            magnitude: UInt64(value.magnitude),
            isNegative: value < 0,
            mode,
            &flags
        )
    }
}
