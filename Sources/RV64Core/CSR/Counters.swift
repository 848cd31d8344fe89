/// Bits of the counter-enable registers and of `mcountinhibit`.
package enum CounterSet {
    package static let cycle: UInt64 = 1 << 0
    package static let time: UInt64 = 1 << 1
    package static let instret: UInt64 = 1 << 2
    package static let hpm: UInt64 = 0xffff_fff8

    /// `mcounteren`, `hcounteren` and `scounteren`: every counter. norm:mcounteren_flds_mandatory_warl
    package static let enables = cycle | time | instret | hpm
    /// `mcountinhibit`: `time` cannot be inhibited. norm:mcountinhibit_sz_warl_op1
    package static let inhibitable = cycle | instret | hpm
}

/// The numbers of the counters that are not programmable, which are also their bits above.
enum FixedCounter {
    static let cycle = 0
    static let instret = 2
}

// MARK: - Values

// Cycles and instructions are both the number of retired instructions, which the run loop counts anyway. A counter
// of either holds, while it runs, its value less that number; while it stands, and for every other event, the value.
extension Hart {
    /// `mcycle`, `minstret` or `mhpmcounter`n. norm:mcycle_op norm:minstret_op
    func counter(_ number: Int) -> UInt64 {
        let isRunning = runState.pointee.runningCounters &>> UInt64(number) & 1 != 0
        return state.pointee.counter[number & 31] &+ (isRunning ? state.pointee.retired : 0)
    }

    /// A write overflows nothing. norm:count_overflow_trigger
    func writeCounter(_ number: Int, _ value: UInt64) {
        synchronizeCounters()
        setCounter(number, value)
        findNextOverflow()
    }

    private func setCounter(_ number: Int, _ value: UInt64) {
        let isRunning = runState.pointee.runningCounters &>> UInt64(number) & 1 != 0
        state.pointee.counter[number & 31] = value &- (isRunning ? state.pointee.retired : 0)
    }

    /// norm:mcountinhibit_op2
    func writeCounterInhibit(_ value: UInt64) {
        state.pointee.mcountinhibit = value & CounterSet.inhibitable
        updateCounters()
    }

    /// `mcyclecfg` and `minstretcfg`. norm:mcyclecfg_op
    func writeCounterFilter(_ number: Int, _ value: UInt64) {
        state.pointee.counterConfiguration[number & 31].rawValue =
            value & CounterConfiguration.filterMask(extensions)
        updateCounters()
    }

    func writeCounterEvent(_ number: Int, _ value: UInt64) {
        synchronizeCounters()
        state.pointee.counterConfiguration[number & 31] = .legalizedEvent(value, extensions)
        updateCounters()
    }

    /// What `time` reads as in the current mode. norm:htimedelta_sz_acc_op
    var visibleTime: UInt64 {
        state.pointee.mode.isVirtual ? time &+ state.pointee.htimedelta : time
    }

    /// `scountovf`: the OF bits, where the current mode may see their counters.
    /// norm:scountovf_op norm:scountovf_mmode_read_access norm:scountovf_smode_read_access
    /// norm:scountovf_vsmode_read_access
    var visibleCounterOverflows: UInt64 {
        var overflows: UInt64 = 0
        for number in 3..<32 where state.pointee.counterConfiguration[number][.of] {
            overflows |= 1 &<< UInt64(number)
        }
        switch state.pointee.mode {
        case .machine: return overflows
        case .supervisor, .user: return overflows & state.pointee.mcounteren
        case .virtualSupervisor, .virtualUser:
            return overflows & state.pointee.mcounteren & state.pointee.hcounteren
        }
    }
}

// MARK: - Counting

extension Hart {
    /// An event that happens off the fast path.
    @inline(__always)
    func count(_ event: HardwareEvent) {
        if runState.pointee.countedEvents & event.mask != 0 { increment(event) }
    }

    @inline(never)
    private func increment(_ event: HardwareEvent) {
        for number in 3..<32 where countedEvent(number) == event {
            state.pointee.counter[number] &+= 1
            if state.pointee.counter[number] == 0 { overflow(number) }
        }
    }

    /// What a counter counts in the current mode; nil while it stands. norm:counter_inhibited_behavior
    private func countedEvent(_ number: Int) -> HardwareEvent? {
        let configuration = state.pointee.counterConfiguration[number & 31]
        guard configuration.rawValue & CounterConfiguration.filter(state.pointee.mode) == 0 else { return nil }
        return selectedEvent(number)
    }

    /// What a counter counts in the modes where no filter stops it; nil while it is inhibited.
    private func selectedEvent(_ number: Int) -> HardwareEvent? {
        guard state.pointee.mcountinhibit &>> UInt64(number) & 1 == 0 else { return nil }
        switch number {
        case FixedCounter.cycle: return .cycles
        case FixedCounter.instret: return .instructions
        // The numbers of hpmcounter3 and up, whose event software chooses.
        default: return HardwareEvent(selector: state.pointee.counterConfiguration[number & 31][.event])
        }
    }

    /// Decides anew what counts: after a change of mode, selector, filter or inhibition. Every counter keeps its value.
    func updateCounters() {
        synchronizeCounters()
        var running: UInt64 = 0
        var events: UInt64 = 0
        var filters: UInt64 = 0
        for number in 0..<32 {
            // Firmware gives filters to counters that count nothing, too.
            switch selectedEvent(number) {
            case nil, .noEvent: continue
            case .some: filters |= state.pointee.counterConfiguration[number].rawValue
            }
            switch countedEvent(number) {
            case nil, .noEvent: break
            case .cycles, .instructions: running |= 1 &<< UInt64(number)
            case let event?: events |= event.mask
            }
        }
        let changed = running ^ runState.pointee.runningCounters
        for number in 0..<32 where changed &>> UInt64(number) & 1 != 0 {
            let value = counter(number)
            runState.pointee.runningCounters ^= 1 &<< UInt64(number)
            setCounter(number, value)
        }
        runState.pointee.countedEvents = events
        runState.pointee.counterFilters = filters & CounterConfiguration.filterMask(extensions)
        findNextOverflow()
    }

    /// The mode has changed: only filtered counters mind.
    @inline(__always)
    func updateCountersForMode() {
        if runState.pointee.counterFilters != 0 { updateCounters() }
    }
}

// MARK: - Overflow

extension Hart {
    /// Finds the overflows of counters that run with `retired`.
    @inline(__always)
    func synchronizeCounters() {
        if state.pointee.retired >= runState.pointee.nextCounterOverflow { findOverflows() }
        runState.pointee.countersCheckedAt = state.pointee.retired
    }

    /// How many instructions may retire until a running counter overflows.
    var instructionsUntilOverflow: Int {
        max(1, Int(clamping: runState.pointee.nextCounterOverflow &- state.pointee.retired))
    }

    /// The value of `retired` at which a running counter reads as zero.
    private func wrapPoint(_ number: Int) -> UInt64 { 0 &- state.pointee.counter[number & 31] }

    @inline(never)
    private func findOverflows() {
        if state.pointee.retired >= runState.pointee.samples.next { takeSample() }
        let (from, to) = (runState.pointee.countersCheckedAt, state.pointee.retired)
        for number in 3..<32 where runState.pointee.runningCounters &>> UInt64(number) & 1 != 0 {
            let point = wrapPoint(number)
            if from < point, point <= to { overflow(number) }
        }
        findNextOverflow()
    }

    func findNextOverflow() {
        var next = runState.pointee.samples.next
        for number in 3..<32 where runState.pointee.runningCounters &>> UInt64(number) & 1 != 0 {
            let point = wrapPoint(number)
            if point > state.pointee.retired { next = min(next, point) }
        }
        runState.pointee.nextCounterOverflow = next
        // The slice that is running may be longer than that.
        if next != .max { runState.pointee.slice = min(runState.pointee.slice, instructionsUntilOverflow) }
    }

    /// norm:hpmcounter_overflow norm:mhpmevent_of_bit_set norm:count_overflow_interrupt norm:LCOFIP_op
    private func overflow(_ number: Int) {
        guard extensions.contains(.sscofpmf), !state.pointee.counterConfiguration[number][.of] else { return }
        state.pointee.counterConfiguration[number][.of] = true
        state.pointee.mip |= InterruptCause.counterOverflow.mask
    }
}
