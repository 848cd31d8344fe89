/// The program's symbols by address, as linked; for traces and for test programs' well-known labels.
///
/// The names stay as the bytes of the file's string table: a kernel has hundreds of thousands of them and a trace asks
/// for a few.
package struct SymbolTable: Sendable {
    struct Entry: Sendable {
        var value: UInt64
        var nameOffset: UInt32
        /// Which of several names at one address a reader wants: functions before objects before plain labels.
        var rank: UInt8
    }

    /// More than any program has; a file that claims more is damaged, and its symbols are left out.
    static let countLimit = 1 << 22
    /// Longer names are cut off: nobody reads them, and a hostile file could make each one a megabyte.
    private static let nameLimit = 512

    private var entries: [Entry] = []
    private var strings: [UInt8] = []

    package static let empty = SymbolTable()

    private init() {}

    /// - Parameters:
    ///   - entries: in any order; offsets outside `strings` are left out.
    ///   - strings: NUL-terminated names.
    init(entries: [Entry], strings: [UInt8]) {
        self.strings = strings
        self.entries = entries.filter { entry in
            let offset = Int(entry.nameOffset)
            return offset < strings.count && Self.isWorthNaming(strings, at: offset)
        }
        self.entries.sort { ($0.value, $1.rank, $0.nameOffset) < ($1.value, $0.rank, $1.nameOffset) }
    }

    package var count: Int { entries.count }

    /// The last symbol at or below `address`; of several at one address, the one of the highest rank.
    package func nearest(at address: UInt64) -> (name: String, offset: UInt64)? {
        let end = partitionPoint { $0.value > address }
        guard end > 0 else { return nil }
        let value = entries[end - 1].value
        let entry = entries[partitionPoint { $0.value >= value }]
        return (name(of: entry), address - value)
    }

    /// The value of the symbol called `name`.
    package func value(of name: String) -> UInt64? {
        let wanted = Array(name.utf8)
        return entries.first { nameBytes(of: $0).elementsEqual(wanted) }?.value
    }

    /// The index of the first entry for which `isBeyond` holds.
    private func partitionPoint(where isBeyond: (Entry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func name(of entry: Entry) -> String { String(decoding: nameBytes(of: entry), as: UTF8.self) }

    private func nameBytes(of entry: Entry) -> ArraySlice<UInt8> {
        strings[Int(entry.nameOffset)...].prefix(Self.nameLimit).prefix { $0 != 0 }
    }

    /// Assemblers' local labels (`.L1`) and the mapping symbols (`$x`, `$d`) only hide the real name.
    private static func isWorthNaming(_ strings: [UInt8], at offset: Int) -> Bool {
        switch strings[offset] {
        case 0, UInt8(ascii: "$"): false
        case UInt8(ascii: "."): offset + 1 >= strings.count || strings[offset + 1] != UInt8(ascii: "L")
        default: true
        }
    }
}
