import CLinux
import Glibc
import Synchronization

/// Lets one hart of a machine run while none of the others does, for a few microseconds: for what is to look like one
/// step to them and is none of the host's.
///
/// It costs the harts nothing until one asks: each says by an ordinary store that it runs, and the one that asks has the
/// host put a barrier into all threads before it looks.
package final class SoleTurn: Sendable {
    /// One hart's part of it.
    package struct Place: @unchecked Sendable {
        // @unchecked: atomics, which live as long as the hart's configuration.
        fileprivate let owner: UnsafeMutablePointer<Atomic<UInt>>
        fileprivate let isRunning: UnsafeMutablePointer<Atomic<Bool>>
        fileprivate let number: UInt

        /// The hart is about to run: it looks at `isWanted` before it does.
        @inline(__always)
        package func enter() { isRunning.pointee.store(true, ordering: .relaxed) }

        @inline(__always)
        package func leave() { isRunning.pointee.store(false, ordering: .releasing) }

        @inline(__always)
        package var isWanted: Bool { owner.pointee.load(ordering: .acquiring) != 0 }

        /// Stands still for as long as another hart wants to be alone.
        package func giveWay() {
            while isWanted {
                leave()
                while isWanted { sched_yield() }
                isRunning.pointee.store(true, ordering: .sequentiallyConsistent)
            }
        }

        fileprivate func take() -> Bool {
            owner.pointee.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent).exchanged
        }

        package func end() { owner.pointee.store(0, ordering: .releasing) }
    }

    /// A hart's word has a line of the cache for itself.
    private static let stride = 64
    private static let patience = 100_000_000 as UInt64

    private let words: Words
    private let count: Int

    private struct Words: @unchecked Sendable {
        // @unchecked: atomics.
        let base: UnsafeMutableRawPointer
    }

    package init(harts: Int) {
        count = harts
        words = Words(base: .allocate(byteCount: (harts + 1) * Self.stride, alignment: Self.stride))
        words.base.initializeMemory(as: UInt8.self, repeating: 0, count: (harts + 1) * Self.stride)
    }

    deinit { words.base.deallocate() }

    package func place(of hart: Int) -> Place {
        // SAFETY: zeros are both kinds of atomics; the owner's word is the first.
        Place(
            owner: words.base.assumingMemoryBound(to: Atomic<UInt>.self),
            isRunning: (words.base + (hart + 1) * Self.stride).assumingMemoryBound(to: Atomic<Bool>.self),
            number: UInt(hart + 1)
        )
    }

    /// Waits until no other hart runs. They stand still until `end`.
    ///
    /// - Returns: false where one of them could not be had; then all go on.
    package func begin(_ place: Place) -> Bool {
        while !place.take() { place.giveWay() }
        Self.synchronizeThreads()
        var deadline: UInt64?
        for hart in 0..<count where UInt(hart + 1) != place.number {
            let other = self.place(of: hart).isRunning
            while other.pointee.load(ordering: .acquiring) {
                let now = MonotonicTime.nanoseconds()
                if now > deadline ?? now + Self.patience {
                    place.end()
                    return false
                }
                deadline = deadline ?? now + Self.patience
                sched_yield()
            }
        }
        return true
    }

    /// Every store that another thread has made so far is visible behind this, and what it loads from here on is later.
    private static func synchronizeThreads() {
        guard !canSynchronize || rvhv_membarrier(RVHV_MEMBARRIER_PRIVATE_EXPEDITED) != 0 else { return }
        // Stores do not stay in a processor's buffer for that long.
        usleep(50)
    }

    private static let canSynchronize = rvhv_membarrier(RVHV_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED) == 0
}
