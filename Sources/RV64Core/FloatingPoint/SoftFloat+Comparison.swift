extension SoftFloat {
    /// Quiet equality: invalid only for signalling NaNs (norm:feq-s_quiet).
    static func isEqual(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        if Format.isNaN(a) || Format.isNaN(b) {
            raiseIfSignaling(a, &flags)
            raiseIfSignaling(b, &flags)
            return false
        }
        return a == b || (Format.isZero(a) && Format.isZero(b))
    }

    /// Signalling less-than: invalid for every NaN (norm:flt-s_fle-s_signaling).
    static func isLess(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        if Format.isNaN(a) || Format.isNaN(b) {
            flags |= FPFlags.nv
            return false
        }
        return order(a) < order(b)
    }

    /// Signalling less-or-equal: invalid for every NaN (norm:flt-s_fle-s_signaling).
    static func isLessOrEqual(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool {
        if Format.isNaN(a) || Format.isNaN(b) {
            flags |= FPFlags.nv
            return false
        }
        return order(a) <= order(b)
    }

    /// An integer ordered as the numbers are, both zeros at 0.
    private static func order(_ value: UInt64) -> Int64 {
        let magnitude = Int64(truncatingIfNeeded: Format.magnitude(value))
        return Format.isNegative(value) ? 0 &- magnitude : magnitude
    }

    /// minimumNumber of IEEE 754-2019 with −0 below +0 (norm:fmin-s_fmax-s_op).
    static func minimum(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        raiseIfSignaling(a, &flags)
        raiseIfSignaling(b, &flags)
        if Format.isNaN(a) { return Format.isNaN(b) ? Format.canonicalNaN : b }
        if Format.isNaN(b) { return a }
        if order(a) == order(b) { return Format.isNegative(a) ? a : b }
        return order(a) < order(b) ? a : b
    }

    /// maximumNumber of IEEE 754-2019 with −0 below +0 (norm:fmin-s_fmax-s_op).
    static func maximum(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        raiseIfSignaling(a, &flags)
        raiseIfSignaling(b, &flags)
        if Format.isNaN(a) { return Format.isNaN(b) ? Format.canonicalNaN : b }
        if Format.isNaN(b) { return a }
        if order(a) == order(b) { return Format.isNegative(a) ? b : a }
        return order(a) > order(b) ? a : b
    }

    /// The ten-bit class mask (norm:fclass-s_op).
    static func classify(_ value: UInt64) -> UInt64 {
        if Format.isNaN(value) { return Format.isSignaling(value) ? 1 << 8 : 1 << 9 }
        // From −infinity (bit 0) to −0 (bit 3), mirrored from +0 (bit 4) to +infinity (bit 7).
        let distance: UInt64 =
            if Format.isInfinite(value) {
                3
            } else if Format.exponentField(value) != 0 {
                2
            } else {
                Format.isZero(value) ? 0 : 1
            }
        return 1 &<< (Format.isNegative(value) ? 3 &- distance : 4 &+ distance)
    }
}
