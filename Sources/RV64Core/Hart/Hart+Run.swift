import Platform
import Synchronization

extension Hart {
    /// Ticks after which fetches look at memory again without a FENCE.I: Ziccid asks that stores reach them eventually.
    /// Eight milliseconds: rarely enough that comparing blocks anew costs nothing that can be measured.
    private static let fetchEpochTicks: UInt64 = 80_000

    /// Traps without a retired instruction between them after which a hart counts as lost.
    private static let trapLoopLimit = 10_000

    /// Traps without a return from one between them after which a hart counts as lost: its handler traps by itself,
    /// after some instructions. Software that leaves its handlers by a jump does something else in between.
    private static let unreturnedTrapLimit = 1_000_000

    /// Runs guest code until something concerns Swift, or for `limit` instructions, give or take one block.
    package func run(instructions limit: UInt64 = .max) -> HartExit {
        enterRun()
        let exit = runToExit(limit)
        leaveRun()
        if case .waiting = exit { rest() }
        return exit
    }

    private func runToExit(_ limit: UInt64) -> HartExit {
        var left = Int(clamping: limit)
        while true {
            if let exit = takeExit() { return exit }
            if requests.load(ordering: .relaxed) != 0 { return .requested }
            if left <= 0 { return .budgetExhausted }
            if runState.pointee.slice <= 0 { startSlice() }
            if takeInterrupt() { continue }
            let before = state.pointee.retired
            engine.run(self, budget: min(runState.pointee.slice, left))
            let retired = Int(truncatingIfNeeded: state.pointee.retired &- before)
            // A trap is work too: a hart that does nothing else must still see time pass.
            runState.pointee.slice &-= max(retired, 1)
            left &-= max(retired, 1)
            if isLost(retired) { return .trapLoop }
        }
    }

    /// Executes exactly one instruction; a trap or an interrupt in its place is the step too, with pc at the handler.
    ///
    /// As a debugger's step: requests do not keep it from happening, and a WFI that would wait is one of no effect.
    ///
    /// - Returns: `.budgetExhausted`, or what concerns Swift.
    package func step() -> HartExit {
        enterRun()
        defer { leaveRun() }
        if let exit = takeExit() { return exit }
        startSlice()
        if !takeInterrupt() { engine.step(self) }
        switch takeExit() {
        case nil, .waiting: return .budgetExhausted
        case let exit?: return exit
        }
    }

    private func enterRun() {
        soleTurn?.enter()
        if runState.pointee.isResting { wakeGrants() }
        runState.pointee.retiredAtEntry = state.pointee.retired
        runState.pointee.slice = 0
        runState.pointee.pace.interrupt()
        if state.pointee.isInCriticalError { runState.pointee.exit = .criticalError }
        // The owner may have changed any CSR, and the mode, since the last exit.
        updateContext()
        updateCountersForMode()
    }

    private func leaveRun() {
        guard let soleTurn else { return }
        if runState.pointee.isAlone { endSoleTurn() }
        soleTurn.leave()
    }

    @inline(__always)
    private func takeExit() -> HartExit? {
        guard let exit = runState.pointee.exit else { return nil }
        runState.pointee.exit = nil
        return exit
    }

    /// Looks at the clock, and at everything else that is looked at only now and then.
    private func startSlice() {
        if let soleTurn {
            if runState.pointee.isAlone { endSoleTurn() }
            if soleTurn.isWanted { soleTurn.giveWay() }
        }
        let now = time
        if memory.grants.generation != runState.pointee.grantGeneration { giveUpGrants() }
        refreshTimers(at: now)
        refreshFetches(at: now)
        synchronizeCounters()
        let length =
            clock.followsInstructions
            ? Int(Pace.sliceNanoseconds) : runState.pointee.pace.slice(at: now, retired: state.pointee.retired)
        runState.pointee.slice = min(length, instructionsUntilOverflow)
    }

    /// Makes what was stored to instruction memory visible in the end, even to code that never asks for it.
    private func refreshFetches(at now: UInt64) {
        guard now &- runState.pointee.fetchEpochTick >= Self.fetchEpochTicks else { return }
        runState.pointee.fetchEpochTick = now
        synchronizeInstructionFetch()
    }

    /// Takes the interrupt that is to be taken now, if any.
    @inline(__always)
    private func takeInterrupt() -> Bool {
        if let cause = nonMaskableInterruptToTake {
            deliverNonMaskable(cause)
            return true
        }
        guard isInterruptReady else { return false }
        // A handler that has moved its comparator through the ACLINT must not find its timer pending still.
        refreshTimers()
        guard let (cause, target) = state.pointee.interrupt(pending: pendingInterrupts) else { return false }
        deliver(cause, to: target)
        return true
    }

    /// Counts traps that lead nowhere.
    @inline(__always)
    private func isLost(_ retired: Int) -> Bool {
        runState.pointee.idleTraps = retired == 0 ? runState.pointee.idleTraps &+ 1 : 0
        guard
            runState.pointee.idleTraps >= Self.trapLoopLimit
                || runState.pointee.unreturnedTraps >= Self.unreturnedTrapLimit
        else { return false }
        runState.pointee.idleTraps = 0
        runState.pointee.unreturnedTraps = 0
        return true
    }

    /// The guest has reached something outside itself: it is not lost in its trap handler.
    package func noteProgress() { runState.pointee.unreturnedTraps = 0 }

    /// An interrupt would be taken now.
    var isInterruptReady: Bool { state.pointee.interrupt(pending: pendingInterrupts) != nil }
}
