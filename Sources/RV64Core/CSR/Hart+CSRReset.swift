extension Hart {
    /// Gives the CSRs whose value after reset depends on the hart that value, in a `HartState` that has the others: the
    /// manual leaves most of them open, and this hart makes them zero. Privileged ISA, "Reset".
    func resetCSRs() {
        state.pointee.mhartid = configuration.id
        state.pointee.misa = MISA.value(extensions)
        resetStatus()
        resetNonMaskableState()
        writeInterruptDelegation(0)
        updateCounters()
        refreshTimers()
    }
}
