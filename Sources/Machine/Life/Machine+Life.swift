import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

// Requests come from any thread, harts are run by a scheduler's. A scheduler's thread is in the machine (`active`) or at
// rest between two turns. What needs all at rest (a pause, a reset, an end) is done by whoever finds that they are: the
// last thread that leaves, or the one that asks.

extension Machine {
    /// Where the machine is in its life.
    public var state: MachineState { life.withLock { $0.state } }

    /// Asks for something, and does not wait until it is done.
    ///
    /// - Throws: `MachineRequestRefused` if the machine's state does not allow it.
    public func perform(_ request: MachineRequest) throws(MachineRequestRefused) {
        // One that is being saved, or started by somebody else, is not missed.
        if request == .start { wait { $0.isHeld ? nil : true } }
        let outcome = life.withLock { life -> (refusing: MachineState?, starts: Bool) in
            guard request.allowedStates.contains(life.state) else { return (life.state, false) }
            switch request {
            case .start: return (nil, life.beginStart())
            case .pause: life.requestPause()
            case .resume(let gap): admit(&life, gap)
            case .reset: life.requestReset()
            case .stop: life.stop(.requested)
            }
            return (nil, false)
        }
        if let state = outcome.refusing { throw MachineRequestRefused(machine: name, request: request, state: state) }
        if outcome.starts { try? powerUp(to: .running) }
        changed()
        launch()
    }

    /// Loads the machine, which is then paused before its first instruction; nothing if it is loaded already.
    ///
    /// - Throws: `MachineError`; the machine has ended then.
    package func boot() throws(MachineError) {
        if life.withLock({ $0.beginStart() }) { try powerUp(to: .paused) }
    }

    private func powerUp(to next: MachineState) throws(MachineError) {
        defer { changed() }
        do throws(MachineError) {
            try powerOn()
        } catch {
            life.withLock { life in
                life.stop(.failed(error.description))
                life.endHold(.stopped)
            }
            throw error
        }
        life.withLock { $0.endHold(next) }
    }

    /// Gives a machine that may run for the first time to its scheduler.
    private func launch() {
        let isFirst = life.withLock { life in
            defer { life.isScheduled = life.isScheduled || life.admits }
            return life.admits && !life.isScheduled
        }
        guard isFirst else { return }
        do throws(HostThreadError) { try scheduler.add([self]) } catch { end(.failed(error.description)) }
    }

    /// Waits until a pause or a reset that was asked for is done.
    ///
    /// - Returns: the state then.
    @discardableResult
    public func waitUntilSettled() -> MachineState { wait { $0.isSettled ? $0.state : nil } }

    /// Waits until the machine is paused, or has ended.
    func waitUntilPaused() -> MachineState { wait { $0.isPaused || $0.isOver ? $0.state : nil } }

    /// Waits until the machine has ended, nothing of it runs, and everybody who wanted to know has been told.
    public func wait() -> StopReason { wait { $0.isOver ? $0.ending : nil } }

    @discardableResult
    private func wait<Result: Sendable>(for condition: (MachineLife) -> Result?) -> Result {
        let spot = ParkingSpot()
        life.withLock { $0.waiting.append(spot) }
        defer { life.withLock { $0.waiting.removeAll { $0 === spot } } }
        while true {
            if let result = life.withLock({ condition($0) }) { return result }
            spot.sleep(nanoseconds: nil)
        }
    }

    /// Calls `handler` once, when the machine has ended and nothing of it runs.
    package func whenEnded(_ handler: @escaping @Sendable (StopReason) -> Void) {
        life.withLock { $0.endHandlers.append(handler) }
        settle()
    }

    // MARK: - For schedulers

    /// From paused to running, for a scheduler that is about to be given the machine together with others.
    func release() {
        life.withLock { life in
            if life.state == .paused { admit(&life, .skipped) }
        }
        changed()
    }

    /// Lets harts run, which have been woken before: a wake that comes later would cut a turn short at any place, and a
    /// hart that is let in and finds that it is to rest would look idle.
    private func admit(_ life: inout MachineLife, _ gap: PauseGap) {
        for driver in drivers { driver.hart.request(.wake) }
        life.resume(gap)
        attention.store(!life.admits, ordering: .sequentiallyConsistent)
    }

    /// Whether harts are to come to rest soon: asked before each turn, and cheap.
    package var wantsRest: Bool { attention.load(ordering: .sequentiallyConsistent) }

    /// `threads` threads of a scheduler are about to run the machine.
    package func attach(threads: Int) {
        let isFirst = life.withLock { life in
            defer { life.attached += threads }
            life.isScheduled = true
            return life.attached == 0
        }
        if isFirst { watch.begin(self) }
    }

    /// Such a thread does not come back. The last one leaves nothing behind that only a machine that runs needs.
    package func detach() {
        let isLast = life.withLock { life in
            life.departed += 1
            return life.departed == life.attached
        }
        guard isLast else { return }
        watch.end(self)
        console.end()
        profile.close()
        life.withLock { ($0.attached, $0.departed) = (0, 0) }
        settle()
    }

    /// Before turns. The machine's time goes on with the first. A thread that was let in calls `leave` between two turns, and soon after `wantsRest` says so.
    package func enter() -> Admission {
        life.withLock { life in
            if life.state == .stopped { return .never }
            guard life.admits else { return .later }
            clock.resume(life.gap)
            life.gap = .skipped
            life.active += 1
            return .granted
        }
    }

    package func leave() {
        let isLast = life.withLock { life in
            life.active -= 1
            return life.active == 0 && !life.admits
        }
        if isLast { settle() }
    }

    // MARK: - Rest

    /// Tells everybody that the life has changed, and does what can be done now.
    func changed() {
        let admits = life.withLock { life in
            attention.store(!life.admits, ordering: .sequentiallyConsistent)
            return life.admits
        }
        settle()
        for driver in drivers {
            if admits { driver.parking.wake() } else { driver.wake() }
        }
    }

    /// What has waited for the harts to be at rest.
    private func settle() {
        while life.withLock({ takeRest(&$0) }) {
            var failure: String?
            do throws(MachineError) { try powerOn() } catch { failure = error.description }
            life.withLock { life in
                if let failure { life.stop(.failed(failure)) }
                life.endHold(.stopped)
                attention.store(!life.admits, ordering: .sequentiallyConsistent)
            }
            for driver in drivers { driver.wake() }
        }
        announce()
    }

    /// - Returns: whether the machine is to be powered off and on.
    private func takeRest(_ life: inout MachineLife) -> Bool {
        guard life.active == 0, !life.isHeld else { return false }
        if life.beginReset() {
            // Few instructions lie between two resets, and much work: the limit alone would end it too late.
            if configuration.instructionLimit == nil || life.resets <= Self.resetLimit { return true }
            life.stop(.failed("resets for ever"))
            life.endHold(.stopped)
        }
        if life.completePause() || life.state == .stopped { clock.pause() }
        return false
    }

    private func announce() {
        var handlers: [@Sendable (StopReason) -> Void] = []
        let ending = life.withLock { life -> StopReason? in
            guard let ending = life.ending, !life.endHandlers.isEmpty else { return nil }
            swap(&handlers, &life.endHandlers)
            life.announcing += 1
            return ending
        }
        if let ending {
            for handler in handlers { handler(ending) }
            life.withLock { $0.announcing -= 1 }
        }
        life.withLock { life in
            if life.isOver { over.isSet.store(true, ordering: .releasing) }
            // With the lock held: who waits takes its place out of the same array.
            for spot in life.waiting { spot.wake() }
        }
    }
}

/// Set once a machine has ended and nothing of it runs, nor will again: for those who do not hold it.
final class OverFlag: Sendable {
    let isSet = Atomic<Bool>(false)
}

extension Machine: GuestMachine {
    package func end(_ reason: StopReason) {
        life.withLock { $0.stop(reason) }
        changed()
    }

    package func reset() {
        life.withLock { $0.requestReset() }
        changed()
    }
}

extension Machine: WatchedMemory {
    package var filledBytes: UInt64 { profile.filledBytes }
    package func memoryUsedUp(_ report: String) { end(.failed(report)) }
}

/// The power button as a device has it.
final class PowerButton: PowerSink, @unchecked Sendable {
    // @unchecked: `machine` is set once, before anything runs.
    // Unowned: only a hart's turn presses it, and whoever runs one holds the machine. A weak reference would make
    // every use of the machine slower.
    private unowned var machine: Machine?

    func connect(to machine: Machine) { self.machine = machine }

    func powerOff(code: Int) { machine?.end(.exited(code: code)) }
    func reset() { machine?.reset() }
}
