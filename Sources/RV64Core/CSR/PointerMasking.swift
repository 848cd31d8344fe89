/// Encodings of PMM in `mseccfg`, `menvcfg`, `henvcfg` and `senvcfg`, and of HUPMM. norm:menvcfg_pmm_enc
package enum PointerMasking {
    package static let off: UInt64 = 0
    static let reserved: UInt64 = 1
    /// PMLEN = 7.
    package static let seven: UInt64 = 2
    /// PMLEN = 16.
    package static let sixteen: UInt64 = 3

    /// PMLEN of an encoding: how many of the top bits are ignored.
    package static func length(_ encoding: UInt64) -> UInt64 {
        switch encoding {
        case seven: 7
        case sixteen: 16
        // Two bits: off, and the reserved one.
        default: 0
        }
    }

    /// The encoding of a PMLEN; nil for one that there is not.
    package static func encoding(length: UInt64) -> UInt64? {
        [off, seven, sixteen].first { self.length($0) == length }
    }
}

extension Hart {
    /// PMM of the loads and stores that a mode makes: its own is in the registers of the mode above.
    /// norm:pm_config_next_higher norm:pm_per_mode_control
    @inline(__always)
    func pointerMasking(of mode: PrivilegeMode) -> UInt64 {
        // Comparisons: every trap asks, and a jump through a table is hard to foresee.
        if mode.isUser { return state.pointee.senvcfg[.pmm] }
        if mode == .virtualSupervisor { return state.pointee.henvcfg[.pmm] }
        return mode == .supervisor ? state.pointee.menvcfg[.pmm] : state.pointee.mseccfg[.pmm]
    }

    /// PMM of HLV and HSV. "Hypervisor Status (`hstatus`) Register": HUPMM takes the place of `senvcfg` in U-mode.
    func guestPointerMasking(of mode: PrivilegeMode) -> UInt64 {
        mode == .virtualUser && state.pointee.mode == .user
            ? state.pointee.hstatus[.hupmm] : pointerMasking(of: mode)
    }
}

extension TranslationContext {
    /// The context with the top of every address ignored. norm:pm_mxr_exception: not where MXR is in effect.
    @inline(__always)
    func masked(by pointerMasking: UInt64) -> Self {
        guard pointerMasking != PointerMasking.off, !flags.contains(.executableReadable) else { return self }
        var result = self
        result.flags.insert(pointerMasking == PointerMasking.sixteen ? .ignoresSixteenBits : .ignoresSevenBits)
        return result
    }

    /// The address that an explicit access really has: its ignored bits replaced by copies of the bit below, or by
    /// zeros where it is a physical or guest physical one. norm:pm_ignore_va norm:pm_ignore_pa norm:pm_apply_explicit
    @inline(__always)
    func effectiveAddress(_ address: UInt64) -> UInt64 {
        flags.isDisjoint(with: .ignoring) ? address : unmasked(address)
    }

    @inline(never)
    private func unmasked(_ address: UInt64) -> UInt64 {
        // Privileged ISA, "Hypervisor Virtual-Machine Load and Store Instructions": HLVX is not masked.
        if flags.contains(.readsAsExecute) { return address }
        let length: UInt64 = flags.contains(.ignoresSixteenBits) ? 16 : 7
        let upper = address &<< length
        guard firstStage[.mode] != TranslationMode.bare else { return upper &>> length }
        return UInt64(bitPattern: Int64(bitPattern: upper) &>> Int64(length))
    }
}
