/// One argument of a call, as a reader wants to see it.
struct SBIParameter: Sendable {
    /// Its name in the specification.
    let name: String
    let kind: Kind

    /// What the number is.
    enum Kind: Sendable {
        case hartID
        /// A bit per hart.
        case hartMask
        /// The hartid of a mask's bit 0; -1 for all harts.
        case hartMaskBase
        /// Physical to the guest.
        case physicalAddress
        case virtualAddress
        /// Bytes; 2^XLEN-1 may stand for all of them.
        case size
        /// `time`, in ticks.
        case time
        /// The number of an address space, a virtual machine or a feature's value.
        case number
        /// A `uint32_t` that chooses: a type, a reason, a feature.
        case selector
        case flags
        case extensionID
        /// A `uint8_t`.
        case byte
        /// The caller's own.
        case opaque
    }

    init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The argument with its name: `start_addr=0x80200000`.
    func text(_ value: UInt64) -> String { name + "=" + Self.text(value, kind) }

    private static func text(_ value: UInt64, _ kind: Kind) -> String {
        switch kind {
        case .hartID, .number: String(value)
        case .hartMask: "0b" + String(value, radix: 2)
        case .hartMaskBase, .size: value == .max ? "-1" : String(value)
        case .time: value == .max ? "never" : String(value)
        case .physicalAddress, .virtualAddress, .flags, .extensionID, .opaque: hex(value)
        case .selector: hex(UInt64(UInt32(truncatingIfNeeded: value)))
        case .byte: hex(UInt64(UInt8(truncatingIfNeeded: value)))
        }
    }
}
