/// The M extension. Division never traps: by zero and overflow have defined results. norm:div_by_zero
enum Multiply {
    @inline(__always)
    static func high(_ a: UInt64, _ b: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(bitPattern: a).multipliedFullWidth(by: Int64(bitPattern: b)).high)
    }

    @inline(__always)
    static func highUnsigned(_ a: UInt64, _ b: UInt64) -> UInt64 { a.multipliedFullWidth(by: b).high }

    /// Signed times unsigned: the unsigned product, less b · 2^64 where a is negative.
    @inline(__always)
    static func highSignedUnsigned(_ a: UInt64, _ b: UInt64) -> UInt64 {
        highUnsigned(a, b) &- (Int64(bitPattern: a) < 0 ? b : 0)
    }

    @inline(__always)
    static func divide(_ a: UInt64, _ b: UInt64) -> UInt64 {
        if b == 0 { return ~0 }
        if b == ~0 { return 0 &- a }
        return UInt64(bitPattern: Int64(bitPattern: a) / Int64(bitPattern: b))
    }

    @inline(__always)
    static func remainder(_ a: UInt64, _ b: UInt64) -> UInt64 {
        if b == 0 { return a }
        if b == ~0 { return 0 }
        return UInt64(bitPattern: Int64(bitPattern: a) % Int64(bitPattern: b))
    }

    @inline(__always)
    static func divideUnsigned(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? ~0 : a / b }

    @inline(__always)
    static func remainderUnsigned(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? a : a % b }

    @inline(__always)
    static func divideWord(_ a: UInt64, _ b: UInt64) -> UInt64 {
        Integer.word(divide(Integer.word(a), Integer.word(b)))
    }

    @inline(__always)
    static func remainderWord(_ a: UInt64, _ b: UInt64) -> UInt64 {
        Integer.word(remainder(Integer.word(a), Integer.word(b)))
    }

    @inline(__always)
    static func divideUnsignedWord(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let divisor = b & 0xFFFF_FFFF
        return divisor == 0 ? ~0 : Integer.word((a & 0xFFFF_FFFF) / divisor)
    }

    @inline(__always)
    static func remainderUnsignedWord(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let divisor = b & 0xFFFF_FFFF
        return divisor == 0 ? Integer.word(a) : Integer.word((a & 0xFFFF_FFFF) % divisor)
    }
}
