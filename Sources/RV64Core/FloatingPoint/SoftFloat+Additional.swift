/// The operations that Zfa adds.
extension SoftFloat {
    /// roundToIntegralExact of IEEE 754-2019. norm:froundnx-s_op norm:fround-s_zero_inf
    static func roundedToIntegral(_ value: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        if Format.isNaN(value) {
            raiseIfSignaling(value, &flags)
            return Format.canonicalNaN
        }
        guard Format.isFinite(value), !Format.isZero(value) else { return value }
        let x = UnpackedFloat(value, Format.self)
        if x.exponent >= Format.fractionBits { return value }
        // Integer part above the binary point at bit 64, fraction below it.
        let fixed = (UInt128(x.significand) &<< 64).shiftedRightJamming(63 &- x.exponent)
        var whole = UInt64(truncatingIfNeeded: fixed &>> 64)
        let fraction = UInt64(truncatingIfNeeded: fixed)
        if fraction != 0 { flags |= FPFlags.nx }
        if mode.roundsAway(isNegative: x.isNegative, isOdd: whole & 1 != 0, fraction: fraction, half: 1 << 63) {
            whole &+= 1
        }
        if whole == 0 { return Format.sign(x.isNegative) }
        // Exact: fewer bits than the significand has, or a power of two.
        return normalizeAndRound(isNegative: x.isNegative, exponent: 63, significand: whole, mode, &flags)
    }

    /// `minimum` of IEEE 754-2019: a NaN operand wins. norm:fmaxm-s_fminm-s_op
    static func minimumPropagatingNaN(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        let number = minimum(a, b, &flags)
        return Format.isNaN(a) || Format.isNaN(b) ? Format.canonicalNaN : number
    }

    /// `maximum` of IEEE 754-2019: a NaN operand wins. norm:fmaxm-s_fminm-s_op
    static func maximumPropagatingNaN(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        let number = maximum(a, b, &flags)
        return Format.isNaN(a) || Format.isNaN(b) ? Format.canonicalNaN : number
    }

    /// Less-than that is invalid only for signalling NaNs. norm:fleq-s_fltq-s_op
    static func isQuietlyLess(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        isOrdered(a, b, &flags) && isLess(a, b, &flags)
    }

    /// Less-or-equal that is invalid only for signalling NaNs. norm:fleq-s_fltq-s_op
    static func isQuietlyLessOrEqual(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        isOrdered(a, b, &flags) && isLessOrEqual(a, b, &flags)
    }

    private static func isOrdered(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        raiseIfSignaling(a, &flags)
        raiseIfSignaling(b, &flags)
        return !Format.isNaN(a) && !Format.isNaN(b)
    }

    /// Truncates to an integer modulo 2^32, with the flags of the conversion that clips.
    /// norm:fcvtmod-w-d_op norm:fcvtmod-w-d_flags
    static func toIntegerModulo(_ value: UInt64, _ flags: inout UInt64) -> UInt32 {
        let clipped: Int32 = toInteger(value, as: Int32.self, .rtz, &flags)
        guard Format.isFinite(value) else { return 0 }
        let x = UnpackedFloat(value, Format.self)
        if x.exponent < 31 { return UInt32(bitPattern: clipped) }
        // Bits from 2^31 up to 2^63 come from shifting right, all others from shifting left.
        let distance = x.exponent &- 63
        let magnitude =
            distance <= 0
            ? x.significand &>> UInt64(truncatingIfNeeded: 0 &- distance)
            : distance < 64 ? x.significand &<< UInt64(truncatingIfNeeded: distance) : 0
        let word = UInt32(truncatingIfNeeded: magnitude)
        return x.isNegative ? 0 &- word : word
    }
}
