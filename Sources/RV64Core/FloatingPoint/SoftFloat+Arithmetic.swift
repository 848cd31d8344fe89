extension SoftFloat {
    /// norm:fadd-s_fmul-s_op
    static func add(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        guard Format.isFinite(a), Format.isFinite(b) else { return addNonFinite(a, b, &flags) }
        return sum(UnpackedFloat(a, Format.self), UnpackedFloat(b, Format.self), mode, &flags)
    }

    /// norm:fsub-s_op
    static func subtract(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        // Flipping the sign of a NaN changes nothing: it stays as quiet or signalling as it was.
        add(a, b ^ Format.signBit, mode, &flags)
    }

    private static func addNonFinite(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        if Format.isNaN(a) || Format.isNaN(b) {
            raiseIfSignaling(a, &flags)
            raiseIfSignaling(b, &flags)
            return Format.canonicalNaN
        }
        if Format.isInfinite(a) && Format.isInfinite(b) && a != b { return invalid(&flags) }
        return Format.isInfinite(a) ? a : b
    }

    private static func sum(
        _ a: UnpackedFloat,
        _ b: UnpackedFloat,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        let aIsLarger = a.exponent != b.exponent ? a.exponent > b.exponent : a.significand >= b.significand
        let (large, small) = aIsLarger ? (a, b) : (b, a)
        // One bit lower than normalised, to leave room for the carry; the formats leave at least ten bits unused.
        let aligned = (small.significand &>> 1).shiftedRightJamming(large.exponent &- small.exponent)
        let sameSign = a.isNegative == b.isNegative
        let significand = sameSign ? (large.significand &>> 1) &+ aligned : (large.significand &>> 1) &- aligned
        guard significand != 0 else { return sameSign ? Format.sign(a.isNegative) : zeroSum(mode) }
        return normalizeAndRound(
            isNegative: large.isNegative,
            exponent: large.exponent &+ 1,
            significand: significand,
            mode,
            &flags
        )
    }

    /// norm:fadd-s_fmul-s_op
    static func multiply(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        let isNegative = Format.isNegative(a ^ b)
        guard Format.isFinite(a), Format.isFinite(b) else {
            if Format.isNaN(a) || Format.isNaN(b) {
                raiseIfSignaling(a, &flags)
                raiseIfSignaling(b, &flags)
                return Format.canonicalNaN
            }
            if Format.isZero(a) || Format.isZero(b) { return invalid(&flags) }
            return Format.sign(isNegative) | Format.infinity
        }
        let x = UnpackedFloat(a, Format.self)
        let y = UnpackedFloat(b, Format.self)
        if x.isZero || y.isZero { return Format.sign(isNegative) }
        let product = x.significand.multipliedFullWidth(by: y.significand)
        return normalizeAndRound(
            isNegative: isNegative,
            exponent: x.exponent &+ y.exponent &+ 1,
            significand: product.high | (product.low == 0 ? 0 : 1),
            mode,
            &flags
        )
    }

    /// norm:fdiv-s_op
    static func divide(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        let isNegative = Format.isNegative(a ^ b)
        if Format.isNaN(a) || Format.isNaN(b) {
            raiseIfSignaling(a, &flags)
            raiseIfSignaling(b, &flags)
            return Format.canonicalNaN
        }
        if Format.isInfinite(a) {
            return Format.isInfinite(b) ? invalid(&flags) : Format.sign(isNegative) | Format.infinity
        }
        if Format.isInfinite(b) { return Format.sign(isNegative) }
        let x = UnpackedFloat(a, Format.self)
        let y = UnpackedFloat(b, Format.self)
        if y.isZero {
            if x.isZero { return invalid(&flags) }
            flags |= FPFlags.dz
            return Format.sign(isNegative) | Format.infinity
        }
        if x.isZero { return Format.sign(isNegative) }
        // The dividend is halved so that the quotient, between 2^62 and 2^64, cannot overflow.
        let (quotient, remainder) = y.significand.dividingFullWidth((x.significand &>> 1, x.significand &<< 63))
        return normalizeAndRound(
            isNegative: isNegative,
            exponent: x.exponent &- y.exponent,
            significand: quotient | (remainder == 0 ? 0 : 1),
            mode,
            &flags
        )
    }

    /// Square root (section "Single-Precision Floating-Point Computational Instructions").
    static func squareRoot(_ a: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        if Format.isNaN(a) {
            raiseIfSignaling(a, &flags)
            return Format.canonicalNaN
        }
        if Format.isZero(a) { return a }
        if Format.isNegative(a) { return invalid(&flags) }
        if Format.isInfinite(a) { return a }
        let x = UnpackedFloat(a, Format.self)
        let isOdd = x.exponent & 1 != 0
        // Digit by digit, two bits of the radicand at a time. Two root bits beyond the precision are enough, with
        // the remainder jammed in, to round exactly.
        let rootBits = Format.fractionBits &+ 3
        var radicand = UInt128(x.significand) << (isOdd ? 64 : 63)
        var root: UInt64 = 0
        var remainder: UInt64 = 0
        for _ in 0..<rootBits {
            remainder = (remainder &<< 2) | UInt64(truncatingIfNeeded: radicand &>> 126)
            radicand = radicand &<< 2
            let trial = (root &<< 2) | 1
            root = root &<< 1
            if remainder >= trial {
                remainder &-= trial
                root |= 1
            }
        }
        return round(
            isNegative: false,
            exponent: (x.exponent &- (isOdd ? 1 : 0)) / 2,
            significand: (root &<< UInt64(64 &- rootBits)) | (remainder == 0 ? 0 : 1),
            mode,
            &flags
        )
    }
}
