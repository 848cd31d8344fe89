import RV64Core

/// CSRs that QEMU 7.2 lacks, or keeps values in that the manual or rvhv's choice forbid.
enum RegisterExclusions {
    /// PMP entries from 16 on, and the triggers.
    static func differsInExistence(csr: UInt32) -> Bool {
        (0x3A4...0x3AF).contains(csr) || (0x3C0...0x3EF).contains(csr) || (0x7A0...0x7AF).contains(csr)
    }

    /// What values are made to be before they are written; nil for registers that are not tried.
    static func tried(csr: UInt32) -> (keep: UInt64, add: UInt64)? {
        guard csr >> 10 != 3, CSRAddress(UInt16(csr)).name != nil, !differsInExistence(csr: csr) else { return nil }
        switch csr {
        // seed, stimecmp, vstimecmp, misa, mcycle, minstret and other counters, htimedelta; pmpcfg is locked in part.
        case 0x015, 0x14D, 0x24D, 0x301, 0x3A0...0x3A3, 0x3B0...0x3B5, 0x605, 0xB00...0xB1F: return nil
        // mhpmevent3 to 31; htinst, hgeie; vsstatus, which has no SD; menvcfg and henvcfg, which have no ADUE.
        case 0x323...0x33F, 0x64A, 0x607, 0x200, 0x30A, 0x60A: return nil
        default: break
        }
        // pmpaddr: 54 bits.
        if (0x3B6...0x3BF).contains(csr) { return ((1 << 54) - 1, 0) }
        return masks[csr] ?? (~0, 0)
    }

    private static let masks: [UInt32: (keep: UInt64, add: UInt64)] = [
        // VS without V, MPP = 2, and UXL, which is 64 bits here.
        0x100: (~0x3_0000_0600, 0x2_0000_0000), 0x300: (~0xF_0000_1600, 0xA_0000_0000),
        0x600: (0x70_0380, 0x2_0000_0000),
        // Reserved modes of vectors.
        0x105: (~3, 0), 0x205: (~3, 0), 0x305: (~3, 0),
        // Bit 0 of exception PCs.
        0x141: (~1, 0), 0x241: (~1, 0), 0x341: (~1, 0),
        // 32 bits, and no TM in mcountinhibit.
        0x106: (0xFFFF_FFFF, 0), 0x306: (0xFFFF_FFFF, 0), 0x606: (0xFFFF_FFFF, 0), 0x320: (0xFFFF_FFFD, 0),
        // FIOM; the rest is of extensions that are absent.
        0x10A: (1, 0),
        // Calls from M-mode, software check, hardware error, counter overflow, VSTIP and VSEIP, which only hvip sets.
        0x302: (~0xC_0800, 0), 0x602: (~0xC_0000, 0), 0x303: (~0x2000, 0), 0x304: (~0x2000, 0), 0x344: (~0x2440, 0),
        0x104: (~0x2000, 0), 0x144: (~0x2000, 0), 0x204: (~0x2000, 0), 0x244: (~0x2000, 0),
        // Sv39 or Bare.
        0x180: (0x8FFF_FFFF_FFFF_FFFF, 0), 0x280: (0x8FFF_FFFF_FFFF_FFFF, 0), 0x680: (0x83FF_FFFF_FFFF_FFFC, 0),
    ]
}
