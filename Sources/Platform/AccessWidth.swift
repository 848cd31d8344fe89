/// The width of one memory or device access; the raw value is its size in bytes.
package enum AccessWidth: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case byte = 1
    case half = 2
    case word = 4
    case double = 8

    /// Size in bytes.
    @inlinable package var bytes: UInt64 { UInt64(rawValue) }

    /// The bits of a 64-bit value that an access of this width carries.
    package var mask: UInt64 { self == .double ? ~0 : (1 << (bytes * 8)) - 1 }

    /// The width of an integer type of 8 to 64 bits.
    @inlinable
    package init<T: FixedWidthInteger>(of type: T.Type) {
        switch T.bitWidth {
        case 8: self = .byte
        case 16: self = .half
        case 32: self = .word
        // Numbers of bits: 64.
        default: self = .double
        }
    }
}
