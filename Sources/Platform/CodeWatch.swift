import Synchronization

/// Who has written where others keep code from: one word for each page of RAM, shared by all harts.
///
/// A translator *watches* a page whose code it has compared with memory. From then on no hart may store there unseen: its
/// stores take the slow path, the first of which ends the watch and changes the version. So a fence of instruction
/// fetches looks only at pages whose version is another one, and not at all code.
///
/// A hart that may still have an older right to store (a TLB entry), or is between asking for it and storing, has to be
/// done with that first: watches begin a new generation, and can be relied on once all harts have seen it, which they do
/// between two instructions. Where a page was *granted* to somebody they also give up what they have.
package struct PageWatch: @unchecked Sendable {
    // @unchecked: the word is atomic, and lives as long as the RAM that it is of.
    private let word: UnsafeMutablePointer<Atomic<UInt32>>

    init(_ word: UnsafeMutablePointer<UInt32>) {
        // SAFETY: an atomic has the layout of its value; nobody uses the word otherwise.
        self.word = UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    private static let watched: UInt32 = 1
    private static let granted: UInt32 = 2
    /// Stores on the slow path since the watch ended: only a page that is written often is worth a grant.
    private static let storeUnit: UInt32 = 4
    private static let storeMask: UInt32 = 0xF << 2
    private static let versionUnit: UInt32 = 1 << 6

    /// Another one after each watch that a store has ended; the lower bits change, too, while nobody watches.
    package var version: UInt32 { word.pointee.load(ordering: .acquiring) & ~(Self.versionUnit - 1) }

    package var isWatched: Bool { word.pointee.load(ordering: .acquiring) & Self.watched != 0 }

    /// Before a store on the slow path.
    ///
    /// - Returns: whether later ones may go unseen.
    package func willStore() -> Bool {
        var old = word.pointee.load(ordering: .acquiring)
        while true {
            if old & (Self.watched | Self.granted) == Self.granted { return true }
            var new = old
            if old & Self.watched != 0 {
                new = (old & ~(Self.watched | Self.storeMask)) &+ Self.versionUnit
            } else if old < Self.versionUnit || old & Self.storeMask == Self.storeMask {
                // Never watched, or written again and again.
                new |= Self.granted
            } else {
                new &+= Self.storeUnit
            }
            let result = word.pointee.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent)
            if result.exchanged { return new & Self.granted != 0 && old & Self.watched == 0 }
            old = result.original
        }
    }

    /// Whether stores may go unseen, asked by somebody who does not store.
    package func mayStoreUnseen() -> Bool {
        let old = word.pointee.load(ordering: .acquiring)
        guard old & Self.watched == 0 else { return false }
        if old & Self.granted != 0 { return true }
        guard old < Self.versionUnit else { return false }
        return word.pointee.compareExchange(
            expected: old,
            desired: old | Self.granted,
            ordering: .sequentiallyConsistent
        )
        .exchanged
    }

    /// Begins to watch.
    ///
    /// - Returns: the version from here on, and whether somebody may have a right to store that he has to give up.
    package func watch() -> (version: UInt32, isGranted: Bool) {
        var old = word.pointee.load(ordering: .acquiring)
        while true {
            let new = (old & ~Self.storeMask) | Self.watched
            let result = word.pointee.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent)
            if result.exchanged { return (new & ~(Self.versionUnit - 1), old & Self.granted != 0) }
            old = result.original
        }
    }
}

/// Which rights to store the harts of one memory have given up: see ``PageWatch``.
package final class GrantRevocation: Sendable {
    /// One hart's: the generation up to which it has given up what it had to.
    package struct Slot: @unchecked Sendable {
        // @unchecked: the word is atomic, and lives as long as the memory.
        fileprivate let index: Int
        fileprivate let word: UnsafeMutablePointer<Atomic<UInt64>>

        /// The hart has given up all that it had to up to `generation`.
        package func acknowledge(_ generation: UInt64) {
            word.pointee.store(generation, ordering: .sequentiallyConsistent)
        }

        /// The hart does not run, and will call `wake` before it does.
        package func rest() { word.pointee.store(.max, ordering: .sequentiallyConsistent) }

        /// The hart runs from here on, and has given up nothing yet.
        package func wake() { word.pointee.store(0, ordering: .sequentiallyConsistent) }
    }

    private struct State {
        var used = 0
        var free: [Int] = []
    }

    private static let limit = 1 << 16
    private let words: Words
    private let guarded = Lock(State())
    private let current = Atomic<UInt64>(1)
    private let granted = Atomic<UInt64>(0)

    /// Memory of which only what is used is touched.
    private struct Words: @unchecked Sendable {
        // @unchecked: atomics.
        let base: UnsafeMutablePointer<Atomic<UInt64>>
    }

    init() {
        words = Words(base: .allocate(capacity: Self.limit))
    }

    deinit { words.base.deallocate() }

    /// A place for a hart, which rests. There are more than there can be harts.
    package func join() -> Slot {
        guarded.withLock { state in
            let index = state.free.popLast() ?? state.used
            let slot = Slot(index: index, word: words.base + index)
            // Whoever counts this one finds a value.
            slot.rest()
            state.used = max(state.used, index + 1)
            return slot
        }
    }

    package func leave(_ slot: Slot) {
        slot.rest()
        guarded.withLock { $0.free.append(slot.index) }
    }

    /// The latest generation.
    package var generation: UInt64 { current.load(ordering: .sequentiallyConsistent) }

    /// How often harts were asked to give something up.
    package var revocations: UInt64 { granted.load(ordering: .sequentiallyConsistent) }

    /// Whether there is more than one hart.
    package var isShared: Bool { guarded.withLock { $0.used - $0.free.count > 1 } }

    /// Asks all harts to be done with the stores that they have begun.
    ///
    /// - Returns: the generation that they have to acknowledge.
    package func request() -> UInt64 { current.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue }

    /// Asks all harts to give up their rights to store into watched pages as well.
    package func requestRevocation() -> UInt64 {
        // Before the generation that it belongs to.
        granted.wrappingAdd(1, ordering: .sequentiallyConsistent)
        return request()
    }

    /// The generation that all have acknowledged.
    package var acknowledged: UInt64 {
        let used = guarded.withLock { $0.used }
        return (0..<used).reduce(.max) { min($0, words.base[$1].load(ordering: .sequentiallyConsistent)) }
    }
}
