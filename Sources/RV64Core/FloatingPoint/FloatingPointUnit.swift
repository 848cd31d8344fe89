/// The computational instructions of F and D.
///
/// This part: entry points on bare values for the interpreter's hottest instructions. Single values here are the low
/// 32 bits, neither boxed nor unboxed; see ``unboxed(_:)`` and ``boxed(_:)``.
package enum FloatingPointUnit {
    /// The single value in a 64-bit register: the canonical NaN unless properly boxed
    /// (norm:FP_nontransfer_instrs_improper_nan-boxed_input).
    @inline(__always)
    static func unboxed(_ register: UInt64) -> UInt64 {
        register >= boxMask ? register & 0xffff_ffff : Binary32.canonicalNaN
    }

    /// Whether the upper bits are what boxing makes them; of two registers ANDed, whether both are.
    @inline(__always)
    static func isBoxed(_ register: UInt64) -> Bool { register >= boxMask }

    /// A single value as a register holds it: upper bits all ones (norm:fp_nan-boxing).
    @inline(__always)
    static func boxed(_ value: UInt64) -> UInt64 { value | boxMask }

    private static var boxMask: UInt64 { 0xffff_ffff_0000_0000 }

    // Inlined into the interpreter's handlers: a fast path is shorter than the call it replaces.

    @inline(__always)
    static func add64(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.add(a, b, mode, &flags)
    }

    @inline(__always)
    static func sub64(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.subtract(a, b, mode, &flags)
    }

    @inline(__always)
    static func mul64(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.multiply(a, b, mode, &flags)
    }

    @inline(__always)
    static func div64(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.divide(a, b, mode, &flags)
    }

    /// `a * b + c`; for the other three forms flip the sign bits of `a` and `c`.
    @inline(__always)
    static func fma64(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        HostFloat<Binary64>.fusedMultiplyAdd(a, b, c, mode, &flags)
    }

    @inline(__always)
    static func eq64(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.isEqual(a, b, &flags) ? 1 : 0
    }

    @inline(__always)
    static func lt64(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.isLess(a, b, &flags) ? 1 : 0
    }

    @inline(__always)
    static func le64(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary64>.isLessOrEqual(a, b, &flags) ? 1 : 0
    }

    @inline(__always)
    static func add32(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.add(a, b, mode, &flags)
    }

    @inline(__always)
    static func sub32(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.subtract(a, b, mode, &flags)
    }

    @inline(__always)
    static func mul32(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.multiply(a, b, mode, &flags)
    }

    @inline(__always)
    static func div32(_ a: UInt64, _ b: UInt64, _ mode: RoundingMode, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.divide(a, b, mode, &flags)
    }

    /// `a * b + c`; for the other three forms flip the sign bits of `a` and `c`.
    @inline(__always)
    static func fma32(
        _ a: UInt64,
        _ b: UInt64,
        _ c: UInt64,
        _ mode: RoundingMode,
        _ flags: inout UInt64
    ) -> UInt64 {
        HostFloat<Binary32>.fusedMultiplyAdd(a, b, c, mode, &flags)
    }

    @inline(__always)
    static func eq32(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.isEqual(a, b, &flags) ? 1 : 0
    }

    @inline(__always)
    static func lt32(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.isLess(a, b, &flags) ? 1 : 0
    }

    @inline(__always)
    static func le32(_ a: UInt64, _ b: UInt64, _ flags: inout UInt64) -> UInt64 {
        HostFloat<Binary32>.isLessOrEqual(a, b, &flags) ? 1 : 0
    }
}
