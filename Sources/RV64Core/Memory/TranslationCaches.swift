import Glibc
import Platform

/// One page's final translation in one context: guest virtual address straight to host memory.
///
/// A tag is the page's virtual address where that access needs no further check, else `invalid`, whose low bits can
/// match no page.
struct TLBEntry: BitwiseCopyable {
    var readTag: UInt64
    var writeTag: UInt64
    var fetchTag: UInt64
    /// Host address minus virtual address.
    var addend: UInt64

    static let invalid: UInt64 = ~0
}

/// The translations of one `TranslationContext`.
///
/// Changing mode, address space or guest selects another bank and flushes nothing: an exit to the hypervisor and
/// back finds its translations as it left them.
struct TranslationBank {
    static let entryCount = 1024

    let entries: UnsafeMutablePointer<TLBEntry>
    /// log2 of the first-stage page behind each entry: a fence for any address of a superpage drops all of it.
    let pageShifts: UnsafeMutablePointer<UInt8>

    /// Both halves of the page number count, so that arrays a power of two apart do not evict each other.
    ///
    /// The sum, unlike an exclusive or, never gives two neighbouring pages one index: an access that begins in a page
    /// and ends in the next must not meet the next one's entry, whose tag its last byte would match.
    @inline(__always)
    static func index(_ address: UInt64) -> Int {
        Int(truncatingIfNeeded: ((address &>> 12) &+ (address &>> 22)) & UInt64(entryCount - 1))
    }

    /// The page shifts that lie behind a bank's entries.
    @inline(__always)
    static func pageShifts(of entries: UnsafeMutablePointer<TLBEntry>) -> UnsafeMutablePointer<UInt8> {
        // SAFETY: `TranslationCaches.init` lays every bank out as entries, then shifts.
        (UnsafeMutableRawPointer(entries) + shiftsOffset).assumingMemoryBound(to: UInt8.self)
    }

    static let shiftsOffset = entryCount * MemoryLayout<TLBEntry>.stride
    static let byteCount = shiftsOffset + entryCount

    func clear() {
        memset(entries, 0xFF, Self.entryCount * MemoryLayout<TLBEntry>.stride)
    }

    /// Drops what translates `address`, also where it was reached through a larger page.
    func clear(page address: UInt64) {
        for index in 0..<Self.entryCount {
            let entry = entries[index]
            let tag = entry.readTag & entry.writeTag & entry.fetchTag
            let shift = UInt64(pageShifts[index])
            guard tag != TLBEntry.invalid, (tag ^ address) &>> shift == 0 else { continue }
            entries[index] = TLBEntry(
                readTag: TLBEntry.invalid,
                writeTag: TLBEntry.invalid,
                fetchTag: TLBEntry.invalid,
                addend: 0
            )
        }
    }
}

/// The software TLB of one hart: a bank per recently used context.
final class TranslationCaches {
    static let bankCount = 16

    private let storage: UnsafeMutableRawPointer
    private let banks: UnsafeMutablePointer<TranslationBank>
    private let keys: UnsafeMutablePointer<TranslationContext?>
    private let lastUse: UnsafeMutablePointer<UInt64>
    private let clock: UnsafeMutablePointer<UInt64>

    init() {
        storage = .allocate(byteCount: TranslationBank.byteCount * Self.bankCount, alignment: 4096)
        banks = .allocate(capacity: Self.bankCount)
        keys = .allocate(capacity: Self.bankCount)
        lastUse = .allocate(capacity: Self.bankCount)
        clock = .allocate(capacity: 1)
        clock.initialize(to: 0)
        for index in 0..<Self.bankCount {
            let base = storage + index * TranslationBank.byteCount
            let shifts = base + TranslationBank.shiftsOffset
            let bank = TranslationBank(
                entries: base.bindMemory(to: TLBEntry.self, capacity: TranslationBank.entryCount),
                pageShifts: shifts.bindMemory(to: UInt8.self, capacity: TranslationBank.entryCount)
            )
            memset(bank.pageShifts, 12, TranslationBank.entryCount)
            (banks + index).initialize(to: bank)
            (keys + index).initialize(to: nil)
            (lastUse + index).initialize(to: 0)
        }
    }

    deinit {
        storage.deallocate()
        banks.deallocate()
        keys.deallocate()
        lastUse.deallocate()
        clock.deallocate()
    }

    /// A bank to point at before the first context is known.
    var firstBank: TranslationBank { banks[0] }

    /// The bank of a context; the least recently used one is given up for a new context.
    func bank(for context: TranslationContext) -> TranslationBank {
        clock.pointee &+= 1
        var oldest = 0
        for index in 0..<Self.bankCount {
            if keys[index] == context {
                lastUse[index] = clock.pointee
                return banks[index]
            }
            if lastUse[index] < lastUse[oldest] { oldest = index }
        }
        banks[oldest].clear()
        keys[oldest] = context
        lastUse[oldest] = clock.pointee
        return banks[oldest]
    }

    /// Flushes the banks whose context matches: all of them, or one page of them.
    func flush(page address: UInt64?, where matches: (TranslationContext) -> Bool) {
        for index in 0..<Self.bankCount {
            guard let key = keys[index], matches(key) else { continue }
            if let address { banks[index].clear(page: address) } else { banks[index].clear() }
        }
    }
}
