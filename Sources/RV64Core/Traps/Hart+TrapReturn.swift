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
        resume(mode, at: state.pointee.sepc)
    }

    /// SRET executed in VS.
    func returnFromVirtualSupervisorTrap() {
        let mode: PrivilegeMode = state.pointee.vsstatus[.spp] ? .virtualSupervisor : .virtualUser
        state.pointee.vsstatus[.sie] = state.pointee.vsstatus[.spie]
        state.pointee.vsstatus[.spie] = true
        state.pointee.vsstatus[.spp] = false
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
        resume(mode, at: state.pointee.mepc)
    }

    private func resume(_ mode: PrivilegeMode, at pc: UInt64) {
        // norm:mstatus_mprv_clr_mret_sret_less_priv: a return to a mode below M clears MPRV.
        if mode != .machine { state.pointee.mstatus[.mprv] = false }
        state.pointee.mode = mode
        state.pointee.pc = pc
        updateContext()
    }
}
