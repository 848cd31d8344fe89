import Glibc
import Platform
import RV64Core
import Synchronization

/// One hart of a guest, and the Swift that plays HS-mode for it.
///
/// One thread at a time runs `turn`. Others reach it through `setExternalInterrupt`, `raiseSoftwareInterrupt`, `post` and
/// `wake` only.
package final class VirtualCPU: HartDriver, @unchecked Sendable {
    // @unchecked: everything mutable is either atomic, behind a lock, or used by the running thread alone.

    package let index: Int
    package let hart: Hart
    unowned let guest: Guest
    /// The machine, once there is one: it outlives the last turn.
    @exclusivity(unchecked) private unowned(unsafe) var link: (any GuestMachine)?
    /// What exits need of it; changed while the vCPU does not run.
    @exclusivity(unchecked) private var surroundings = Surroundings()
    /// The same, without counting who uses it.
    @exclusivity(unchecked) private var uncounted: Unmanaged<Surroundings>
    let addressSpace: GuestAddressSpace
    // What every exit needs of the guest, without a way through it.
    package let hartStates: HartStateMachine
    let observers: Observers?
    /// What they want; nothing where there are none.
    let observed: ObservedEvents
    let measuresTime: Bool
    /// Whether the hypervisor's work is timed, for a profile.
    let timesWork: Bool
    let work: HostWork?
    let decoder: Decoder
    /// Held, so that no other guest gets it while this hart may have translations cached under it.
    private let vmid: VMID

    package let parking = ParkingSpot()
    package var sleepsUntil: UInt64?
    private let inbox = Lock<FenceInbox>(FenceInbox())
    /// The ticket of the last fence done: what `post` waits for.
    private let finishedFences = Atomic<UInt64>(0)
    private let postedFences = Atomic<UInt64>(0)

    /// Fences that other harts asked for.
    private struct FenceInbox {
        /// More than this become one fence of everything, so that a guest cannot make a sleeping hart's list grow.
        static let limit = 16
        var fences: [RemoteFence] = []
        var lastTicket: UInt64 = 0

        mutating func add(_ fence: RemoteFence) {
            if fences.count < Self.limit {
                fences.append(fence)
            } else {
                fences = [.instruction, .supervisor(.everything, asid: nil), .guestStage(.everything, vmid: nil)]
            }
            lastTicket += 1
        }
    }
    private let isInGuest = Atomic<Bool>(false)
    private let externalInterrupt = Atomic<Bool>(false)
    let softwareInterrupt = Atomic<Bool>(false)
    let retired = Atomic<UInt64>(0)
    /// What earlier lives of the hart have retired: starting it resets its counters.
    var retiredBefore: UInt64 = 0
    /// Where a non-retentive suspend comes back; nil for a retentive one.
    var resumption: HartEntry?
    /// The bits of those features that the guest has locked; until the hart is started anew.
    var lockedFirmwareFeatures: UInt64 = 0
    @exclusivity(unchecked) package internal(set) var counters = VCPUCounters()
    /// What the last trap came to that was taken without leaving the hart.
    @exclusivity(unchecked) private var turnInside = Turn.ran
    /// What was done about the last trap, where somebody wants to know.
    @exclusivity(unchecked) var action = TrapAction.stopped
    @exclusivity(unchecked) var timer: HypervisorTimer
    /// The thread's CPU time at the end of a turn, if what follows is timed.
    @exclusivity(unchecked) var turnEnded: UInt64?
    @exclusivity(unchecked) var knownOperations = KnownOperations()

    init(index: Int, hart: Hart, guest: Guest, vmid: VMID) {
        self.index = index
        self.hart = hart
        self.guest = guest
        self.vmid = vmid
        addressSpace = guest.addressSpace
        hartStates = guest.hartStates
        observers = guest.observers
        observed = guest.observers?.events ?? []
        measuresTime = guest.measuresTime
        // With a clock of instructions a profile counts those, and the hypervisor executes none.
        timesWork = observed.contains(.samples) && !guest.clock.followsInstructions
        timer = HypervisorTimer(timesWork ? .used : .unused, ram: addressSpace.ram.lowerBound)
        work = guest.work
        decoder = hart.decoder
        uncounted = Unmanaged.passUnretained(surroundings)
        // Who measures, observes or counts exits wants each of them to be one.
        if !measuresTime, observed.isSubset(of: .ofProfiles), work == nil {
            // SAFETY: the vCPU holds the hart, and nobody else runs it.
            let software = Unmanaged.passUnretained(self).toOpaque()
            hart.hostedSoftware =
                timesWork
                ? HostedSoftware(software) { vcpu in
                    Unmanaged<VirtualCPU>.fromOpaque(vcpu)._withUnsafeGuaranteedRef { $0.takeTimedTrap() }
                }
                : HostedSoftware(software) { vcpu in
                    Unmanaged<VirtualCPU>.fromOpaque(vcpu)._withUnsafeGuaranteedRef { $0.takeTrap() }
                }
        }
    }

    func connect<Machine: GuestMachine>(to machine: Machine) {
        link = machine
        // SAFETY: the machine outlives the last turn.
        let unretained = Unmanaged.passUnretained(machine)
        let bus = surroundings.bus
        set(
            Surroundings(bus: bus) { [unretained, index] access in
                unretained._withUnsafeGuaranteedRef { $0.isAwaited(byHart: index, after: access) }
            }
        )
    }

    /// The devices that the guest finds from here on.
    func connect(to bus: Bus) { set(Surroundings(bus: bus, isAwaited: surroundings.isAwaited)) }

    private func set(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        uncounted = Unmanaged.passUnretained(surroundings)
    }

    /// Runs `body` with what exits need of the machine: `surroundings` holds it, and no exit changes that.
    @inline(__always)
    func withSurroundings<Result>(_ body: (Surroundings) -> Result) -> Result {
        uncounted._withUnsafeGuaranteedRef(body)
    }

    var machine: any GuestMachine {
        guard let link else { preconditionFailure("a vCPU ran before its guest had a machine") }
        return link
    }

    package var offered: ExtensionSet { guest.offered }
    package var instructions: UInt64 { retired.load(ordering: .relaxed) }

    /// Enters the guest once and handles the exit.
    package func turn(limit: UInt64) -> Turn {
        switch hartStates.state(of: index) {
        case .stopped: return .stopped
        case .startPending: start()
        case .suspended: return resumeFromSuspend()
        case .started, .stopPending, .suspendPending, .resumePending: break
        }
        isInGuest.store(true, ordering: .sequentiallyConsistent)
        drainFences()
        synchronizeInterrupts()
        endBetweenTurns()
        let entered = measuredTime
        let exit = hart.run(instructions: limit)
        isInGuest.store(false, ordering: .sequentiallyConsistent)
        let left = measuredTime
        counters.guestNanoseconds &+= left &- entered
        retired.store(hart.state.pointee.retired &+ retiredBefore, ordering: .relaxed)
        let turn = handle(exit)
        counters.finishExit(nanoseconds: measuredTime &- left)
        beginBetweenTurns()
        return turn
    }

    /// The clock where statistics are wanted; reading it costs too much to do it for nothing.
    private var measuredTime: UInt64 { measuresTime ? guest.clock.nanoseconds : 0 }

    private func handle(_ exit: HartExit) -> Turn {
        switch exit {
        case .hosted(.supervisor): return timesWork ? handleTimedTrap().turn : handleTrap().turn
        case .handled: return turnInside
        case .waiting(let tick): return .sleep(untilTick: tick)
        case .requested, .budgetExhausted: return .ran
        case .trapLoop: return .ended(.failed(trapLoopReport))
        case .criticalError: return .ended(.failed(CriticalError.report(hart)))
        case .disagreement: return .ended(.failed(hart.disagreement?.report(machine.describe) ?? "the engines differ"))
        case .hosted:
            return .ended(.failed(machineTrapReport))
        }
    }

    /// What a guest that cannot even enter its trap handler did. It knows its registers by the names without "v".
    private var trapLoopReport: String {
        var loop = TrapLoop(hart, in: .virtualSupervisor)
        loop.register = "stvec"
        return loop.report(machine.describe)
    }

    /// What brought the hart to M-mode: a trap inside a trap handler of a guest that has such traps on.
    var machineTrapReport: String {
        let cause = hart.state.pointee.mcause
        guard cause == ExceptionCause.doubleTrap.rawValue else {
            return "a trap with cause \(hex(cause)) reached M-mode on hart \(index)"
        }
        let first = ExceptionCause(rawValue: hart.state.pointee.mtval2)?.name ?? "a trap"
        return "hart \(index) took a double trap: \(first) at \(machine.describe(hart.state.pointee.mepc)), "
            + "value \(hex(hart.state.pointee.mtval)), where its trap handler has not cleared sstatus.SDT yet"
    }

    // MARK: - From other threads

    /// The guest's PLIC drives this wire; it becomes `hvip.VSEIP`.
    package func setExternalInterrupt(_ isAsserted: Bool) {
        externalInterrupt.store(isAsserted, ordering: .sequentiallyConsistent)
        if isAsserted { wake() }
    }

    /// An IPI of the guest; it becomes `hvip.VSSIP`.
    func raiseSoftwareInterrupt() {
        softwareInterrupt.store(true, ordering: .sequentiallyConsistent)
        wake()
    }

    /// Posts a fence and waits until this hart cannot use what it orders any more.
    ///
    /// A hart outside the guest performs it before it enters again, so nobody waits for a sleeping one. The caller
    /// performs its own fences while it waits: two harts may fence each other.
    func post(_ fence: RemoteFence, from sender: VirtualCPU) {
        let ticket = inbox.withLock { inbox in
            inbox.add(fence)
            postedFences.store(inbox.lastTicket, ordering: .sequentiallyConsistent)
            return inbox.lastTicket
        }
        hart.request(.fence)
        while isInGuest.load(ordering: .sequentiallyConsistent),
            finishedFences.load(ordering: .sequentiallyConsistent) < ticket
        {
            sender.drainFences()
            sched_yield()
        }
    }

    // MARK: - On the vCPU's own thread

    func drainFences() {
        guard postedFences.load(ordering: .sequentiallyConsistent) != finishedFences.load(ordering: .relaxed) else {
            return
        }
        let (fences, ticket) = inbox.withLock { inbox in
            defer { inbox.fences = [] }
            return (inbox.fences, inbox.lastTicket)
        }
        for fence in fences { fence.perform(on: hart) }
        finishedFences.store(ticket, ordering: .sequentiallyConsistent)
    }

    /// Brings wires and IPIs into `hvip`.
    private func synchronizeInterrupts() {
        let external = InterruptCause.virtualSupervisorExternal.mask
        let software = InterruptCause.virtualSupervisorSoftware.mask
        let before = hart.virtualInterrupts
        var pending = before
        pending = externalInterrupt.load(ordering: .sequentiallyConsistent) ? pending | external : pending & ~external
        if softwareInterrupt.load(ordering: .relaxed),
            softwareInterrupt.exchange(false, ordering: .sequentiallyConsistent)
        {
            pending |= software
        }
        if pending != before { hart.virtualInterrupts = pending }
    }

    /// Enters VS-mode as after reset. SBI 3.0, "Hart Start": MMU off, interrupts off, a0 the hart, a1 opaque.
    func enter(at entry: HartEntry) {
        retiredBefore &+= hart.state.pointee.retired
        prepare()
        hart.state.pointee.x[10] = UInt64(index)
        hart.state.pointee.x[11] = entry.opaque
        hart.state.pointee.sepc = entry.address.rawValue
        hart.returnFromSupervisorTrap()
    }

    /// The hart as HS software has it before its first SRET.
    func prepare() {
        GuestState.prepare(
            hart,
            offered: guest.offered,
            addressSpace: addressSpace,
            illegalInstructions: observed.contains(.exits) ? .observed : .delegated
        )
    }

    /// As after power-on: nothing is pending, and nothing of the life before is left. The vCPU does not run.
    func reset() {
        drainFences()
        externalInterrupt.store(false, ordering: .sequentiallyConsistent)
        softwareInterrupt.store(false, ordering: .sequentiallyConsistent)
        resumption = nil
        lockedFirmwareFeatures = 0
        sleepsUntil = nil
        retiredBefore &+= hart.state.pointee.retired
        hart.reset()
    }

    /// Begins as a hart does that was reset: nothing that came while it was off is pending, no feature is locked.
    private func start() {
        // Before the hart counts as started: what is sent from then on must reach it.
        softwareInterrupt.store(false, ordering: .sequentiallyConsistent)
        guard let entry = hartStates.completeStart(of: index) else { return }
        lockedFirmwareFeatures = 0
        enter(at: entry)
    }

    /// A suspended hart comes back when an interrupt that it enables is pending.
    private func resumeFromSuspend() -> Turn {
        drainFences()
        synchronizeInterrupts()
        hart.refreshTimers()
        guard hart.hasEnabledInterrupt else { return .sleep(untilTick: hart.nextDeadline) }
        hartStates.requestResume(of: index)
        hartStates.completeResume(of: index)
        if let entry = resumption {
            let retained = GuestState.Retained(of: hart)
            enter(at: entry)
            retained.restore(to: hart)
        }
        resumption = nil
        return .ran
    }
}

/// What exits need of the machine that a vCPU is in.
final class Surroundings {
    let bus: Bus
    /// Whether the hart is to come out of its turn now, after it has accessed a device at this address, if it has.
    let isAwaited: (UInt64?) -> Bool

    init(bus: Bus = Bus(), isAwaited: @escaping (UInt64?) -> Bool = { _ in true }) {
        self.bus = bus
        self.isAwaited = isAwaited
    }
}

extension VirtualCPU {
    private func handleTimedTrap() -> Handling {
        guard let sort = dueSort() else { return handleTrap() }
        let timed = beginTiming(sort)
        let handling = handleTrap()
        endTiming(timed)
        return handling
    }

    /// `takeTrap`, for a profile.
    private func takeTimedTrap() -> Bool {
        guard let sort = dueSort() else { return takeTrap() }
        let timed = beginTiming(sort)
        let goesOn = takeTrap()
        endTiming(timed)
        return goesOn
    }

    /// Takes a trap without leaving the hart. See `HostedSoftware`.
    private func takeTrap() -> Bool {
        let handling = handleTrap()
        counters.finishExit(nanoseconds: 0)
        let access: UInt64?
        switch handling {
        case .returned: access = nil
        case .accessed(let address): access = address
        case .left, .stopped:
            turnInside = handling.turn
            return false
        }
        guard !withSurroundings({ $0.isAwaited(access) }) else {
            turnInside = .ran
            return false
        }
        drainFences()
        synchronizeInterrupts()
        return true
    }
}

extension RemoteFence {
    /// More pages than this are cheaper to flush as a whole.
    private static let pageLimit: UInt64 = 64

    func perform(on hart: Hart) {
        switch self {
        case .instruction: hart.synchronizeInstructionFetch()
        case .supervisor(let range, let asid), .virtualSupervisor(let range, let asid):
            guard case .addresses(let start, let size) = range, size <= Self.pageLimit << Page.shift else {
                return hart.perform(.virtualSupervisor(address: nil, asid: asid))
            }
            var page = start & ~Page.offsetMask
            let last = (start &+ (size &- 1)) & ~Page.offsetMask
            while true {
                hart.perform(.virtualSupervisor(address: page, asid: asid))
                if page == last { break }
                page &+= Page.size
            }
        case .guestStage: hart.perform(.guest(vmid: nil))
        }
    }
}
