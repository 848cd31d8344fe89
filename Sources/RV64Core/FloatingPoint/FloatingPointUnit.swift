/// The computational instructions of F, D, Zfh and Zfa.
package enum FloatingPointUnit {
    /// Executes any of them: all but loads and stores.
    ///
    /// The caller has checked `mstatus.FS` and resolved a dynamic rounding mode, and accrues `flags` in `fcsr`.
    /// `x` has a place at ``DecodedInstruction/writeSink`` for writes to x0.
    @inline(__always)
    package static func execute(
        _ operation: FloatOperation,
        _ format: FloatFormat,
        _ instruction: DecodedInstruction,
        roundingMode: RoundingMode,
        x: UnsafeMutablePointer<UInt64>,
        f: UnsafeMutablePointer<UInt64>,
        flags: inout UInt64
    ) {
        switch format {
        case .half:
            let operands = Operands<SoftFloat<Binary16>>(instruction: instruction, x: x, f: f)
            operands.execute(operation, roundingMode, &flags)
        case .single:
            let operands = Operands<HostFloat<Binary32>>(instruction: instruction, x: x, f: f)
            operands.execute(operation, roundingMode, &flags)
        case .double:
            let operands = Operands<HostFloat<Binary64>>(instruction: instruction, x: x, f: f)
            operands.execute(operation, roundingMode, &flags)
        }
    }
}

/// The registers of one instruction, read when asked for, and the unit that computes in its format.
///
/// The pointers are the hart's register files, alive for the call; the decoder made the indices five bits wide, or
/// ``DecodedInstruction/writeSink``.
private struct Operands<Unit: ArithmeticUnit> {
    typealias Format = Unit.Format

    let instruction: DecodedInstruction
    let x: UnsafeMutablePointer<UInt64>
    let f: UnsafeMutablePointer<UInt64>

    var integer: UInt64 { x[instruction.rs1] }
    var a: UInt64 { Format.unboxed(f[instruction.rs1]) }
    var b: UInt64 { Format.unboxed(f[instruction.rs2]) }
    var c: UInt64 { Format.unboxed(f[instruction.rs3]) }

    func write(_ value: UInt64) { f[instruction.rd] = Format.boxed(value) }
    func write(_ outcome: Bool) { x[instruction.rd] = outcome ? 1 : 0 }
    func writeInteger(_ value: UInt64) { x[instruction.rd] = value }

    /// 32-bit results are sign-extended, unsigned ones too (norm:fcvt-w-d_fcvt-wu-d_sign_ext).
    func writeInteger<Integer: FixedWidthInteger>(_ value: Integer) {
        x[instruction.rd] =
            Integer.bitWidth == 32
            ? UInt64(truncatingIfNeeded: Int32(truncatingIfNeeded: value)) : UInt64(truncatingIfNeeded: value)
    }

    func execute(_ operation: FloatOperation, _ mode: RoundingMode, _ flags: inout UInt64) {
        switch operation {
        case .add: write(Unit.add(a, b, mode, &flags))
        case .subtract: write(Unit.subtract(a, b, mode, &flags))
        case .multiply: write(Unit.multiply(a, b, mode, &flags))
        case .divide: write(Unit.divide(a, b, mode, &flags))
        case .squareRoot: write(Unit.squareRoot(a, mode, &flags))
        case .multiplyAdd: write(Unit.fusedMultiplyAdd(a, b, c, mode, &flags))
        case .multiplySubtract: write(Unit.fusedMultiplyAdd(a, b, c ^ Format.signBit, mode, &flags))
        case .negatedMultiplySubtract: write(Unit.fusedMultiplyAdd(a ^ Format.signBit, b, c, mode, &flags))
        case .negatedMultiplyAdd:
            write(Unit.fusedMultiplyAdd(a ^ Format.signBit, b, c ^ Format.signBit, mode, &flags))
        case .sign: write(Format.magnitude(a) | b & Format.signBit)
        case .negatedSign: write(Format.magnitude(a) | ~b & Format.signBit)
        case .exclusiveOrSign: write(a ^ b & Format.signBit)
        case .minimum: write(SoftFloat<Format>.minimum(a, b, &flags))
        case .maximum: write(SoftFloat<Format>.maximum(a, b, &flags))
        case .minimumPropagatingNaN: write(SoftFloat<Format>.minimumPropagatingNaN(a, b, &flags))
        case .maximumPropagatingNaN: write(SoftFloat<Format>.maximumPropagatingNaN(a, b, &flags))
        case .equal: write(Unit.isEqual(a, b, &flags))
        case .less: write(Unit.isLess(a, b, &flags))
        case .lessOrEqual: write(Unit.isLessOrEqual(a, b, &flags))
        case .lessQuiet: write(SoftFloat<Format>.isQuietlyLess(a, b, &flags))
        case .lessOrEqualQuiet: write(SoftFloat<Format>.isQuietlyLessOrEqual(a, b, &flags))
        case .classify: writeInteger(SoftFloat<Format>.classify(a))
        // The number of the constant stands in rs1's place.
        case .constant: write(FloatingPointConstants.value(instruction.rs1, Format.self))
        case .round: write(rounded(mode, &flags))
        case .roundExact: write(SoftFloat<Format>.roundedToIntegral(a, mode, &flags))
        case .toInt32: writeInteger(Unit.toInteger(a, as: Int32.self, mode, &flags))
        case .toUInt32: writeInteger(Unit.toInteger(a, as: UInt32.self, mode, &flags))
        case .toInt64: writeInteger(Unit.toInteger(a, as: Int64.self, mode, &flags))
        case .toUInt64: writeInteger(Unit.toInteger(a, as: UInt64.self, mode, &flags))
        case .toInt32Modulo: writeInteger(SoftFloat<Format>.toIntegerModulo(a, &flags))
        case .fromInt32: write(Unit.fromInteger(Int32(truncatingIfNeeded: integer), mode, &flags))
        case .fromUInt32: write(Unit.fromInteger(UInt32(truncatingIfNeeded: integer), mode, &flags))
        case .fromInt64: write(Unit.fromInteger(Int64(truncatingIfNeeded: integer), mode, &flags))
        case .fromUInt64: write(Unit.fromInteger(integer, mode, &flags))
        case .fromHalf: write(Unit.converted(Binary16.unboxed(f[instruction.rs1]), from: Binary16.self, mode, &flags))
        case .fromSingle: write(Unit.converted(Binary32.unboxed(f[instruction.rs1]), from: Binary32.self, mode, &flags))
        case .fromDouble: write(Unit.converted(f[instruction.rs1], from: Binary64.self, mode, &flags))
        // The transfers move bits as they are, boxed or not (norm:fmv-x-w_op norm:fmv-x-h_op).
        case .moveToInteger: writeInteger(Format.signExtended(f[instruction.rs1]))
        case .moveFromInteger: write(integer & Format.mask)
        }
    }

    /// FROUND is FROUNDNX without the inexact flag. norm:fround-s_op norm:fround-s_nan_nv
    private func rounded(_ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        var raised: UInt64 = 0
        let result = SoftFloat<Format>.roundedToIntegral(a, mode, &raised)
        flags |= raised & FPFlags.nv
        return result
    }
}
