/// A format that the host computes in.
///
/// Swift's optimiser assumes the default floating-point environment, so the host is only ever used to round to
/// nearest-even, and its exception flags are never looked at.
protocol HostFormat: BinaryFormat {
    associatedtype Host: BinaryFloatingPoint

    static func host(_ value: UInt64) -> Host
    static func bits(_ value: Host) -> UInt64

    // Spelled out per type, because the standard library's conversions between generic types are not one instruction.
    static func rounded(_ value: Int64) -> Host
    static func rounded(_ value: UInt64) -> Host
    /// Towards zero; the value must fit.
    static func truncated(_ value: Host) -> Int64
}

extension Binary32: HostFormat {
    static func host(_ value: UInt64) -> Float { Float(bitPattern: UInt32(truncatingIfNeeded: value)) }
    static func bits(_ value: Float) -> UInt64 { UInt64(value.bitPattern) }
    static func rounded(_ value: Int64) -> Float { Float(value) }
    static func rounded(_ value: UInt64) -> Float { Float(value) }
    static func truncated(_ value: Float) -> Int64 { Int64(value) }
}

extension Binary64: HostFormat {
    static func host(_ value: UInt64) -> Double { Double(bitPattern: value) }
    static func bits(_ value: Double) -> UInt64 { value.bitPattern }
    static func rounded(_ value: Int64) -> Double { Double(value) }
    static func rounded(_ value: UInt64) -> Double { Double(value) }
    static func truncated(_ value: Double) -> Int64 { Int64(value) }
}

extension HostFormat {
    /// Whether a result is finite, normal and above the smallest binade.
    ///
    /// Such a result of one host operation had finite operands and neither overflowed nor was tiny: a tiny number
    /// rounds at most to the smallest normal one.
    static func isSafelyNormal(_ value: UInt64) -> Bool {
        exponentField(value) &- 2 < exponentMaximum &- 2
    }

    /// Whether `a * b`, which the host rounded to the normal number `product`, is exact.
    ///
    /// The product of two significands has as many trailing zeros as they have together, so it fits the precision
    /// exactly when those make up for its length, which the exponents tell. The operands must be normal.
    static func isExactProduct(_ a: UInt64, _ b: UInt64, _ product: UInt64) -> Bool {
        let zeros =
            (a & fractionMask | implicitBit).trailingZeroBitCount
            &+ (b & fractionMask | implicitBit).trailingZeroBitCount
        let carry = exponentField(product) &+ UInt64(bias) &- exponentField(a) &- exponentField(b)
        return zeros >= fractionBits &+ Int(truncatingIfNeeded: carry)
    }

    /// Whether a finite number is at least the smallest normal one.
    static func isNormal(_ value: UInt64) -> Bool {
        exponentField(value) &- 1 < exponentMaximum &- 1
    }
}
