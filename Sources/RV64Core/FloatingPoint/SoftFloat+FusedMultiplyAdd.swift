extension SoftFloat {
    /// `a * b + c`, rounded once (norm:fmadd-s_op).
    static func fusedMultiplyAdd(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        guard Format.isFinite(a), Format.isFinite(b), Format.isFinite(c) else {
            return fusedNonFinite(a, b, c, &flags)
        }
        let productIsNegative = Format.isNegative(a ^ b)
        let x = UnpackedFloat(a, Format.self)
        let y = UnpackedFloat(b, Format.self)
        let z = UnpackedFloat(c, Format.self)
        guard !x.isZero, !y.isZero else {
            if !z.isZero { return c }
            return productIsNegative == z.isNegative ? c : zeroSum(mode)
        }
        // Both terms as 128-bit magnitudes whose bit 124 has the term's exponent: the product of two significands
        // normalised to bit 62 has its leading bit at 124 or 125, and their sum fits below 127. At least twenty low
        // bits are zero, so no bit is lost by aligning where cancellation could bring it back.
        let (high, low) = (x.significand &>> 1).multipliedFullWidth(by: y.significand &>> 1)
        var product = (UInt128(high) &<< 64) | UInt128(low)
        var addend = UInt128(z.significand &>> 1) &<< 62
        let productExponent = x.exponent &+ y.exponent
        let exponent = max(productExponent, z.exponent)
        product = product.shiftedRightJamming(exponent &- productExponent)
        addend = addend.shiftedRightJamming(exponent &- z.exponent)

        var isNegative = productIsNegative
        var total: UInt128
        if productIsNegative == z.isNegative {
            total = product &+ addend
        } else if product >= addend {
            total = product &- addend
        } else {
            total = addend &- product
            isNegative = z.isNegative
        }
        guard total != 0 else { return zeroSum(mode) }
        let shift = total.leadingZeroBitCount
        total = total &<< UInt128(truncatingIfNeeded: shift)
        let lost = UInt64(truncatingIfNeeded: total)
        return round(
            isNegative: isNegative,
            exponent: exponent &+ 3 &- shift,
            significand: UInt64(truncatingIfNeeded: total &>> 64) | (lost == 0 ? 0 : 1),
            mode,
            &flags
        )
    }

    /// An infinity times zero is invalid even when the addend is a quiet NaN (norm:fma_nv_flag).
    private static func fusedNonFinite(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ flags: inout UInt64) -> UInt64 {
        raiseIfSignaling(a, &flags)
        raiseIfSignaling(b, &flags)
        raiseIfSignaling(c, &flags)
        if Format.isNaN(a) || Format.isNaN(b) { return Format.canonicalNaN }
        let isNegative = Format.isNegative(a ^ b)
        if Format.isInfinite(a) || Format.isInfinite(b) {
            if Format.isZero(a) || Format.isZero(b) { return invalid(&flags) }
            if Format.isNaN(c) { return Format.canonicalNaN }
            if Format.isInfinite(c) && Format.isNegative(c) != isNegative { return invalid(&flags) }
            return Format.sign(isNegative) | Format.infinity
        }
        return Format.isNaN(c) ? Format.canonicalNaN : c
    }
}
