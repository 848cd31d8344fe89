/// Zba, Zbb, Zbs and Zicond: what is more than one Swift operator.
enum BitManipulation {
    /// norm:add_uw_op and the shifted forms: the first operand is a 32-bit unsigned number.
    @inline(__always)
    static func zeroExtendedWord(_ value: UInt64) -> UInt64 { value & 0xFFFF_FFFF }

    @inline(__always)
    static func signExtendedByte(_ value: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
    }

    @inline(__always)
    static func signExtendedHalf(_ value: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
    }

    /// norm:clz_op, norm:clzw_op: all bits for zero.
    @inline(__always)
    static func leadingZeros<T: FixedWidthInteger & UnsignedInteger>(_ value: UInt64, _: T.Type) -> UInt64 {
        UInt64(truncatingIfNeeded: T(truncatingIfNeeded: value).leadingZeroBitCount)
    }

    @inline(__always)
    static func trailingZeros<T: FixedWidthInteger & UnsignedInteger>(_ value: UInt64, _: T.Type) -> UInt64 {
        UInt64(truncatingIfNeeded: T(truncatingIfNeeded: value).trailingZeroBitCount)
    }

    @inline(__always)
    static func population<T: FixedWidthInteger & UnsignedInteger>(_ value: UInt64, _: T.Type) -> UInt64 {
        UInt64(truncatingIfNeeded: T(truncatingIfNeeded: value).nonzeroBitCount)
    }

    @inline(__always)
    static func maximum(_ a: UInt64, _ b: UInt64) -> UInt64 { Integer.isLess(a, b) ? b : a }

    @inline(__always)
    static func minimum(_ a: UInt64, _ b: UInt64) -> UInt64 { Integer.isLess(a, b) ? a : b }

    @inline(__always)
    static func rotateLeft(_ value: UInt64, _ amount: UInt64) -> UInt64 {
        (value &<< amount) | (value &>> (0 &- amount))
    }

    @inline(__always)
    static func rotateRight(_ value: UInt64, _ amount: UInt64) -> UInt64 {
        (value &>> amount) | (value &<< (0 &- amount))
    }

    /// norm:rolw_op: 32 bits, sign-extended.
    @inline(__always)
    static func rotateLeftWord(_ value: UInt64, _ amount: UInt64) -> UInt64 {
        let word = UInt32(truncatingIfNeeded: value)
        let distance = UInt32(truncatingIfNeeded: amount)
        return Integer.word(UInt64((word &<< distance) | (word &>> (0 &- distance))))
    }

    @inline(__always)
    static func rotateRightWord(_ value: UInt64, _ amount: UInt64) -> UInt64 { rotateLeftWord(value, 0 &- amount) }

    /// norm:orc_b_op: each byte becomes all ones unless it is zero.
    @inline(__always)
    static func orCombinedBytes(_ value: UInt64) -> UInt64 {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        // Bit 7 of each byte: whether the byte is not zero. No carry leaves a byte.
        let isNonZero = ((value & low) &+ low | value) & ~low
        return (isNonZero &>> 7) &* 0xFF
    }

    @inline(__always)
    static func bit(_ number: UInt64) -> UInt64 { 1 &<< number }
}
