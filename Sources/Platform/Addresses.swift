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
package enum Page {
    package static let shift: UInt64 = 12
    package static let size: UInt64 = 1 << shift
    package static let offsetMask: UInt64 = size - 1
}
