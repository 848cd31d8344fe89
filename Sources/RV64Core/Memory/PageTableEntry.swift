/// One page-table entry, the same 64 bits in every paging mode. Privileged ISA, "Sv39", "Svnapot", "Svpbmt".
struct PageTableEntry: BitwiseCopyable {
    var rawValue: UInt64

    static let accessed: UInt64 = 1 << 6
    static let dirty: UInt64 = 1 << 7

    var isValid: Bool { rawValue & 1 != 0 }
    var isReadable: Bool { rawValue & 2 != 0 }
    var isWritable: Bool { rawValue & 4 != 0 }
    var isExecutable: Bool { rawValue & 8 != 0 }
    var isUser: Bool { rawValue & 16 != 0 }
    var isLeaf: Bool { rawValue & 0xA != 0 }
    var isNAPOT: Bool { rawValue >> 63 != 0 }
    var memoryType: UInt64 { rawValue >> 61 & 3 }
    var pageNumber: UInt64 { rawValue >> 10 & 0xFFF_FFFF_FFFF }

    /// Bits 60:54, reserved in every mode.
    private static let reserved: UInt64 = 0x1FC0_0000_0000_0000
    /// Those of them that Svrsw60t59b gives to software. norm:Svrsw60t59b_reserved_bits_60_59
    /// norm:Svrsw60t59b_h_g_stage_reserved_bits
    private static let reservedForSoftware: UInt64 = 0x1800_0000_0000_0000
    /// A, D, U, N and PBMT must be zero in a pointer to the next level.
    private static let reservedInPointers: UInt64 = accessed | dirty | 1 << 4 | 0xE000_0000_0000_0000

    /// The entry breaks no rule for its place. Page-table walk, steps 3 to 5. norm:Sv39_pte_svpbmt_rsv
    func isWellFormed(level: Int, extensions: ExtensionSet, memoryTypes: MemoryTypes) -> Bool {
        guard isValid, isReadable || !isWritable else { return false }
        let reserved = rawValue & Self.reserved
        if reserved != 0 {
            guard extensions.contains(.svrsw60t59b), reserved & ~Self.reservedForSoftware == 0 else { return false }
        }
        guard isLeaf else { return rawValue & Self.reservedInPointers == 0 }
        switch memoryTypes {
        case .enabled: if memoryType == 3 { return false }
        case .disabled: if memoryType != 0 { return false }
        }
        if isNAPOT {
            return extensions.contains(.svnapot) && level == 0 && pageNumber & 0xF == 8
        }
        return pageNumber & ((1 &<< (9 &* UInt64(level))) &- 1) == 0
    }

    /// Whether PBMT is in force for the table this entry is in (`xenvcfg.PBMTE`).
    enum MemoryTypes { case enabled, disabled }
}

/// A paging mode as data: how many levels, and how wide the top index is.
struct PagingScheme {
    let levels: Int
    let isGuestStage: Bool

    /// The scheme of the MODE field of `satp`, `vsatp` or `hgatp`; nil for Bare.
    init?(mode: UInt64, isGuestStage: Bool) {
        switch mode {
        case 8: levels = 3
        case 9: levels = 4
        case 10: levels = 5
        // A number that software wrote: 0 is Bare, and nothing else gets into the register.
        default: return nil
        }
        self.isGuestStage = isGuestStage
    }

    /// Bits of an address that is translated: 39, 48, 57, and two more in the G-stage.
    var addressBits: UInt64 { UInt64(12 + 9 * levels) + (isGuestStage ? 2 : 0) }

    /// First stage: the address is sign-extended; G-stage: its upper bits are zero.
    func isCanonical(_ address: UInt64) -> Bool {
        if isGuestStage { return address &>> addressBits == 0 }
        let unused = 64 &- addressBits
        return UInt64(bitPattern: Int64(bitPattern: address &<< unused) &>> Int64(unused)) == address
    }

    /// The table index at a level; the G-stage's root is four pages long.
    func index(_ address: UInt64, level: Int) -> UInt64 {
        let isTop = level == levels - 1
        let mask: UInt64 = isTop && isGuestStage ? 0x7FF : 0x1FF
        return address &>> (12 &+ 9 &* UInt64(level)) & mask
    }
}
