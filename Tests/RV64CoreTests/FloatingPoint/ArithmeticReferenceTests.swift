import Testing

@testable import RV64Core

@Suite("Arithmetic against the host's, all rounding modes")
struct ArithmeticReferenceTests {
    private static let samples = 3_000

    private func expect<Format: HostFormat>(
        _ reference: RoundedReference<Format>,
        _ mode: RoundingMode,
        soft: (RoundingMode, inout UInt64) -> UInt64,
        host: (RoundingMode, inout UInt64) -> UInt64,
        _ operands: [UInt64]
    ) {
        let wanted = Outcome(value: reference.bits(mode), flags: reference.flags)
        #expect(Outcome { soft(mode, &$0) } == wanted, "software, \(mode), \(operands)")
        #expect(Outcome { host(mode, &$0) } == wanted, "host, \(mode), \(operands)")
        let sticky = Outcome(value: wanted.value, flags: wanted.flags | FPFlags.nx)
        #expect(Outcome(flags: FPFlags.nx) { host(mode, &$0) } == sticky, "inexact already set, \(mode), \(operands)")
    }

    private func check<Format: HostFormat>(_: Format.Type, _ mode: RoundingMode) {
        var generator = Xorshift(seed: 0x5eed_0000 + UInt64(mode.rawValue))
        for _ in 0..<Self.samples {
            let a = Format.random(exponentRange: 20, using: &generator)
            let b = Format.random(exponentRange: 20, using: &generator)
            let x = Format.host(a)
            let y = Format.host(b)
            if x != -y {
                expect(
                    RoundedReference<Format>.sum(x, y),
                    mode,
                    soft: { SoftFloat<Format>.add(a, b, $0, &$1) },
                    host: { HostFloat<Format>.add(a, b, $0, &$1) },
                    [a, b]
                )
            }
            if x != y {
                expect(
                    RoundedReference<Format>.sum(x, -y),
                    mode,
                    soft: { SoftFloat<Format>.subtract(a, b, $0, &$1) },
                    host: { HostFloat<Format>.subtract(a, b, $0, &$1) },
                    [a, b]
                )
            }
            expect(
                RoundedReference<Format>.product(x, y),
                mode,
                soft: { SoftFloat<Format>.multiply(a, b, $0, &$1) },
                host: { HostFloat<Format>.multiply(a, b, $0, &$1) },
                [a, b]
            )
            expect(
                RoundedReference<Format>.quotient(x, y),
                mode,
                soft: { SoftFloat<Format>.divide(a, b, $0, &$1) },
                host: { HostFloat<Format>.divide(a, b, $0, &$1) },
                [a, b]
            )
            let positive = Format.magnitude(a)
            expect(
                RoundedReference<Format>.root(Format.host(positive)),
                mode,
                soft: { SoftFloat<Format>.squareRoot(positive, $0, &$1) },
                host: { HostFloat<Format>.squareRoot(positive, $0, &$1) },
                [positive]
            )
        }
    }

    /// norm:fadd-s_fmul-s_op, norm:fsub-s_op, norm:fdiv-s_op
    @Test("Single: add, subtract, multiply, divide, square root", arguments: RoundingMode.allCases)
    func single(_ mode: RoundingMode) {
        check(Binary32.self, mode)
    }

    /// norm:D_computational_instrs
    @Test("Double: add, subtract, multiply, divide, square root", arguments: RoundingMode.allCases)
    func double(_ mode: RoundingMode) {
        check(Binary64.self, mode)
    }

    /// A product of singles is exact in double, and the error of adding to it there is known exactly.
    @Test("Single fused multiply-add", arguments: RoundingMode.allCases)
    func fusedSingle(_ mode: RoundingMode) {
        var generator = Xorshift(seed: 0xf0a + UInt64(mode.rawValue))
        for _ in 0..<Self.samples {
            let a = Binary32.random(exponentRange: 20, using: &generator)
            let b = Binary32.random(exponentRange: 20, using: &generator)
            let c = Binary32.random(exponentRange: 40, using: &generator)
            let product = Double(Binary32.host(a)) * Double(Binary32.host(b))
            let addend = Double(Binary32.host(c))
            let exact = RoundedReference<Binary64>.sum(product, addend)
            let nearest = Binary32.host(c).addingProduct(Binary32.host(a), Binary32.host(b))
            guard nearest != 0 else { continue }
            // The difference from the single result is exact; the error of the double sum only breaks its ties.
            let difference = exact.nearest - Double(nearest)
            var reference = RoundedReference<Binary32>(nearest: nearest, error: Float(difference), canTie: true)
            if difference == 0 { reference.errorSign = exact.errorSign }
            if exact.errorSign != 0 { reference.isTie = false }
            expect(
                reference,
                mode,
                soft: { SoftFloat<Binary32>.fusedMultiplyAdd(a, b, c, $0, &$1) },
                host: { HostFloat<Binary32>.fusedMultiplyAdd(a, b, c, $0, &$1) },
                [a, b, c]
            )
        }
    }

    @Test("Double fused multiply-add, nearest-even")
    func fusedDouble() {
        var generator = Xorshift(seed: 0xf0ad)
        for _ in 0..<Self.samples {
            let a = Binary64.random(exponentRange: 60, using: &generator)
            let b = Binary64.random(exponentRange: 60, using: &generator)
            let c = Binary64.random(exponentRange: 120, using: &generator)
            let wanted = Binary64.bits(Binary64.host(c).addingProduct(Binary64.host(a), Binary64.host(b)))
            #expect(Outcome { SoftFloat<Binary64>.fusedMultiplyAdd(a, b, c, .rne, &$0) }.value == wanted)
            #expect(
                Outcome(flags: FPFlags.nx) { HostFloat<Binary64>.fusedMultiplyAdd(a, b, c, .rne, &$0) }.value == wanted
            )
        }
    }

    private func checkWholeRange<Format: HostFormat>(_: Format.Type) {
        var generator = Xorshift(seed: 0xa11)
        var operands = Format.edgeValues
        for _ in 0..<40 { operands.append(generator.next() & (Format.signBit | (Format.signBit - 1))) }
        for a in operands {
            for b in operands {
                let x = Format.host(a)
                let y = Format.host(b)
                let pairs: [(Format.Host, UInt64)] = [
                    (x + y, Outcome { SoftFloat<Format>.add(a, b, .rne, &$0) }.value),
                    (x * y, Outcome { SoftFloat<Format>.multiply(a, b, .rne, &$0) }.value),
                    (x / y, Outcome { SoftFloat<Format>.divide(a, b, .rne, &$0) }.value),
                ]
                for (host, soft) in pairs {
                    #expect(soft == (host.isNaN ? Format.canonicalNaN : Format.bits(host)), "\(a) \(b)")
                }
            }
        }
    }

    /// norm:ieee_std_subnormal
    @Test("Nearest-even results over the whole range, subnormals and overflow included")
    func wholeRange() {
        checkWholeRange(Binary32.self)
        checkWholeRange(Binary64.self)
    }
}
