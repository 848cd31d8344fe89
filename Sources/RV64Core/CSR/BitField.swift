/// A control and status register with named fields.
package protocol ControlRegister: BitwiseCopyable, Sendable, Equatable {
    var rawValue: UInt64 { get set }
    init(rawValue: UInt64)
}

/// A one-bit field of `Register`.
package struct Flag<Register: ControlRegister>: Sendable {
    package let mask: UInt64
    @inlinable @inline(__always) package init(bit: UInt64) { mask = 1 &<< bit }
}

/// A field of `Register` that is wider than one bit.
package struct Field<Register: ControlRegister>: Sendable {
    package let shift: UInt64
    package let width: UInt64
    @inline(__always) package init(_ high: UInt64, _ low: UInt64) {
        shift = low
        width = high &- low &+ 1
    }
    @inline(__always) package var mask: UInt64 { ((1 &<< width) &- 1) &<< shift }
}

extension ControlRegister {
    @inline(__always) package init(_ rawValue: UInt64) { self.init(rawValue: rawValue) }

    package subscript(flag: Flag<Self>) -> Bool {
        @inlinable @inline(__always) get { rawValue & flag.mask != 0 }
        @inline(__always) set { rawValue = newValue ? rawValue | flag.mask : rawValue & ~flag.mask }
    }

    package subscript(field: Field<Self>) -> UInt64 {
        @inline(__always) get { (rawValue & field.mask) &>> field.shift }
        @inline(__always) set { rawValue = (rawValue & ~field.mask) | ((newValue &<< field.shift) & field.mask) }
    }
}
