import Platform
import RV64Core

/// What Swift, as the hypervisor, did for a hart, and where that was asked for.
package struct HypervisorSample: Equatable, Sendable {
    package var work: HypervisorWork
    /// Where the guest was.
    package var mode: PrivilegeMode
    package var pc: UInt64
    /// What it stands for: the host's time that this took, for all of its kind since the last one that was timed.
    package var nanoseconds: UInt64

    package init(work: HypervisorWork, mode: PrivilegeMode, pc: UInt64, nanoseconds: UInt64) {
        self.work = work
        self.mode = mode
        self.pc = pc
        self.nanoseconds = nanoseconds
    }
}

/// Kinds of the hypervisor's work, as a profile tells them apart.
package enum HypervisorWork: Hashable, Sendable {
    case call(SBITarget)
    case device(DeviceWork)
    /// A page of RAM gets memory behind it.
    case page(AccessKind)
    case virtualInstruction(UInt32)
    /// An exception that is the guest's own.
    case exception(ExceptionCause)
    case interrupt(InterruptCause)
    /// What ends the machine.
    case unexpected
    /// All that is done from one turn of the hart to the next: its console, devices' timers, going to sleep and waking.
    case betweenTurns

    package struct DeviceWork: Hashable, Sendable {
        package var kind: AccessKind
        package var address: UInt64

        package init(_ kind: AccessKind, _ address: UInt64) {
            (self.kind, self.address) = (kind, address)
        }
    }
}

/// Chooses what of a hart's work for its guest is timed: about two of each sort in a millisecond.
///
/// Looking at the clock twice takes as long as a short exit. So of a sort that is frequent only one in so many is timed,
/// by chance, and stands for all of them; what is rare is timed each time, however long it takes.
struct HypervisorTimer {
    /// Sorts are told apart by a few bits of what was asked for; those that fall together are one.
    private static let mixedSorts = 64
    static let betweenTurns = mixedSorts
    private static let page = mixedSorts + 1
    static let others = mixedSorts + 2
    private static let goal: UInt64 = 500_000
    private static let longest: UInt64 = 1 << 32
    private static let longestPeriod: UInt64 = 1 << 20

    private struct Sort {
        /// How many come before the next one that is timed.
        var countdown: UInt32 = 1
        /// Of how many one is timed.
        var period: UInt32 = 1
        /// When that was last.
        var timedAt: UInt64 = 0
    }

    private var sorts = [67 of Sort](repeating: Sort())
    private var random: UInt64 = 0x6879_7065_7276
    // Causes, as numbers: at each trap, asking for them would take longer than the rest.
    fileprivate let environmentCall = ExceptionCause.environmentCallFromVS.rawValue
    fileprivate let loadFault = ExceptionCause.loadGuestPageFault.rawValue
    fileprivate let storeFault = ExceptionCause.storeGuestPageFault.rawValue
    /// `htval` of RAM's first page.
    private let firstPage: UInt64
    /// What looking at the clock twice takes.
    private let overhead: UInt64

    enum Use {
        case used
        case unused
    }

    init(_ use: Use, ram: UInt64 = 0) {
        firstPage = ram &>> 2
        guard use == .used else {
            overhead = 0
            return
        }
        var least = UInt64.max
        for _ in 0..<64 {
            let start = MonotonicTime.nanoseconds()
            least = min(least, MonotonicTime.nanoseconds() &- start)
        }
        overhead = least
    }

    /// Whether this one of a sort is to be timed.
    @inline(__always)
    mutating func isDue(_ sort: Int) -> Bool {
        let left = sorts[sort].countdown &- 1
        sorts[sort].countdown = left
        return left == 0
    }

    /// One was timed.
    ///
    /// - Returns: what all of its sort took that it stands for.
    mutating func finish(_ sort: Int, nanoseconds: UInt64, at now: UInt64) -> UInt64 {
        let period = sorts[sort].period
        let passed = max(1, now &- sorts[sort].timedAt)
        // Many more at once, and fewer at once.
        let wanted = UInt64(period) &* Self.goal / passed
        let next = UInt32(clamping: min(max(wanted, 1), UInt64(period) &* 4, Self.longestPeriod))
        random ^= random &<< 13
        random ^= random &>> 7
        random ^= random &<< 17
        sorts[sort].timedAt = now
        sorts[sort].period = next
        sorts[sort].countdown = 1 &+ UInt32(truncatingIfNeeded: random % (2 &* UInt64(next) &- 1))
        return min(nanoseconds, Self.longest) &* UInt64(period)
    }

    /// The time since `start`, without the looks at the clock.
    func elapsed(since start: UInt64, at now: UInt64) -> UInt64 {
        let elapsed = now &- start
        return elapsed > overhead ? elapsed &- overhead : 0
    }

    /// The sort of an SBI call.
    @inline(__always)
    static func sort(ofCall function: UInt64, of extensionID: UInt64) -> Int { mixed(extensionID ^ function &<< 32) }

    /// The sort of a guest-page fault. `htval` counts in units of four bytes; devices are below RAM.
    @inline(__always)
    func sort(ofFault htval: UInt64) -> Int { htval >= firstPage ? Self.page : Self.mixed(htval) }

    @inline(__always)
    private static func mixed(_ value: UInt64) -> Int {
        Int(truncatingIfNeeded: (value &* 0x9E37_79B9_7F4A_7C15) &>> 58)
    }
}

/// A trap that is being timed.
struct TimedTrap {
    fileprivate var sort: Int
    fileprivate var sample: HypervisorSample
    fileprivate var start: UInt64
}

extension VirtualCPU {
    /// The sort of the trap that has just been taken, if this one is to be timed.
    @inline(__always)
    func dueSort() -> Int? {
        let sort = sortOfTrap
        return timer.isDue(sort) ? sort : nil
    }

    @inline(__always)
    private var sortOfTrap: Int {
        let state = hart.state
        switch state.pointee.scause {
        case timer.environmentCall: return HypervisorTimer.sort(ofCall: hart.x[16], of: hart.x[17])
        case timer.loadFault, timer.storeFault:
            return timer.sort(ofFault: state.pointee.htval)
        default: return HypervisorTimer.others
        }
    }

    @inline(never)
    func beginTiming(_ sort: Int) -> TimedTrap {
        let sample = HypervisorSample(
            work: work(of: VCPUExit(hart.state.pointee)),
            mode: hart.state.pointee.mstatus[.spp] ? .virtualSupervisor : .virtualUser,
            pc: hart.state.pointee.sepc,
            nanoseconds: 0
        )
        return TimedTrap(sort: sort, sample: sample, start: MonotonicTime.nanoseconds())
    }

    @inline(never)
    func endTiming(_ timed: TimedTrap) {
        let now = MonotonicTime.nanoseconds()
        var sample = timed.sample
        sample.nanoseconds = timer.finish(timed.sort, nanoseconds: timer.elapsed(since: timed.start, at: now), at: now)
        observers?.tell(.hypervisorSample(sample), on: hart)
    }

    private func work(of exit: VCPUExit) -> HypervisorWork {
        switch exit {
        case .environmentCall: .call(sbiCall.target)
        case .guestPageFault(let fault):
            addressSpace.ram.contains(fault.address.rawValue)
                ? .page(fault.kind) : .device(.init(fault.kind, fault.address.rawValue))
        case .virtualInstruction(let encoding): .virtualInstruction(UInt32(truncatingIfNeeded: encoding))
        case .exception(let cause, _): .exception(cause)
        case .interrupt(let cause): .interrupt(cause)
        case .unexpected: .unexpected
        }
    }

    // MARK: - Between turns

    /// The hart's turn is over. CPU time and not the clock's: the thread may sleep before the next one.
    func beginBetweenTurns() {
        guard timesWork, timer.isDue(HypervisorTimer.betweenTurns) else { return }
        turnEnded = ThreadTime.nanoseconds()
    }

    func endBetweenTurns() {
        guard let start = turnEnded else { return }
        turnEnded = nil
        let now = ThreadTime.nanoseconds()
        // Another thread has another clock.
        guard now >= start else { return }
        let nanoseconds = timer.finish(
            HypervisorTimer.betweenTurns,
            nanoseconds: now - start,
            at: MonotonicTime.nanoseconds()
        )
        let sample = HypervisorSample(
            work: .betweenTurns,
            mode: hart.state.pointee.mode,
            pc: hart.state.pointee.pc,
            nanoseconds: nanoseconds
        )
        observers?.tell(.hypervisorSample(sample), on: hart)
    }
}
