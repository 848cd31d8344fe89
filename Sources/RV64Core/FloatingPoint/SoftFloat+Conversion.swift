extension SoftFloat {
    /// Converts to an integer, clipping what does not fit and raising invalid for it (norm:fcvt_unrepresentable_nv).
    ///
    /// A NaN gives the largest integer; an invalid conversion is not inexact as well (norm:fcvt_nx).
    static func toInteger<Integer: FixedWidthInteger>(
        _ value: UInt64,
        as _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> Integer {
        let isNegative = Format.isNegative(value) && !Format.isNaN(value)
        let x = UnpackedFloat(value, Format.self)
        guard Format.isFinite(value), x.exponent < 64 else {
            flags |= FPFlags.nv
            return isNegative ? Integer.min : Integer.max
        }
        // Integer part above the binary point at bit 64, fraction below it.
        let fixed = (UInt128(x.significand) &<< 64).shiftedRightJamming(63 &- x.exponent)
        var whole = UInt64(truncatingIfNeeded: fixed &>> 64)
        let fraction = UInt64(truncatingIfNeeded: fixed)
        var carried = false
        if mode.roundsAway(isNegative: isNegative, isOdd: whole & 1 != 0, fraction: fraction, half: 1 << 63) {
            (whole, carried) = whole.addingReportingOverflow(1)
        }
        let limit = UInt64(isNegative ? Integer.min.magnitude : Integer.max.magnitude)
        if carried || whole > limit {
            flags |= FPFlags.nv
            return isNegative ? Integer.min : Integer.max
        }
        if fraction != 0 { flags |= FPFlags.nx }
        return Integer(truncatingIfNeeded: isNegative ? 0 &- whole : whole)
    }

    /// Converts from an integer, given as sign and magnitude (norm:fcvt-s-w_fcvt-s-l_op).
    static func fromInteger(
        magnitude: UInt64,
        isNegative: Bool,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        if magnitude == 0 { return 0 }
        return normalizeAndRound(isNegative: isNegative, exponent: 63, significand: magnitude, mode, &flags)
    }

    /// Converts to another format (norm:fcvt-s-d_fcvt-d-s_op).
    static func convert<Target: BinaryFormat>(
        _ value: UInt64,
        to _: Target.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        if Format.isNaN(value) {
            raiseIfSignaling(value, &flags)
            return Target.canonicalNaN
        }
        let sign = Target.sign(Format.isNegative(value))
        if Format.isInfinite(value) { return sign | Target.infinity }
        let x = UnpackedFloat(value, Format.self)
        if x.isZero { return sign }
        return SoftFloat<Target>.round(
            isNegative: x.isNegative,
            exponent: x.exponent,
            significand: x.significand,
            mode,
            &flags
        )
    }
}
