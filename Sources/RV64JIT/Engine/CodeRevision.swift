import Platform
import RV64Core

/// What a fence of instruction fetches does to translated code: blocks that are no longer what is in memory go, and with
/// them every jump that leads to them. All others stay, linked as they are.
///
/// Pages that nobody has stored into since the last time are not looked at: see ``PageWatch``.
struct CodeRevision {
    private let hart: Hart
    private let memory: NativeMemory
    /// The generation of watches that can be relied on.
    private let acknowledged: UInt64

    /// Whether other harts may be about to store somewhere.
    private let isShared: Bool

    /// Epochs after which a page is worth a watch.
    private static let trial: Int32 = 2

    init(_ hart: Hart, _ memory: NativeMemory) {
        self.hart = hart
        self.memory = memory
        acknowledged = hart.memory.grants.acknowledged
        isShared = hart.memory.grants.isShared
    }

    func run() {
        var isAnyNew = false
        var isAnyGranted = false
        for index in 1..<memory.pages.count {
            let page = memory.pages.base + index
            guard let host = UnsafeRawPointer(bitPattern: UInt(page.pointee.host)),
                let watch = hart.memory.watch(ofHost: host)
            else { continue }
            if page.pointee.isWatched, watch.version == page.pointee.version {
                if page.pointee.isCertain { continue }
                // Before all had given up their rights, somebody may have stored unseen behind the last comparison: this
                // one is behind all of them.
                page.pointee.isCertain = page.pointee.generation <= acknowledged
            } else {
                page.pointee.isWatched = false
                if page.pointee.survived >= Self.trial, let (version, isGranted) = hart.watchCode(at: host) {
                    // Watched first, compared then: whatever is stored meanwhile is seen next time.
                    page.pointee.isWatched = true
                    page.pointee.version = version
                    page.pointee.generation = NativePage.latest
                    page.pointee.isCertain = !isShared
                    isAnyNew = true
                    isAnyGranted = isAnyGranted || isGranted
                }
            }
            revise(page)
        }
        if isAnyNew, isShared { enterGeneration(isAnyGranted) }
    }

    /// The watches that are new are of a generation that begins behind them.
    private func enterGeneration(_ isAnyGranted: Bool) {
        let grants = hart.memory.grants
        let generation = isAnyGranted ? grants.requestRevocation() : grants.request()
        for index in 1..<memory.pages.count where memory.pages.base[index].generation == NativePage.latest {
            memory.pages.base[index].generation = generation
        }
    }

    private func revise(_ page: UnsafeMutablePointer<NativePage>) {
        var link = 0 as Int32
        var number = page.pointee.firstBlock
        var isUnchanged = true
        while number != 0 {
            let block = memory.blocks.base + Int(number)
            let next = block.pointee.nextInPage
            if isCurrent(block) {
                link = number
            } else {
                isUnchanged = false
                drop(block)
                if link == 0 {
                    page.pointee.firstBlock = next
                } else {
                    memory.blocks.base[Int(link)].nextInPage = next
                }
            }
            number = next
        }
        if isUnchanged { page.pointee.survived = min(page.pointee.survived + 1, Self.trial) }
    }

    private func isCurrent(_ block: UnsafeMutablePointer<NativeBlock>) -> Bool {
        let places = memory.places.base + Int(block.pointee.firstPlace)
        for index in 0..<Int(block.pointee.count) {
            let place = places + index
            let source = block.pointee.source &+ (place.pointee.pc &- block.pointee.pc)
            // SAFETY: a block lies inside a page of RAM.
            guard let pointer = UnsafeRawPointer(bitPattern: UInt(source)) else { return false }
            let raw = place.pointee.decoded.raw
            let isSame =
                raw & 3 == 3
                ? UInt32(littleEndian: pointer.loadUnaligned(as: UInt32.self)) == raw
                : UInt32(UInt16(littleEndian: pointer.loadUnaligned(as: UInt16.self))) == raw
            guard isSame else { return false }
        }
        return true
    }

    private func drop(_ block: UnsafeMutablePointer<NativeBlock>) {
        memory.remove(block)
        let number = memory.number(of: block)
        var incoming = block.pointee.lastIncoming
        while incoming != 0 {
            let record = memory.incoming.base[Int(incoming)]
            let link = memory.links.base[Int(record.link)]
            // It may lead elsewhere by now.
            if link.block == number {
                Fixup(place: link.site).lead(to: link.stub)
                memory.links.base[Int(record.link)].block = 0
                hart.runState.pointee.native.isDirty = true
            }
            incoming = record.previous
        }
        JumpCache.forget(block.pointee, in: hart)
    }
}
