/// What the run loop needs at every instruction, derived from `HartState` whenever mode or translation change.
struct ExecutionContext: BitwiseCopyable {
    var data: UnsafeMutablePointer<TLBEntry>
    var fetch: UnsafeMutablePointer<TLBEntry>
    var floatingPoint = FloatingPointStatus.off
    /// The trap that the instruction just interpreted raised.
    var trap = Trap(.illegalInstruction)
    /// Set when `run` is to return at the end of this instruction.
    var exit: HartExit?
    /// Traps taken since an instruction last retired.
    var idleTraps = 0
    /// Traps taken since the last return from one, or since `noteProgress`.
    var unreturnedTraps = 0
    /// Instructions until the clock is looked at again.
    var slice: Int = 0
    /// `retired` when `run` was entered: what an instruction clock counts from.
    var retiredAtEntry: UInt64 = 0
    /// `retired` when fetches last began to look at memory anew without being asked.
    var retiredAtFetchEpoch: UInt64 = 0

    init(bank: TranslationBank) {
        data = bank.entries
        fetch = bank.entries
    }
}

/// The FS field in force: `mstatus.FS`, and in V also `vsstatus.FS`.
enum FloatingPointStatus: UInt8, BitwiseCopyable {
    case off
    case clean
    case dirty
}

extension Hart {
    /// Selects the TLB banks and derived flags for the current state. Called after anything that may change them.
    func updateContext() {
        let fetch = fetchContext
        let dataMode = dataMode
        let unmasked = dataMode == state.pointee.mode ? fetch : translationContext(for: dataMode)
        let data = unmasked.masked(by: pointerMasking(of: dataMode))
        let bank = caches.bank(for: fetch)
        context.pointee.fetch = bank.entries
        context.pointee.data = data == fetch ? bank.entries : caches.bank(for: data).entries
        updateFloatingPointStatus()
    }

    private func updateFloatingPointStatus() {
        let machine = state.pointee.mstatus[.fs]
        let guest = state.pointee.mode.isVirtual ? state.pointee.vsstatus[.fs] : 3
        let status: FloatingPointStatus =
            machine == 0 || guest == 0 ? .off : machine == 3 && guest == 3 ? .dirty : .clean
        context.pointee.floatingPoint = status
    }

    /// Marks the floating-point state dirty at both levels that track it.
    @inline(never)
    func dirtyFloatingPoint() {
        state.pointee.mstatus[.fs] = 3
        if state.pointee.mode.isVirtual { state.pointee.vsstatus[.fs] = 3 }
        context.pointee.floatingPoint = .dirty
    }

    /// How instruction fetches are translated.
    var fetchContext: TranslationContext { translationContext(for: state.pointee.mode) }

    /// How loads and stores are translated: as fetches, but for MPRV and pointer masking.
    /// norm:mstatus_mprv_hypervisor norm:pm_mprv_spvp
    var dataContext: TranslationContext {
        let mode = dataMode
        return translationContext(for: mode).masked(by: pointerMasking(of: mode))
    }

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
        caches.flush(page: nil) { _ in true }
    }
}
