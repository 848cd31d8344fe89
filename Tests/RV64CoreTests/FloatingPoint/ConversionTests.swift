import Testing

@testable import RV64Core

@Suite("Floating-point conversions")
struct ConversionTests {
    /// Operands near and between integers, near the limits of every integer type, and far out.
    private static let doubles: [Double] = {
        var values: [Double] = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2.5, 3.5, 0x1p52 - 0.5, 0x1p52 + 1, 0x1p53 + 2]
        for power in [31, 32, 63, 64] {
            let limit = Double(sign: .plus, exponent: power, significand: 1)
            values += [limit.nextDown, limit, limit.nextUp]
            if power < 50 { values += [-1.5, -1, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1].map { limit + $0 } }
        }
        values += [.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity]
        var generator = Xorshift(seed: 0xc0)
        for _ in 0..<500 { values.append(Double.random(in: 0...1, using: &generator) * 0x1p40) }
        return values + values.map { -$0 }
    }()

    private static func rule(_ mode: RoundingMode) -> FloatingPointRoundingRule {
        switch mode {
        case .rne: .toNearestOrEven
        case .rtz: .towardZero
        case .rdn: .down
        case .rup: .up
        case .rmm: .toNearestOrAwayFromZero
        }
    }

    private func check<Integer: FixedWidthInteger, Format: HostFormat>(
        _ value: Format.Host,
        _: Integer.Type,
        _: Format.Type,
        _ mode: RoundingMode
    ) {
        let rounded = value.rounded(Self.rule(mode))
        let wanted: Integer
        let flags: UInt64
        if let exact = Integer(exactly: rounded) {
            wanted = exact
            flags = rounded == value ? 0 : FPFlags.nx
        } else {
            wanted = value < 0 ? .min : .max
            flags = FPFlags.nv
        }
        let bits = Format.bits(value)
        let expected = Outcome(value: UInt64(truncatingIfNeeded: wanted), flags: flags)
        let soft = Outcome {
            UInt64(truncatingIfNeeded: SoftFloat<Format>.toInteger(bits, as: Integer.self, mode, &$0))
        }
        #expect(soft == expected, "\(value) \(mode) \(Integer.self)")
        let host = Outcome {
            UInt64(truncatingIfNeeded: HostFloat<Format>.toInteger(bits, as: Integer.self, mode, &$0))
        }
        #expect(host == expected, "\(value) \(mode) \(Integer.self)")
    }

    /// norm:fcvt-l-s_fcvt-w-s_op, norm:fcvt_unrepresentable_nv, norm:fcvt_nx
    @Test("To integers, clipped with invalid", arguments: RoundingMode.allCases)
    func toIntegers(_ mode: RoundingMode) {
        for value in Self.doubles {
            check(value, Int32.self, Binary64.self, mode)
            check(value, UInt32.self, Binary64.self, mode)
            check(value, Int64.self, Binary64.self, mode)
            check(value, UInt64.self, Binary64.self, mode)
            check(Float(value), Int32.self, Binary32.self, mode)
            check(Float(value), UInt32.self, Binary32.self, mode)
            check(Float(value), Int64.self, Binary32.self, mode)
            check(Float(value), UInt64.self, Binary32.self, mode)
        }
    }

    /// norm:fcvt_int_float_valid_input: a NaN of either sign gives the largest integer.
    @Test("NaNs to integers")
    func nanToIntegers() {
        for nan in [Binary64.canonicalNaN, Binary64.canonicalNaN | Binary64.signBit, Binary64.infinity | 1] {
            #expect(
                Outcome { UInt64(SoftFloat<Binary64>.toInteger(nan, as: Int32.self, .rne, &$0)) }
                    == Outcome(value: 0x7fff_ffff, flags: FPFlags.nv)
            )
            #expect(
                Outcome { UInt64(HostFloat<Binary64>.toInteger(nan, as: Int64.self, .rtz, &$0)) }
                    == Outcome(value: 0x7fff_ffff_ffff_ffff, flags: FPFlags.nv)
            )
            #expect(
                Outcome { HostFloat<Binary64>.toInteger(nan, as: UInt64.self, .rtz, &$0) }
                    == Outcome(value: .max, flags: FPFlags.nv)
            )
        }
    }

    private static let integers: [Int64] = {
        var values: [Int64] = [0, 1, -1, .max, .min, .min + 1, Int64(Int32.max), Int64(Int32.min), Int64(UInt32.max)]
        for power in [23, 24, 25, 31, 52, 53, 54, 62] {
            for offset in -3...3 { values.append((1 << Int64(power)) + Int64(offset)) }
        }
        var generator = Xorshift(seed: 0x1e7)
        for shift in 0..<63 { values.append(Int64(bitPattern: generator.next()) >> Int64(shift)) }
        return values + values.map { 0 &- $0 }
    }()

    /// The exact value as the host's nearest and what is missing from it, in integers.
    private func reference<Format: HostFormat, Integer: FixedWidthInteger>(
        _ value: Integer,
        _: Format.Type
    ) -> RoundedReference<Format> {
        let nearest = Format.Host(value)
        let wide = Int128(nearest)
        let error = Int128(value) - wide
        var reference = RoundedReference<Format>(nearest: nearest, error: Format.Host(error), canTie: false)
        if error != 0 {
            let neighbour = Int128(error > 0 ? nearest.nextUp : nearest.nextDown)
            reference.isTie = error * 2 == neighbour - wide
        }
        return reference
    }

    private func check<Format: HostFormat, Integer: FixedWidthInteger>(
        from value: Integer,
        _: Format.Type,
        _ mode: RoundingMode
    ) {
        let wanted = reference(value, Format.self)
        let expected = Outcome(value: wanted.bits(mode), flags: wanted.flags)
        let soft = Outcome {
            SoftFloat<Format>.fromInteger(
                magnitude: UInt64(value.magnitude),
                isNegative: value < 0,
                mode,
                &$0
            )
        }
        #expect(soft == expected, "\(value) \(mode)")
        #expect(Outcome { HostFloat<Format>.fromInteger(value, mode, &$0) } == expected, "\(value) \(mode)")
        let sticky = Outcome(flags: FPFlags.nx) { HostFloat<Format>.fromInteger(value, mode, &$0) }
        #expect(sticky.value == expected.value, "\(value) \(mode)")
    }

    /// norm:fcvt-s-w_fcvt-s-l_op, norm:fcvt-d-w_fcvt-d-l_op, norm:fcvt_round
    @Test("From integers", arguments: RoundingMode.allCases)
    func fromIntegers(_ mode: RoundingMode) {
        for value in Self.integers {
            check(from: value, Binary32.self, mode)
            check(from: value, Binary64.self, mode)
            check(from: UInt64(bitPattern: value), Binary32.self, mode)
            check(from: UInt64(bitPattern: value), Binary64.self, mode)
            check(from: Int32(truncatingIfNeeded: value), Binary32.self, mode)
            check(from: UInt32(truncatingIfNeeded: value), Binary32.self, mode)
        }
    }

    /// norm:fcvt-s-d_fcvt-d-s_op, norm:fcvt_float_rounding
    @Test("Double to single", arguments: RoundingMode.allCases)
    func narrowing(_ mode: RoundingMode) {
        var generator = Xorshift(seed: 0xd5)
        for _ in 0..<5_000 {
            let value = Binary64.random(exponentRange: 100, using: &generator)
            let exact = Double(bitPattern: value)
            let nearest = Float(exact)
            let error = exact - Double(nearest)
            let wanted = RoundedReference<Binary32>(nearest: nearest, error: Float(error), canTie: true)
            let expected = Outcome(value: wanted.bits(mode), flags: wanted.flags)
            #expect(Outcome { SoftFloat<Binary64>.convert(value, to: Binary32.self, mode, &$0) } == expected)
            #expect(Outcome { HostFloat<Binary64>.narrowed(value, mode, &$0) } == expected)
        }
        for value in Binary64.edgeValues {
            let soft = Outcome { SoftFloat<Binary64>.convert(value, to: Binary32.self, mode, &$0) }
            #expect(Outcome { HostFloat<Binary64>.narrowed(value, mode, &$0) } == soft)
        }
    }

    @Test("Single to double is exact")
    func widening() {
        for value in Binary32.edgeValues {
            let host = Double(Binary32.host(value))
            let flags = Binary32.isSignaling(value) ? FPFlags.nv : 0
            let wanted = Outcome(value: host.isNaN ? Binary64.canonicalNaN : host.bitPattern, flags: flags)
            #expect(Outcome { HostFloat<Binary32>.widened(value, &$0) } == wanted)
            #expect(Outcome { SoftFloat<Binary32>.convert(value, to: Binary64.self, .rne, &$0) } == wanted)
        }
    }

    /// Half precision comes with the same code; every one of its values widens and narrows back unchanged.
    @Test("Half precision: all values")
    func half() {
        for value in UInt64(0)...0xffff {
            let host = Float16(bitPattern: UInt16(value))
            let wide = Outcome { SoftFloat<Binary16>.convert(value, to: Binary32.self, .rne, &$0) }
            guard !host.isNaN else {
                #expect(wide.value == Binary32.canonicalNaN)
                continue
            }
            if wide != Outcome(value: Binary32.bits(Float(host)), flags: 0) { Issue.record("\(value)") }
            let back = Outcome { SoftFloat<Binary32>.convert(wide.value, to: Binary16.self, .rdn, &$0) }
            if back != Outcome(value: value, flags: 0) { Issue.record("\(value)") }
        }
    }
}
