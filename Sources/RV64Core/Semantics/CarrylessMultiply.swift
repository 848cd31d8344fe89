/// Zbc and Zbkc: products of polynomials over GF(2).
enum CarrylessMultiply {
    /// All 128 bits of the product, the highest of which is always zero.
    private static func product(_ a: UInt64, _ b: UInt64) -> (high: UInt64, low: UInt64) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var rest = b
        while rest != 0 {
            let shift = UInt64(truncatingIfNeeded: rest.trailingZeroBitCount)
            low ^= a &<< shift
            if shift != 0 { high ^= a &>> (64 &- shift) }
            rest &= rest &- 1
        }
        return (high, low)
    }

    /// norm:clmul_op
    static func low(_ a: UInt64, _ b: UInt64) -> UInt64 { product(a, b).low }

    /// norm:clmulh_op
    static func high(_ a: UInt64, _ b: UInt64) -> UInt64 { product(a, b).high }

    /// Bits 126:63. norm:clmulr_op
    static func reversed(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = product(a, b)
        return high &<< 1 | low &>> 63
    }
}
