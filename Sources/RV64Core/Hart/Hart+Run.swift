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
        runState.pointee.left = Int(clamping: limit)
        while true {
            if !takeHostedTrap(), let exit = takeExit() { return exit }
            if requests.load(ordering: .relaxed) != 0 { return .requested }
            if runState.pointee.left <= 0 { return .budgetExhausted }
            if runState.pointee.slice <= 0 { startSlice() }
            if takeInterrupt() { continue }
            runState.pointee.accountedAt = state.pointee.retired
            engine.run(self, budget: min(runState.pointee.slice, runState.pointee.left))
            let retired = unaccounted
            // A trap is work too: a hart that does nothing else must still see time pass.
            runState.pointee.slice &-= max(retired, 1)
            runState.pointee.left &-= max(retired, 1)
            if isLost(retired) { return .trapLoop }
        }
    }

    /// Instructions retired that `slice` and `left` do not show yet.
    var unaccounted: Int { Int(truncatingIfNeeded: state.pointee.retired &- runState.pointee.accountedAt) }

    /// For an engine in the middle of `run`, after a trap was delivered or something has changed: does what the run loop
    /// would before it called the engine again. pc and `retired` are written back.
    ///
    /// - Returns: the engine's new budget, or 0 where the run loop itself has to look.
    package func goOn() -> Int {
        let retired = unaccounted
        guard retired > 0, runState.pointee.exit == nil || takeHostedTrap() else { return 0 }
        let (slice, left) = (runState.pointee.slice &- retired, runState.pointee.left &- retired)
        guard slice > 0, left > 0, requests.load(ordering: .relaxed) == 0,
            runState.pointee.unreturnedTraps < Self.unreturnedTrapLimit,
            !isInterruptReady, nonMaskableInterruptToTake == nil
        else { return 0 }
        (runState.pointee.slice, runState.pointee.left) = (slice, left)
        runState.pointee.accountedAt = state.pointee.retired
        runState.pointee.idleTraps = 0
        return min(slice, left)
    }

    /// - Returns: whether there was a trap to a hosted mode, and the hart goes on behind it.
    @inline(__always)
    private func takeHostedTrap() -> Bool {
        guard case .hosted = runState.pointee.exit, let hostedSoftware else { return false }
        runState.pointee.exit = nil
        // Meanwhile the hart does not run: it may wait for one that waits for it to stand still.
        leaveRun()
        let goesOn = hostedSoftware.takeTrap()
        soleTurn?.enter()
        if goesOn {
            if let soleTurn, soleTurn.isWanted { soleTurn.giveWay() }
            return true
        }
        runState.pointee.exit = .handled
        return false
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

    @inline(__always)
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
    @inline(__always)
    var isInterruptReady: Bool {
        // More may be pending here than is, never less.
        let pending =
            state.pointee.mip | lines.pointee.load(ordering: .acquiring) | runState.pointee.timerPending
        guard pending & state.pointee.mie | guestExternalLines.pointee.load(ordering: .acquiring) != 0 else {
            return false
        }
        return isInterruptTaken
    }

    @inline(never)
    private var isInterruptTaken: Bool { state.pointee.interrupt(pending: pendingInterrupts) != nil }
}
