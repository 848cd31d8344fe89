import Testing

@testable import RV64Core

/// Results by the host's arithmetic, which rounds to nearest-even, turned into all five modes by the exact rounding
/// error: a reference that shares no code with the implementation. For operands far from overflow and underflow.
struct RoundedReference<Format: HostFormat> {
    /// The host's result.
    var nearest: Format.Host
    /// The sign of exact result − ``nearest``: −1, 0 or 1.
    var errorSign: Int
    /// Whether the exact result lies midway between two numbers.
    var isTie: Bool

    /// - Parameters:
    ///   - nearest: The host's result.
    ///   - error: Exact result − `nearest`, or any number of its sign when there can be no ties.
    ///   - canTie: Whether `error` is exact and may be half a unit.
    init(nearest: Format.Host, error: Format.Host, canTie: Bool) {
        self.nearest = nearest
        errorSign = error > 0 ? 1 : error < 0 ? -1 : 0
        let neighbour = error > 0 ? nearest.nextUp : nearest.nextDown
        isTie = canTie && error != 0 && (neighbour - nearest) / 2 == error
    }

    var flags: UInt64 { errorSign == 0 ? 0 : FPFlags.nx }

    func bits(_ mode: RoundingMode) -> UInt64 {
        let below = errorSign < 0 ? nearest.nextDown : nearest
        let above = errorSign > 0 ? nearest.nextUp : nearest
        let isNegative = nearest < 0
        let result =
            switch mode {
            case .rne: nearest
            case .rdn: below
            case .rup: above
            case .rtz: isNegative ? above : below
            case .rmm: isTie ? (isNegative ? below : above) : nearest
            }
        return Format.bits(result)
    }
}

extension RoundedReference {
    static func sum(_ a: Format.Host, _ b: Format.Host) -> Self {
        let sum = a + b
        let (large, small) = a.magnitude >= b.magnitude ? (a, b) : (b, a)
        return Self(nearest: sum, error: small - (sum - large), canTie: true)
    }

    static func product(_ a: Format.Host, _ b: Format.Host) -> Self {
        let product = a * b
        return Self(nearest: product, error: (-product).addingProduct(a, b), canTie: true)
    }

    static func quotient(_ a: Format.Host, _ b: Format.Host) -> Self {
        let quotient = a / b
        // A quotient is never midway between two numbers.
        let remainder = a.addingProduct(-quotient, b)
        return Self(nearest: quotient, error: b < 0 ? -remainder : remainder, canTie: false)
    }

    static func root(_ a: Format.Host) -> Self {
        let root = a.squareRoot()
        return Self(nearest: root, error: a.addingProduct(-root, root), canTie: false)
    }
}

/// A small generator with a fixed seed, so that every run tests the same operands.
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state &<< 13
        state ^= state &>> 7
        state ^= state &<< 17
        return state &* 0x2545_f491_4f6c_dd1d
    }
}

extension BinaryFormat {
    /// Zeros, the ends of the subnormal and normal ranges, numbers around one and the integer limits, infinities and
    /// NaNs, in both signs.
    static var edgeValues: [UInt64] {
        let one = UInt64(bias) << UInt64(fractionBits)
        let smallest = implicitBit
        var values: [UInt64] = [
            0, 1, 2, fractionMask - 1, fractionMask, fractionMask >> 1,
            smallest, smallest + 1, smallest | fractionMask, smallest << 1,
            one, one + 1, one - 1, one | quietBit, one | fractionMask, one + implicitBit,
            infinity - 1, infinity - 2, infinity - implicitBit, infinity, canonicalNaN, canonicalNaN | 5, infinity | 1,
            infinity | (quietBit - 1),
            // Products and quotients of these fall just inside and outside the range.
            (one >> 1) & ~fractionMask, (one >> 1) + 1, one + (one >> 1) & infinity,
        ]
        for power in [31, 32, 63, 64] where power < bias {
            let value = UInt64(bias + power) << UInt64(fractionBits)
            values += [value - 1, value, value + 1]
        }
        return values + values.map { $0 | signBit }
    }

    /// A number of random sign and fraction whose exponent is within `range` of zero.
    static func random(exponentRange range: Int, using generator: inout Xorshift) -> UInt64 {
        let exponent = UInt64(bias + Int.random(in: -range...range, using: &generator))
        // Short fractions make exact results and ties likely.
        let length = UInt64.random(in: 0...UInt64(fractionBits), using: &generator)
        let fraction = generator.next() & fractionMask & ~(fractionMask >> length)
        return sign(generator.next() & 1 != 0) | exponent << UInt64(fractionBits) | fraction
    }
}

/// A result and the flags raised with it.
struct Outcome: Equatable, CustomStringConvertible {
    var value: UInt64
    var flags: UInt64

    init(value: UInt64, flags: UInt64) {
        self.value = value
        self.flags = flags
    }

    init(flags: UInt64 = 0, _ operation: (inout UInt64) -> UInt64) {
        var accrued = flags
        value = operation(&accrued)
        self.flags = accrued
    }

    var description: String { "0x\(String(value, radix: 16)) flags \(String(flags, radix: 2))" }
}
