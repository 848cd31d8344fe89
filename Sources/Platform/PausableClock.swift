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
    private let missed = Atomic<UInt64>(0)
    /// The time at which the clock stands still; `.max` while it runs.
    private let frozen = Atomic<UInt64>(0)

    package init(_ shared: any MachineClock) {
        self.shared = shared
        followsInstructions = shared.followsInstructions
        origin = Atomic(shared.nanoseconds)
    }

    package var nanoseconds: UInt64 {
        let stopped = frozen.load(ordering: .acquiring)
        return stopped == .max ? shared.nanoseconds &- origin.load(ordering: .relaxed) : stopped
    }

    package var unixNanoseconds: UInt64 {
        shared.unixNanoseconds &- missed.load(ordering: .relaxed) &- sincePause
    }

    /// What has passed on the shared clock since this one stopped; 0 while it runs.
    private var sincePause: UInt64 {
        let stopped = frozen.load(ordering: .acquiring)
        return stopped == .max ? 0 : shared.nanoseconds &- origin.load(ordering: .relaxed) &- stopped
    }

    /// Power-on: it stands at zero, and the wall clock is right again.
    package func restart() {
        origin.store(shared.nanoseconds, ordering: .relaxed)
        missed.store(0, ordering: .relaxed)
        frozen.store(0, ordering: .releasing)
    }

    package func pause() {
        if frozen.load(ordering: .relaxed) == .max { frozen.store(nanoseconds, ordering: .releasing) }
    }

    package func resume(_ gap: PauseGap) {
        let stopped = frozen.load(ordering: .relaxed)
        guard stopped != .max else { return }
        // At zero nobody has seen a wall clock yet.
        let isNew = stopped == 0
        if gap == .skipped || isNew {
            let passed = sincePause
            origin.wrappingAdd(passed, ordering: .relaxed)
            if !isNew { missed.wrappingAdd(passed, ordering: .relaxed) }
        }
        frozen.store(.max, ordering: .releasing)
    }
}
