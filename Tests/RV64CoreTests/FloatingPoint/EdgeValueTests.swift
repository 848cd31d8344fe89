import Testing

@testable import RV64Core

/// Laws that hold between modes and between the two paths, for every pair of edge values.
@Suite("Floating-point edge values")
struct EdgeValueTests {
    private typealias Operation = (UInt64, UInt64, RoundingMode, inout UInt64) -> UInt64

    private func operations<Format: HostFormat>(_: Format.Type) -> [(String, soft: Operation, host: Operation)] {
        typealias Soft = SoftFloat<Format>
        typealias Host = HostFloat<Format>
        let addend = UInt64(Format.bias) << UInt64(Format.fractionBits) | 3
        return [
            ("add", { Soft.add($0, $1, $2, &$3) }, { Host.add($0, $1, $2, &$3) }),
            ("subtract", { Soft.subtract($0, $1, $2, &$3) }, { Host.subtract($0, $1, $2, &$3) }),
            ("multiply", { Soft.multiply($0, $1, $2, &$3) }, { Host.multiply($0, $1, $2, &$3) }),
            ("divide", { Soft.divide($0, $1, $2, &$3) }, { Host.divide($0, $1, $2, &$3) }),
            ("square root", { a, _, m, f in Soft.squareRoot(a, m, &f) }, { a, _, m, f in Host.squareRoot(a, m, &f) }),
            (
                "fused, third operand near one", { Soft.fusedMultiplyAdd($0, $1, addend, $2, &$3) },
                { Host.fusedMultiplyAdd($0, $1, addend, $2, &$3) }
            ),
            (
                "fused, product with the second", { Soft.fusedMultiplyAdd($0, $0, $1, $2, &$3) },
                { Host.fusedMultiplyAdd($0, $0, $1, $2, &$3) }
            ),
            ("equal", { Soft.isEqual($0, $1, &$3) ? 1 : 0 }, { Host.isEqual($0, $1, &$3) ? 1 : 0 }),
            ("less", { Soft.isLess($0, $1, &$3) ? 1 : 0 }, { Host.isLess($0, $1, &$3) ? 1 : 0 }),
            (
                "less or equal", { Soft.isLessOrEqual($0, $1, &$3) ? 1 : 0 },
                { Host.isLessOrEqual($0, $1, &$3) ? 1 : 0 }
            ),
        ]
    }

    private func checkPaths<Format: HostFormat>(_: Format.Type, _ mode: RoundingMode) {
        for (name, soft, host) in operations(Format.self) {
            for a in Format.edgeValues {
                for b in Format.edgeValues {
                    let wanted = Outcome { soft(a, b, mode, &$0) }
                    #expect(Outcome { host(a, b, mode, &$0) } == wanted, "\(name) \(a) \(b) \(mode)")
                    let sticky = Outcome(value: wanted.value, flags: wanted.flags | FPFlags.nx)
                    #expect(Outcome(flags: FPFlags.nx) { host(a, b, mode, &$0) } == sticky, "\(name) \(a) \(b) \(mode)")
                }
            }
        }
    }

    @Test("The host path gives the software path's result and flags", arguments: RoundingMode.allCases)
    func pathsAgree(_ mode: RoundingMode) {
        checkPaths(Binary32.self, mode)
        checkPaths(Binary64.self, mode)
    }

    private func checkModes<Format: HostFormat>(_: Format.Type) {
        for (name, soft, _) in operations(Format.self).prefix(7) {
            for a in Format.edgeValues {
                for b in Format.edgeValues {
                    let outcomes = RoundingMode.allCases.map { mode in Outcome { soft(a, b, mode, &$0) } }
                    expectLaws(Format.self, outcomes, "\(name) \(a) \(b)")
                }
            }
        }
    }

    /// Checks the five modes' outcomes, in the order of their encodings, against each other.
    private func expectLaws<Format: HostFormat>(_: Format.Type, _ outcomes: [Outcome], _ label: String) {
        let (rne, rtz, rdn, rup, rmm) = (outcomes[0], outcomes[1], outcomes[2], outcomes[3], outcomes[4])
        guard rne.flags & FPFlags.nx != 0 else {
            // An exact result is the same in every mode, but for the sign of a zero sum when rounding down.
            for outcome in [rtz, rup, rmm] { #expect(outcome == rne, "\(label)") }
            let isZeroSum = Format.isZero(rne.value) && rdn.value == rne.value | Format.signBit
            #expect(rdn == rne || (isZeroSum && rdn.flags == rne.flags), "\(label)")
            return
        }
        let low = Format.host(rdn.value)
        let high = Format.host(rup.value)
        #expect(low.nextUp == high, "\(label)")
        #expect(rtz.value == (Format.isNegative(rne.value) ? rup.value : rdn.value), "\(label)")
        for outcome in [rne, rmm] { #expect([rdn.value, rup.value].contains(outcome.value), "\(label)") }
        for outcome in outcomes { #expect(outcome.flags & (FPFlags.nv | FPFlags.dz) == 0, "\(label)") }
        let isOverflow = rne.flags & FPFlags.of != 0
        for outcome in [rtz, rdn, rup, rmm] where isOverflow {
            #expect(Format.magnitude(outcome.value) >= Format.infinity - 1, "\(label)")
        }
    }

    /// norm:dyn_round_enc
    @Test("Exact results agree in all modes, inexact ones bracket the exact number")
    func modesAgree() {
        checkModes(Binary32.self)
        checkModes(Binary64.self)
    }

    private func checkOrder<Format: HostFormat>(_: Format.Type) {
        for a in Format.edgeValues {
            for b in Format.edgeValues {
                let x = Format.host(a)
                let y = Format.host(b)
                let unordered = x.isNaN || y.isNaN
                let signaling = Format.isSignaling(a) || Format.isSignaling(b)
                let quiet = signaling ? FPFlags.nv : 0
                let loud = unordered ? FPFlags.nv : 0
                #expect(
                    Outcome { SoftFloat<Format>.isEqual(a, b, &$0) ? 1 : 0 }
                        == Outcome(value: x == y ? 1 : 0, flags: quiet)
                )
                #expect(
                    Outcome { SoftFloat<Format>.isLess(a, b, &$0) ? 1 : 0 }
                        == Outcome(value: x < y ? 1 : 0, flags: loud)
                )
                #expect(
                    Outcome { SoftFloat<Format>.isLessOrEqual(a, b, &$0) ? 1 : 0 }
                        == Outcome(value: x <= y ? 1 : 0, flags: loud)
                )
                let (low, high) = Self.extremes(Format.self, a, b)
                #expect(
                    Outcome { SoftFloat<Format>.minimum(a, b, &$0) } == Outcome(value: low, flags: quiet),
                    "\(a) \(b)"
                )
                #expect(
                    Outcome { SoftFloat<Format>.maximum(a, b, &$0) } == Outcome(value: high, flags: quiet),
                    "\(a) \(b)"
                )
            }
        }
    }

    private static func extremes<Format: HostFormat>(_: Format.Type, _ a: UInt64, _ b: UInt64) -> (UInt64, UInt64) {
        let x = Format.host(a)
        let y = Format.host(b)
        if x.isNaN && y.isNaN { return (Format.canonicalNaN, Format.canonicalNaN) }
        if x.isNaN { return (b, b) }
        if y.isNaN { return (a, a) }
        let aIsLow = x == y ? x.sign == .minus : x < y
        return aIsLow ? (a, b) : (b, a)
    }

    /// norm:feq-s_quiet, norm:flt-s_fle-s_signaling, norm:fmin-s_fmax-s_op, norm:fmin-s_fmax-s_signaling_nan_nv
    @Test("Comparisons, minimum and maximum")
    func order() {
        checkOrder(Binary32.self)
        checkOrder(Binary64.self)
    }

    /// norm:fclass-s_op
    @Test("Classes")
    func classes() {
        for value in Binary64.edgeValues {
            let x = Double(bitPattern: value)
            let bit =
                switch x.floatingPointClass {
                case .negativeInfinity: 0
                case .negativeNormal: 1
                case .negativeSubnormal: 2
                case .negativeZero: 3
                case .positiveZero: 4
                case .positiveSubnormal: 5
                case .positiveNormal: 6
                case .positiveInfinity: 7
                case .signalingNaN: 8
                case .quietNaN: 9
                }
            #expect(SoftFloat<Binary64>.classify(value) == 1 << UInt64(bit))
        }
    }
}
