import Hypervisor
import Platform

/// What a machine's life is made of; `Machine` keeps it behind a lock.
struct MachineLife {
    private(set) var state = MachineState.created
    /// Why it has stopped.
    private var reason: StopReason?
    /// Schedulers' threads that are in the machine's code or devices now.
    var active = 0
    /// Schedulers' threads that were given the machine, and those of them that do not come back.
    var attached = 0
    var departed = 0
    /// A scheduler has been given the machine.
    var isScheduled = false
    /// It is to be powered off and on once nobody is active.
    private(set) var wantsReset = false
    /// It is being powered on, saved or restored: nobody is active, nor may become so.
    private(set) var isHeld = false
    var resets = 0
    /// What the machine is to see of the time until its harts run again.
    var gap = PauseGap.skipped
    /// Those who wait for something to change.
    var waiting: [ParkingSpot] = []
    var endHandlers: [@Sendable (StopReason) -> Void] = []
    /// Threads that call such handlers now.
    var announcing = 0

    /// Whether harts may run.
    var admits: Bool { state == .running && !wantsReset && !isHeld }

    /// Whether what was asked has been done.
    var isSettled: Bool { state != .pausing && !wantsReset && !isHeld }

    /// Whether it stands still, and goes on only when it is asked to.
    var isPaused: Bool { state == .paused && isSettled }

    /// The reason, once everybody has let go of the machine.
    var ending: StopReason? { state == .stopped && active == 0 && attached == 0 && !isHeld ? reason : nil }

    /// Whether it has ended and all have been told.
    var isOver: Bool { ending != nil && endHandlers.isEmpty && announcing == 0 }

    /// The first reason counts.
    mutating func stop(_ reason: StopReason) {
        guard state != .stopped else { return }
        state = .stopped
        wantsReset = false
        self.reason = reason
    }

    mutating func requestReset() {
        if state != .stopped { wantsReset = true }
    }

    mutating func requestPause() {
        if state == .running { state = .pausing }
    }

    mutating func resume(_ gap: PauseGap) {
        if state == .paused { self.gap = gap }
        state = .running
    }

    // MARK: - With nobody active

    /// Begins a power-on, unless there is one already.
    mutating func beginStart() -> Bool {
        guard state == .created, !isHeld else { return false }
        isHeld = true
        return true
    }

    /// Begins to save, or to restore.
    mutating func hold(in states: Set<MachineState>) -> Bool {
        guard states.contains(state), active == 0, !wantsReset, !isHeld else { return false }
        isHeld = true
        return true
    }

    mutating func beginReset() -> Bool {
        guard wantsReset else { return false }
        wantsReset = false
        isHeld = true
        resets += 1
        return true
    }

    /// - Parameter next: where a machine goes that was created.
    mutating func endHold(_ next: MachineState) {
        isHeld = false
        if state == .created { state = next }
    }

    mutating func completePause() -> Bool {
        guard state == .pausing else { return false }
        state = .paused
        return true
    }
}

/// Whether a scheduler may run a machine's harts.
package enum Admission {
    case granted
    /// Not now: sleep until a wake, and ask again.
    case later
    /// The machine has ended.
    case never
}
