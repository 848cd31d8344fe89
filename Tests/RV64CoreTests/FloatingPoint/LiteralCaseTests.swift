import Testing

@testable import RV64Core

/// One operation with its result and flags written out.
struct LiteralCase: Sendable, CustomTestStringConvertible {
    enum Operation: Sendable { case add, subtract, multiply, divide, squareRoot, fused, narrow }

    var name: String
    var operation: Operation
    var operands: [UInt64]
    /// Results in the order RNE, RTZ, RDN, RUP, RMM.
    var results: [UInt64]
    /// The flags, in the same order.
    var flags: [UInt64]

    var testDescription: String { name }

    init(_ name: String, _ operation: Operation, _ operands: [UInt64], _ results: [UInt64], _ flags: UInt64) {
        self.init(name, operation, operands, results, each: Array(repeating: flags, count: 5))
    }

    init(_ name: String, _ operation: Operation, _ operands: [UInt64], _ results: [UInt64], each flags: [UInt64]) {
        self.name = name
        self.operation = operation
        self.operands = operands
        self.results = results
        self.flags = flags
    }

    /// The same result in every mode.
    init(_ name: String, _ operation: Operation, _ operands: [UInt64], all result: UInt64, _ flags: UInt64) {
        self.init(name, operation, operands, Array(repeating: result, count: 5), flags)
    }

    func outcome(_ mode: RoundingMode, flags: UInt64) -> Outcome {
        let value = { (index: Int) in index < operands.count ? operands[index] : 0 }
        let (a, b, c) = (value(0), value(1), value(2))
        return Outcome(flags: flags) { flags in
            switch operation {
            case .add: HostFloat<Binary64>.add(a, b, mode, &flags)
            case .subtract: HostFloat<Binary64>.subtract(a, b, mode, &flags)
            case .multiply: HostFloat<Binary64>.multiply(a, b, mode, &flags)
            case .divide: HostFloat<Binary64>.divide(a, b, mode, &flags)
            case .squareRoot: HostFloat<Binary64>.squareRoot(a, mode, &flags)
            case .fused: HostFloat<Binary64>.fusedMultiplyAdd(a, b, c, mode, &flags)
            case .narrow: HostFloat<Binary64>.narrowed(a, mode, &flags)
            }
        }
    }
}

@Suite("Floating-point cases written out")
struct LiteralCaseTests {
    private static let one: UInt64 = 0x3ff0_0000_0000_0000
    private static let two: UInt64 = 0x4000_0000_0000_0000
    private static let half: UInt64 = 0x3fe0_0000_0000_0000
    private static let three: UInt64 = 0x4008_0000_0000_0000
    private static let minus: UInt64 = 0x8000_0000_0000_0000
    private static let infinity: UInt64 = 0x7ff0_0000_0000_0000
    private static let largest: UInt64 = 0x7fef_ffff_ffff_ffff
    private static let smallestNormal: UInt64 = 0x0010_0000_0000_0000
    private static let largestSubnormal: UInt64 = 0x000f_ffff_ffff_ffff
    private static let nan: UInt64 = 0x7ff8_0000_0000_0000
    private static let payload: UInt64 = 0xfff8_0000_dead_beef
    private static let signaling: UInt64 = 0x7ff0_0000_0000_0001
    private static let (nx, uf, of, dz, nv) = (FPFlags.nx, FPFlags.uf, FPFlags.of, FPFlags.dz, FPFlags.nv)

    private static let rounding: [LiteralCase] = [
        // 1 + 2^-53 is midway between 1 and its successor; 1 + 3 * 2^-53 midway with an odd lower neighbour.
        LiteralCase(
            "tie with an even neighbour below",
            .add,
            [one, 0x3ca0_0000_0000_0000],
            [one, one, one, one + 1, one + 1],
            nx
        ),
        LiteralCase(
            "tie with an odd neighbour below",
            .add,
            [one + 1, 0x3ca0_0000_0000_0000],
            [one + 2, one + 1, one + 1, one + 2, one + 2],
            nx
        ),
        LiteralCase(
            "negative tie",
            .add,
            [minus | one, 0xbca0_0000_0000_0000],
            [minus | one, minus | one, minus | (one + 1), minus | one, minus | (one + 1)],
            nx
        ),
        LiteralCase(
            "just above a tie",
            .add,
            [one, 0x3ca0_0000_0000_0001],
            [one + 1, one, one, one + 1, one + 1],
            nx
        ),
        LiteralCase("a subnormal beside one", .add, [one, 1], [one, one, one, one + 1, one], nx),
        LiteralCase("a subnormal taken from one", .subtract, [one, 1], [one, one - 1, one - 1, one, one], nx),
        LiteralCase(
            "one third",
            .divide,
            [one, three],
            [
                0x3fd5_5555_5555_5555, 0x3fd5_5555_5555_5555, 0x3fd5_5555_5555_5555, 0x3fd5_5555_5555_5556,
                0x3fd5_5555_5555_5555,
            ],
            nx
        ),
        LiteralCase(
            "square root of two",
            .squareRoot,
            [two],
            [
                0x3ff6_a09e_667f_3bcd, 0x3ff6_a09e_667f_3bcc, 0x3ff6_a09e_667f_3bcc, 0x3ff6_a09e_667f_3bcd,
                0x3ff6_a09e_667f_3bcd,
            ],
            nx
        ),
        LiteralCase("square root of the smallest subnormal", .squareRoot, [1], all: 0x1e60_0000_0000_0000, 0),
        LiteralCase(
            "rounded once: (1 + e)(1 - e) - 1",
            .fused,
            [one + 1, 0x3fef_ffff_ffff_fffe, minus | one],
            all: 0xb970_0000_0000_0000,
            0
        ),
        LiteralCase(
            "double to single, midway",
            .narrow,
            [0x3ff0_0000_1000_0000],
            [0x3f80_0000, 0x3f80_0000, 0x3f80_0000, 0x3f80_0001, 0x3f80_0001],
            nx
        ),
    ]

    private static let zeros: [LiteralCase] = [
        LiteralCase("x - x", .subtract, [one, one], [0, 0, minus, 0, 0], 0),
        LiteralCase("+0 + -0", .add, [0, minus], [0, 0, minus, 0, 0], 0),
        LiteralCase("-0 + -0", .add, [minus, minus], all: minus, 0),
        LiteralCase("-0 - +0", .subtract, [minus, 0], all: minus, 0),
        LiteralCase("exact zero of a fused sum", .fused, [two, half, minus | one], [0, 0, minus, 0, 0], 0),
        LiteralCase("-0 * 1 + -0", .fused, [minus, one, minus], all: minus, 0),
        LiteralCase("square root of -0", .squareRoot, [minus], all: minus, 0),
    ]

    private static let range: [LiteralCase] = [
        LiteralCase("overflow", .multiply, [largest, two], [infinity, largest, largest, infinity, infinity], of | nx),
        LiteralCase(
            "negative overflow",
            .multiply,
            [minus | largest, two],
            [minus | infinity, minus | largest, minus | infinity, minus | largest, minus | infinity],
            of | nx
        ),
        // Half a unit beyond the largest number: no overflow where that is cut off.
        LiteralCase(
            "overflow by a tie",
            .add,
            [largest, 0x7c90_0000_0000_0000],
            [infinity, largest, largest, infinity, infinity],
            each: [of | nx, nx, nx, of | nx, of | nx]
        ),
        LiteralCase("underflow to nothing", .multiply, [1, half], [0, 0, 0, 1, 1], uf | nx),
        LiteralCase(
            "underflow far below",
            .multiply,
            [minus | 1, 1],
            [minus, minus, minus | 1, minus, minus],
            uf | nx
        ),
        LiteralCase("exact subnormals do not underflow", .multiply, [smallestNormal, half], all: 1 << 51, 0),
        LiteralCase("a subnormal sum is exact", .add, [1, 1], all: 2, 0),
        // Midway between the largest subnormal and the smallest normal number; exact at full precision, hence tiny.
        LiteralCase(
            "tiny, rounding to the smallest normal",
            .multiply,
            [0x001f_ffff_ffff_ffff, half],
            [smallestNormal, largestSubnormal, largestSubnormal, smallestNormal, smallestNormal],
            uf | nx
        ),
        LiteralCase(
            "single overflow",
            .narrow,
            [0x47ef_ffff_f000_0000],
            [0x7f80_0000, 0x7f7f_ffff, 0x7f7f_ffff, 0x7f80_0000, 0x7f80_0000],
            each: [of | nx, nx, nx, of | nx, of | nx]
        ),
    ]

    private static let special: [LiteralCase] = [
        LiteralCase("1 / 0", .divide, [one, 0], all: infinity, dz),
        LiteralCase("-1 / 0", .divide, [minus | one, 0], all: minus | infinity, dz),
        LiteralCase("0 / 0", .divide, [0, 0], all: nan, nv),
        LiteralCase("infinity / 0", .divide, [infinity, 0], all: infinity, 0),
        LiteralCase("infinity / infinity", .divide, [infinity, minus | infinity], all: nan, nv),
        LiteralCase("infinity - infinity", .subtract, [infinity, infinity], all: nan, nv),
        LiteralCase("infinity * 0", .multiply, [infinity, 0], all: nan, nv),
        LiteralCase("square root of -1", .squareRoot, [minus | one], all: nan, nv),
        LiteralCase("square root of -infinity", .squareRoot, [minus | infinity], all: nan, nv),
        LiteralCase("payloads are not propagated", .add, [payload, one], all: nan, 0),
        LiteralCase("signalling NaN", .multiply, [one, signaling], all: nan, nv),
        LiteralCase("infinity * 0 + quiet NaN", .fused, [infinity, 0, payload], all: nan, nv),
        LiteralCase("quiet NaN * 0 + 1", .fused, [payload, 0, one], all: nan, 0),
        LiteralCase("1 * 1 + signalling NaN", .fused, [one, one, signaling], all: nan, nv),
        LiteralCase("infinity * 1 - infinity", .fused, [infinity, one, minus | infinity], all: nan, nv),
        LiteralCase("1 * 1 + infinity", .fused, [one, one, infinity], all: infinity, 0),
        LiteralCase("signalling NaN to single", .narrow, [signaling], all: 0x7fc0_0000, nv),
        LiteralCase("infinity to single", .narrow, [minus | infinity], all: 0xff80_0000, 0),
    ]

    /// norm:dyn_round_enc, norm:F_canonical_NaN, norm:D_canonical_NaN, norm:fma_nv_flag
    @Test("Results and flags", arguments: rounding + zeros + range + special)
    func literal(_ row: LiteralCase) {
        for mode in RoundingMode.allCases {
            let wanted = row.results[Int(mode.rawValue)]
            let flags = row.flags[Int(mode.rawValue)]
            #expect(row.outcome(mode, flags: 0) == Outcome(value: wanted, flags: flags), "\(mode)")
            let sticky = Outcome(value: wanted, flags: flags | Self.nx)
            #expect(row.outcome(mode, flags: Self.nx) == sticky, "\(mode)")
        }
    }

    /// norm:ieee_std_tininess: detected after rounding, as if the exponent were unbounded.
    ///
    /// (1 − 2^-54) times the smallest normal number, formed by a fused operation: at full precision that is midway
    /// between the smallest normal number and the largest of 53 bits below it, so it depends on the mode.
    @Test("Tininess after rounding")
    func tininess() {
        // 2^-53 * -2^-1023 + 2^-1022
        let operands: [UInt64] = [0x3ca0_0000_0000_0000, 0x8008_0000_0000_0000, Self.smallestNormal]
        let wanted: [(UInt64, UInt64)] = [
            (Self.smallestNormal, Self.nx),
            (Self.largestSubnormal, Self.uf | Self.nx),
            (Self.largestSubnormal, Self.uf | Self.nx),
            (Self.smallestNormal, Self.nx),
            (Self.smallestNormal, Self.nx),
        ]
        for mode in RoundingMode.allCases {
            let (value, flags) = wanted[Int(mode.rawValue)]
            let outcome = Outcome {
                HostFloat<Binary64>.fusedMultiplyAdd(operands[0], operands[1], operands[2], mode, &$0)
            }
            #expect(outcome == Outcome(value: value, flags: flags), "\(mode)")
        }
    }
}
