/// IEEE 754 arithmetic on the bits of `Format`, in integer operations only.
///
/// The reference of the hart's floating point: every mode, every flag, every operand. Values are the low bits of a
/// `UInt64`, upper bits zero. Exceptions are or-ed into `flags`, which has the layout of `fflags`.
enum SoftFloat<Format: BinaryFormat> {
    /// Rounds a nonzero magnitude to the format: the one place that raises overflow, underflow and inexact.
    ///
    /// Tininess is detected after rounding (norm:ieee_std_tininess).
    ///
    /// `exponent` is that of the significand's bit 63, which is set; bits lost earlier are jammed into bit 0.
    static func round(
        isNegative: Bool,
        exponent: Int,
        significand: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        let discarded = UInt64(63 &- Format.fractionBits)
        let half: UInt64 = 1 << (discarded &- 1)
        let mask = (half << 1) &- 1

        guard exponent >= Format.exponentMinimum else {
            return roundSubnormal(
                isNegative: isNegative,
                exponent: exponent,
                significand: significand,
                mode,
                &flags
            )
        }
        var kept = significand &>> discarded
        let fraction = significand & mask
        if fraction != 0 {
            flags |= FPFlags.nx
            let away = mode.roundsAway(isNegative: isNegative, isOdd: kept & 1 != 0, fraction: fraction, half: half)
            kept &+= away ? 1 : 0
        }
        // Added, not or-ed: the implicit bit in `kept` counts one exponent step, a carry out of it counts another.
        let below = UInt64(truncatingIfNeeded: exponent &- Format.exponentMinimum)
        let packed = (below &<< UInt64(Format.fractionBits)) &+ kept
        if exponent > Format.bias || packed >= Format.infinity {
            flags |= FPFlags.of | FPFlags.nx
            let toInfinity = mode.overflowsToInfinity(isNegative: isNegative)
            return Format.sign(isNegative) | (toInfinity ? Format.infinity : Format.infinity &- 1)
        }
        return Format.sign(isNegative) | packed
    }

    /// The part of rounding below the smallest normal number.
    private static func roundSubnormal(
        isNegative: Bool,
        exponent: Int,
        significand: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        let discarded = UInt64(63 &- Format.fractionBits)
        let half: UInt64 = 1 << (discarded &- 1)
        let mask = (half << 1) &- 1

        let shifted = significand.shiftedRightJamming(Format.exponentMinimum &- exponent)
        var kept = shifted &>> discarded
        let fraction = shifted & mask
        if fraction != 0 {
            flags |= FPFlags.nx
            // Not tiny after all if rounding to full precision, with an unbounded exponent, reaches the smallest
            // normal number: only all ones just below it can.
            let whole = significand &>> discarded
            let reaches =
                exponent == Format.exponentMinimum &- 1
                && whole == (Format.implicitBit << 1) &- 1
                && mode.roundsAway(isNegative: isNegative, isOdd: true, fraction: significand & mask, half: half)
            if !reaches { flags |= FPFlags.uf }
            let away = mode.roundsAway(isNegative: isNegative, isOdd: kept & 1 != 0, fraction: fraction, half: half)
            kept &+= away ? 1 : 0
        }
        return Format.sign(isNegative) | kept
    }

    /// Normalises a magnitude whose bit 63 has `exponent`, then rounds it.
    static func normalizeAndRound(
        isNegative: Bool,
        exponent: Int,
        significand: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        let shift = significand.leadingZeroBitCount
        return round(
            isNegative: isNegative,
            exponent: exponent &- shift,
            significand: significand &<< UInt64(truncatingIfNeeded: shift),
            mode,
            &flags
        )
    }

    /// The result of an invalid operation.
    static func invalid(_ flags: inout UInt64) -> UInt64 {
        flags |= FPFlags.nv
        return Format.canonicalNaN
    }

    /// Raises invalid for a signalling NaN.
    static func raiseIfSignaling(_ value: UInt64, _ flags: inout UInt64) {
        if Format.isSignaling(value) { flags |= FPFlags.nv }
    }

    /// The sign of an exact zero sum of operands that are not both of one sign.
    static func zeroSum(_ mode: RoundingMode) -> UInt64 {
        Format.sign(mode == .rdn)
    }
}
