import Synchronization

/// What becomes of the time that passed during a pause.
public enum PauseGap: Sendable {
    /// It never was: the machine sees no jump.
    case skipped
    /// The machine's time jumps, its real-time clock included.
    case seen
}

/// One machine's own time: the clock that all share, less what the machine did not live through.
///
/// It stands still until `resume`, and from `pause` on. The one who holds the machine's harts at rest moves it; any
/// thread may read it.
package final class PausableClock: MachineClock {
    private let shared: any MachineClock
    package let followsInstructions: Bool
    /// The shared clock's nanoseconds at this one's zero, as if the machine had never paused.
    private let origin: Atomic<UInt64>
    /// How far the wall clock is behind.
    private let behind = Atomic<UInt64>(0)
    /// The time at which the clock stands still; `.max` while it runs. And the wall clock's then.
    private let frozen = Atomic<UInt64>(0)
    private let frozenWall: Atomic<UInt64>

    package init(_ shared: any MachineClock) {
        self.shared = shared
        followsInstructions = shared.followsInstructions
        origin = Atomic(shared.nanoseconds)
        frozenWall = Atomic(shared.unixNanoseconds)
    }

    package var nanoseconds: UInt64 {
        let stopped = frozen.load(ordering: .acquiring)
        return stopped == .max ? shared.nanoseconds &- origin.load(ordering: .relaxed) : stopped
    }

    package var unixNanoseconds: UInt64 {
        guard frozen.load(ordering: .acquiring) == .max else { return frozenWall.load(ordering: .relaxed) }
        return shared.unixNanoseconds &- behind.load(ordering: .relaxed)
    }

    /// Power-on: it stands at zero, and the wall clock is right again.
    package func restart() {
        frozenWall.store(shared.unixNanoseconds, ordering: .relaxed)
        behind.store(0, ordering: .relaxed)
        frozen.store(0, ordering: .releasing)
    }

    package func pause() {
        guard frozen.load(ordering: .relaxed) == .max else { return }
        frozenWall.store(unixNanoseconds, ordering: .relaxed)
        frozen.store(nanoseconds, ordering: .releasing)
    }

    package func resume(_ gap: PauseGap) {
        let stopped = frozen.load(ordering: .relaxed)
        guard stopped != .max else { return }
        // At zero nobody has seen a time: it starts now, and the wall clock is right.
        if gap == .skipped || stopped == 0 {
            origin.store(shared.nanoseconds &- stopped, ordering: .relaxed)
        }
        if gap == .skipped, stopped != 0 {
            behind.store(shared.unixNanoseconds &- frozenWall.load(ordering: .relaxed), ordering: .relaxed)
        }
        frozen.store(.max, ordering: .releasing)
    }
}
