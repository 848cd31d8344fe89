extension HostFloat {
    /// Truncation, what every C cast compiles to, is the host's when the value fits a signed 64-bit integer.
    @inline(__always)
    static func toInteger<Integer: FixedWidthInteger>(
        _ value: UInt64,
        as _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> Integer {
        let x = Format.host(value)
        if mode == .rtz && x.magnitude < 0x1p63 {
            let whole = Format.truncated(x)
            let result = Integer(truncatingIfNeeded: whole)
            if Int64(exactly: result) == whole {
                if !isSettled(flags) && Format.rounded(whole) != x { flags |= FPFlags.nx }
                return result
            }
        }
        return softToInteger(value, as: Integer.self, mode, &flags)
    }

    @inline(__always)
    static func fromInteger<Integer: FixedWidthInteger>(
        _ value: Integer,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        // Integers no longer than the significand convert exactly in every mode.
        let magnitude = UInt64(truncatingIfNeeded: value.magnitude)
        if magnitude < Format.implicitBit || (mode == .rne && isSettled(flags)) {
            return Format.bits(
                Integer.isSigned
                    ? Format.rounded(Int64(truncatingIfNeeded: value))
                    : Format.rounded(UInt64(truncatingIfNeeded: value))
            )
        }
        return softFromInteger(magnitude: magnitude, isNegative: value < 0, mode, &flags)
    }

    @inline(never)
    private static func softToInteger<Integer: FixedWidthInteger>(
        _ value: UInt64,
        as _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> Integer {
        SoftFloat<Format>.toInteger(value, as: Integer.self, mode, &flags)
    }

    @inline(never)
    private static func softFromInteger(
        magnitude: UInt64,
        isNegative: Bool,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        SoftFloat<Format>.fromInteger(magnitude: magnitude, isNegative: isNegative, mode, &flags)
    }

    /// Narrowing by the host; a result that converts back to the operand was exact.
    @inline(__always)
    static func narrowed(_ value: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64
    where Format == Binary64 {
        if mode == .rne {
            let x = Double(bitPattern: value)
            let narrow = Float(x)
            let result = Binary32.bits(narrow)
            if Binary32.isSafelyNormal(result) {
                if !isSettled(flags) && Double(narrow) != x { flags |= FPFlags.nx }
                return result
            }
        }
        return SoftFloat<Binary64>.convert(value, to: Binary32.self, mode, &flags)
    }

    /// Widening never rounds (norm:fcvt_float_rounding); only NaNs need care.
    @inline(__always)
    static func widened(_ value: UInt64, _ flags: inout UInt64) -> UInt64 where Format == Binary32 {
        if Binary32.isFinite(value) { return Binary64.bits(Double(Binary32.host(value))) }
        return SoftFloat<Binary32>.convert(value, to: Binary64.self, .rne, &flags)
    }
}
