/// Encodings of MXL, SXL, UXL and VSXL: this hart is RV64 everywhere. norm:misa_mxl_enc
package enum XLENEncoding {
    package static let rv64: UInt64 = 2
}

/// Encodings of MPP and MNPP.
package enum PreviousPrivilege {
    /// The encoding that names no privilege mode.
    static let reserved: UInt64 = 2
}

// MARK: - mstatus

/// `mstatus`, and by view `sstatus`. norm:mstatus_sz_acc
package struct MStatus: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == MStatus {
    package static var sie: Self { Self(bit: 1) }
    package static var mie: Self { Self(bit: 3) }
    package static var spie: Self { Self(bit: 5) }
    package static var mpie: Self { Self(bit: 7) }
    package static var spp: Self { Self(bit: 8) }
    package static var mprv: Self { Self(bit: 17) }
    package static var sum: Self { Self(bit: 18) }
    package static var mxr: Self { Self(bit: 19) }
    package static var tvm: Self { Self(bit: 20) }
    package static var tw: Self { Self(bit: 21) }
    package static var tsr: Self { Self(bit: 22) }
    package static var sdt: Self { Self(bit: 24) }
    package static var gva: Self { Self(bit: 38) }
    package static var mpv: Self { Self(bit: 39) }
    /// M-mode-disable-trap: a trap into M is unexpected. norm:mstatus_mdt_sz_warl
    package static var mdt: Self { Self(bit: 42) }
    package static var sd: Self { Self(bit: 63) }
}

extension Field where Register == MStatus {
    package static var vs: Self { Self(10, 9) }
    package static var mpp: Self { Self(12, 11) }
    package static var fs: Self { Self(14, 13) }
    package static var xs: Self { Self(16, 15) }
    package static var uxl: Self { Self(33, 32) }
    package static var sxl: Self { Self(35, 34) }
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

    /// The fields that matter to interrupts, to trap returns and, FS, to floating point alone; in `vsstatus` they have the
    /// same places.
    static let unobtrusiveMask =
        Flag<Self>.sie.mask | Flag<Self>.mie.mask | Flag<Self>.spie.mask | Flag<Self>.mpie.mask | Flag<Self>.spp.mask
        | Field<Self>.fs.mask

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

// MARK: - sstatus and vsstatus

/// `sstatus` as S-mode sees it, and `vsstatus`, which is stored. norm:sstatus
package struct SStatus: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == SStatus {
    package static var sie: Self { Self(bit: 1) }
    package static var spie: Self { Self(bit: 5) }
    package static var spp: Self { Self(bit: 8) }
    package static var sum: Self { Self(bit: 18) }
    package static var mxr: Self { Self(bit: 19) }
    /// S-mode-disable-trap: a trap into the mode is unexpected. norm:sstatus_sdt norm:vsstatus_sdt_op
    package static var sdt: Self { Self(bit: 24) }
    package static var sd: Self { Self(bit: 63) }
}

extension Field where Register == SStatus {
    package static var vs: Self { Self(10, 9) }
    package static var fs: Self { Self(14, 13) }
    package static var xs: Self { Self(16, 15) }
    package static var uxl: Self { Self(33, 32) }
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

// MARK: - hstatus

/// `hstatus`. norm:hstatus_sz_acc_op
package struct HStatus: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == HStatus {
    /// Guest virtual address: `stval` holds one.
    package static var gva: Self { Self(bit: 6) }
    /// The virtualization mode before the trap into HS.
    @inlinable package static var spv: Self { Self(bit: 7) }
    /// The nominal privilege of the guest before the trap; also what HLV and HSV act as.
    package static var spvp: Self { Self(bit: 8) }
    /// HLV, HLVX and HSV allowed in U-mode.
    package static var hu: Self { Self(bit: 9) }
    package static var vtvm: Self { Self(bit: 20) }
    package static var vtw: Self { Self(bit: 21) }
    package static var vtsr: Self { Self(bit: 22) }
}

extension Field where Register == HStatus {
    package static var vgein: Self { Self(17, 12) }
    package static var vsxl: Self { Self(33, 32) }
    /// Pointer masking of U-mode's HLV and HSV that act as VU.
    package static var hupmm: Self { Self(49, 48) }
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

// MARK: - Views and writes

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

    /// What depends on the hart; see `HartState` for the rest.
    func resetStatus() { state.pointee.mstatus = .atReset(extensions) }
}
