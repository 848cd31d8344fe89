import Platform

/// The arithmetic of RV64I that is more than one Swift operator.
enum Integer {
    /// The result of a W instruction: 32 bits, sign-extended.
    @inline(__always)
    static func word(_ value: UInt64) -> UInt64 { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) }

    @inline(__always)
    static func isLess(_ a: UInt64, _ b: UInt64) -> Bool { Int64(bitPattern: a) < Int64(bitPattern: b) }

    @inline(__always)
    static func shiftRightArithmetic(_ a: UInt64, _ amount: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(bitPattern: a) &>> Int64(bitPattern: amount & 63))
    }

    @inline(__always)
    static func wordShiftLeft(_ a: UInt64, _ amount: UInt64) -> UInt64 { word(a &<< (amount & 31)) }

    @inline(__always)
    static func wordShiftRight(_ a: UInt64, _ amount: UInt64) -> UInt64 { word((a & 0xFFFF_FFFF) &>> (amount & 31)) }

    @inline(__always)
    static func wordShiftRightArithmetic(_ a: UInt64, _ amount: UInt64) -> UInt64 {
        UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: a)) &>> Int64(bitPattern: amount & 31))
    }

    /// A value of that width as a register holds it, its sign repeated.
    @inline(__always)
    static func signExtended(_ value: UInt64, _ width: AccessWidth) -> UInt64 {
        switch width {
        case .byte: UInt64(bitPattern: Int64(Int8(truncatingIfNeeded: value)))
        case .half: UInt64(bitPattern: Int64(Int16(truncatingIfNeeded: value)))
        case .word: UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value)))
        case .double: value
        }
    }
}
