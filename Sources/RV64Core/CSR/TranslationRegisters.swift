/// Encodings of MODE in `satp`, `vsatp` and `hgatp`. norm:satp_mode norm:hgatp_mode_sv
package enum TranslationMode {
    package static let bare: UInt64 = 0

    /// Whether MODE names a scheme that this hart has: Bare, or a paged one up to the limit.
    static func isSupported(_ mode: UInt64, _ limit: PagingLimit) -> Bool {
        mode == bare || (PagingLimit.sv39.rawValue <= mode && mode <= limit.rawValue)
    }
}

/// `satp` and `vsatp`: mode, ASID and root of a first-stage page table.
package struct SATP: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Field where Register == SATP {
    package static var ppn: Self { Self(43, 0) }
    package static var asid: Self { Self(59, 44) }
    package static var mode: Self { Self(63, 60) }
}

extension SATP {
    /// A write of `value` over this register: one with an unsupported MODE has no effect at all.
    /// norm:satp_mode_op_unsupported norm:vsatp_mode_unsupported_v0 norm:vsatp_mode_unsupported_v1
    func legalized(_ value: UInt64, limit: PagingLimit) -> Self {
        let new = Self(value)
        return TranslationMode.isSupported(new[.mode], limit) ? new : self
    }
}

/// `hgatp`: mode, VMID and root of the G-stage page table.
package struct HGATP: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Field where Register == HGATP {
    package static var ppn: Self { Self(43, 0) }
    package static var vmid: Self { Self(57, 44) }
    package static var mode: Self { Self(63, 60) }
}

extension HGATP {
    /// VMID has all its 14 bits; the root table is 16 KiB, so PPN[1:0] are read-only zero.
    /// norm:hgatp_vmid_lsbs norm:hgatp_ppn_op
    package static let writableMask = Field<Self>.mode.mask | Field<Self>.vmid.mask | (Field<Self>.ppn.mask & ~0b11)

    /// A write of `value` over this register: an unsupported MODE keeps the old one, the other fields are written.
    /// norm:hgatp_mode_warl
    func legalized(_ value: UInt64, limit: PagingLimit) -> Self {
        var new = Self(value & Self.writableMask)
        if !TranslationMode.isSupported(new[.mode], limit) { new[.mode] = self[.mode] }
        return new
    }
}
