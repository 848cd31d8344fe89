/// The 12-bit address of a control and status register. Privileged ISA, "CSR Listing".
package struct CSRAddress: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt16

    @inline(__always) package init(rawValue: UInt16) { self.rawValue = rawValue & 0xfff }
    @inline(__always) package init(_ rawValue: UInt16) { self.init(rawValue: rawValue) }

    /// Bits 11:10 are 0b11. norm:Zicsr_rw
    @inline(__always) package var isReadOnly: Bool { rawValue >> 10 == 0b11 }

    /// Bits 9:8, the lowest privilege that may access the register. norm:Zicsr_access
    @inline(__always) package var level: CSRLevel { CSRLevel(bits: rawValue >> 8) }

    /// The register's number from the first one of its family, for `pmpaddr`, `mhpmcounter` and the like.
    @inline(__always) package func index(from first: CSRAddress) -> Int { Int(rawValue) &- Int(first.rawValue) }

    /// The register `offset` places after this one.
    @inline(__always) package func advanced(by offset: Int) -> CSRAddress {
        CSRAddress(UInt16(truncatingIfNeeded: Int(rawValue) &+ offset))
    }
}

/// The lowest privilege level that may access a CSR, as its address encodes it.
package enum CSRLevel: UInt8, Sendable, CaseIterable {
    case user = 0
    case supervisor = 1
    /// Hypervisor CSRs and VS CSRs.
    case hypervisor = 2
    case machine = 3

    @inline(__always) init(bits: UInt16) {
        self =
            switch bits & 3 {
            case 0: .user
            case 1: .supervisor
            case 2: .hypervisor
            // Two bits: 3.
            default: .machine
            }
    }
}

// MARK: - Ranges

extension CSRAddress {
    /// Whether the address lies in a numbered family, both ends included.
    @inline(__always)
    static func ~= (range: ClosedRange<CSRAddress>, address: CSRAddress) -> Bool {
        range.lowerBound.rawValue <= address.rawValue && address.rawValue <= range.upperBound.rawValue
    }
}

extension CSRAddress: Comparable {
    @inline(__always)
    package static func < (left: CSRAddress, right: CSRAddress) -> Bool { left.rawValue < right.rawValue }
}
