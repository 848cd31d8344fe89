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
        isDirty = hart.runState.pointee.floatingPoint == .dirty
        isSettled = isDirty && hart.state.pointee.frm == 0 && HostFloat<Binary64>.isSettled(hart.state.pointee.fflags)
    }

    // Inlined: each becomes a few instructions of one case of the interpreter's switch.

    /// The result of an operation on doubles, where it is certain.
    @inline(__always)
    func double(
        _ i: BlockOperation,
        _ a: UInt64,
        _ b: UInt64,
        _ operation: (UInt64, UInt64) -> UInt64?
    ) -> UInt64? {
        guard isSettled, i.roundsToNearest else { return nil }
        return operation(a, b)
    }

    /// As `double`, for singles that are properly boxed.
    @inline(__always)
    func single(
        _ i: BlockOperation,
        _ a: UInt64,
        _ b: UInt64,
        _ operation: (UInt64, UInt64) -> UInt64?
    ) -> UInt64? {
        guard isSettled, i.roundsToNearest, Binary32.isBoxed(a & b),
            let result = operation(Binary32.unboxed(a), Binary32.unboxed(b))
        else { return nil }
        return Binary32.boxed(result)
    }

    /// The outcome of a comparison of doubles of which none is a NaN.
    @inline(__always)
    func compare(_ a: UInt64, _ b: UInt64, _ operation: (Double, Double) -> Bool) -> UInt64? {
        let a = Double(bitPattern: a)
        let b = Double(bitPattern: b)
        guard isDirty, !(a.isNaN || b.isNaN) else { return nil }
        return operation(a, b) ? 1 : 0
    }
}

extension BlockOperation {
    /// The rounding-mode field is 0, nearest-even, or 7, whatever `frm` says.
    @inline(__always) var roundsToNearest: Bool { (raw &+ 0x1000) & 0x6000 == 0 }
}

/// The operations by their names in the interpreter's switch.
typealias Host32 = HostFloat<Binary32>
typealias Host64 = HostFloat<Binary64>
