/// What computes in a format: ``HostFloat`` in single and double precision, ``SoftFloat`` in half precision, where the
/// host has no arithmetic that every machine would do alike. norm:Zfh_computational_instrs
protocol ArithmeticUnit<Format> {
    associatedtype Format: BinaryFormat

    static func add(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    static func subtract(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    static func multiply(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    static func divide(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    static func squareRoot(_ a: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    /// `a * b + c`; for the other three forms flip the sign bits of `a` and `c`.
    static func fusedMultiplyAdd(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64

    static func isEqual(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool
    static func isLess(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool
    static func isLessOrEqual(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> Bool

    static func toInteger<Integer: FixedWidthInteger>(
        _ value: UInt64,
        as _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> Integer
    static func fromInteger<Integer: FixedWidthInteger>(
        _ value: Integer,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64

    /// From another format to this one.
    static func converted<Source: BinaryFormat>(
        _ value: UInt64,
        from _: Source.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64
}

extension SoftFloat: ArithmeticUnit {
    static func fromInteger<Integer: FixedWidthInteger>(
        _ value: Integer,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        fromInteger(
            magnitude: UInt64(truncatingIfNeeded: value.magnitude),
            isNegative: value < 0,
            mode,
            &flags
        )
    }

    static func converted<Source: BinaryFormat>(
        _ value: UInt64,
        from _: Source.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        SoftFloat<Source>.convert(value, to: Format.self, mode, &flags)
    }
}

extension HostFloat: ArithmeticUnit {
    @inline(__always)
    static func converted<Source: BinaryFormat>(
        _ value: UInt64,
        from _: Source.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        if Format.self == Binary32.self, Source.self == Binary64.self {
            return HostFloat<Binary64>.narrowed(value, mode, &flags)
        }
        if Format.self == Binary64.self, Source.self == Binary32.self {
            return HostFloat<Binary32>.widened(value, &flags)
        }
        return SoftFloat<Source>.convert(value, to: Format.self, mode, &flags)
    }
}

// MARK: - Boxing

extension BinaryFormat {
    /// The bits of a register that a value has.
    static var mask: UInt64 { signBit | (signBit &- 1) }

    /// The upper bits of a register around a value. norm:fp_nan-boxing
    static var box: UInt64 { ~mask }

    /// Whether the upper bits are what boxing makes them; of two registers ANDed, whether both are.
    @inline(__always)
    static func isBoxed(_ register: UInt64) -> Bool { register >= box }

    /// The value in a register: the canonical NaN unless properly boxed.
    /// norm:FP_nontransfer_instrs_improper_nan-boxed_input
    @inline(__always)
    static func unboxed(_ register: UInt64) -> UInt64 { isBoxed(register) ? register & mask : canonicalNaN }

    /// A value as a register holds it: upper bits all ones.
    @inline(__always)
    static func boxed(_ value: UInt64) -> UInt64 { value | box }

    /// A value's bits as an integer register receives them. norm:fmv-x-w_op
    static func signExtended(_ register: UInt64) -> UInt64 {
        let unused = UInt64(63 &- fractionBits &- exponentBits)
        return UInt64(bitPattern: Int64(bitPattern: register &<< unused) &>> Int64(bitPattern: unused))
    }
}
