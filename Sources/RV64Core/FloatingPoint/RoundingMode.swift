/// The five rounding modes, with the values of the `rm` and `frm` fields (norm:dyn_round_enc).
package enum RoundingMode: UInt8, CaseIterable, Sendable {
    /// To nearest, ties to even.
    case rne
    /// Towards zero.
    case rtz
    /// Down, towards negative infinity.
    case rdn
    /// Up, towards positive infinity.
    case rup
    /// To nearest, ties to the larger magnitude.
    case rmm

    /// Whether a magnitude whose kept part is followed by `fraction` goes to the next larger magnitude.
    ///
    /// The only place where the modes differ for a result inside the format's range.
    ///
    /// - Parameters:
    ///   - isNegative: The sign of the number.
    ///   - isOdd: Whether the lowest kept bit is 1.
    ///   - fraction: The discarded bits; bits below `half` may be jammed into its lowest.
    ///   - half: The value of `fraction` that is a tie.
    /// - Returns: Whether to round away from zero.
    func roundsAway(isNegative: Bool, isOdd: Bool, fraction: UInt64, half: UInt64) -> Bool {
        switch self {
        case .rne: fraction > half || (fraction == half && isOdd)
        case .rtz: false
        case .rdn: isNegative && fraction != 0
        case .rup: !isNegative && fraction != 0
        case .rmm: fraction >= half
        }
    }

    /// Whether a number beyond the largest finite one becomes an infinity rather than that largest number.
    func overflowsToInfinity(isNegative: Bool) -> Bool {
        switch self {
        case .rne, .rmm: true
        case .rtz: false
        case .rdn: isNegative
        case .rup: !isNegative
        }
    }
}
