extension FloatingPointUnit {
    /// Zfa; other instructions do nothing.
    static func executeAdditional(_ opcode: Opcode, _ op: Operands, _ mode: RoundingMode, _ flags: inout UInt64) {
        switch opcode {
        case .fliH: op.writeHalf(FloatingPointConstants.value(op.constant, Binary16.self))
        case .fliS: op.writeSingle(FloatingPointConstants.value(op.constant, Binary32.self))
        case .fliD: op.writeDouble(FloatingPointConstants.value(op.constant, Binary64.self))
        case .fminmH: op.writeHalf(SoftFloat<Binary16>.minimumPropagatingNaN(op.h1, op.h2, &flags))
        case .fminmS: op.writeSingle(SoftFloat<Binary32>.minimumPropagatingNaN(op.s1, op.s2, &flags))
        case .fminmD: op.writeDouble(SoftFloat<Binary64>.minimumPropagatingNaN(op.d1, op.d2, &flags))
        case .fmaxmH: op.writeHalf(SoftFloat<Binary16>.maximumPropagatingNaN(op.h1, op.h2, &flags))
        case .fmaxmS: op.writeSingle(SoftFloat<Binary32>.maximumPropagatingNaN(op.s1, op.s2, &flags))
        case .fmaxmD: op.writeDouble(SoftFloat<Binary64>.maximumPropagatingNaN(op.d1, op.d2, &flags))
        case .froundH: op.writeHalf(rounded(op.h1, Binary16.self, mode, &flags))
        case .froundS: op.writeSingle(rounded(op.s1, Binary32.self, mode, &flags))
        case .froundD: op.writeDouble(rounded(op.d1, Binary64.self, mode, &flags))
        case .froundnxH: op.writeHalf(SoftFloat<Binary16>.roundedToIntegral(op.h1, mode, &flags))
        case .froundnxS: op.writeSingle(SoftFloat<Binary32>.roundedToIntegral(op.s1, mode, &flags))
        case .froundnxD: op.writeDouble(SoftFloat<Binary64>.roundedToIntegral(op.d1, mode, &flags))
        case .fleqH: op.writeInteger(SoftFloat<Binary16>.isQuietlyLessOrEqual(op.h1, op.h2, &flags) ? 1 : 0)
        case .fleqS: op.writeInteger(SoftFloat<Binary32>.isQuietlyLessOrEqual(op.s1, op.s2, &flags) ? 1 : 0)
        case .fleqD: op.writeInteger(SoftFloat<Binary64>.isQuietlyLessOrEqual(op.d1, op.d2, &flags) ? 1 : 0)
        case .fltqH: op.writeInteger(SoftFloat<Binary16>.isQuietlyLess(op.h1, op.h2, &flags) ? 1 : 0)
        case .fltqS: op.writeInteger(SoftFloat<Binary32>.isQuietlyLess(op.s1, op.s2, &flags) ? 1 : 0)
        case .fltqD: op.writeInteger(SoftFloat<Binary64>.isQuietlyLess(op.d1, op.d2, &flags) ? 1 : 0)
        case .fcvtmodWD: op.writeInteger(signExtended(SoftFloat<Binary64>.toIntegerModulo(op.d1, &flags)))
        default: break
        }
    }

    /// FROUND is FROUNDNX without the inexact flag. norm:fround-s_op norm:fround-s_nan_nv
    private static func rounded<Format: BinaryFormat>(
        _ value: UInt64,
        _: Format.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        var raised: UInt64 = 0
        let result = SoftFloat<Format>.roundedToIntegral(value, mode, &raised)
        flags |= raised & FPFlags.nv
        return result
    }
}
