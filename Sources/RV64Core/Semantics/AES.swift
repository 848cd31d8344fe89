/// Zkne and Zknd: AES rounds on a state in two registers, columns 0 and 1 in the first.
///
/// "Scalar AES Acceleration". The tables follow from the arithmetic of FIPS 197 and are computed, not copied.
enum AES {
    /// norm:aes64es_op, norm:aes64esm_op
    static func encrypted(_ a: UInt64, _ b: UInt64, _ columns: Columns) -> UInt64 {
        var result: UInt64 = 0
        // Row r of a column comes from the column r places further on.
        for byte in 0..<UInt64(8) {
            result |= UInt64(forward[stateByte(a, b, byte &+ 4 &* (byte & 3))]) &<< (8 &* byte)
        }
        return columns == .mixed ? mixed(result) : result
    }

    /// norm:aes64ds_op, norm:aes64dsm_op
    static func decrypted(_ a: UInt64, _ b: UInt64, _ columns: Columns) -> UInt64 {
        var result: UInt64 = 0
        for byte in 0..<UInt64(8) {
            result |= UInt64(inverse[stateByte(a, b, byte &- 4 &* (byte & 3))]) &<< (8 &* byte)
        }
        return columns == .mixed ? inverseMixed(result) : result
    }

    /// The first half of a step of the key schedule. Round 10 neither rotates nor adds a constant, as the second
    /// SubWord of AES-256 asks. norm:aes64ks1i_op
    static func keySchedule(_ value: UInt64, round: UInt64) -> UInt64 {
        let isPlain = round == 10
        let word = isPlain ? value : rotated(value, 8)
        var result: UInt64 = 0
        for byte in 0..<UInt64(4) { result |= UInt64(forward[stateByte(word, 0, byte &+ 4)]) &<< (8 &* byte) }
        if !isPlain {
            var constant: UInt64 = 1
            for _ in 0..<round { constant = doubled(constant) }
            result ^= constant
        }
        return result | result &<< 32
    }

    /// The second half of a step of the key schedule. norm:aes64ks2_op
    static func keyScheduleSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let low = (a &>> 32 ^ b) & 0xFFFF_FFFF
        return low | (low ^ b &>> 32) &<< 32
    }

    /// Whether a round ends with MixColumns; the last one does not.
    enum Columns {
        case mixed
        case unmixed
    }

    private static func stateByte(_ a: UInt64, _ b: UInt64, _ number: UInt64) -> Int {
        Int(truncatingIfNeeded: (number & 8 == 0 ? a : b) &>> (8 &* (number & 7)) & 0xFF)
    }

    /// MixColumns on both columns: each byte becomes 2s + 3t + u + v of itself and the three below it.
    private static func mixed(_ value: UInt64) -> UInt64 {
        let twice = doubled(value)
        return twice ^ rotated(twice ^ value, 8) ^ rotated(value, 16) ^ rotated(value, 24)
    }

    /// InvMixColumns on both columns, for the keys of the equivalent inverse cipher too. Its matrix is that of
    /// MixColumns times one with 5 on the diagonal and 4 two places off it. norm:aes64im_op
    static func inverseMixed(_ value: UInt64) -> UInt64 {
        mixed(value ^ doubled(doubled(value ^ rotated(value, 16))))
    }

    /// Rotates each half right.
    private static func rotated(_ value: UInt64, _ amount: UInt64) -> UInt64 {
        let kept = (0xFFFF_FFFF &>> amount) &* 0x1_0000_0001
        return (value &>> amount) & kept | (value &<< (32 &- amount)) & ~kept
    }

    // MARK: - GF(2^8) modulo x^8 + x^4 + x^3 + x + 1

    /// Doubles each byte.
    private static func doubled(_ value: UInt64) -> UInt64 {
        (value & 0x7F7F_7F7F_7F7F_7F7F) &<< 1 ^ (value &>> 7 & 0x0101_0101_0101_0101) &* 0x1B
    }

    private static func product(_ a: UInt8, _ b: UInt8) -> UInt8 {
        var (result, power, rest) = (UInt64(0), UInt64(a), b)
        while rest != 0 {
            if rest & 1 != 0 { result ^= power }
            power = doubled(power)
            rest &>>= 1
        }
        return UInt8(truncatingIfNeeded: result)
    }

    /// SubBytes: the multiplicative inverse, then the affine map.
    private static let forward: [UInt8] = (0...255).map { number in
        let value = UInt8(number)
        // The group has 255 elements, so that the inverse is the 254th power; zero stays zero.
        var (power, exponent, inverse) = (value, 254, UInt8(1))
        while exponent != 0 {
            if exponent & 1 != 0 { inverse = product(inverse, power) }
            power = product(power, power)
            exponent >>= 1
        }
        return [1, 2, 3, 4].reduce(inverse ^ 0x63) { $0 ^ (inverse &<< $1 | inverse &>> (8 &- $1)) }
    }

    /// InvSubBytes.
    private static let inverse: [UInt8] = {
        var table = [UInt8](repeating: 0, count: 256)
        for (value, image) in forward.enumerated() { table[Int(image)] = UInt8(value) }
        return table
    }()
}
