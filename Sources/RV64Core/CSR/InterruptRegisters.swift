import Synchronization

/// Guest external interrupts: bits GEILEN:1 of `hgeip` and `hgeie`. norm:geilen
package enum GuestExternalInterrupts {
    /// GEILEN.
    package static let count: UInt64 = 3
    package static let mask: UInt64 = ((1 << count) - 1) << 1
}

// MARK: - What is pending

extension Hart {
    /// `mip` as it takes effect: software's bits, the wires, the timers and the guest external interrupts.
    package var pendingInterrupts: UInt64 {
        var pending = state.pointee.mip | lines.pointee.load(ordering: .acquiring)
        let timers = runState.pointee.timerPending
        pending |= timers & InterruptCause.machineTimer.mask
        if state.pointee.menvcfg[.stce] {
            // norm:mip_stip_stimecmp_acc: software's STIP has no effect.
            let supervisorTimer = InterruptCause.supervisorTimer.mask
            pending = (pending & ~supervisorTimer) | (timers & supervisorTimer)
        }
        // norm:hip_vstip_vstie_acc_op
        if state.pointee.henvcfg[.stce] { pending |= timers & InterruptCause.virtualSupervisorTimer.mask }
        let external = guestExternalPending
        if external != 0 {
            // norm:hip_sgeip_sgeie_acc_op
            if external & state.pointee.hgeie != 0 { pending |= InterruptCause.supervisorGuestExternal.mask }
            // norm:hip_vseip_vseie_op; VGEIN=0 selects none, and bit 0 of hgeip is always zero.
            if external & (1 &<< state.pointee.hstatus[.vgein]) != 0 {
                pending |= InterruptCause.virtualSupervisorExternal.mask
            }
        }
        return pending & implementedInterrupts
    }

    /// `hgeip`. norm:hgeip_sz_acc_op
    var guestExternalPending: UInt64 {
        guestExternalLines.pointee.load(ordering: .acquiring) & GuestExternalInterrupts.mask
    }

    /// The writable bits of `mie`. norm:mie_bits_wr norm:mip_mie_vs
    var implementedInterrupts: UInt64 {
        let standard = InterruptSet.machine | supervisorInterrupts
        return extensions.contains(.h) ? standard | InterruptSet.alwaysDelegated : standard
    }

    /// The writable bits of `hideleg`. norm:hideleg_acc norm:vsip_vsie_lcofi norm:mideleg_hroz
    var guestDelegableInterrupts: UInt64 {
        let overflow = extensions.contains(.shlcofideleg) ? InterruptCause.counterOverflow.mask : 0
        return (InterruptSet.virtualSupervisor | overflow) & state.pointee.mideleg
    }

    /// The interrupts that `mideleg` can give to S-level. norm:mip_lcofip_mie_lcofie_rdonly0
    private var supervisorInterrupts: UInt64 {
        InterruptSet.supervisor | (extensions.contains(.sscofpmf) ? InterruptCause.counterOverflow.mask : 0)
    }
}

// MARK: - Machine

extension Hart {
    /// S-level interrupts may be delegated; VS-level and guest external interrupts always are.
    /// norm:mideleg_acc_h norm:mideleg_no_rd1
    func writeInterruptDelegation(_ value: UInt64) {
        let always = extensions.contains(.h) ? InterruptSet.alwaysDelegated : 0
        state.pointee.mideleg = (value & supervisorInterrupts) | always
        // norm:mideleg_hroz
        state.pointee.hideleg &= state.pointee.mideleg
    }

    /// `mip` as `csrrs` and `csrrc` modify it: without the wired half of SEIP. norm:mip_seip_wrcsr
    func modifiableMachinePending(_ visible: UInt64) -> UInt64 {
        let external = InterruptCause.supervisorExternal.mask
        return (visible & ~external) | (state.pointee.mip & external)
    }

    /// norm:mip_ssip_acc norm:mip_seip_acc norm:mip_lcofip_acc norm:mip_stip_no_stimecmp_acc norm:mip_mie_alias
    func writeMachineInterruptPending(_ value: UInt64) {
        var mask = supervisorInterrupts
        if state.pointee.menvcfg[.stce] { mask &= ~InterruptCause.supervisorTimer.mask }
        if extensions.contains(.h) { mask |= InterruptCause.virtualSupervisorSoftware.mask }
        writePending(value, mask)
    }

    private func writePending(_ value: UInt64, _ mask: UInt64) {
        state.pointee.mip = (state.pointee.mip & ~mask) | (value & mask)
    }

    private func writeEnable(_ value: UInt64, _ mask: UInt64) {
        state.pointee.mie = (state.pointee.mie & ~mask) | (value & mask)
    }
}

// MARK: - Supervisor

extension Hart {
    /// The interrupts that `sip` and `sie` show: the delegated ones of S-level. norm:sie_hip_hie_mutex
    private var supervisorView: UInt64 { state.pointee.mideleg & supervisorInterrupts }

    var supervisorInterruptPending: UInt64 { pendingInterrupts & supervisorView }
    var supervisorInterruptEnable: UInt64 { state.pointee.mie & supervisorView }

    /// Only SSIP and LCOFIP are writable in `sip`.
    func writeSupervisorInterruptPending(_ value: UInt64) {
        let writable = InterruptCause.supervisorSoftware.mask | InterruptCause.counterOverflow.mask
        writePending(value, supervisorView & writable)
    }

    func writeSupervisorInterruptEnable(_ value: UInt64) { writeEnable(value, supervisorView) }
}

// MARK: - Hypervisor

extension Hart {
    var hypervisorInterruptPending: UInt64 { pendingInterrupts & InterruptSet.alwaysDelegated }
    var hypervisorInterruptEnable: UInt64 { state.pointee.mie & InterruptSet.alwaysDelegated }
    /// `hvip`: only what software wrote. norm:hvip_acc
    var virtualInterruptPending: UInt64 { state.pointee.mip & InterruptSet.virtualSupervisor }

    /// Only VSSIP is writable in `hip`. norm:hip_vssip_vssie_op
    func writeHypervisorInterruptPending(_ value: UInt64) {
        writePending(value, InterruptCause.virtualSupervisorSoftware.mask)
    }

    func writeHypervisorInterruptEnable(_ value: UInt64) { writeEnable(value, InterruptSet.alwaysDelegated) }
    func writeVirtualInterruptPending(_ value: UInt64) { writePending(value, InterruptSet.virtualSupervisor) }

    /// `hvip`, for a hypervisor that is not the hart's own software.
    package var virtualInterrupts: UInt64 {
        @inlinable get { state.pointee.mip & InterruptSet.virtualSupervisor }
        set { writeVirtualInterruptPending(newValue) }
    }
}

// MARK: - Virtual supervisor

extension Hart {
    /// `vsip` and `vsie` show the delegated VS-level bits one place lower, where S-level ones are.
    /// norm:vsip_vsie_sei norm:vsip_vsie_sti norm:vsip_vsie_ssi
    private var virtualSupervisorView: UInt64 { state.pointee.hideleg & InterruptSet.virtualSupervisor }
    private static let virtualShift: UInt64 = 1

    /// LCOFI alone is where `sip` and `sie` have it, and shows what they show. norm:vsip_vsie_lcofi
    private var virtualOverflowView: UInt64 {
        state.pointee.hideleg & supervisorView & InterruptCause.counterOverflow.mask
    }

    var virtualSupervisorInterruptPending: UInt64 {
        let pending = pendingInterrupts
        return (pending & virtualSupervisorView) &>> Self.virtualShift | pending & virtualOverflowView
    }

    var virtualSupervisorInterruptEnable: UInt64 {
        let enabled = state.pointee.mie
        return (enabled & virtualSupervisorView) &>> Self.virtualShift | enabled & virtualOverflowView
    }

    /// Only SSIP, an alias of VSSIP, and LCOFIP are writable in `vsip`. norm:vsip_vsie_ssi
    func writeVirtualSupervisorInterruptPending(_ value: UInt64) {
        let software = InterruptCause.virtualSupervisorSoftware.mask
        writePending(value &<< Self.virtualShift, virtualSupervisorView & software)
        writePending(value, virtualOverflowView)
    }

    func writeVirtualSupervisorInterruptEnable(_ value: UInt64) {
        writeEnable(value &<< Self.virtualShift, virtualSupervisorView)
        writeEnable(value, virtualOverflowView)
    }
}
