import Platform

/// A machine's RAM as the watch sees it.
package protocol WatchedMemory: AnyObject, Sendable {
    /// Bytes that the host has put memory behind.
    var filledBytes: UInt64 { get }

    /// The host has no more: the machine is to end with this report.
    func memoryUsedUp(_ report: String)
}

/// Looks at the host's memory while machines run, and ends the one that grows before the host ends the process.
///
/// Frames and a plain machine's RAM cost memory as they are filled, of which nobody but the host is told. So a thread
/// looks, as often as the fastest guest could use up what is left: a second apart on a host with room.
package final class HostMemoryWatch: Sendable {
    private struct Machine {
        let memory: any WatchedMemory
        /// What it had at the last look that asked; nil before the first.
        var filledBytes: UInt64?
    }

    private struct State {
        var machines: [Machine] = []
        var thread: HostThread?
        /// Counts threads: one that was told to end may find new machines before it looks.
        var generation = 0
    }

    private let limits: HostMemoryLimits
    private let state = Lock(State())
    private let parking = ParkingSpot()

    /// Bytes per nanosecond that no guest fills faster.
    private static let fillRate: UInt64 = 16
    private static let shortest: UInt64 = 2_000_000
    private static let longest: UInt64 = 1_000_000_000
    /// A look may take this part of a core.
    private static let cost: UInt64 = 20

    package init(limits: HostMemoryLimits = HostMemoryLimits()) { self.limits = limits }

    /// Watches a machine until `end`.
    package func begin(_ memory: any WatchedMemory) {
        state.withLock { state in
            state.machines.append(Machine(memory: memory))
            guard state.thread == nil else { return }
            // Without a thread to spare there is no watch; the machine itself will not get one either.
            state.generation += 1
            state.thread = try? HostThread { [self, generation = state.generation] in run(generation) }
        }
    }

    /// The last machine's end is the thread's.
    package func end(_ memory: any WatchedMemory) {
        let thread = state.withLock { state -> HostThread? in
            if let index = state.machines.firstIndex(where: { $0.memory === memory }) {
                state.machines.remove(at: index)
            }
            guard state.machines.isEmpty else { return nil }
            defer { state.thread = nil }
            state.generation += 1
            return state.thread
        }
        guard let thread else { return }
        parking.wake()
        thread.join()
    }

    private func run(_ generation: Int) {
        let clock = HostClock()
        while state.withLock({ $0.generation == generation }) {
            let start = clock.nanoseconds
            let room = limits.room
            if let room { look(room) }
            let took = clock.nanoseconds &- start
            parking.sleep(nanoseconds: max(Self.interval(room), took &* Self.cost))
        }
    }

    /// How long what is left lasts at least.
    static func interval(_ room: HostMemoryLimits.Room?) -> UInt64 {
        guard let room else { return longest }
        let free = room.available - min(room.available, room.reserve)
        return min(max(free / fillRate, shortest), longest)
    }

    /// Ends the machine that has grown most, where nothing is left for it.
    func look(_ room: HostMemoryLimits.Room) {
        // Asking costs time: not before it is near.
        guard room.available < 4 * room.reserve else {
            return state.withLock { state in
                for index in state.machines.indices { state.machines[index].filledBytes = nil }
            }
        }
        let victim = state.withLock { state -> (any WatchedMemory, UInt64)? in
            var most: (index: Int, growth: UInt64, filled: UInt64)?
            for index in state.machines.indices {
                let filled = state.machines[index].memory.filledBytes
                let before = state.machines[index].filledBytes ?? 0
                let growth = filled - min(filled, before)
                if growth > 0, growth > most?.growth ?? 0 { most = (index, growth, filled) }
                state.machines[index].filledBytes = filled
            }
            guard room.isUsedUp, let most else { return nil }
            return (state.machines[most.index].memory, most.filled)
        }
        guard let (memory, filled) = victim else { return }
        memory.memoryUsedUp("the guest needs more memory than there is: it has \(filled >> 20) MiB, and \(room)")
    }
}
