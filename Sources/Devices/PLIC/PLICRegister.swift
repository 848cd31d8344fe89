import Platform

/// One decoded register address (RISC-V PLIC Specification 1.0.0, "Memory Map").
enum PLICRegister: Equatable {
    case priority(source: Int)
    /// Sources `32 * word ..< 32 * (word + 1)`, one bit each.
    case pending(word: Int)
    case enable(context: Int, word: Int)
    case threshold(context: Int)
    case claim(context: Int)

    /// - Returns: nil for a reserved address.
    init?(offset: UInt64) {
        switch offset {
        case 0..<0x1000:
            self = .priority(source: Int(offset / 4))
        case 0x1000..<0x1080:
            self = .pending(word: Int((offset - 0x1000) / 4))
        case 0x2000..<0x20_0000:
            let index = offset - 0x2000
            self = .enable(context: Int(index / 0x80), word: Int(index % 0x80 / 4))
        case 0x20_0000..<0x400_0000:
            let index = offset - 0x20_0000
            switch index % 0x1000 {
            case 0: self = .threshold(context: Int(index / 0x1000))
            case 4: self = .claim(context: Int(index / 0x1000))
            // Offsets, here and below: no register there.
            default: return nil
            }
        default: return nil
        }
    }
}
