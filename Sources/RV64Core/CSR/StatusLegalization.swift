/// Encodings of FS, VS and XS. norm:mstatus_fs_vs_xs_enc
package enum ContextStatus {
    package static let off: UInt64 = 0
    package static let initial: UInt64 = 1
    package static let clean: UInt64 = 2
    package static let dirty: UInt64 = 3
}

/// Encodings of MXL, SXL, UXL and VSXL: this hart is RV64 everywhere. norm:misa_mxl_enc
package enum XLENEncoding {
    package static let rv64: UInt64 = 2
}

/// Encodings of MPP and MNPP.
package enum PreviousPrivilege {
    /// The encoding that names no privilege mode.
    static let reserved: UInt64 = 2
}

/// `fcsr` and its two parts.
package enum FloatingPointControl {
    package static let fflagsMask: UInt64 = 0x1f
    package static let frmMask: UInt64 = 0x7
    package static let frmShift: UInt64 = 5
}

/// `mtvec`, `stvec` and `vstvec`.
package enum TrapVector {
    package static let modeMask: UInt64 = 0b11
    package static let vectored: UInt64 = 1

    /// BASE takes any value; a reserved MODE keeps the old one. norm:mtvec_mode_enc norm:mtvec_base_align_4B
    static func legalized(_ value: UInt64, over old: UInt64) -> UInt64 {
        value & modeMask <= vectored ? value : (value & ~modeMask) | (old & modeMask)
    }
}

extension MStatus {
    /// The fields that software can write. UXL, SXL, XS, VS and SD are read-only.
    package static func writableMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask = Flag<Self>.sie.mask | Flag<Self>.mie.mask | Flag<Self>.spie.mask | Flag<Self>.mpie.mask
        mask |= Flag<Self>.spp.mask | Field<Self>.mpp.mask
        mask |= Flag<Self>.mprv.mask | Flag<Self>.sum.mask | Flag<Self>.mxr.mask
        mask |= Flag<Self>.tvm.mask | Flag<Self>.tw.mask | Flag<Self>.tsr.mask
        if extensions.contains(.f) { mask |= Field<Self>.fs.mask }
        if extensions.contains(.h) { mask |= Flag<Self>.gva.mask | Flag<Self>.mpv.mask }
        if extensions.contains(.ssdbltrp) { mask |= Flag<Self>.sdt.mask }
        if extensions.contains(.smdbltrp) { mask |= Flag<Self>.mdt.mask }
        return mask
    }

    /// A write of `value` over this register. norm:mstatus_xpp_warl
    func legalized(_ value: UInt64, mask: UInt64) -> Self {
        var result = Self((rawValue & ~mask) | (value & mask))
        if result[.mpp] == PreviousPrivilege.reserved { result[.mpp] = self[.mpp] }
        // norm:mstatus_mie_clr_by_mdt norm:mstatus_mie_set_mdt_0
        if result[.mdt] { result[.mie] = false }
        // norm:sstatus_sdt_sstatus_sie_overwrite
        if result[.sdt] { result[.sie] = false }
        return result
    }

    /// The fields that matter to interrupts and to trap returns alone; in `vsstatus` they have the same places.
    static let interruptMask =
        Flag<Self>.sie.mask | Flag<Self>.mie.mask | Flag<Self>.spie.mask | Flag<Self>.mpie.mask | Flag<Self>.spp.mask

    /// With SD computed. norm:mstatus_sd_op1
    package var summarized: Self {
        var result = self
        result[.sd] = self[.fs] == ContextStatus.dirty
        return result
    }

    /// The value after reset. norm:mstatus_sxl_rdonly_mxlen64 norm:mstatus_uxl_rdonly_mxlen64 norm:mstatus_mdt_rst
    static func atReset(_ extensions: ExtensionSet) -> Self {
        var result = Self(0)
        result[.sxl] = XLENEncoding.rv64
        result[.uxl] = XLENEncoding.rv64
        result[.mdt] = extensions.contains(.smdbltrp)
        return result
    }
}

extension SStatus {
    /// The fields that software can write.
    package static func writableMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask = Flag<Self>.sie.mask | Flag<Self>.spie.mask | Flag<Self>.spp.mask
        mask |= Flag<Self>.sum.mask | Flag<Self>.mxr.mask
        if extensions.contains(.f) { mask |= Field<Self>.fs.mask }
        if extensions.contains(.ssdbltrp) { mask |= Flag<Self>.sdt.mask }
        return mask
    }

    /// The bits of `mstatus` that `sstatus` shows; SD is computed on top.
    package static let viewMask =
        Flag<Self>.sie.mask | Flag<Self>.spie.mask | Flag<Self>.spp.mask | Field<Self>.vs.mask | Field<Self>.fs.mask
        | Field<Self>.xs.mask | Flag<Self>.sum.mask | Flag<Self>.mxr.mask | Flag<Self>.sdt.mask | Field<Self>.uxl.mask

    /// A write of `value` over `vsstatus`. norm:vsstatus_sdt_op
    func legalized(_ value: UInt64, mask: UInt64) -> Self {
        var result = Self((rawValue & ~mask) | (value & mask))
        if result[.sdt] { result[.sie] = false }
        return result
    }

    /// With SD computed from this register's own FS. norm:vsstatus_sd_xs_op
    package var summarized: Self {
        var result = self
        result[.sd] = self[.fs] == ContextStatus.dirty
        return result
    }

    /// `vsstatus` after reset. norm:vsstatus_uxl_op
    static var atReset: Self {
        var result = Self(0)
        result[.uxl] = XLENEncoding.rv64
        return result
    }
}

extension HStatus {
    /// The fields that software can write. VSXL is read-only. norm:vsxl_ro
    package static func writableMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask = Flag<Self>.gva.mask | Flag<Self>.spv.mask | Flag<Self>.spvp.mask | Flag<Self>.hu.mask
        mask |= Field<Self>.vgein.mask | Flag<Self>.vtvm.mask | Flag<Self>.vtw.mask | Flag<Self>.vtsr.mask
        if extensions.contains(.ssnpm) { mask |= Field<Self>.hupmm.mask }
        return mask
    }

    /// A write of `value` over this register. norm:hstatus_vgein_op norm:pmlen_illegal_warl
    func legalized(_ value: UInt64, _ extensions: ExtensionSet) -> Self {
        let mask = Self.writableMask(extensions)
        var result = Self((rawValue & ~mask) | (value & mask))
        if result[.vgein] > GuestExternalInterrupts.count { result[.vgein] = self[.vgein] }
        if result[.hupmm] == PointerMasking.reserved { result[.hupmm] = self[.hupmm] }
        return result
    }

    static var atReset: Self {
        var result = Self(0)
        result[.vsxl] = XLENEncoding.rv64
        return result
    }
}

extension Hart {
    /// `sstatus`, a view of `mstatus`.
    var supervisorStatus: SStatus { SStatus(state.pointee.mstatus.rawValue & SStatus.viewMask).summarized }

    func writeSupervisorStatus(_ value: UInt64) {
        let mask = SStatus.writableMask(extensions) & machineStatusMask
        state.pointee.mstatus = state.pointee.mstatus.legalized(value, mask: mask)
    }

    func writeMachineStatus(_ value: UInt64) {
        state.pointee.mstatus = state.pointee.mstatus.legalized(value, mask: machineStatusMask)
    }

    func writeVirtualSupervisorStatus(_ value: UInt64) {
        var mask = SStatus.writableMask(extensions)
        // norm:henvcfg_dte_op
        if !state.pointee.henvcfg[.dte] { mask &= ~Flag<SStatus>.sdt.mask }
        state.pointee.vsstatus = state.pointee.vsstatus.legalized(value, mask: mask)
    }

    /// norm:menvcfg_dte_op
    private var machineStatusMask: UInt64 {
        let mask = MStatus.writableMask(extensions)
        return state.pointee.menvcfg[.dte] ? mask : mask & ~Flag<MStatus>.sdt.mask
    }
}
