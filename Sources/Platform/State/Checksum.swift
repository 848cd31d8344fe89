/// CRC-32C (Castagnoli), eight bytes at a time: it finds every change of up to 32 bits in a row.
enum Checksum {
    /// The polynomial 0x1EDC6F41, bits reversed.
    private static let polynomial: UInt32 = 0x82F6_3B78

    /// Table `n` gives what a byte adds that is followed by `n` bytes.
    private static let tables: [UInt32] = {
        var tables = (0..<256).map { byte in
            (0..<8).reduce(UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? polynomial : 0) }
        }
        for index in 256..<8 * 256 {
            let shorter = tables[index - 256]
            tables.append(shorter >> 8 ^ tables[Int(shorter & 0xFF)])
        }
        return tables
    }()

    /// The checksum of a part of `bytes`, up to its end unless `to` says otherwise.
    static func of(_ bytes: [UInt8], from start: Int = 0, to end: Int? = nil) -> UInt32 {
        bytes.withUnsafeBytes { bytes in
            of(UnsafeRawBufferPointer(rebasing: bytes[start..<(end ?? bytes.count)]))
        }
    }

    private static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var crc = UInt32.max
            var offset = 0
            while bytes.count - offset >= 8 {
                // SAFETY: the loop's condition leaves eight bytes, and an index into a table is a byte.
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let mixed = word ^ UInt64(crc)
                crc = 0
                for byte in 0..<8 {
                    crc ^= tables[(7 - byte) &* 256 &+ Int(truncatingIfNeeded: mixed >> (8 &* byte) & 0xFF)]
                }
                offset &+= 8
            }
            for byte in bytes[offset...] { crc = crc >> 8 ^ tables[Int((crc ^ UInt32(byte)) & 0xFF)] }
            return ~crc
        }
    }
}
