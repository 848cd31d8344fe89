/// Zknh: the four functions of SHA-256 and the four of SHA-512 (FIPS 180-4, "Functions").
enum SHA2 {
    /// Two rotations and, of the third term, a rotation or a shift; 32-bit results are sign-extended.
    /// norm:sha256sum0_op norm:sha256sum1_op norm:sha256sig0_op norm:sha256sig1_op
    static func sum256(_ value: UInt64, _ a: UInt32, _ b: UInt32, _ c: UInt32) -> UInt64 {
        let word = UInt32(truncatingIfNeeded: value)
        return Integer.word(UInt64(rotated(word, a) ^ rotated(word, b) ^ rotated(word, c)))
    }

    static func schedule256(_ value: UInt64, _ a: UInt32, _ b: UInt32, shift: UInt32) -> UInt64 {
        let word = UInt32(truncatingIfNeeded: value)
        return Integer.word(UInt64(rotated(word, a) ^ rotated(word, b) ^ word &>> shift))
    }

    /// norm:sha512sum0_op norm:sha512sum1_op
    static func sum512(_ value: UInt64, _ a: UInt64, _ b: UInt64, _ c: UInt64) -> UInt64 {
        rotated(value, a) ^ rotated(value, b) ^ rotated(value, c)
    }

    /// norm:sha512sig0_op norm:sha512sig1_op
    static func schedule512(_ value: UInt64, _ a: UInt64, _ b: UInt64, shift: UInt64) -> UInt64 {
        rotated(value, a) ^ rotated(value, b) ^ value &>> shift
    }

    private static func rotated<T: FixedWidthInteger & UnsignedInteger>(_ value: T, _ amount: T) -> T {
        value &>> amount | value &<< (0 &- amount)
    }
}
