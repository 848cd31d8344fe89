import Platform
import Synchronization

extension Hart {
    /// The `time` CSR as M and HS read it, in ticks.
    package var time: UInt64 {
        clock.followsInstructions ? nanoseconds / Timebase.nanosecondsPerTick : clock.ticks
    }

    /// The machine's time: of the hart's last look at its counters, where the clock follows instructions.
    package var nanoseconds: UInt64 {
        guard clock.followsInstructions else { return clock.nanoseconds }
        return clock.nanoseconds &+ (state.pointee.retired &- runState.pointee.retiredAtEntry)
    }

    /// The clock has been moved on by what the hart has retired: it is ahead no more.
    package func clockAdvanced() { runState.pointee.retiredAtEntry = state.pointee.retired }

    /// Sstc is in force for the supervisor, and for the guest. norm:menvcfg_stce_op2, norm:henvcfg_stce
    var hasSupervisorTimer: Bool { state.pointee.menvcfg[.stce] }
    var hasGuestTimer: Bool { state.pointee.menvcfg[.stce] && state.pointee.henvcfg[.stce] }

    /// Compares every timer with the clock: MTIP, STIP, and the Sstc half of VSTIP.
    package func refreshTimers() { refreshTimers(at: time) }

    func refreshTimers(at now: UInt64) {
        var pending: UInt64 = 0
        if now >= machineTimer.load(ordering: .relaxed) { pending |= InterruptCause.machineTimer.mask }
        if hasSupervisorTimer, now >= state.pointee.stimecmp { pending |= InterruptCause.supervisorTimer.mask }
        if hasGuestTimer, now &+ state.pointee.htimedelta >= state.pointee.vstimecmp {
            pending |= InterruptCause.virtualSupervisorTimer.mask
        }
        runState.pointee.timerPending = pending
    }

    /// An interrupt is pending and enabled individually: what ends a WFI, whatever the global enables say.
    /// norm:mnstatus_wfi
    package var hasEnabledInterrupt: Bool {
        pendingInterrupts & state.pointee.mie != 0
            || hasNonMaskableInterrupts && nonMaskableLines.load(ordering: .acquiring) != 0
    }

    /// The earliest `time` at which an enabled timer expires; `UInt64.max` for none.
    package var nextDeadline: UInt64 {
        let enabled = state.pointee.mie
        var deadline = UInt64.max
        if enabled & InterruptCause.machineTimer.mask != 0 {
            deadline = min(deadline, machineTimer.load(ordering: .relaxed))
        }
        if enabled & InterruptCause.supervisorTimer.mask != 0, hasSupervisorTimer {
            deadline = min(deadline, state.pointee.stimecmp)
        }
        if enabled & InterruptCause.virtualSupervisorTimer.mask != 0, hasGuestTimer {
            // The guest's time wraps (htimedelta is usually the negative of its start time); what is left does not.
            let now = time
            let guestNow = now &+ state.pointee.htimedelta
            let left = state.pointee.vstimecmp > guestNow ? state.pointee.vstimecmp &- guestNow : 0
            let (host, isNever) = now.addingReportingOverflow(left)
            deadline = min(deadline, isNever ? .max : host)
        }
        return deadline
    }
}
