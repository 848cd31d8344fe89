import TestSupport

/// Operands that find what is wrong: edges of every width, and anything.
package enum Values {
    private static let edges: [UInt64] = [
        0, 1, 2, 31, 32, 63, 64, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
        0x1_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000,
        ~0, ~1, 0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_7FFF_FFFF,
        0x5555_5555_5555_5555, 0x8080_8080_8080_8080, 0x0100_0000_0000_0001,
    ]

    package static func integer(_ random: inout SplitMix64) -> UInt64 {
        let choice = random.next()
        switch choice & 7 {
        case 0...3: return edges[Int(choice >> 8) % edges.count]
        case 4: return 1 << (choice >> 8 & 63)
        case 5: return random.next() >> (choice >> 8 & 63)
        default: return random.next()
        }
    }

    private static let doubles: [UInt64] = [
        0, 1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x3FF0_0000_0000_0000, 0x3FE0_0000_0000_0000,
        0x3FF8_0000_0000_0000, 0x7FEF_FFFF_FFFF_FFFF,
        0x7FF0_0000_0000_0000, 0x7FF0_0000_0000_0001, 0x7FF8_0000_0000_0000,
        0x7FFF_FFFF_FFFF_FFFF, 0x41DF_FFFF_FFC0_0000,
        0x41E0_0000_0000_0000, 0x41EF_FFFF_FFE0_0000, 0x43DF_FFFF_FFFF_FFFF,
        0x43E0_0000_0000_0000, 0x43EF_FFFF_FFFF_FFFF,
        0x47EF_FFFF_E000_0000, 0x3810_0000_0000_0000, 0x36A0_0000_0000_0000,
        0x380F_FFFF_FFFF_FFFF, 0x41E0_0000_0010_0000, 0x4340_0000_0000_0001,
    ]

    private static let singles: [UInt64] = [
        0, 1, 0x007F_FFFF, 0x0080_0000, 0x3F80_0000,
        0x3F00_0000, 0x3FC0_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001,
        0x7FC0_0000, 0x7FFF_FFFF, 0x4EFF_FFFF, 0x4F00_0000, 0x4F7F_FFFF, 0x4F80_0000, 0x5EFF_FFFF, 0x5F00_0000,
        0x5F7F_FFFF, 0x0080_0001, 0x3380_0000, 0x4B00_0001,
    ]

    private static let halves: [UInt64] = [0, 1, 0x3FF, 0x400, 0x3C00, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF]

    /// An f register: numbers of all formats, boxed and not.
    package static func float(_ random: inout SplitMix64) -> UInt64 {
        let choice = random.next()
        let sign = choice >> 60 & 1
        switch choice & 15 {
        case 0...4: return doubles[Int(choice >> 8) % doubles.count] | sign << 63
        case 5...9: return singles[Int(choice >> 8) % singles.count] | sign << 31 | 0xFFFF_FFFF_0000_0000
        case 10: return halves[Int(choice >> 8) % halves.count] | sign << 15 | 0xFFFF_FFFF_FFFF_0000
        case 11: return random.next() | 0xFFFF_FFFF_0000_0000
        // Exponents near each other, so that sums cancel.
        case 12: return random.next() & 0x800F_FFFF_FFFF_FFFF | 0x3FE0_0000_0000_0000 &+ (choice >> 8 & 3) << 52
        case 13: return random.next() & 0x807F_FFFF | 0x3F00_0000 &+ (choice >> 8 & 3) << 23 | 0xFFFF_FFFF_0000_0000
        // Neither boxed nor a double of note.
        case 14: return singles[Int(choice >> 8) % singles.count] | 0x7FFF_FFFF_0000_0000
        default: return random.next()
        }
    }
}
