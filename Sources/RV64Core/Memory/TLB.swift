import Glibc
import Platform

/// One page's final translation in one context: guest virtual address straight to host memory.
///
/// A tag is the page's last virtual address where that access needs no further check, else zero, which is the last
/// address of no page: memory that nothing has touched is an empty TLB.
package struct TLBEntry: BitwiseCopyable {
    package var readTag: UInt64
    package var writeTag: UInt64
    package var fetchTag: UInt64
    /// Host address minus virtual address.
    package var addend: UInt64

    static let invalid: UInt64 = 0
    static var empty: TLBEntry { TLBEntry(readTag: invalid, writeTag: invalid, fetchTag: invalid, addend: 0) }

    /// The tag of an address's page.
    @inline(__always)
    package static func tag(_ address: UInt64) -> UInt64 { address | Page.offsetMask }

    @inline(__always)
    func tag(of kind: AccessKind) -> UInt64 {
        switch kind {
        case .fetch: fetchTag
        case .load: readTag
        case .store: writeTag
        }
    }

    /// The page's tag, or `invalid` where nothing is allowed.
    fileprivate var anyTag: UInt64 { readTag | writeTag | fetchTag }
}

/// The translations of one context, and the context: what an access is made through.
///
/// Changing mode, address space or guest selects another bank and flushes nothing: an exit to the hypervisor and
/// back finds its translations as it left them.
package struct TLBBank: BitwiseCopyable {
    package let context: TranslationContext
    /// Nil for one-off accesses, which leave nothing behind.
    package let entries: UnsafeMutablePointer<TLBEntry>?

    package static let entryCount = 1024
    package static let secondLevelCount = SecondLevelTLB.entryCount

    /// Both halves of the page number count, so that arrays a power of two apart do not evict each other.
    ///
    /// The sum, unlike an exclusive or, never gives two neighbouring pages one index: an access that begins in a page
    /// and ends in the next must not meet the next one's entry, whose tag its last byte would match.
    @inline(__always)
    package static func index(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: ((address &>> 12) &+ (address &>> 22)) & UInt64(entryCount - 1))
    }

    /// Accesses in a context that leave nothing behind.
    static func oneOff(_ context: TranslationContext) -> TLBBank { TLBBank(context: context, entries: nil) }

    /// What a hart has before its first context is known.
    static var none: TLBBank {
        oneOff(TranslationContext(mode: .machine, flags: [], firstStage: SATP(0), guestStage: HGATP(0)))
    }

    /// What the bank knows of an address as it is: nil where the access needs a walk.
    @inline(__always)
    package func location(of address: UInt64, _ kind: AccessKind) -> UnsafeMutableRawPointer? {
        guard let entry = entries?[Self.index(address)] else { return nil }
        guard entry.tag(of: kind) == TLBEntry.tag(address) else { return nil }
        // SAFETY: a matching tag means that the addend leads into a page of RAM.
        return UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.addend))
    }

    func enter(_ address: UInt64, _ host: UnsafeMutableRawPointer, _ granted: PagePermissions, pageShift: UInt64) {
        guard let entries else { return }
        let tag = TLBEntry.tag(address)
        let index = Self.index(address)
        let isFull = entries[index].anyTag != TLBEntry.invalid
        entries[index] = TLBEntry(
            readTag: granted.contains(.read) ? tag : TLBEntry.invalid,
            writeTag: granted.contains(.write) ? tag : TLBEntry.invalid,
            fetchTag: granted.contains(.execute) ? tag : TLBEntry.invalid,
            addend: UInt64(UInt(bitPattern: host)) &- (address & ~Page.offsetMask)
        )
        Self.pageShifts(of: entries)[index] = UInt8(truncatingIfNeeded: pageShift)
        if pageShift != Page.shift { Superpages(of: entries).note(address, shift: pageShift) }
        guard isFull else { return }
        let shift = UInt8(truncatingIfNeeded: pageShift)
        SecondLevelTLB.enter(entries[index], at: address, shift: shift, Self.secondLevel(of: entries))
    }

    /// As ``location(of:_:)`` in the second level, from where the page comes back.
    func recall(_ address: UInt64, _ kind: AccessKind) -> UnsafeMutableRawPointer? {
        guard let entries,
            let (entry, shift) = SecondLevelTLB.entry(of: address, kind, Self.secondLevel(of: entries).pointee)
        else { return nil }
        let index = Self.index(address)
        entries[index] = entry
        // That the page is a large one has been noted.
        Self.pageShifts(of: entries)[index] = shift
        return UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.addend))
    }

    /// The bank's keys to the second level.
    fileprivate static func secondLevel(
        of entries: UnsafeMutablePointer<TLBEntry>
    ) -> UnsafeMutablePointer<SecondLevelTLB.Keys> {
        // SAFETY: behind the generation, the bank's memory has room up to its last page's end.
        (UnsafeMutableRawPointer(entries) + secondLevelOffset).assumingMemoryBound(to: SecondLevelTLB.Keys.self)
    }

    /// log2 of the first-stage page behind each entry: a fence for any address of a superpage drops all of it.
    fileprivate static func pageShifts(of entries: UnsafeMutablePointer<TLBEntry>) -> UnsafeMutablePointer<UInt8> {
        // SAFETY: a bank's memory is its entries, then the shifts.
        (UnsafeMutableRawPointer(entries) + shiftsOffset).assumingMemoryBound(to: UInt8.self)
    }

    package static let shiftsOffset = entryCount * MemoryLayout<TLBEntry>.stride
    fileprivate static let superpagesOffset = shiftsOffset + entryCount
    /// Behind the sets of larger pages.
    package static let generationOffset = superpagesOffset + 1024
    private static let secondLevelOffset = generationOffset + 64
    package static let translationKeyOffset = secondLevelOffset + keyOffset(\.translations)
    package static let storeKeyOffset = secondLevelOffset + keyOffset(\.stores)
    package static let saltOffset = secondLevelOffset + keyOffset(\.salt)
    package static let tableOffset = secondLevelOffset + keyOffset(\.table)
    /// A whole number of pages.
    package static let sitesOffset = shiftsOffset + 4096
    fileprivate static let byteCount = sitesOffset + TLBSite.count * MemoryLayout<TLBSite>.stride

    private static func keyOffset<Value>(_ key: KeyPath<SecondLevelTLB.Keys, Value>) -> Int {
        guard let offset = MemoryLayout<SecondLevelTLB.Keys>.offset(of: key) else {
            preconditionFailure("\(key) is not stored")
        }
        return offset
    }
}

/// What one place in generated code found last: a translation of the bank's, without a search.
///
/// The tag is the page's address, exclusive or the bank's generation. So a fence makes all of a bank's sites out of date
/// by one addition. The three lowest bits of a generation are zero: an address that is not aligned, which has some of
/// them set, matches no tag.
package struct TLBSite: BitwiseCopyable {
    package var tag: UInt64
    package var addend: UInt64

    package static let count = 8192
    private static let generationUnit: UInt64 = 8
    private static let generationLimit: UInt64 = 0x1000

    /// Makes all sites of a bank out of date.
    fileprivate static func invalidate(of entries: UnsafeMutablePointer<TLBEntry>) {
        let generation = generation(of: entries)
        generation.pointee += generationUnit
        guard generation.pointee == generationLimit else { return }
        // Zero would give page 0 the tag zero, which an empty site has.
        generation.pointee = generationUnit
        // SAFETY: a bank's memory holds its sites, and its generation, behind its entries.
        memset(UnsafeMutableRawPointer(entries) + TLBBank.sitesOffset, 0, count * MemoryLayout<TLBSite>.stride)
    }

    fileprivate static func generation(of entries: UnsafeMutablePointer<TLBEntry>) -> UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(entries) + TLBBank.generationOffset).assumingMemoryBound(to: UInt64.self)
    }
}

/// Which larger pages a bank has entries of: a set that may contain more than is there, so that a fence for one address
/// need not look at every entry.
private struct Superpages {
    /// A bit for each page size, then the sets of pages.
    private let words: UnsafeMutablePointer<UInt64>
    private static let wordCount = 32

    init(of entries: UnsafeMutablePointer<TLBEntry>) {
        // SAFETY: behind the shifts, the bank's memory has room up to its last page's end.
        words = (UnsafeMutableRawPointer(entries) + TLBBank.superpagesOffset).assumingMemoryBound(to: UInt64.self)
    }

    func note(_ address: UInt64, shift: UInt64) {
        words[0] |= 1 &<< shift
        let (word, bit) = Self.place(address, shift)
        words[word] |= bit
    }

    /// Whether an entry may belong to a larger page that holds the address.
    func mayContain(_ address: UInt64) -> Bool {
        var shifts = words[0]
        while shifts != 0 {
            let (word, bit) = Self.place(address, UInt64(shifts.trailingZeroBitCount))
            if words[word] & bit != 0 { return true }
            shifts &= shifts &- 1
        }
        return false
    }

    func clear() { memset(words, 0, Self.wordCount * MemoryLayout<UInt64>.stride) }

    private static func place(_ address: UInt64, _ shift: UInt64) -> (word: Int, bit: UInt64) {
        let hash = ((address &>> shift) &+ shift) &* 0x9E37_79B9_7F4A_7C15
        return (1 + Int(truncatingIfNeeded: (hash &>> 59) % UInt64(wordCount - 1)), 1 &<< (hash &>> 53))
    }
}

// MARK: - The fast half

extension UnsafeMutablePointer where Pointee == TLBEntry {
    /// Loads through a TLB, or nil where it has no entry that allows it.
    ///
    /// The tag of the last byte is compared: an access that crosses into another page misses by itself.
    @inline(__always)
    func load<T: FixedWidthInteger & UnsignedInteger>(_ address: UInt64, _ type: T.Type) -> T? {
        let entry = self + TLBBank.index(address)
        let last = address &+ UInt64(T.bitWidth / 8 - 1)
        guard entry.pointee.readTag == TLBEntry.tag(last) else { return nil }
        // SAFETY: a matching tag means that the addend leads into a page of RAM.
        let host = UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.pointee.addend)).unsafelyUnwrapped
        return T(littleEndian: host.loadWhole(T.self))
    }

    /// Stores through a TLB; false where it has no entry that allows it.
    @inline(__always)
    func store<T: FixedWidthInteger & UnsignedInteger>(_ address: UInt64, _ value: T) -> Bool {
        let entry = self + TLBBank.index(address)
        let last = address &+ UInt64(T.bitWidth / 8 - 1)
        guard entry.pointee.writeTag == TLBEntry.tag(last) else { return false }
        // SAFETY: as in `load`; the write tag also says that the guest may write the page.
        let host = UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.pointee.addend)).unsafelyUnwrapped
        host.storeWhole(value.littleEndian)
        return true
    }
}

// MARK: - All banks

/// The software TLB of one hart: a bank per recently used context, in memory that is zero at first.
struct TLB {
    static let bankCount = 16

    /// Whose a bank is.
    private struct Record: BitwiseCopyable {
        var context: TranslationContext
        /// Zero where the bank is nobody's.
        var lastUse: UInt64
    }

    private let uses: UnsafeMutablePointer<UInt64>
    private let records: UnsafeMutablePointer<Record>
    /// The number of the bank that a mode with certain flags had last: below 48.
    private let hints: UnsafeMutablePointer<UInt8>
    private let banks: UnsafeMutableRawPointer
    private let secondLevel: SecondLevelTLB

    /// Uses, records and hints have a page, then come the banks, then the second level.
    static let byteCount = 4096 + bankCount * TLBBank.byteCount + SecondLevelTLB.byteCount

    init(at base: UnsafeMutableRawPointer) {
        uses = base.bindMemory(to: UInt64.self, capacity: 1)
        // SAFETY: sixteen records are shorter than half a page, and zeros are a record.
        records = (base + MemoryLayout<Record>.alignment).bindMemory(to: Record.self, capacity: Self.bankCount)
        hints = (base + 2048).bindMemory(to: UInt8.self, capacity: 48)
        banks = base + 4096
        secondLevel = SecondLevelTLB(at: banks + Self.bankCount * TLBBank.byteCount)
    }

    /// The bank of a context; the least recently used one is given up for a new context.
    func bank(for context: TranslationContext) -> TLBBank {
        uses.pointee &+= 1
        // Where it was found last: most often it is the one of its mode and flags.
        let hint = hints + (Int(context.mode.rawValue) &<< 3 | Int(context.flags.rawValue & 7))
        let known = Int(hint.pointee)
        if records[known].context == context, records[known].lastUse != 0 {
            records[known].lastUse = uses.pointee
            return TLBBank(context: context, entries: entries(known))
        }
        let found = findBank(for: context)
        hint.pointee = UInt8(truncatingIfNeeded: found)
        return TLBBank(context: context, entries: entries(found))
    }

    @inline(never)
    private func findBank(for context: TranslationContext) -> Int {
        var oldest = 0
        for index in 0..<Self.bankCount {
            if records[index].context == context, records[index].lastUse != 0 {
                records[index].lastUse = uses.pointee
                return index
            }
            if records[index].lastUse < records[oldest].lastUse { oldest = index }
        }
        // Also one that nobody has had: generation 0 is none.
        if records[oldest].lastUse != 0 { clear(oldest) } else { TLBSite.invalidate(of: entries(oldest)) }
        records[oldest] = Record(context: context, lastUse: uses.pointee)
        TLBBank.secondLevel(of: entries(oldest)).pointee = secondLevel.share(oldest)
        return oldest
    }

    /// Flushes the banks whose context matches: all of them, or one page of them.
    func flush(page address: UInt64?, where matches: (TranslationContext) -> Bool) {
        for index in 0..<Self.bankCount where records[index].lastUse != 0 && matches(records[index].context) {
            if let address { clear(index, page: address) } else { clear(index) }
        }
    }

    /// Another number once translations have been dropped.
    var generations: UInt64 {
        (0..<Self.bankCount).reduce(0) { $0 &+ TLBSite.generation(of: entries($1)).pointee }
    }

    /// Drops the rights to store into pages of the host.
    func revokeWrites(where matches: (UnsafeRawPointer) -> Bool) {
        for index in 0..<Self.bankCount where records[index].lastUse != 0 {
            let entries = entries(index)
            TLBSite.invalidate(of: entries)
            TLBBank.secondLevel(of: entries).pointee.forgetStores()
            for index in 0..<TLBBank.entryCount where entries[index].writeTag != TLBEntry.invalid {
                let page = (entries[index].writeTag & ~Page.offsetMask) &+ entries[index].addend
                guard let host = UnsafeRawPointer(bitPattern: UInt(page)), matches(host) else { continue }
                entries[index].writeTag = TLBEntry.invalid
            }
        }
    }

    /// Takes all keys from the banks before a second level's table: there are no more.
    static func forgetSecondLevel(before table: UnsafeMutablePointer<TLBEntry>) {
        let banks = UnsafeMutableRawPointer(table) - bankCount * TLBBank.byteCount
        for index in 0..<bankCount {
            // SAFETY: the banks lie in front of the table.
            let entries = (banks + index &* TLBBank.byteCount).assumingMemoryBound(to: TLBEntry.self)
            TLBBank.secondLevel(of: entries).pointee.forget()
        }
    }

    private func entries(_ index: Int) -> UnsafeMutablePointer<TLBEntry> {
        (banks + index &* TLBBank.byteCount).assumingMemoryBound(to: TLBEntry.self)
    }

    private func clear(_ index: Int) {
        memset(entries(index), 0, TLBBank.entryCount * MemoryLayout<TLBEntry>.stride)
        Superpages(of: entries(index)).clear()
        TLBBank.secondLevel(of: entries(index)).pointee.forget()
        TLBSite.invalidate(of: entries(index))
    }

    /// Drops what translates `address`, also where it was reached through a larger page.
    private func clear(_ index: Int, page address: UInt64) {
        let entries = entries(index)
        TLBSite.invalidate(of: entries)
        let secondLevel = TLBBank.secondLevel(of: entries)
        guard Superpages(of: entries).mayContain(address) else {
            let index = TLBBank.index(address)
            if entries[index].anyTag == TLBEntry.tag(address) { entries[index] = .empty }
            SecondLevelTLB.drop(address, secondLevel.pointee)
            return
        }
        secondLevel.pointee.forget()
        let shifts = TLBBank.pageShifts(of: entries)
        for index in 0..<TLBBank.entryCount {
            let tag = entries[index].anyTag
            guard tag != TLBEntry.invalid, (tag ^ address) &>> UInt64(shifts[index]) == 0 else { continue }
            entries[index] = .empty
        }
    }
}
