import RV64Core
import TestSupport

/// Where things lie in the RAM of a ``Twin``, from its base.
package enum Layout {
    /// Four pages of code, of which the last ends in data.
    package static let code: UInt64 = 0x0000
    package static let codeBytes: UInt64 = 0x4000
    package static let dataInCode: UInt64 = 0x3E00
    package static let handler: UInt64 = 0x4000
    /// Eight pages.
    package static let data: UInt64 = 0x8000
    package static let dataBytes: UInt64 = 0x8000
    package static let firstDataPage: UInt64 = 8

    static let root: UInt64 = 0x1_0000
    static let middle: UInt64 = 0x1_1000
    /// What maps RAM at its own address, page by page.
    package static let leaves: UInt64 = 0x1_2000
    static let aliasMiddle: UInt64 = 0x1_3000
    static let aliasLeaves: UInt64 = 0x1_4000
    static let guestRoot: UInt64 = 0x1_8000
    static let guestMiddle: UInt64 = 0x1_C000
    package static let guestLeaves: UInt64 = 0x1_D000
    static let tablesEnd: UInt64 = 0x1_E000

    /// The pages of RAM again, once as pages and once as a superpage.
    package static let alias: UInt64 = 0x4000_0000
    package static let superpageAlias: UInt64 = 0x8020_0000

    static let pages: UInt64 = 0x20
}

/// Page tables of both stages: RAM at its own address and at two others, and devices.
struct Tables {
    static let valid: UInt64 = 1
    static let user: UInt64 = 0x10
    static let all: UInt64 = 0xCF

    private(set) var bytes = [UInt8](repeating: 0, count: Int(Layout.tablesEnd - Layout.root))

    static func entry(_ offset: UInt64, _ flags: UInt64) -> UInt64 { ((Twin.base + offset) >> 12) << 10 | flags }

    private mutating func write(_ table: UInt64, _ index: UInt64, _ entry: UInt64) {
        let place = Int(table - Layout.root + index * 8)
        for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: entry >> (8 * UInt64(byte))) }
    }

    init(isUser: Bool, _ random: inout SplitMix64) {
        let leaf = Self.all | (isUser ? Self.user : 0)
        // Devices, and everything else of the first gibibyte.
        write(Layout.root, 0, leaf)
        write(Layout.root, 1, Self.entry(Layout.aliasMiddle, Self.valid))
        write(Layout.root, 2, Self.entry(Layout.middle, Self.valid))
        write(Layout.middle, 0, Self.entry(Layout.leaves, Self.valid))
        write(Layout.middle, 1, Self.entry(0, leaf))
        write(Layout.aliasMiddle, 0, Self.entry(Layout.aliasLeaves, Self.valid))
        write(Layout.guestRoot, 0, Self.all | Self.user)
        write(Layout.guestRoot, 2, Self.entry(Layout.guestMiddle, Self.valid))
        write(Layout.guestMiddle, 0, Self.entry(Layout.guestLeaves, Self.valid))
        for page in 0..<Layout.pages {
            let isData = page >= Layout.firstDataPage && page < Layout.firstDataPage + 8
            let isHandler = page == Layout.handler >> 12
            let first = isData ? Self.flags(leaf, &random) : isHandler ? leaf & ~Self.user : leaf
            write(Layout.leaves, page, Self.entry(page << 12, first))
            // Two data pages change places.
            let other = isData ? page ^ 1 : page
            write(Layout.aliasLeaves, page, Self.entry(other << 12, isData ? Self.flags(leaf, &random) : leaf))
            let guest = Self.all | Self.user
            write(Layout.guestLeaves, page, Self.entry(page << 12, isData ? Self.flags(guest, &random) : guest))
        }
    }

    /// Most pages allow all; the others lack something.
    static func flags(_ all: UInt64, _ random: inout SplitMix64) -> UInt64 {
        let choice = random.next()
        switch choice & 31 {
        case 0: return all & ~4
        case 1: return all & ~0x80
        case 2: return all & ~0x40
        case 3: return all & ~1
        case 4: return all ^ 0x10
        default: return all
        }
    }
}
