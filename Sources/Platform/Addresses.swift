/// An address as the hart's physical memory and buses see it (the manual's "supervisor physical address").
package struct PhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
    package var rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An address in one guest's physical address space: what the guest believes to be physical, before the G-stage.
package struct GuestPhysicalAddress: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
    package var rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An address before any translation: what an instruction computes.
package struct VirtualAddress: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable {
    package var rawValue: UInt64
    @inlinable package init(rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    @inlinable package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The base page: 4 KiB, every stage and every paging mode.
///
/// Public, because what is `package` is not inlined into other modules, and every load and store uses the mask.
public enum Page {
    /// log2 of the size.
    @inlinable public static var shift: UInt64 { 12 }
    /// Bytes in a page.
    @inlinable public static var size: UInt64 { 1 &<< shift }
    /// The bits of an address that lie inside the page.
    @inlinable public static var offsetMask: UInt64 { size &- 1 }
}
