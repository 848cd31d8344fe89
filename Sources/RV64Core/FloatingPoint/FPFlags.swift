/// The accrued exceptions, as the bits of `fflags` (norm:fcsr_fflags_op).
package enum FPFlags {
    /// Inexact.
    package static let nx: UInt64 = 1
    /// Underflow.
    package static let uf: UInt64 = 2
    /// Overflow.
    package static let of: UInt64 = 4
    /// Divide by zero.
    package static let dz: UInt64 = 8
    /// Invalid operation.
    package static let nv: UInt64 = 16
}
