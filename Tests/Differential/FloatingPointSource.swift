import RV64Core

/// Programs that go through every floating-point instruction in every rounding mode with every tuple of edge values.
///
/// A case holds the edge values of one format in its registers and stores each result with the flags it raised.
struct FloatingPointSource {
    /// One instruction to run, complete but for its destination.
    private struct Operation {
        let word: UInt32
        let format: Format
        let isInteger: Bool
    }

    private enum Format: UInt32, CaseIterable {
        case single = 0
        case double = 1
        case half = 2
    }

    private static let perCase = 110
    private static let casesPerProgram = 44
    private static let result: UInt32 = 31
    private static let edgeCount: UInt32 = 28

    private let operations: [Operation]

    /// Every `step`th of all instructions, beginning with `first`.
    init(extensions: ExtensionSet, first: Int, step: Int) {
        var all: [Operation] = []
        var index = 0
        for row in InstructionTable.rows where row.isAvailable(in: extensions) {
            Self.enumerate(row) { operation in
                if index % step == first % step { all.append(operation) }
                index += 1
            }
        }
        operations = all
    }

    var count: Int { operations.count }
    var programCount: Int {
        (operations.count + Self.perCase * Self.casesPerProgram - 1) / (Self.perCase * Self.casesPerProgram)
    }

    // MARK: - Instructions

    private static func enumerate(_ row: InstructionRow, _ body: (Operation) -> Void) {
        guard let sources = sourceCount(row.format), let format = operandFormat(row) else { return }
        let modes: [UInt32] = row.format.hasRoundingMode ? [0, 1, 2, 3, 4] : [0]
        let readsInteger = row.format == .integerToFloat || row.format == .integerToFloatRounded
        for mode in modes {
            let base = row.pattern.match | (row.format.hasRoundingMode ? mode << 12 : 0)
            for first in 0..<(readsInteger ? 32 : edgeCount) {
                for second in 0..<(sources > 1 ? edgeCount : 1) {
                    for third in 0..<(sources > 2 ? edgeCount : 1) {
                        var word = base | first << 15
                        if sources > 1 { word |= second << 20 }
                        if sources > 2 { word |= third << 27 }
                        body(Operation(word: word, format: format, isInteger: row.format.hasIntegerDestination))
                    }
                }
            }
        }
    }

    /// How many registers an instruction computes from; nil for those that do not compute.
    private static func sourceCount(_ format: InstructionFormat) -> Int? {
        switch format {
        case .fused: 3
        case .floatRounded, .float, .floatCompare: 2
        case .floatUnaryRounded, .floatToInteger, .floatToIntegerRounded, .integerToFloat, .integerToFloatRounded: 1
        default: nil
        }
    }

    /// The format of what it reads: the last letter of the mnemonic, or the field that fmt is in otherwise.
    private static func operandFormat(_ row: InstructionRow) -> Format? {
        let parts = row.mnemonic.split(separator: ".")
        switch parts.last {
        case "s": return .single
        case "d": return .double
        case "h": return .half
        default:
            return Format.allCases.first { [0: "s", 1: "d", 2: "h"][$0.rawValue] == parts.dropFirst().first ?? "" }
        }
    }

    // MARK: - Programs

    func program(_ index: Int) -> TestProgram {
        let size = Self.perCase * Self.casesPerProgram
        let part = operations[(index * size)..<min(operations.count, (index + 1) * size)]
        var cases: [TestCase] = []
        var address = Layout.data
        var rest = part[...]
        while let first = rest.first {
            let group = rest.prefix(Self.perCase).prefix { $0.format == first.format }
            rest = rest.dropFirst(group.count)
            cases.append(testCase(Array(group), first.format, results: address))
            address += UInt64(Self.perCase) * 9 + 16
        }
        return TestProgram(seed: UInt64(index), cases: cases, background: MemoryImage())
    }

    private func testCase(_ group: [Operation], _ format: Format, results: UInt64) -> TestCase {
        var test = TestCase(mode: .machine)
        test.fields = [
            .entry: Layout.base, .status: 0xA_0000_7800, .hstatus: 2 << 32, .vsstatus: 2 << 32,
            .mtvec: Layout.machineVectors, .stvec: Layout.supervisorVectors, .vstvec: Layout.virtualVectors,
        ]
        for (number, value) in Self.edges(format).enumerated() { test.f[number] = value }
        for number in 1..<32 { test.x[number] = Self.integers[number] }
        // The results go through x31 and x30, so these are no operands.
        test.x[31] = (results + 7) & ~7
        for (position, operation) in group.enumerated() {
            let offset = UInt32(position * 8)
            let flags = UInt32(Self.perCase * 8 + position)
            func store(_ function: UInt32, _ register: UInt32, _ offset: UInt32, _ major: UInt32) -> UInt32 {
                (offset >> 5) << 25 | register << 20 | 31 << 15 | function << 12 | (offset & 31) << 7 | major
            }
            let destination: UInt32 = operation.isInteger ? 30 : Self.result
            test.code += [
                operation.word | destination << 7,
                store(3, destination, offset, operation.isInteger ? 0x23 : 0x27),
                0x0010_1073 | 30 << 7,  // csrrw x30, fflags, x0
                store(0, 30, flags, 0x23),
            ].map { GeneratedInstruction($0) }
        }
        return test
    }

    private static let integers: [UInt64] = [
        0, 1, 2, 3, ~0, ~1, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 32) - 1, ~0 << 31, ~0 << 32,
        (1 << 24) - 1, 1 << 24, (1 << 24) + 1, (1 << 24) + 3, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, (1 << 53) + 3,
        2047, 2048,
        2049, 2051, 65504, 65519, 65520, 65536, 0, 0,
    ]

    /// 28 values: zeros, ones, the ends of the subnormal, normal and integer ranges, infinities, NaNs of both kinds, and
    /// values that are not NaN-boxed.
    private static func edges(_ format: Format) -> [UInt64] {
        let values: [UInt64]
        switch format {
        case .half:
            values =
                [
                    0, 0x8000, 0x3C00, 0xBC00, 0x3C01, 0x3BFF, 0x4000, 0x4248, 1, 0x8001, 0x3FF, 0x83FF, 0x400, 0x8400,
                    0x401,
                    0x7BFF, 0xFBFF, 0x7BFE, 0x3800, 0x3E00, 0x5BFF, 0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFE55,
                ].map { $0 | 0xFFFF_FFFF_FFFF_0000 } + [0x3C00, 0xFFFF_FFFF_0000_3C00]
        case .single:
            values =
                [
                    0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x3F80_0001, 0x3F7F_FFFF, 0x4000_0000, 0x4049_0FDB, 1,
                    0x8000_0001,
                    0x7F_FFFF, 0x807F_FFFF, 0x80_0000, 0x8080_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x4F00_0000, 0xCF00_0000,
                    0x5F00_0000, 0x4F7F_FFFF, 0x3F00_0000, 0x3FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000,
                    0x7F80_0001,
                ].map { $0 | 0xFFFF_FFFF_0000_0000 } + [0x3F80_0000, 0x7FFF_FFFF_3F80_0000]
        case .double:
            values = [
                0, 1 << 63, 0x3FF0_0000_0000_0000, 0xBFF0_0000_0000_0000, 0x3FF0_0000_0000_0001, 0x3FEF_FFFF_FFFF_FFFF,
                0x4000_0000_0000_0000, 0x4009_21FB_5444_2D18, 1, 1 << 63 | 1, 0x000F_FFFF_FFFF_FFFF,
                0x800F_FFFF_FFFF_FFFF,
                0x0010_0000_0000_0000, 0x8010_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF, 0xFFEF_FFFF_FFFF_FFFF,
                0x41E0_0000_0000_0000, 0xC1E0_0000_0020_0000, 0x43E0_0000_0000_0000, 0xC3E0_0000_0000_0000,
                0x3FE0_0000_0000_0000, 0x3FF8_0000_0000_0000, 0x47EF_FFFF_F000_0000, 0x3690_0000_0000_0000,
                0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000, 0x7FF8_0000_0000_0000, 0x7FF0_0000_0000_0001,
            ]
        }
        return values
    }
}
