import Testing

@testable import RV64Core

/// Register files for single floating-point instructions.
private final class Registers {
    let x = UnsafeMutablePointer<UInt64>.allocate(capacity: 33)
    let f = UnsafeMutablePointer<UInt64>.allocate(capacity: 32)

    init() {
        x.initialize(repeating: 0, count: 33)
        f.initialize(repeating: 0, count: 32)
    }

    deinit {
        x.deallocate()
        f.deallocate()
    }

    /// Executes with rd 4, rs1 1, rs2 2, rs3 3 and returns the flags raised.
    func execute(_ opcode: Opcode, rd: UInt8 = 4, _ mode: RoundingMode = .rne, flags: UInt64 = 0) -> UInt64 {
        let instruction = DecodedInstruction(
            opcode: opcode,
            rd: rd,
            rs1: 1,
            rs2: 2,
            immediate: 3,
            raw: 0
        )
        var flags = flags
        FloatingPointUnit.execute(instruction, roundingMode: mode, x: x, f: f, flags: &flags)
        return flags
    }
}

@Suite("Floating-point instructions")
struct ExecuteTests {
    private static let canonical: UInt64 = 0xffff_ffff_7fc0_0000
    private static func boxed(_ value: Float) -> UInt64 { 0xffff_ffff_0000_0000 | UInt64(value.bitPattern) }

    /// norm:fmadd-s_op, norm:fmsub-s_op, norm:fnmsub-s_op, norm:fnmadd-s_op
    @Test(
        "Signs of the fused forms",
        arguments: [
            (Opcode.fmaddS, Opcode.fmaddD, 7.0), (.fmsubS, .fmsubD, 5.0), (.fnmsubS, .fnmsubD, -5.0),
            (.fnmaddS, .fnmaddD, -7.0),
        ]
    )
    func fused(single: Opcode, double: Opcode, wanted: Double) {
        let registers = Registers()
        for (index, value) in [2.0, 3.0, 1.0].enumerated() { registers.f[index + 1] = value.bitPattern }
        #expect(registers.execute(double) == 0)
        #expect(registers.f[4] == wanted.bitPattern)
        for (index, value) in [Float(2), 3, 1].enumerated() { registers.f[index + 1] = Self.boxed(value) }
        #expect(registers.execute(single) == 0)
        #expect(registers.f[4] == Self.boxed(Float(wanted)))
    }

    @Test(
        "Arithmetic reaches the right operation",
        arguments: [
            (Opcode.faddS, Opcode.faddD, 11.25), (.fsubS, .fsubD, 6.75), (.fmulS, .fmulD, 20.25), (.fdivS, .fdivD, 4.0),
            (.fsqrtS, .fsqrtD, 3.0), (.fminS, .fminD, 2.25), (.fmaxS, .fmaxD, 9.0), (.fsgnjnS, .fsgnjnD, -9.0),
            (.fsgnjS, .fsgnjD, 9.0), (.fsgnjxS, .fsgnjxD, 9.0),
        ]
    )
    func arithmetic(single: Opcode, double: Opcode, wanted: Double) {
        let registers = Registers()
        registers.f[1] = 9.0.bitPattern
        registers.f[2] = 2.25.bitPattern
        #expect(registers.execute(double) == 0)
        #expect(registers.f[4] == wanted.bitPattern)
        registers.f[1] = Self.boxed(9)
        registers.f[2] = Self.boxed(2.25)
        #expect(registers.execute(single) == 0)
        #expect(registers.f[4] == Self.boxed(Float(wanted)))
    }

    @Test(
        "Comparisons and classes write integer registers",
        arguments: [
            (Opcode.feqS, Opcode.feqD, UInt64(0)), (.fltS, .fltD, 1), (.fleS, .fleD, 1), (.fclassS, .fclassD, 1 << 1),
        ]
    )
    func comparisons(single: Opcode, double: Opcode, wanted: UInt64) {
        let registers = Registers()
        registers.f[1] = (-1.0).bitPattern
        registers.f[2] = 2.0.bitPattern
        #expect(registers.execute(double) == 0)
        #expect(registers.x[4] == wanted)
        registers.f[1] = Self.boxed(-1)
        registers.f[2] = Self.boxed(2)
        #expect(registers.execute(single) == 0)
        #expect(registers.x[4] == wanted)
    }

    /// norm:FP_nontransfer_instrs_improper_nan-boxed_input
    @Test("An improperly boxed single is the canonical NaN")
    func boxing() {
        let registers = Registers()
        registers.f[1] = 0xffff_fffe_3f80_0000
        registers.f[2] = Self.boxed(1)
        #expect(registers.execute(.faddS) == 0)
        #expect(registers.f[4] == Self.canonical)
        #expect(registers.execute(.fsgnjnS) == 0)
        #expect(registers.f[4] == Self.canonical | 0x8000_0000)
        #expect(registers.execute(.fclassS) == 0)
        #expect(registers.x[4] == 1 << 9)
        #expect(registers.execute(.fminS) == 0)
        #expect(registers.f[4] == Self.boxed(1))
        #expect(registers.execute(.fltS) == FPFlags.nv)
        #expect(registers.execute(.fcvtDS) == 0)
        #expect(registers.f[4] == 0x7ff8_0000_0000_0000)
        #expect(registers.execute(.fcvtWS) == FPFlags.nv)
        #expect(registers.x[4] == 0x7fff_ffff)
    }

    /// norm:fmv-x-w_op, norm:fmv-w-x_op, norm:fmv_bits_preserved
    @Test("Moves keep every bit, boxed or not")
    func moves() {
        let registers = Registers()
        registers.f[1] = 0x1234_5678_ff80_0001
        #expect(registers.execute(.fmvXW) == 0)
        #expect(registers.x[4] == 0xffff_ffff_ff80_0001)
        #expect(registers.execute(.fmvXD) == 0)
        #expect(registers.x[4] == 0x1234_5678_ff80_0001)
        registers.x[1] = 0x1234_5678_7f80_0001
        #expect(registers.execute(.fmvWX) == 0)
        #expect(registers.f[4] == 0xffff_ffff_7f80_0001)
        #expect(registers.execute(.fmvDX) == 0)
        #expect(registers.f[4] == 0x1234_5678_7f80_0001)
    }

    /// The sign injections are no arithmetic: a signalling NaN passes through them, unflagged.
    @Test("Sign injection of a signalling NaN")
    func signInjection() {
        let registers = Registers()
        registers.f[1] = 0x7ff0_0000_0000_0001
        registers.f[2] = 0x8000_0000_0000_0000
        #expect(registers.execute(.fsgnjD) == 0)
        #expect(registers.f[4] == 0xfff0_0000_0000_0001)
        #expect(registers.execute(.fsgnjnD) == 0)
        #expect(registers.f[4] == 0x7ff0_0000_0000_0001)
        #expect(registers.execute(.fsgnjxD) == 0)
        #expect(registers.f[4] == 0xfff0_0000_0000_0001)
    }

    /// norm:fcvt-w-d_fcvt-wu-d_sign_ext
    @Test(
        "Conversions to integers: extension and the right type",
        arguments: [
            (Opcode.fcvtWS, Opcode.fcvtWD, -2.0, UInt64.max - 1),
            (.fcvtWuS, .fcvtWuD, 4_026_531_840, 0xffff_ffff_f000_0000),
            (.fcvtLS, .fcvtLD, -0x1p40, 0xffff_ff00_0000_0000), (.fcvtLuS, .fcvtLuD, 0x1p63, 0x8000_0000_0000_0000),
        ]
    )
    func toIntegers(single: Opcode, double: Opcode, value: Double, wanted: UInt64) {
        let registers = Registers()
        registers.f[1] = value.bitPattern
        #expect(registers.execute(double, .rtz) == 0)
        #expect(registers.x[4] == wanted)
        registers.f[1] = Self.boxed(Float(value))
        #expect(registers.execute(single, .rup) == 0)
        #expect(registers.x[4] == wanted)
    }

    @Test(
        "Conversions from integers read the right width and sign",
        arguments: [
            (Opcode.fcvtSW, Opcode.fcvtDW, -1.0), (.fcvtSWu, .fcvtDWu, 0x1p32 - 1), (.fcvtSL, .fcvtDL, 0x1p32 - 1),
            (.fcvtSLu, .fcvtDLu, 0x1p32 - 1),
        ]
    )
    func fromIntegers(single: Opcode, double: Opcode, wanted: Double) {
        let registers = Registers()
        registers.x[1] = 0xffff_ffff
        #expect(registers.execute(double) == 0)
        #expect(registers.f[4] == wanted.bitPattern)
        let flags = registers.execute(single)
        #expect(registers.f[4] == Self.boxed(Float(wanted)))
        #expect(flags == (wanted < 0 ? 0 : FPFlags.nx))
        registers.x[1] = .max
        #expect(registers.execute(.fcvtDL) == 0)
        #expect(registers.f[4] == (-1.0).bitPattern)
        #expect(registers.execute(.fcvtDLu, .rtz) == FPFlags.nx)
        #expect(registers.f[4] == 0x1p64.nextDown.bitPattern)
    }

    @Test("Conversions between the formats")
    func formats() {
        let registers = Registers()
        registers.f[1] = 0x3ff0_0000_0000_0001
        #expect(registers.execute(.fcvtSD, .rup) == FPFlags.nx)
        #expect(registers.f[4] == 0xffff_ffff_3f80_0001)
        registers.f[1] = Self.boxed(-1.5)
        #expect(registers.execute(.fcvtDS, .rup) == 0)
        #expect(registers.f[4] == (-1.5).bitPattern)
    }

    /// norm:fcsr_fflags_op
    @Test("Flags accrue and writes to x0 go to the sink")
    func accrual() {
        let registers = Registers()
        registers.f[1] = 1.0.bitPattern
        registers.f[2] = 0
        #expect(registers.execute(.fdivD, flags: FPFlags.uf) == FPFlags.uf | FPFlags.dz)
        #expect(registers.execute(.fleD, rd: DecodedInstruction.writeSink, flags: FPFlags.dz) == FPFlags.dz)
        #expect(registers.x[0] == 0)
    }

    @Test("Every computational instruction of F, D, Zfh and Zfa is executed")
    func complete() {
        let formats: Set<InstructionFormat> = [
            .fused, .floatRounded, .float, .floatUnaryRounded, .floatCompare, .floatToInteger, .floatToIntegerRounded,
            .integerToFloat, .integerToFloatRounded, .floatConstant, .floatTruncated,
        ]
        let rows = InstructionTable.rows.filter { formats.contains($0.format) }
        #expect(rows.count == 58 + 32 + 22)
        for row in rows {
            let (opcode, isInteger) = (row.opcode, row.format.hasIntegerDestination)
            let registers = Registers()
            registers.f[1] = 0xffff_ffff_3f80_0000
            registers.x[4] = 0x5151
            registers.f[4] = 0x5151
            _ = registers.execute(opcode)
            let written = isInteger ? registers.x[4] : registers.f[4]
            let other = isInteger ? registers.f[4] : registers.x[4]
            #expect(written != 0x5151, "\(opcode)")
            #expect(other == 0x5151, "\(opcode)")
        }
    }
}
