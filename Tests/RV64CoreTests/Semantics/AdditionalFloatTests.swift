import Testing

@testable import RV64Core

/// Zfa against the host: its rounding functions, its literals and wide integers.
@Suite("Additional floating-point instructions")
struct AdditionalFloatTests {
    private static let doubles: [Double] = {
        let some: [Double] = [
            0, -0.0, 0.25, 0.5, -0.5, 0.75, 1, -1.5, 2.5, -2.5, 3.5, 0x1p51 + 0.5, 0x1p52 - 0.5, 0x1p52 + 1, 0x1p53,
            -0x1p62, 0x1p63, 1e300, -1e-300, .leastNonzeroMagnitude, .infinity, -.infinity, 2_147_483_647.5,
            -2_147_483_648.5,
            2_147_483_648, 4_294_967_295, 4_294_967_296.5, -4_294_967_297, 0x1.FFFFFp83, 0x1p84, 0x1p31 + 0x1p-20,
        ]
        let random = SampleOperands.random.map {
            Double(bitPattern: $0 & 0x81FF_FFFF_FFFF_FFFF | 0x4000_0000_0000_0000)
        }
        return some + random + random.map { $0 * 0x1p-8 } + random.map { $0 * 0x1p20 }
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

    private static func boxed(_ value: Float) -> UInt64 { 0xFFFF_FFFF_0000_0000 | UInt64(value.bitPattern) }
    private static func boxed(_ value: Float16) -> UInt64 { 0xFFFF_FFFF_FFFF_0000 | UInt64(value.bitPattern) }

    /// norm:fround-s_zero_inf norm:fround-s_op norm:froundnx-s_op norm:fround-d_froundnx-d_op norm:fround-h_froundnx-h_op
    @Test("FROUND is the host's rounding, FROUNDNX raises inexact besides", arguments: RoundingMode.allCases)
    func rounding(mode: RoundingMode) {
        for value in Self.doubles {
            let (single, half) = (Float(value), Float16(value))
            let cases: [(Opcode, Opcode, UInt64, UInt64, Bool)] = [
                (
                    .froundD, .froundnxD, value.bitPattern, value.rounded(Self.rule(mode)).bitPattern,
                    value == value.rounded()
                ),
                (
                    .froundS, .froundnxS, Self.boxed(single), Self.boxed(single.rounded(Self.rule(mode))),
                    single == single.rounded()
                ),
                (
                    .froundH, .froundnxH, Self.boxed(half), Self.boxed(half.rounded(Self.rule(mode))),
                    half == half.rounded()
                ),
            ]
            for (quiet, exact, operand, result, isIntegral) in cases {
                var flags: UInt64 = 0
                #expect(FloatingPointRegisters.execute(quiet, [operand], mode, &flags) == result, "\(quiet) \(value)")
                #expect(flags == 0)
                #expect(FloatingPointRegisters.execute(exact, [operand], mode, &flags) == result, "\(exact) \(value)")
                #expect(flags == (isIntegral ? 0 : FPFlags.nx))
            }
        }
    }

    /// norm:fmaxm-d_fminm-d_op norm:fleq-d_fltq-d_op
    /// norm:fround-s_nan_nv norm:fmaxm-s_fminm-s_op norm:fleq-s_fltq-s_op
    @Test("NaNs")
    func notNumbers() {
        let quiet = Double.nan.bitPattern | 1
        let signaling: UInt64 = 0x7FF0_0000_0000_0001
        let canonical: UInt64 = 0x7FF8_0000_0000_0000
        let one = 1.0.bitPattern
        for opcode in [Opcode.froundD, .froundnxD] {
            for (operand, raised) in [(quiet, 0), (signaling, FPFlags.nv)] as [(UInt64, UInt64)] {
                var flags: UInt64 = 0
                #expect(FloatingPointRegisters.execute(opcode, [operand], .rne, &flags) == canonical)
                #expect(flags == raised)
            }
        }
        for (a, b, raised) in [(quiet, one, 0), (one, quiet, 0), (signaling, one, FPFlags.nv), (one, signaling, 16)]
            as [(UInt64, UInt64, UInt64)]
        {
            for opcode in [Opcode.fminmD, .fmaxmD] {
                var flags: UInt64 = 0
                #expect(FloatingPointRegisters.execute(opcode, [a, b], .rne, &flags) == canonical)
                #expect(flags == raised)
            }
            for opcode in [Opcode.fltqD, .fleqD] {
                var flags: UInt64 = 0
                #expect(FloatingPointRegisters.executeToInteger(opcode, [a, b], .rne, &flags) == 0)
                #expect(flags == raised)
            }
        }
    }

    @Test("Numbers compare as with the signalling forms")
    func ordered() {
        for a in Self.doubles {
            for b in Self.doubles.prefix(20) {
                var flags: UInt64 = 0
                let pair = [a.bitPattern, b.bitPattern]
                let isRight =
                    FloatingPointRegisters.executeToInteger(.fltqD, pair, .rne, &flags) == (a < b ? 1 : 0)
                    && FloatingPointRegisters.executeToInteger(.fleqD, pair, .rne, &flags) == (a <= b ? 1 : 0)
                    && FloatingPointRegisters.execute(.fminmD, pair, .rne, &flags)
                        == FloatingPointRegisters.execute(.fminD, pair, .rne, &flags)
                    && FloatingPointRegisters.execute(.fmaxmD, pair, .rne, &flags)
                        == FloatingPointRegisters.execute(.fmaxD, pair, .rne, &flags)
                if !isRight || flags != 0 { Issue.record("\(a), \(b)") }
            }
        }
    }

    /// norm:fli-s_op norm:fli-d_op norm:fli-h_op
    @Test("The constants of FLI")
    func constants() {
        for (number, name) in FloatingPointConstants.names.enumerated() {
            var flags: UInt64 = 0
            func load(_ opcode: Opcode) -> UInt64 {
                FloatingPointRegisters.execute(opcode, [], .rne, &flags, rs1: UInt8(number))
            }
            let (half, single, double) = (load(.fliH), load(.fliS), load(.fliD))
            switch name {
            case "min":
                #expect(half == Self.boxed(Float16.leastNormalMagnitude))
                #expect(single == Self.boxed(Float.leastNormalMagnitude))
                #expect(double == Double.leastNormalMagnitude.bitPattern)
            case "nan":
                #expect(
                    [half, single, double] == [0xFFFF_FFFF_FFFF_7E00, 0xFFFF_FFFF_7FC0_0000, 0x7FF8_0000_0000_0000]
                )
            default:
                #expect(double == Double(name)?.bitPattern, "\(name)")
                #expect(single == Float(name).map(Self.boxed))
                #expect(half == Double(name).map { Self.boxed(Float16($0)) })
            }
            #expect(flags == 0)
        }
    }

    /// norm:fcvtmod-w-d_op norm:fcvtmod-w-d_flags
    @Test("FCVTMOD.W.D: the integer part modulo 2^32, with the flags of FCVT.W.D")
    func modular() {
        for value in Self.doubles + [.nan, Double(bitPattern: 0x7FF0_0000_0000_0001)] {
            var flags: UInt64 = 0
            var reference: UInt64 = 0
            let found = FloatingPointRegisters.executeToInteger(.fcvtmodWD, [value.bitPattern], .rtz, &flags)
            _ = FloatingPointRegisters.executeToInteger(.fcvtWD, [value.bitPattern], .rtz, &reference)
            let whole = Int128(exactly: value.rounded(.towardZero))
            // Beyond 2^127 all bits below 2^32 are zero.
            let expected = whole.map { UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: $0))) } ?? 0
            #expect(found == expected, "\(value)")
            #expect(flags == reference, "\(value)")
        }
    }

    @Test("FLTQ's encoding holds a reserved rounding mode, and executes", arguments: [Opcode.fltqH, .fltqS, .fltqD])
    func quietLessThan(opcode: Opcode) throws {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        machine.load { program in
            program.emit(opcode, rd: .a2, rs1: .a0, rs2: .a1)
            program.emit(.ebreak)
        }
        machine.state.pointee.frm = 7
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
    }
}
