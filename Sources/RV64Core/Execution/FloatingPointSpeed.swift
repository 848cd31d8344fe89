/// Which floating-point instructions the interpreter may execute itself, by the host's unit. As of the last look: it
/// says no for a while where yes would do, never the other way round.
struct FloatingPointSpeed {
    /// FS is dirty: there is nothing to check and nothing to mark.
    let isDirty: Bool
    /// Beyond that, `frm` is nearest-even and inexact is raised already: an operation that cannot raise more leaves
    /// no trace but its result.
    let isSettled: Bool

    @inline(__always)
    init(_ hart: Hart) {
        isDirty = hart.context.pointee.floatingPoint == .dirty
        isSettled = isDirty && hart.state.pointee.frm == 0 && HostFloat<Binary64>.isSettled(hart.state.pointee.fflags)
    }

    // Inlined: each becomes a few instructions of one case of the interpreter's switch.

    /// An operation on doubles; false, and nothing done, where its result is not certain.
    @inline(__always)
    func double(
        _ i: UnsafeMutablePointer<DecodedInstruction>,
        _ f: UnsafeMutablePointer<UInt64>,
        _ operation: (UInt64, UInt64) -> UInt64?
    ) -> Bool {
        guard isSettled, i.roundsToNearest, let result = operation(f[i.rs1], f[i.rs2]) else { return false }
        f[i.rd] = result
        return true
    }

    /// An operation on singles, both properly boxed.
    @inline(__always)
    func single(
        _ i: UnsafeMutablePointer<DecodedInstruction>,
        _ f: UnsafeMutablePointer<UInt64>,
        _ operation: (UInt64, UInt64) -> UInt64?
    ) -> Bool {
        let a = f[i.rs1]
        let b = f[i.rs2]
        guard isSettled, i.roundsToNearest, FloatingPointUnit.isBoxed(a & b),
            let result = operation(FloatingPointUnit.unboxed(a), FloatingPointUnit.unboxed(b))
        else { return false }
        f[i.rd] = FloatingPointUnit.boxed(result)
        return true
    }

    /// A comparison of doubles; false where one of them is a NaN.
    @inline(__always)
    func compare(
        _ i: UnsafeMutablePointer<DecodedInstruction>,
        _ x: UnsafeMutablePointer<UInt64>,
        _ f: UnsafeMutablePointer<UInt64>,
        _ operation: (Double, Double) -> Bool
    ) -> Bool {
        let a = Double(bitPattern: f[i.rs1])
        let b = Double(bitPattern: f[i.rs2])
        guard isDirty, !(a.isNaN || b.isNaN) else { return false }
        x[i.rd] = operation(a, b) ? 1 : 0
        return true
    }
}

extension UnsafeMutablePointer where Pointee == DecodedInstruction {
    /// The rounding-mode field is 0, nearest-even, or 7, whatever `frm` says.
    @inline(__always) var roundsToNearest: Bool { (pointee.raw &+ 0x1000) & 0x6000 == 0 }
}
