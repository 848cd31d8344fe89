import Testing

@testable import RV64Core

/// Zfh against the host's `Float16` and exact double arithmetic: a reference that shares no code with the unit.
@Suite("Half precision")
struct HalfPrecisionTests {
    /// An exact value, or one that the sign of an error tells from the nearest half-precision number.
    private struct Exact {
        var nearest: Float16
        var error: Double
        var canTie: Bool

        /// - Parameter value: exact.
        init(_ value: Double) {
            nearest = Float16(value)
            error = value - Double(nearest)
            canTie = true
        }

        /// - Parameters:
        ///   - nearest: The number nearest to the result.
        ///   - error: Any number of the sign of result − `nearest`; there are no ties.
        init(nearest: Float16, error: Double) {
            self.nearest = nearest
            self.error = error
            canTie = false
        }

        func rounded(_ mode: RoundingMode) -> Float16 {
            let below = error < 0 ? nearest.nextDown : nearest
            let above = error > 0 ? nearest.nextUp : nearest
            let neighbour = error > 0 ? nearest.nextUp : nearest.nextDown
            let isTie = canTie && error != 0 && (Double(neighbour) - Double(nearest)) / 2 == error
            return switch mode {
            case .rne: nearest
            case .rdn: below
            case .rup: above
            case .rtz: nearest < 0 ? above : below
            case .rmm: isTie ? (nearest < 0 ? below : above) : nearest
            }
        }
    }

    private static let operands: [Float16] = {
        var state: UInt32 = 17
        let random = (0..<120).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            // Exponents around zero, so that results stay among the normal numbers.
            return Float16(bitPattern: UInt16(state >> 16) & 0x8FFF | 0x3000)
        }
        return random + [1, -1, 1.5, 3, 0.1, 2048, -2047, 1024.5, 0.5, -0.25]
    }()

    private static func check(
        _ opcode: Opcode,
        _ a: Float16,
        _ b: Float16,
        _ mode: RoundingMode,
        _ exact: Exact
    ) {
        guard exact.nearest.isNormal, exact.nearest.magnitude < 0x1p14, exact.nearest.magnitude > 0x1p-12 else {
            return
        }
        var flags: UInt64 = 0
        let result = FloatingPointRegisters.execute(opcode, [boxed(a), boxed(b)], mode, &flags)
        let expected = exact.rounded(mode)
        if result != boxed(expected) || flags != (exact.error == 0 ? 0 : FPFlags.nx) {
            Issue.record("\(opcode) \(a) \(b) \(mode): \(String(result, radix: 16)), not \(expected)")
        }
    }

    private static func boxed(_ value: Float16) -> UInt64 { 0xFFFF_FFFF_FFFF_0000 | UInt64(value.bitPattern) }

    /// norm:Zfh_computational_instrs
    @Test("Sums, products, quotients and roots in all modes", arguments: RoundingMode.allCases)
    func arithmetic(mode: RoundingMode) {
        for a in Self.operands {
            for b in Self.operands {
                let (x, y) = (Double(a), Double(b))
                Self.check(.faddH, a, b, mode, Exact(x + y))
                Self.check(.fsubH, a, b, mode, Exact(x - y))
                Self.check(.fmulH, a, b, mode, Exact(x * y))
                // Rounding a quotient of two such numbers twice is harmless: it is far from every tie.
                let quotient = Float16(x / y)
                let remainder = x - Double(quotient) * y
                Self.check(.fdivH, a, b, mode, Exact(nearest: quotient, error: y < 0 ? -remainder : remainder))
            }
            let magnitude = Double(a.magnitude)
            let root = Float16(magnitude.squareRoot())
            let error = magnitude - Double(root) * Double(root)
            Self.check(.fsqrtH, a.magnitude, 0, mode, Exact(nearest: root, error: error))
        }
    }

    @Test("The fused forms", arguments: RoundingMode.allCases)
    func fused(mode: RoundingMode) {
        for (opcode, sign, addend) in [
            (Opcode.fmaddH, 1.0, 1.0), (.fmsubH, 1, -1), (.fnmsubH, -1, 1), (.fnmaddH, -1, -1),
        ] {
            for (index, a) in Self.operands.enumerated() {
                let b = Self.operands[(index * 7 + 3) % Self.operands.count]
                let c = Self.operands[(index * 5 + 1) % Self.operands.count]
                let exact = Exact(sign * Double(a) * Double(b) + addend * Double(c))
                guard exact.nearest.isNormal, exact.nearest.magnitude < 0x1p14 else { continue }
                var flags: UInt64 = 0
                let result = FloatingPointRegisters.execute(
                    opcode,
                    [Self.boxed(a), Self.boxed(b), Self.boxed(c)],
                    mode,
                    &flags
                )
                #expect(result == Self.boxed(exact.rounded(mode)), "\(opcode) \(a) \(b) \(c) \(mode)")
            }
        }
    }

    /// norm:fcvt-s-h_fcvt-h-s_op norm:fcvt-d-h_fcvt-h-d_op norm:Zfh_canonical_NaN
    @Test("Every half-precision number widens exactly and comes back; so do integers")
    func conversions() {
        for bits in UInt16.min...UInt16.max {
            let value = Float16(bitPattern: bits)
            var flags: UInt64 = 0
            let source = [0xFFFF_FFFF_FFFF_0000 | UInt64(bits)]
            let single = FloatingPointRegisters.execute(.fcvtSH, source, .rne, &flags)
            let double = FloatingPointRegisters.execute(.fcvtDH, source, .rne, &flags)
            let expected = value.isNaN ? Float.nan : Float(value)
            let isRight =
                single == 0xFFFF_FFFF_0000_0000 | UInt64(expected.bitPattern)
                && double == (value.isNaN ? Double.nan : Double(value)).bitPattern
                && flags == (value.isSignalingNaN ? FPFlags.nv : 0)
            if !isRight { Issue.record("widening \(bits)") }
            let back = FloatingPointRegisters.execute(.fcvtHS, [single], .rne, &flags)
            let again = FloatingPointRegisters.execute(.fcvtHD, [double], .rne, &flags)
            let canonical = value.isNaN ? 0xFFFF_FFFF_FFFF_7E00 : source[0]
            if back != canonical || again != canonical { Issue.record("narrowing \(bits)") }
        }
    }

    /// norm:fcvt-wu-h_fcvt-lu-h_fcvt-h-wu_fcvt-h-lu_op
    /// norm:fcvt-w-h_fcvt-l-h_op norm:fcvt-h-w_fcvt-h-l_op
    @Test("To and from integers")
    func integers() {
        var flags: UInt64 = 0
        let values: [(Opcode, Float16, UInt64, UInt64)] = [
            (.fcvtWH, 1.5, 2, FPFlags.nx), (.fcvtWH, -2.5, UInt64(bitPattern: -2), FPFlags.nx),
            (.fcvtWuH, -1, 0, FPFlags.nv), (.fcvtWuH, .infinity, .max, FPFlags.nv),
            (.fcvtLH, -.infinity, 1 << 63, FPFlags.nv), (.fcvtLuH, 65504, 65504, 0),
            (.fcvtWH, .nan, 0x7FFF_FFFF, FPFlags.nv), (.fcvtLuH, -0.25, 0, FPFlags.nx),
        ]
        for (opcode, value, result, raised) in values {
            flags = 0
            #expect(FloatingPointRegisters.executeToInteger(opcode, [Self.boxed(value)], .rne, &flags) == result)
            #expect(flags == raised, "\(opcode) \(value)")
        }
        let integers: [(Opcode, UInt64, Float16, UInt64)] = [
            (.fcvtHW, UInt64(bitPattern: -3), -3, 0), (.fcvtHWu, 0xFFFF_FFFF, .infinity, FPFlags.of | FPFlags.nx),
            (.fcvtHL, 2049, 2048, FPFlags.nx), (.fcvtHLu, .max, .infinity, FPFlags.of | FPFlags.nx),
            (.fcvtHW, 0xFFFF_FFFF_0000_0007, 7, 0), (.fcvtHL, 0, 0, 0),
        ]
        for (opcode, value, result, raised) in integers {
            flags = 0
            let found = FloatingPointRegisters.execute(opcode, [], .rne, &flags, integer: value)
            #expect(found == Self.boxed(result), "\(opcode) \(value)")
            #expect(flags == raised)
        }
    }

    /// norm:fsgnj-h_fsgnjn-h_fsgnjx-h_op norm:fmv_half_bits_preserved norm:Zfh_compare_instrs norm:fclass-h_op
    /// norm:fmv-x-h_op norm:fmv-h-x_op
    @Test("Transfers, NaN boxes, classes, signs and comparisons")
    func transfers() {
        var flags: UInt64 = 0
        #expect(FloatingPointRegisters.executeToInteger(.fmvXH, [0x1234_8001], .rne, &flags) == 0xFFFF_FFFF_FFFF_8001)
        #expect(FloatingPointRegisters.execute(.fmvHX, [], .rne, &flags, integer: 0x1234_8001) == 0xFFFF_FFFF_FFFF_8001)
        // A single is no boxed half.
        #expect(FloatingPointRegisters.executeToInteger(.fclassH, [0xFFFF_FFFF_3F80_0000], .rne, &flags) == 1 << 9)
        #expect(FloatingPointRegisters.executeToInteger(.fclassH, [Self.boxed(-0.0)], .rne, &flags) == 1 << 3)
        #expect(FloatingPointRegisters.executeToInteger(.fclassH, [0xFFFF_FFFF_FFFF_0001], .rne, &flags) == 1 << 5)
        let (one, minusTwo) = (Self.boxed(1), Self.boxed(-2))
        #expect(FloatingPointRegisters.execute(.fsgnjH, [one, minusTwo], .rne, &flags) == Self.boxed(-1))
        #expect(FloatingPointRegisters.execute(.fsgnjnH, [one, minusTwo], .rne, &flags) == one)
        #expect(FloatingPointRegisters.execute(.fsgnjxH, [minusTwo, minusTwo], .rne, &flags) == Self.boxed(2))
        #expect(FloatingPointRegisters.execute(.fminH, [one, minusTwo], .rne, &flags) == minusTwo)
        #expect(FloatingPointRegisters.execute(.fmaxH, [one, Self.boxed(.nan)], .rne, &flags) == one)
        #expect(FloatingPointRegisters.executeToInteger(.fltH, [minusTwo, one], .rne, &flags) == 1)
        #expect(FloatingPointRegisters.executeToInteger(.fleH, [one, one], .rne, &flags) == 1)
        #expect(FloatingPointRegisters.executeToInteger(.feqH, [one, Self.boxed(.nan)], .rne, &flags) == 0)
        #expect(flags == 0)
    }

    /// norm:fsh_flh_op norm:fsh_flh_bits_maintained
    @Test("FLH boxes, FSH stores the low half, and both need FS")
    func memory() throws {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        let address = TestMachine.base + 0x2000
        machine.write(0x1111_2222_3333_BEEF, at: address)
        machine.load { program in
            program.emit(.flh, rd: .a2, rs1: .a0, 0)
            program.emit(.fsh, rs1: .a0, rs2: .a2, 4)
            program.emit(.ebreak)
        }
        machine[.a0] = address
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.f[12] == 0xFFFF_FFFF_FFFF_BEEF)
        #expect(machine.read(address) == 0x1111_BEEF_3333_BEEF)
        #expect(machine.state.pointee.mstatus[.fs] == ContextStatus.dirty)
        machine.state.pointee.mstatus[.fs] = ContextStatus.off
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.illegalInstruction.rawValue)
    }
}

/// Register files for single floating-point instructions: operands in f1, f2, f3 and x1, the result in register 4.
enum FloatingPointRegisters {
    static func execute(
        _ opcode: Opcode,
        _ operands: [UInt64],
        _ mode: RoundingMode,
        _ flags: inout UInt64,
        integer: UInt64 = 0,
        rs1: UInt8 = 1
    ) -> UInt64 {
        run(opcode, operands, mode, &flags, integer, rs1).f
    }

    static func executeToInteger(
        _ opcode: Opcode,
        _ operands: [UInt64],
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        run(opcode, operands, mode, &flags, 0, 1).x
    }

    private static func run(
        _ opcode: Opcode,
        _ operands: [UInt64],
        _ mode: RoundingMode,
        _ flags: inout UInt64,
        _ integer: UInt64,
        _ rs1: UInt8
    ) -> (x: UInt64, f: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { registers in
            registers.initialize(repeating: 0)
            guard let x = registers.baseAddress else { return (0, 0) }
            let f = x + 8
            x[1] = integer
            for (index, operand) in operands.prefix(3).enumerated() { f[index + 1] = operand }
            let instruction = DecodedInstruction(
                opcode: opcode,
                rd: 4,
                rs1: rs1,
                rs2: 2,
                immediate: 3,
                raw: 0
            )
            FloatingPointUnit.execute(instruction, roundingMode: mode, x: x, f: f, flags: &flags)
            return (x[4], f[4])
        }
    }
}
