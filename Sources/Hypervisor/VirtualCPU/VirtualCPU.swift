import Platform
import RV64Core
import Synchronization

/// One hart of a guest, and the Swift that plays HS-mode for it.
///
/// Its own thread runs `step` over and over. Others reach it through `setExternalInterrupt`, `raiseSoftwareInterrupt`,
/// `post` and `wake` only.
package final class VirtualCPU: @unchecked Sendable {
    // @unchecked: everything mutable is either atomic, behind a Mutex, or used by the running thread alone.

    package let index: Int
    package let hart: Hart
    unowned let machine: VirtualMachine
    let addressSpace: GuestAddressSpace

    private let parking = ParkingSpot()
    private let inbox = Mutex<[RemoteFence]>([])
    /// Fences finished so far: what `post` waits for.
    private let finishedFences = Atomic<UInt64>(0)
    private let postedFences = Atomic<UInt64>(0)
    private let isInGuest = Atomic<Bool>(false)
    private let externalInterrupt = Atomic<Bool>(false)
    private let softwareInterrupt = Atomic<Bool>(false)
    var counters = VCPUCounters()
    /// The last exception that the guest was given: what a report of a trap loop tells.
    var lastInjection: (trap: Trap, pc: UInt64)?

    init(index: Int, hart: Hart, machine: VirtualMachine, addressSpace: GuestAddressSpace) {
        self.index = index
        self.hart = hart
        self.machine = machine
        self.addressSpace = addressSpace
    }

    /// What a turn came to.
    enum Step: Equatable {
        case ran
        /// Nothing to do until a wake or this `time`.
        case sleep(untilTick: UInt64)
        /// Stopped through HSM: nothing to do until another hart starts it.
        case stopped
    }

    /// Enters the guest once and handles the exit. One turn of the vCPU's thread.
    func step(limit: UInt64 = .max) -> Step {
        switch machine.hartStates.state(of: index) {
        case .startPending: start()
        case .stopped: return .stopped
        default: break
        }
        hart.requests.store(0, ordering: .sequentiallyConsistent)
        isInGuest.store(true, ordering: .sequentiallyConsistent)
        drainFences()
        synchronizeInterrupts()
        let entered = machine.measuresTime ? machine.clock.nanoseconds : 0
        let exit = hart.run(instructions: limit)
        isInGuest.store(false, ordering: .sequentiallyConsistent)
        let left = machine.measuresTime ? machine.clock.nanoseconds : 0
        counters.guestNanoseconds &+= left &- entered
        let step = handle(exit)
        if machine.measuresTime { counters.hypervisorNanoseconds &+= machine.clock.nanoseconds &- left }
        return step
    }

    private func handle(_ exit: HartExit) -> Step {
        switch exit {
        case .hosted(.supervisor):
            handleTrap()
            return .ran
        case .waiting(let tick):
            counters.waits &+= 1
            return .sleep(untilTick: tick)
        case .requested, .budgetExhausted: return .ran
        case .trapLoop:
            machine.stop(.failed(GuestFailure(trapLoopReport, hart: index)))
            return .ran
        case .hosted:
            let cause = hex(hart.state.pointee.mcause)
            machine.stop(.failed(GuestFailure("a trap with cause \(cause) reached M-mode, which no guest may cause", hart: index)))
            return .ran
        }
    }

    /// What a guest that cannot even enter its trap handler did.
    private var trapLoopReport: String {
        let state = hart.state.pointee
        let handler = machine.describe(state.vstvec & ~3)
        guard let (trap, pc) = lastInjection else {
            return "its trap handler at \(handler) faults at its first instruction, again and again; "
                + "last cause \(hex(state.vscause)) at \(machine.describe(state.vsepc))"
        }
        return "its trap handler at \(handler) cannot run: \(trap.cause.name) at \(machine.describe(pc)), "
            + "value \(hex(trap.value)), again and again; set stvec to a mapped handler"
    }

    // MARK: - From other threads

    /// The guest's PLIC drives this wire; it becomes `hvip.VSEIP`.
    func setExternalInterrupt(_ isAsserted: Bool) {
        externalInterrupt.store(isAsserted, ordering: .sequentiallyConsistent)
        if isAsserted { wake() }
    }

    /// An IPI of the guest; it becomes `hvip.VSSIP`.
    func raiseSoftwareInterrupt() {
        softwareInterrupt.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    /// Brings the vCPU out of the guest, or out of its sleep.
    func wake() {
        hart.requests.store(1, ordering: .sequentiallyConsistent)
        parking.wake()
    }

    func sleep(untilTick tick: UInt64?) {
        let deviceDeadline = index == 0 ? machine.nextDeviceDeadline : nil
        var nanoseconds = deviceDeadline.map { $0 &- min($0, machine.clock.nanoseconds) }
        if let tick, tick != .max {
            let now = machine.clock.ticks
            let span = tick > now ? (tick - now).multipliedReportingOverflow(by: Timebase.nanosecondsPerTick) : (0, false)
            let own = span.1 ? UInt64.max : span.0
            nanoseconds = min(nanoseconds ?? own, own)
        }
        parking.sleep(nanoseconds: nanoseconds)
    }

    /// Posts a fence and waits until this hart cannot use what it orders any more.
    ///
    /// A hart outside the guest performs it before it enters again, so nobody waits for a sleeping one. The caller
    /// performs its own fences while it waits: two harts may fence each other.
    func post(_ fence: RemoteFence, from sender: VirtualCPU) {
        inbox.withLock { $0.append(fence) }
        let ticket = postedFences.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
        hart.requests.store(1, ordering: .sequentiallyConsistent)
        while isInGuest.load(ordering: .sequentiallyConsistent),
            finishedFences.load(ordering: .sequentiallyConsistent) < ticket
        {
            sender.drainFences()
            yieldThread()
        }
    }

    // MARK: - On the vCPU's own thread

    private func drainFences() {
        guard postedFences.load(ordering: .sequentiallyConsistent) != finishedFences.load(ordering: .relaxed) else {
            return
        }
        let fences = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        for fence in fences { fence.perform(on: hart) }
        finishedFences.wrappingAdd(UInt64(fences.count), ordering: .sequentiallyConsistent)
    }

    /// Brings wires and IPIs into `hvip`.
    private func synchronizeInterrupts() {
        let external = InterruptCause.virtualSupervisorExternal.mask
        let software = InterruptCause.virtualSupervisorSoftware.mask
        var pending = hart.readCSR(.hvip)
        pending = externalInterrupt.load(ordering: .sequentiallyConsistent) ? pending | external : pending & ~external
        if softwareInterrupt.exchange(false, ordering: .sequentiallyConsistent) { pending |= software }
        hart.writeCSR(.hvip, pending)
    }

    /// Enters VS-mode at the address that SBI HSM names, as after reset. SBI, "Hart State Management".
    private func start() {
        guard let request = machine.hartStates.takeStart(of: index) else { return }
        hart.state.pointee.pc = request.address
        GuestState.prepare(hart, addressSpace: addressSpace, clock: machine.clock)
        hart.state.pointee.x[10] = UInt64(index)
        hart.state.pointee.x[11] = request.opaque
        hart.state.pointee.sepc = request.address
        hart.returnFromSupervisorTrap()
    }
}

/// A fence that one hart asks another to perform. SBI, "RFENCE Extension".
package enum RemoteFence: Sendable {
    case instruction
    case translation([TranslationFence])

    func perform(on hart: Hart) {
        switch self {
        case .instruction: hart.synchronizeInstructionFetch()
        case .translation(let fences): for fence in fences { hart.perform(fence) }
        }
    }
}
