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

/// `hstatus`. norm:hstatus_sz_acc_op
package struct HStatus: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == HStatus {
    /// Guest virtual address: `stval` holds one.
    package static var gva: Self { Self(bit: 6) }
    /// The virtualization mode before the trap into HS.
    package static var spv: Self { Self(bit: 7) }
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
