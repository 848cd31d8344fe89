/// `menvcfg`, `henvcfg` and `senvcfg`: what the next lower modes are given.
package struct EnvironmentConfiguration: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == EnvironmentConfiguration {
    package static var fiom: Self { Self(bit: 0) }
    package static var cbcfe: Self { Self(bit: 6) }
    package static var cbze: Self { Self(bit: 7) }
    /// Double-trap enable (Ssdbltrp).
    package static var dte: Self { Self(bit: 59) }
    /// Counter-delegation enable (Smcdeleg). norm:menvcfg_cde_op
    package static var cde: Self { Self(bit: 60) }
    /// Hardware updates of the A and D bits (Svadu).
    package static var adue: Self { Self(bit: 61) }
    /// Page-based memory types (Svpbmt).
    package static var pbmte: Self { Self(bit: 62) }
    /// Supervisor timer compare (Sstc).
    package static var stce: Self { Self(bit: 63) }
}

extension Field where Register == EnvironmentConfiguration {
    package static var cbie: Self { Self(5, 4) }
    /// Pointer masking of the next lower mode.
    package static var pmm: Self { Self(33, 32) }
}

extension EnvironmentConfiguration {
    /// The fields of `menvcfg` whose extension is there. norm:menvcfg_pmm_rdonly0 norm:menvcfg_cde_rdonly0
    package static func machineWritableMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask = commonMask(extensions) | supervisorMask(extensions)
        if extensions.contains(.smcdeleg) { mask |= Flag<Self>.cde.mask }
        return extensions.contains(.smnpm) ? mask | Field<Self>.pmm.mask : mask
    }

    /// The fields of `henvcfg` whose extension is there, while `menvcfg` has them. norm:henvcfg_pmm_op
    package static func hypervisorWritableMask(_ extensions: ExtensionSet) -> UInt64 {
        userWritableMask(extensions) | supervisorMask(extensions)
    }

    /// The fields of `senvcfg` whose extension is there.
    package static func userWritableMask(_ extensions: ExtensionSet) -> UInt64 {
        let mask = commonMask(extensions)
        return extensions.contains(.ssnpm) ? mask | Field<Self>.pmm.mask : mask
    }

    /// What concerns supervisors, real and virtual.
    private static func supervisorMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask: UInt64 = 0
        if extensions.contains(.svadu) { mask |= Flag<Self>.adue.mask }
        if extensions.contains(.svpbmt) { mask |= Flag<Self>.pbmte.mask }
        if extensions.contains(.sstc) { mask |= Flag<Self>.stce.mask }
        if extensions.contains(.ssdbltrp) { mask |= Flag<Self>.dte.mask }
        return mask
    }

    private static func commonMask(_ extensions: ExtensionSet) -> UInt64 {
        var mask = Flag<Self>.fiom.mask
        if extensions.contains(.zicbom) { mask |= Field<Self>.cbie.mask | Flag<Self>.cbcfe.mask }
        if extensions.contains(.zicboz) { mask |= Flag<Self>.cbze.mask }
        return mask
    }

    /// The fields of `henvcfg` that are read-only zero while `menvcfg` has them zero.
    /// norm:menvcfg_pbmte_henvcfg_pbmte_rdonly0 norm:menvcfg_adue_henvcfg_adue_rdonly0 norm:menvcfg_stce_op2
    /// norm:menvcfg_dte_op
    package static let boundedByMachine =
        Flag<Self>.adue.mask | Flag<Self>.pbmte.mask | Flag<Self>.stce.mask | Flag<Self>.dte.mask

    /// The reserved encoding of CBIE.
    private static let reservedCBIE: UInt64 = 0b10

    /// A write of `value` over this register. norm:menvcfg_cbie_warl_op norm:pmlen_illegal_warl
    func legalized(_ value: UInt64, mask: UInt64) -> Self {
        var result = Self((rawValue & ~mask) | (value & mask))
        if result[.cbie] == Self.reservedCBIE { result[.cbie] = self[.cbie] }
        if result[.pmm] == PointerMasking.reserved { result[.pmm] = self[.pmm] }
        return result
    }
}

extension Hart {
    func writeMachineEnvironment(_ value: UInt64) {
        let mask = EnvironmentConfiguration.machineWritableMask(extensions)
        state.pointee.menvcfg = state.pointee.menvcfg.legalized(value, mask: mask)
        // The bounded fields of henvcfg are cleared in store, so that every reader sees the effective value.
        let lost = EnvironmentConfiguration.boundedByMachine & ~state.pointee.menvcfg.rawValue
        state.pointee.henvcfg.rawValue &= ~lost
        clearDisabledDoubleTraps()
        flushTranslations()
        refreshTimers()
    }

    func writeHypervisorEnvironment(_ value: UInt64) {
        let bounds = ~EnvironmentConfiguration.boundedByMachine | state.pointee.menvcfg.rawValue
        let mask = EnvironmentConfiguration.hypervisorWritableMask(extensions) & bounds
        state.pointee.henvcfg = state.pointee.henvcfg.legalized(value, mask: mask)
        clearDisabledDoubleTraps()
        flushTranslations()
        refreshTimers()
    }

    /// Without DTE the SDT fields below are zero. norm:menvcfg_dte_op norm:henvcfg_dte_op
    private func clearDisabledDoubleTraps() {
        if !state.pointee.menvcfg[.dte] { state.pointee.mstatus[.sdt] = false }
        if !state.pointee.henvcfg[.dte] { state.pointee.vsstatus[.sdt] = false }
    }
}
