extension Hart {
    /// Selects the TLB banks and derived flags for the current state. Called after anything that may change them.
    func updateContext() {
        let fetch = fetchContext
        // MPRV is M-mode's alone.
        let mode = state.pointee.mode == .machine ? dataMode : state.pointee.mode
        let unmasked = mode == state.pointee.mode ? fetch : translationContext(for: mode)
        let data = unmasked.masked(by: pointerMasking(of: mode))
        let bank = area.tlb.bank(for: fetch)
        runState.pointee.fetch = bank
        runState.pointee.data = data == fetch ? bank : area.tlb.bank(for: data)
        updateFloatingPointStatus()
    }

    @inline(__always)
    func updateFloatingPointStatus() {
        let machine = state.pointee.mstatus[.fs]
        let guest = state.pointee.mode.isVirtual ? state.pointee.vsstatus[.fs] : 3
        let status: FloatingPointStatus =
            machine == 0 || guest == 0 ? .off : machine == 3 && guest == 3 ? .dirty : .clean
        runState.pointee.floatingPoint = status
    }

    /// Marks the floating-point state dirty at both levels that track it.
    @inline(never)
    func dirtyFloatingPoint() {
        state.pointee.mstatus[.fs] = 3
        if state.pointee.mode.isVirtual { state.pointee.vsstatus[.fs] = 3 }
        runState.pointee.floatingPoint = .dirty
    }

    /// How instruction fetches are translated.
    @inline(__always)
    private var fetchContext: TranslationContext { translationContext(for: state.pointee.mode) }

    /// The mode of loads and stores: that of fetches, but for MPRV.
    /// norm:mstatus_mprv_hypervisor norm:pm_mprv_spvp
    @inline(__always)
    private var dataMode: PrivilegeMode {
        let status = state.pointee.mstatus
        // norm:mnstatus_mprv_clear
        guard state.pointee.mode == .machine, status[.mprv], status[.mpp] != 3, state.pointee.mnstatus[.nmie]
        else { return state.pointee.mode }
        return PrivilegeMode(nominal: status[.mpp], virtualization: Virtualization(status[.mpv]))
    }

    /// How HLV, HLVX and HSV are translated: as VS or VU by `hstatus.SPVP`, with V on. norm:hlsv_priv
    var guestDataContext: TranslationContext {
        let mode: PrivilegeMode = state.pointee.hstatus[.spvp] ? .virtualSupervisor : .virtualUser
        return translationContext(for: mode).masked(by: guestPointerMasking(of: mode))
    }

    @inline(__always)
    private func translationContext(for mode: PrivilegeMode) -> TranslationContext {
        var flags: TranslationContext.Flags = []
        let status = state.pointee.mstatus
        switch mode {
        case .machine:
            return TranslationContext(mode: mode, flags: [], firstStage: SATP(0), guestStage: HGATP(0))
        case .user, .supervisor:
            if mode == .supervisor, status[.sum] { flags.insert(.supervisorUserMemory) }
            if status[.mxr] { flags.insert(.executableReadable) }
            return TranslationContext(
                mode: mode,
                flags: flags,
                firstStage: state.pointee.satp,
                guestStage: HGATP(0)
            )
        case .virtualUser, .virtualSupervisor:
            let guest = state.pointee.vsstatus
            if mode == .virtualSupervisor, guest[.sum] { flags.insert(.supervisorUserMemory) }
            // norm:sstatus_mxr_vm: the HS-level MXR makes executable pages readable in both stages.
            if guest[.mxr] || status[.mxr] { flags.insert(.executableReadable) }
            if status[.mxr] { flags.insert(.guestExecutableReadable) }
            return TranslationContext(
                mode: mode,
                flags: flags,
                firstStage: state.pointee.vsatp,
                guestStage: state.pointee.hgatp
            )
        }
    }

    /// Drops every cached translation.
    package func flushTranslations() {
        area.tlb.flush(page: nil) { _ in true }
    }
}
