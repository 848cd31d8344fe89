import Synchronization

/// `mnstatus`. norm:mnstatus_img
package struct NonMaskableStatus: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == NonMaskableStatus {
    /// Clear: every interrupt is off, and a trap from M-mode goes to the RNMI exception handler.
    package static var nmie: Self { Self(bit: 3) }
    package static var mnpv: Self { Self(bit: 7) }
}

extension Field where Register == NonMaskableStatus {
    package static var mnpp: Self { Self(12, 11) }
}

extension NonMaskableStatus {
    package static func writableMask(_ extensions: ExtensionSet) -> UInt64 {
        let mask = Flag<Self>.nmie.mask | Field<Self>.mnpp.mask
        return extensions.contains(.h) ? mask | Flag<Self>.mnpv.mask : mask
    }

    /// A write of `value` over this register. norm:mnstatus_nmie_set_clear norm:mnstatus_reserved
    func legalized(_ value: UInt64, _ extensions: ExtensionSet) -> Self {
        var result = Self(value & Self.writableMask(extensions) | rawValue & Flag<Self>.nmie.mask)
        if result[.mnpp] == PreviousPrivilege.reserved { result[.mnpp] = self[.mnpp] }
        return result
    }
}

/// Where RNMIs go, and what traps in their handler. norm:rnmi_trap_addr norm:rnmi_exc_trap_addr
package struct NonMaskableVectors: Equatable, Sendable {
    package var interrupt: UInt64
    package var exception: UInt64

    package init(interrupt: UInt64, exception: UInt64) {
        self.interrupt = interrupt
        self.exception = exception
    }
}

extension Hart {
    /// Without Smrnmi, NMIE is as if set for ever. With it, and with Smdbltrp, reset leaves traps to the firmware's
    /// first instructions; a hosted M-mode has no such instructions. norm:mnstatus_nmie_reset norm:mstatus_mdt_rst
    func resetNonMaskableState() {
        let isHosted = configuration.hostedModes.contains(.machine)
        state.pointee.mnstatus[.nmie] = isHosted || !extensions.contains(.smrnmi)
        if isHosted { state.pointee.mstatus[.mdt] = false }
    }

    func writeNonMaskableStatus(_ value: UInt64) {
        state.pointee.mnstatus = state.pointee.mnstatus.legalized(value, extensions)
    }

    /// The cause of the RNMI to take now. norm:rnmi_priority norm:rnmi_not_disabled
    @inline(__always)
    var nonMaskableInterruptToTake: UInt64? {
        guard hasNonMaskableInterrupts, state.pointee.mnstatus[.nmie] else { return nil }
        let pending = nonMaskableLines.load(ordering: .acquiring)
        return pending == 0 ? nil : UInt64(pending.trailingZeroBitCount)
    }

    /// Takes an RNMI. norm:rnmi_entry norm:rnmi_entry_cause norm:rnmi_entry_priv norm:mncause_interrupt
    func deliverNonMaskable(_ cause: UInt64) {
        count(.interrupt)
        if state.pointee.mode.isVirtual { count(.guestExit) }
        enterNonMaskableHandler(cause: InterruptCause.causeFlag | cause, from: state.pointee.mode)
    }

    /// What RNMIs and double traps in M-mode have in common. norm:rnmi_entry_nmie_clear norm:rnmi_enter_mmode
    func enterNonMaskableHandler(cause: UInt64, from previous: PrivilegeMode) {
        state.pointee.mnepc = state.pointee.pc
        state.pointee.mncause = cause
        state.pointee.mnstatus[.mnpp] = previous.nominal
        state.pointee.mnstatus[.mnpv] = previous.isVirtual
        state.pointee.mnstatus[.nmie] = false
        state.pointee.mode = .machine
        updateCountersForMode()
        state.pointee.pc = configuration.nonMaskableVectors?.interrupt ?? state.pointee.mtvec & ~TrapVector.modeMask
        updateContext()
        guard isObserved([.exception, .interrupt]) else { return }
        tellOfTrap(
            TakenTrap(cause: cause, entry: .nonMaskable, from: previous, to: .machine, pc: state.pointee.mnepc)
        )
    }

    /// MNRET. norm:mnret_restore norm:mnret_mprv
    func returnFromNonMaskableInterrupt() {
        let mode = PrivilegeMode(
            nominal: state.pointee.mnstatus[.mnpp],
            virtualization: Virtualization(state.pointee.mnstatus[.mnpv])
        )
        state.pointee.mnstatus[.nmie] = true
        // norm:mstatus_mdt_clr_mnret
        if mode != .machine { clearDoubleTraps(returningTo: mode) }
        resume(mode, at: state.pointee.mnepc)
    }
}
