/// `mseccfg`. norm:mseccfg_enc_img
package struct SecurityConfiguration: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == SecurityConfiguration {
    /// Machine-mode lockdown: L in a PMP entry means M-mode-only. norm:mseccfg_mml_set
    package static var mml: Self { Self(bit: 0) }
    /// Machine-mode allowlist policy: M-mode needs a matching entry. norm:mseccfg_mmwp_op_warl
    package static var mmwp: Self { Self(bit: 1) }
    /// Rule locking bypass. norm:mseccfg_rlb_op_warl
    package static var rlb: Self { Self(bit: 2) }
    /// `seed` in U-mode, and in HS-mode.
    package static var useed: Self { Self(bit: 8) }
    package static var sseed: Self { Self(bit: 9) }
}

extension Field where Register == SecurityConfiguration {
    /// Pointer masking of M-mode.
    package static var pmm: Self { Self(33, 32) }
}

extension SecurityConfiguration {
    /// What brings a field to the register, and with it the register. norm:mseccfg_presence
    static let providers: ExtensionSet = [.smepmp, .zkr, .smmpm]

    /// The fields whose extension is there. norm:mseccfg_useed_rdonly0 norm:mseccfg_sseed_rdonly0
    /// norm:mseccfg_pmm_rdonly0 norm:mseccfg_fields_exist
    package static func writableMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask: UInt64 = 0
        if extensions.contains(.smepmp) { mask |= Flag<Self>.mml.mask | Flag<Self>.mmwp.mask | Flag<Self>.rlb.mask }
        if extensions.contains(.zkr) { mask |= Flag<Self>.useed.mask | Flag<Self>.sseed.mask }
        if extensions.contains(.smmpm) { mask |= Field<Self>.pmm.mask }
        return mask
    }

    /// A write of `value` over this register. norm:mseccfg_mml_sticky norm:mseccfg_mmwp_op_warl
    func legalized(_ value: UInt64, mask: UInt64, entries: ProtectionLocks) -> Self {
        let sticky = Flag<Self>.mml.mask | Flag<Self>.mmwp.mask
        var result = Self((rawValue & ~mask) | (value & mask) | (rawValue & sticky))
        // norm:mseccfg_rlb_op_warl: with an entry locked, a clear RLB stays clear.
        if entries == .present, !self[.rlb] { result[.rlb] = false }
        if result[.pmm] == PointerMasking.reserved { result[.pmm] = self[.pmm] }
        return result
    }
}

/// Whether any PMP entry has L set, also one that is off.
enum ProtectionLocks {
    case none
    case present
}

extension Hart {
    func writeSecurityConfiguration(_ value: UInt64) {
        var locks = ProtectionLocks.none
        for entry in 0..<ProtectionEntries.count
        where ProtectionConfiguration(state.pointee.pmpcfg[entry]).isLocked {
            locks = .present
        }
        let mask = SecurityConfiguration.writableMask(extensions)
        state.pointee.mseccfg = state.pointee.mseccfg.legalized(value, mask: mask, entries: locks)
        flushTranslations()
    }
}
