/// An IEEE 754 binary interchange format of at most 64 bits; a value is the low bits of a `UInt64`.
///
/// Conforming types have no instances. Everything derives from two constants, so that code generic over a format
/// specialises to shifts and masks by literals.
protocol BinaryFormat {
    /// Stored significand bits: the precision less the implicit bit.
    static var fractionBits: Int { get }
    static var exponentBits: Int { get }
}

/// Half precision.
enum Binary16: BinaryFormat {
    static var fractionBits: Int { 10 }
    static var exponentBits: Int { 5 }
}

/// Single precision.
enum Binary32: BinaryFormat {
    static var fractionBits: Int { 23 }
    static var exponentBits: Int { 8 }
}

/// Double precision.
enum Binary64: BinaryFormat {
    static var fractionBits: Int { 52 }
    static var exponentBits: Int { 11 }
}

extension BinaryFormat {
    /// The exponent field of infinities and NaNs.
    static var exponentMaximum: UInt64 { (1 << UInt64(exponentBits)) &- 1 }
    static var bias: Int { (1 << (exponentBits &- 1)) &- 1 }
    /// The exponent of the smallest normal number.
    static var exponentMinimum: Int { 1 &- bias }

    static var implicitBit: UInt64 { 1 << UInt64(fractionBits) }
    static var fractionMask: UInt64 { implicitBit &- 1 }
    static var quietBit: UInt64 { implicitBit >> 1 }
    static var signBit: UInt64 { 1 << UInt64(fractionBits &+ exponentBits) }

    /// Positive infinity.
    static var infinity: UInt64 { exponentMaximum << UInt64(fractionBits) }
    /// The one NaN that operations produce (norm:F_canonical_NaN, norm:D_canonical_NaN).
    static var canonicalNaN: UInt64 { infinity | quietBit }

    static func sign(_ isNegative: Bool) -> UInt64 { isNegative ? signBit : 0 }
    static func isNegative(_ value: UInt64) -> Bool { value & signBit != 0 }
    static func magnitude(_ value: UInt64) -> UInt64 { value & (signBit &- 1) }
    static func exponentField(_ value: UInt64) -> UInt64 { (value &>> UInt64(fractionBits)) & exponentMaximum }

    static func isFinite(_ value: UInt64) -> Bool { exponentField(value) != exponentMaximum }
    static func isInfinite(_ value: UInt64) -> Bool { magnitude(value) == infinity }
    static func isZero(_ value: UInt64) -> Bool { magnitude(value) == 0 }
    static func isNaN(_ value: UInt64) -> Bool { magnitude(value) > infinity }
    static func isSignaling(_ value: UInt64) -> Bool { isNaN(value) && value & quietBit == 0 }
}

/// A finite number taken apart: `significand / 2^63 * 2^exponent`, with bit 63 set unless the number is zero.
struct UnpackedFloat {
    var isNegative: Bool
    var exponent: Int
    var significand: UInt64

    /// The exponent given to zero: so far below all others that aligning with it shifts everything out.
    static let zeroExponent = -0x1_0000

    var isZero: Bool { significand == 0 }

    init(isNegative: Bool, exponent: Int, significand: UInt64) {
        self.isNegative = isNegative
        self.exponent = exponent
        self.significand = significand
    }

    /// Takes a finite `value` of `Format` apart, normalising subnormals.
    init<Format: BinaryFormat>(_ value: UInt64, _: Format.Type) {
        isNegative = Format.isNegative(value)
        let fraction = value & Format.fractionMask
        let field = Int(truncatingIfNeeded: Format.exponentField(value))
        if field != 0 {
            exponent = field &- Format.bias
            significand = (fraction | Format.implicitBit) &<< UInt64(63 &- Format.fractionBits)
        } else if fraction != 0 {
            let shift = fraction.leadingZeroBitCount
            exponent = Format.exponentMinimum &- shift &+ (63 &- Format.fractionBits)
            significand = fraction &<< UInt64(truncatingIfNeeded: shift)
        } else {
            exponent = Self.zeroExponent
            significand = 0
        }
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// Shifts right by `distance` ≥ 0, or-ing every bit shifted out into the lowest bit, so that rounding still
    /// sees that something was there.
    func shiftedRightJamming(_ distance: Int) -> Self {
        if distance == 0 { return self }
        if distance >= Self.bitWidth { return self == 0 ? 0 : 1 }
        let lost = self &<< Self(truncatingIfNeeded: Self.bitWidth &- distance)
        return (self &>> Self(truncatingIfNeeded: distance)) | (lost == 0 ? 0 : 1)
    }
}
