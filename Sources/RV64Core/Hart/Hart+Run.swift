import Synchronization

extension Hart {
    /// Instructions between two looks at the clock: about 20 microseconds.
    private static let sliceLength = 8192

    /// Retired instructions after which fetches look at memory again without a FENCE.I: Ziccid asks that stores reach
    /// them eventually. Rarely enough that decoding anew costs nothing that can be measured.
    private static let fetchEpochLength: UInt64 = 1 << 22

    /// Traps without a retired instruction between them after which a hart counts as lost.
    private static let trapLoopLimit = 10_000

    /// Traps without a return from one between them after which a hart counts as lost: its handler traps by itself,
    /// after some instructions. Software that leaves its handlers by a jump does something else in between.
    private static let unreturnedTrapLimit = 1_000_000

    /// Runs guest code until something concerns Swift, or for `limit` instructions, give or take one block.
    package func run(instructions limit: UInt64 = .max) -> HartExit {
        context.pointee.retiredAtEntry = state.pointee.retired
        context.pointee.slice = 0
        if state.pointee.isInCriticalError { return .criticalError }
        // The owner may have changed any CSR, and the mode, since the last exit.
        updateContext()
        updateCountersForMode()
        var left = Int(clamping: limit)
        while true {
            if let exit = context.pointee.exit {
                context.pointee.exit = nil
                return exit
            }
            if requests.load(ordering: .relaxed) != 0 { return .requested }
            if left <= 0 { return .budgetExhausted }
            if context.pointee.slice <= 0 {
                refreshTimers()
                refreshFetches()
                synchronizeCounters()
                context.pointee.slice = min(Self.sliceLength, instructionsUntilOverflow)
            }
            if let cause = nonMaskableInterruptToTake {
                deliverNonMaskable(cause)
                continue
            }
            if let (cause, target) = interruptToTake() {
                deliver(cause, to: target)
                continue
            }
            let before = state.pointee.retired
            interpret(min(context.pointee.slice, left))
            let retired = Int(truncatingIfNeeded: state.pointee.retired &- before)
            // A trap is work too: a hart that does nothing else must still see time pass.
            context.pointee.slice &-= max(retired, 1)
            left &-= max(retired, 1)
            context.pointee.idleTraps = retired == 0 ? context.pointee.idleTraps &+ 1 : 0
            if context.pointee.idleTraps >= Self.trapLoopLimit
                || context.pointee.unreturnedTraps >= Self.unreturnedTrapLimit
            {
                context.pointee.idleTraps = 0
                context.pointee.unreturnedTraps = 0
                return .trapLoop
            }
        }
    }

    /// Makes what was stored to instruction memory visible in the end, even to code that never asks for it.
    private func refreshFetches() {
        let retired = state.pointee.retired
        guard retired &- context.pointee.retiredAtFetchEpoch >= Self.fetchEpochLength else { return }
        context.pointee.retiredAtFetchEpoch = retired
        synchronizeInstructionFetch()
    }

    /// The guest has reached something outside itself: it is not lost in its trap handler.
    package func noteProgress() { context.pointee.unreturnedTraps = 0 }

    /// An interrupt would be taken now.
    var isInterruptReady: Bool { state.pointee.interrupt(pending: pendingInterrupts) != nil }

    /// The interrupt to take now, if any.
    private func interruptToTake() -> (cause: InterruptCause, target: PrivilegeMode)? {
        guard isInterruptReady else { return nil }
        // A handler that has moved its comparator through the ACLINT must not find its timer pending still.
        refreshTimers()
        return state.pointee.interrupt(pending: pendingInterrupts)
    }
}
