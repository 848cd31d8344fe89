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
/// It stands still until `resume`, and from `pause` on. The one who lets the machine's harts run, or holds them at rest,
/// moves it; any thread may read it.
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

/// It stands still while it is saved, and after it was restored: what it goes on from is what it showed.
extension PausableClock: Savable {
    /// Two centuries of nanoseconds: sums of two times do not wrap.
    private static let limit: UInt64 = 1 << 62

    package func save(to writer: inout StateWriter) {
        writer.write(nanoseconds)
        writer.write(unixNanoseconds)
    }

    /// A machine that is to see the gap sees as much of it as its wall clock is behind.
    package func restore(from reader: inout StateReader) throws(StateError) {
        let (stopped, wall) = (try reader.read(UInt64.self), try reader.read(UInt64.self))
        try reader.require(stopped < Self.limit, "its time is centuries")
        frozen.store(stopped, ordering: .releasing)
        frozenWall.store(wall, ordering: .relaxed)
        behind.store(0, ordering: .relaxed)
        let now = shared.unixNanoseconds
        let gap = now > wall ? min(now - wall, Self.limit) : 0
        origin.store(shared.nanoseconds &- stopped &- gap, ordering: .relaxed)
    }
}
