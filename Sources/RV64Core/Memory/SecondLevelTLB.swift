import Glibc
import Platform

/// Translations behind all banks of a hart: what a bank has no room for is found here without a walk.
///
/// An entry holds what a bank's entry does, its tags exclusive or a *key*. A bank has two keys, that of its translations
/// and that of its rights to store; a fence of a bank or a revocation gives it others, and whatever is here of it is out of
/// date without being looked at.
///
/// Tags end in twelve ones, and keys are shorter than that and never have the highest of those bits. So two tags under two
/// keys are never alike, and neither are a tag under a key and a missing right, which is the key itself.
///
/// Only a page that another one had to make room for comes here: who fits into the banks touches no memory for it.
struct SecondLevelTLB {
    /// What a bank has of it, in the bank's memory. Zeros are a bank that has nothing here.
    struct Keys: BitwiseCopyable {
        var translations: UInt64
        var stores: UInt64
        /// Added to page numbers, so that banks do not meet at the same places.
        var salt: UInt64
        var table: UnsafeMutablePointer<TLBEntry>?

        mutating func forget() { (translations, stores) = (0, 0) }
        mutating func forgetStores() { stores = 0 }
    }

    static let entryCount = 16384
    private static let keyLimit: UInt64 = 0x800
    private static let tableByteCount = entryCount * MemoryLayout<TLBEntry>.stride
    /// The last key that was given out has a page.
    static let byteCount = tableByteCount + 4096

    private let table: UnsafeMutablePointer<TLBEntry>

    init(at base: UnsafeMutableRawPointer) {
        table = base.bindMemory(to: TLBEntry.self, capacity: Self.entryCount)
    }

    /// Gives a bank its share, with nothing in it.
    func share(_ number: Int) -> Keys {
        Keys(translations: 0, stores: 0, salt: UInt64(number) &* 1021, table: table)
    }

    /// Both halves of the page number count, as in ``TLBBank/index(_:)``.
    @inline(__always)
    private static func place(_ address: UInt64, _ keys: Keys) -> UnsafeMutablePointer<TLBEntry>? {
        let index = ((address &>> 12) &+ (address &>> 26) &+ keys.salt) & UInt64(entryCount - 1)
        return keys.table.map { $0 + Int(truncatingIfNeeded: index) }
    }

    /// Keeps a bank's entry. The first-stage page's size lies in the addend's low bits, which are zero.
    static func enter(_ entry: TLBEntry, at address: UInt64, shift: UInt8, _ keys: UnsafeMutablePointer<Keys>) {
        guard let table = keys.pointee.table else { return }
        let latest = (UnsafeMutableRawPointer(table) + tableByteCount).assumingMemoryBound(to: UInt64.self)
        if latest.pointee + 2 >= keyLimit {
            TLB.forgetSecondLevel(before: table)
            memset(table, 0, tableByteCount)
            latest.pointee = 0
        }
        if keys.pointee.translations == 0 { keys.pointee.translations = Self.next(latest) }
        if keys.pointee.stores == 0 { keys.pointee.stores = Self.next(latest) }
        guard let place = place(address, keys.pointee) else { return }
        place.pointee = TLBEntry(
            readTag: entry.readTag ^ keys.pointee.translations,
            writeTag: entry.writeTag ^ keys.pointee.stores,
            fetchTag: entry.fetchTag ^ keys.pointee.translations,
            addend: entry.addend | UInt64(shift)
        )
    }

    private static func next(_ latest: UnsafeMutablePointer<UInt64>) -> UInt64 {
        latest.pointee += 1
        return latest.pointee
    }

    /// A bank's entry for a page that it once had, if that allows an access.
    static func entry(of address: UInt64, _ kind: AccessKind, _ keys: Keys) -> (entry: TLBEntry, shift: UInt8)? {
        guard let place = place(address, keys) else { return nil }
        let tag = TLBEntry.tag(address)
        let found = TLBEntry(
            readTag: place.pointee.readTag ^ keys.translations,
            writeTag: place.pointee.writeTag ^ keys.stores,
            fetchTag: place.pointee.fetchTag ^ keys.translations,
            addend: place.pointee.addend & ~Page.offsetMask
        )
        guard found.tag(of: kind) == tag else { return nil }
        var entry = found
        // Out of date by itself, or not there.
        if entry.writeTag != tag { entry.writeTag = TLBEntry.invalid }
        return (entry, UInt8(truncatingIfNeeded: place.pointee.addend & Page.offsetMask))
    }

    /// Drops what a bank has of one page.
    static func drop(_ address: UInt64, _ keys: Keys) {
        guard keys.translations != 0, let place = place(address, keys) else { return }
        let entry = place.pointee
        let tag = TLBEntry.tag(address)
        let isPage =
            entry.readTag ^ keys.translations == tag || entry.fetchTag ^ keys.translations == tag
            || entry.writeTag ^ keys.stores == tag
        if isPage { place.pointee = .empty }
    }
}
