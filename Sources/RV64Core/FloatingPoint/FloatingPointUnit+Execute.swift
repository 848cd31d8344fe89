extension FloatingPointUnit {
    /// Executes any computational instruction of F, D, Zfh and Zfa: all but loads and stores.
    ///
    /// The caller has checked `mstatus.FS` and resolved a dynamic rounding mode, and accrues `flags` in `fcsr`.
    /// `x` has a place at ``DecodedInstruction/writeSink`` for writes to x0. Other instructions do nothing.
    @inline(never)
    package static func execute(
        _ instruction: DecodedInstruction,
        roundingMode: RoundingMode,
        x: UnsafeMutablePointer<UInt64>,
        f: UnsafeMutablePointer<UInt64>,
        flags: inout UInt64
    ) {
        let operands = Operands(instruction: instruction, x: x, f: f)
        dispatch(instruction.opcode, operands, roundingMode, &flags)
    }

    /// One table for F and D; the formats and functions of other extensions are beyond it.
    private static func dispatch(_ opcode: Opcode, _ op: Operands, _ mode: RoundingMode, _ flags: inout UInt64) {
        switch opcode {
        case .faddD: op.writeDouble(add64(op.d1, op.d2, mode, &flags))
        case .fsubD: op.writeDouble(sub64(op.d1, op.d2, mode, &flags))
        case .fmulD: op.writeDouble(mul64(op.d1, op.d2, mode, &flags))
        case .fdivD: op.writeDouble(div64(op.d1, op.d2, mode, &flags))
        case .fsqrtD: op.writeDouble(HostFloat<Binary64>.squareRoot(op.d1, mode, &flags))
        case .fmaddD: op.writeDouble(fma64(op.d1, op.d2, op.d3, mode, &flags))
        case .fmsubD: op.writeDouble(fma64(op.d1, op.d2, op.d3 ^ Binary64.signBit, mode, &flags))
        case .fnmsubD: op.writeDouble(fma64(op.d1 ^ Binary64.signBit, op.d2, op.d3, mode, &flags))
        case .fnmaddD: op.writeDouble(fma64(op.d1 ^ Binary64.signBit, op.d2, op.d3 ^ Binary64.signBit, mode, &flags))
        case .fsgnjD: op.writeDouble(Binary64.magnitude(op.d1) | (op.d2 & Binary64.signBit))
        case .fsgnjnD: op.writeDouble(Binary64.magnitude(op.d1) | (~op.d2 & Binary64.signBit))
        case .fsgnjxD: op.writeDouble(op.d1 ^ (op.d2 & Binary64.signBit))
        case .fminD: op.writeDouble(SoftFloat<Binary64>.minimum(op.d1, op.d2, &flags))
        case .fmaxD: op.writeDouble(SoftFloat<Binary64>.maximum(op.d1, op.d2, &flags))
        case .feqD: op.writeInteger(eq64(op.d1, op.d2, &flags))
        case .fltD: op.writeInteger(lt64(op.d1, op.d2, &flags))
        case .fleD: op.writeInteger(le64(op.d1, op.d2, &flags))
        case .fclassD: op.writeInteger(SoftFloat<Binary64>.classify(op.d1))
        case .fcvtWD: op.writeInteger(integer64(op.d1, Int32.self, mode, &flags))
        case .fcvtWuD: op.writeInteger(integer64(op.d1, UInt32.self, mode, &flags))
        case .fcvtLD: op.writeInteger(integer64(op.d1, Int64.self, mode, &flags))
        case .fcvtLuD: op.writeInteger(integer64(op.d1, UInt64.self, mode, &flags))
        case .fcvtDW: op.writeDouble(HostFloat<Binary64>.fromInteger(Int32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtDWu: op.writeDouble(HostFloat<Binary64>.fromInteger(UInt32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtDL: op.writeDouble(HostFloat<Binary64>.fromInteger(Int64(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtDLu: op.writeDouble(HostFloat<Binary64>.fromInteger(UInt64(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtSD: op.writeSingle(HostFloat<Binary64>.narrowed(op.d1, mode, &flags))
        case .fcvtDS: op.writeDouble(HostFloat<Binary32>.widened(op.s1, &flags))
        case .fmvXD: op.writeInteger(op.d1)
        case .fmvDX: op.writeDouble(op.x1)
        case .faddS: op.writeSingle(add32(op.s1, op.s2, mode, &flags))
        case .fsubS: op.writeSingle(sub32(op.s1, op.s2, mode, &flags))
        case .fmulS: op.writeSingle(mul32(op.s1, op.s2, mode, &flags))
        case .fdivS: op.writeSingle(div32(op.s1, op.s2, mode, &flags))
        case .fsqrtS: op.writeSingle(HostFloat<Binary32>.squareRoot(op.s1, mode, &flags))
        case .fmaddS: op.writeSingle(fma32(op.s1, op.s2, op.s3, mode, &flags))
        case .fmsubS: op.writeSingle(fma32(op.s1, op.s2, op.s3 ^ Binary32.signBit, mode, &flags))
        case .fnmsubS: op.writeSingle(fma32(op.s1 ^ Binary32.signBit, op.s2, op.s3, mode, &flags))
        case .fnmaddS: op.writeSingle(fma32(op.s1 ^ Binary32.signBit, op.s2, op.s3 ^ Binary32.signBit, mode, &flags))
        case .fsgnjS: op.writeSingle(Binary32.magnitude(op.s1) | (op.s2 & Binary32.signBit))
        case .fsgnjnS: op.writeSingle(Binary32.magnitude(op.s1) | (~op.s2 & Binary32.signBit))
        case .fsgnjxS: op.writeSingle(op.s1 ^ (op.s2 & Binary32.signBit))
        case .fminS: op.writeSingle(SoftFloat<Binary32>.minimum(op.s1, op.s2, &flags))
        case .fmaxS: op.writeSingle(SoftFloat<Binary32>.maximum(op.s1, op.s2, &flags))
        case .feqS: op.writeInteger(eq32(op.s1, op.s2, &flags))
        case .fltS: op.writeInteger(lt32(op.s1, op.s2, &flags))
        case .fleS: op.writeInteger(le32(op.s1, op.s2, &flags))
        case .fclassS: op.writeInteger(SoftFloat<Binary32>.classify(op.s1))
        case .fcvtWS: op.writeInteger(integer32(op.s1, Int32.self, mode, &flags))
        case .fcvtWuS: op.writeInteger(integer32(op.s1, UInt32.self, mode, &flags))
        case .fcvtLS: op.writeInteger(integer32(op.s1, Int64.self, mode, &flags))
        case .fcvtLuS: op.writeInteger(integer32(op.s1, UInt64.self, mode, &flags))
        case .fcvtSW: op.writeSingle(HostFloat<Binary32>.fromInteger(Int32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtSWu: op.writeSingle(HostFloat<Binary32>.fromInteger(UInt32(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtSL: op.writeSingle(HostFloat<Binary32>.fromInteger(Int64(truncatingIfNeeded: op.x1), mode, &flags))
        case .fcvtSLu: op.writeSingle(HostFloat<Binary32>.fromInteger(UInt64(truncatingIfNeeded: op.x1), mode, &flags))
        // The transfers move bits as they are, boxed or not (norm:fmv-x-w_op).
        case .fmvXW: op.writeInteger(signExtended(UInt32(truncatingIfNeeded: op.d1)))
        case .fmvWX: op.writeSingle(op.x1 & 0xffff_ffff)
        default: if !executeHalf(opcode, op, mode, &flags) { executeAdditional(opcode, op, mode, &flags) }
        }
    }

    private static func integer64<Integer: FixedWidthInteger>(
        _ value: UInt64,
        _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        signExtended(HostFloat<Binary64>.toInteger(value, as: Integer.self, mode, &flags))
    }

    private static func integer32<Integer: FixedWidthInteger>(
        _ value: UInt64,
        _: Integer.Type,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        signExtended(HostFloat<Binary32>.toInteger(value, as: Integer.self, mode, &flags))
    }

    /// 32-bit results are sign-extended, unsigned ones too (norm:fcvt-w-d_fcvt-wu-d_sign_ext).
    static func signExtended<Integer: FixedWidthInteger>(_ value: Integer) -> UInt64 {
        Integer.bitWidth == 32
            ? UInt64(truncatingIfNeeded: Int32(truncatingIfNeeded: value))
            : UInt64(truncatingIfNeeded: value)
    }
}

/// The registers of one instruction, read when asked for.
///
/// The pointers are the hart's register files, alive for the call; the decoder made the indices five bits wide, or
/// ``DecodedInstruction/writeSink``.
struct Operands {
    let instruction: DecodedInstruction
    let x: UnsafeMutablePointer<UInt64>
    let f: UnsafeMutablePointer<UInt64>

    var x1: UInt64 { x[Int(instruction.rs1)] }

    var d1: UInt64 { f[Int(instruction.rs1)] }
    var d2: UInt64 { f[Int(instruction.rs2)] }
    var d3: UInt64 { f[Int(instruction.rs3)] }

    var s1: UInt64 { FloatingPointUnit.unboxed(d1) }
    var s2: UInt64 { FloatingPointUnit.unboxed(d2) }
    var s3: UInt64 { FloatingPointUnit.unboxed(d3) }

    var h1: UInt64 { FloatingPointUnit.unboxedHalf(d1) }
    var h2: UInt64 { FloatingPointUnit.unboxedHalf(d2) }
    var h3: UInt64 { FloatingPointUnit.unboxedHalf(d3) }

    /// The number of an FLI's constant, in rs1's place.
    var constant: UInt8 { instruction.rs1 }

    func writeInteger(_ value: UInt64) { x[Int(instruction.rd)] = value }
    func writeDouble(_ value: UInt64) { f[Int(instruction.rd)] = value }
    func writeSingle(_ value: UInt64) { f[Int(instruction.rd)] = FloatingPointUnit.boxed(value) }
    func writeHalf(_ value: UInt64) { f[Int(instruction.rd)] = FloatingPointUnit.boxedHalf(value) }
}
