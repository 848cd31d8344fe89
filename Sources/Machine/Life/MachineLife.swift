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
    /// It is being powered on.
    private(set) var isStarting = false
    private(set) var resets = 0
    /// Those who wait for something to change.
    var waiting: [ParkingSpot] = []
    var endHandlers: [@Sendable (StopReason) -> Void] = []
    /// Threads that call such handlers now.
    var announcing = 0

    /// Whether harts may run.
    var admits: Bool { state == .running && !wantsReset && !isStarting }

    /// Whether what was asked has been done.
    var isSettled: Bool { state != .pausing && !wantsReset && !isStarting }

    /// The reason, once everybody has let go of the machine.
    var ending: StopReason? { state == .stopped && active == 0 && attached == 0 && !isStarting ? reason : nil }

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

    mutating func resume() { state = .running }

    // MARK: - With nobody active

    /// Begins a power-on, unless there is one already.
    mutating func beginStart() -> Bool {
        guard state == .created, !isStarting else { return false }
        isStarting = true
        return true
    }

    mutating func beginReset() -> Bool {
        guard wantsReset else { return false }
        wantsReset = false
        isStarting = true
        resets += 1
        return true
    }

    /// - Parameter next: where a machine goes that was created.
    mutating func finishStart(_ next: MachineState) {
        isStarting = false
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
