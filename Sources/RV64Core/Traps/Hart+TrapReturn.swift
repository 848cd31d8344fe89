/// The only way out of a trap. Privileged ISA, "Trap Return".
extension Hart {
    /// SRET executed in HS or M: what also ends a hosted HS mode. norm:sret_v0
    package func returnFromSupervisorTrap() {
        let virtualization = Virtualization(state.pointee.hstatus[.spv])
        let mode = PrivilegeMode(nominal: state.pointee.mstatus[.spp] ? 1 : 0, virtualization: virtualization)
        state.pointee.hstatus[.spv] = false
        state.pointee.mstatus[.sie] = state.pointee.mstatus[.spie]
        state.pointee.mstatus[.spie] = true
        state.pointee.mstatus[.spp] = false
        // norm:sstatus_sdt_sret norm:sret_dt
        state.pointee.mstatus[.sdt] = false
        if mode == .virtualUser { state.pointee.vsstatus[.sdt] = false }
        if state.pointee.mode == .machine { clearDoubleTraps(returningTo: mode) }
        resume(mode, at: state.pointee.sepc)
    }

    /// SRET executed in VS.
    func returnFromVirtualSupervisorTrap() {
        let mode: PrivilegeMode = state.pointee.vsstatus[.spp] ? .virtualSupervisor : .virtualUser
        state.pointee.vsstatus[.sie] = state.pointee.vsstatus[.spie]
        state.pointee.vsstatus[.spie] = true
        state.pointee.vsstatus[.spp] = false
        // norm:sret_dt
        state.pointee.vsstatus[.sdt] = false
        resume(mode, at: state.pointee.vsepc)
    }

    /// MRET. norm:mret_h
    func returnFromMachineTrap() {
        let mode = PrivilegeMode(
            nominal: state.pointee.mstatus[.mpp],
            virtualization: Virtualization(state.pointee.mstatus[.mpv])
        )
        state.pointee.mstatus[.mie] = state.pointee.mstatus[.mpie]
        state.pointee.mstatus[.mpie] = true
        state.pointee.mstatus[.mpv] = false
        state.pointee.mstatus[.mpp] = 0
        clearDoubleTraps(returningTo: mode)
        resume(mode, at: state.pointee.mepc)
    }

    /// A return that is an instruction: it retires in the mode that it leaves. norm:instret_xret
    ///
    /// Written as a closure: a method in its place would be one that counts the hart.
    @inline(__always)
    func retiring(_ trapReturn: () -> Void) {
        state.pointee.retired &+= 1
        trapReturn()
        state.pointee.retired &-= 1
    }

    /// What a return from M-mode does to MDT and SDT, with Smdbltrp. norm:mstatus_mdt_clr_mret_sret
    /// norm:sstatus_sdt_clr_mret_sret norm:vsstatus_sdt_clr_mret_sret norm:sstatus_sdt_clr_mnret
    /// norm:vsstatus_sdt_clr_mnret
    func clearDoubleTraps(returningTo mode: PrivilegeMode) {
        guard extensions.contains(.smdbltrp) else { return }
        state.pointee.mstatus[.mdt] = false
        if mode == .user || mode.isVirtual { state.pointee.mstatus[.sdt] = false }
        if mode == .virtualUser { state.pointee.vsstatus[.sdt] = false }
    }

    func resume(_ mode: PrivilegeMode, at pc: UInt64) {
        // norm:mstatus_mprv_clr_mret_sret_less_priv: a return to a mode below M clears MPRV.
        if mode != .machine { state.pointee.mstatus[.mprv] = false }
        let previous = state.pointee.mode
        state.pointee.mode = mode
        updateCountersForMode()
        state.pointee.pc = pc
        updateContext()
        if isObserved(.trapReturn) { tellOfReturn(from: previous) }
    }

    @inline(never)
    private func tellOfReturn(from previous: PrivilegeMode) {
        tell(.trapReturn(TrapReturn(from: previous, to: state.pointee.mode, pc: state.pointee.pc)))
    }
}
