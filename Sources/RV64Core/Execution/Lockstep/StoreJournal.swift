import Glibc
import Platform

/// Pages as they were before a hart stored into them, so that it can be undone: see ``LockstepEngine``.
///
/// A hart with a journal has no right to store that outlasts a round: the first store into a page takes the slow path,
/// which tells the journal. The rights are not lost but *suspended*: a suspended tag is no page's, and becomes the page's
/// again without a walk, since a translation lasts until a fence.
final class StoreJournal: @unchecked Sendable {
    // @unchecked: only the thread that runs the hart uses it.

    private typealias Image = UnsafeMutableRawPointer

    private var pages: [UnsafeMutableRawPointer] = []
    private var known: Set<UnsafeMutableRawPointer> = []
    /// Of each page in `pages`; there may be more, from rounds with more pages.
    private var before: [Image] = []
    private var after: [Image] = []
    private var grants: [UnsafeMutablePointer<TLBEntry>] = []

    private static let pageSize = Int(Page.size)
    /// A tag ends in ones: one less is no tag.
    private static let suspension: UInt64 = 1

    deinit { (before + after).forEach { $0.deallocate() } }

    // MARK: - For the hart

    /// Before a store on the slow path.
    func willStore(into place: UnsafeMutableRawPointer) {
        let page = place - Int(UInt(bitPattern: place) & UInt(Page.offsetMask))
        guard known.insert(page).inserted else { return }
        if pages.count == before.count {
            before.append(.allocate(byteCount: Self.pageSize, alignment: 64))
            after.append(.allocate(byteCount: Self.pageSize, alignment: 64))
        }
        before[pages.count].copyMemory(from: page, byteCount: Self.pageSize)
        pages.append(page)
    }

    /// A TLB entry was made, which may grant stores.
    func noteGrant(of address: UInt64, _ bank: TLBBank) {
        guard let entry = bank.entry(of: address), entry.pointee.writeTag != TLBEntry.invalid else { return }
        grants.append(entry)
    }

    /// The RAM behind an address, if the right to store there is suspended: it is in force again then.
    func resumeGrant(of address: UInt64, _ kind: AccessKind, _ bank: TLBBank) -> UnsafeMutableRawPointer? {
        guard kind == .store, let entry = bank.entry(of: address),
            entry.pointee.writeTag == TLBEntry.tag(address) &- Self.suspension
        else { return nil }
        entry.pointee.writeTag &+= Self.suspension
        grants.append(entry)
        let place = bank.location(of: address, .store)
        if let place { willStore(into: place) }
        return place
    }

    // MARK: - For the engine

    /// From here on stores are noted.
    func begin() {
        // An entry may have been given up, or be another page's by now.
        for entry in grants where entry.pointee.writeTag & Self.suspension != 0 {
            entry.pointee.writeTag &-= Self.suspension
        }
        grants.removeAll(keepingCapacity: true)
        known.removeAll(keepingCapacity: true)
        pages.removeAll(keepingCapacity: true)
    }

    /// Makes memory what it was at `begin`, and keeps what it had become.
    func undo() {
        for (index, page) in pages.enumerated() {
            after[index].copyMemory(from: page, byteCount: Self.pageSize)
            page.copyMemory(from: before[index], byteCount: Self.pageSize)
        }
    }

    /// Makes memory what it was at `begin`, whoever has stored there since.
    func putBack() {
        for (index, page) in pages.enumerated() { page.copyMemory(from: before[index], byteCount: Self.pageSize) }
    }

    /// Calls `body` with the first place in each page where memory is not what it had become before `undo`.
    func forEachDifference(_ body: (_ place: UnsafeMutableRawPointer, _ kept: UInt64, _ found: UInt64) -> Void) {
        for (index, page) in pages.enumerated() where memcmp(page, after[index], Self.pageSize) != 0 {
            for offset in stride(from: 0, to: Self.pageSize, by: MemoryLayout<UInt64>.stride) {
                let kept = after[index].load(fromByteOffset: offset, as: UInt64.self)
                let found = page.load(fromByteOffset: offset, as: UInt64.self)
                guard kept != found else { continue }
                body(page + offset, kept, found)
                break
            }
        }
    }
}

extension TLBBank {
    /// Where an address is looked for.
    fileprivate func entry(of address: UInt64) -> UnsafeMutablePointer<TLBEntry>? {
        entries.map { $0 + Self.index(address) }
    }
}
