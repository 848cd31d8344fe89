/// Zbkb and Zbkx: moving pieces of registers about.
enum PackAndPermute {
    /// norm:pack_op
    static func words(_ a: UInt64, _ b: UInt64) -> UInt64 { a & 0xFFFF_FFFF | b &<< 32 }

    /// norm:packh_op
    static func bytes(_ a: UInt64, _ b: UInt64) -> UInt64 { a & 0xFF | (b & 0xFF) &<< 8 }

    /// norm:packw_op
    static func halves(_ a: UInt64, _ b: UInt64) -> UInt64 { Integer.word(a & 0xFFFF | (b & 0xFFFF) &<< 16) }

    /// The bits of each byte in reverse order. norm:brev8_op
    static func bitReversedBytes(_ value: UInt64) -> UInt64 {
        var result = value
        for (shift, mask) in [(1, 0x5555_5555_5555_5555), (2, 0x3333_3333_3333_3333), (4, 0x0F0F_0F0F_0F0F_0F0F)]
            as [(UInt64, UInt64)]
        {
            result = result &>> shift & mask | (result & mask) &<< shift
        }
        return result
    }

    /// Looks each nibble (`width` 4) or byte (8) of `indices` up in `table`; indices beyond it give zero.
    /// norm:xperm4_op norm:xperm8_op
    static func permuted(_ table: UInt64, _ indices: UInt64, width: UInt64) -> UInt64 {
        let mask: UInt64 = 1 &<< width &- 1
        var result: UInt64 = 0
        var position: UInt64 = 0
        while position < 64 {
            let index = indices &>> position & mask
            if index < 64 / width { result |= (table &>> (index &* width) & mask) &<< position }
            position &+= width
        }
        return result
    }
}
