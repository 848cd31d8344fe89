/// `mstateen`n and `hstateen`n. Only the bits whose state this hart implements exist.
/// norm:stateen_unimplemented_state_roz
///
/// `sstateen`n has no bits here: custom state, `fcsr` without F, and `jvt` are all absent.
package struct StateEnable: ControlRegister {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Flag where Register == StateEnable {
    /// `senvcfg` and `henvcfg`; register 0 only. norm:mstateen0_envcfg_op
    package static var environmentConfiguration: Self { Self(bit: 62) }
    /// `siselect`, `sireg`* and their VS forms; register 0 only. norm:mstateen0_csrind_op norm:hstateen0_csrind_op
    package static var indirectAccess: Self { Self(bit: 60) }
    /// The matching `hstateen` and `sstateen`. norm:mstateen_bit_63_op
    package static var stateEnable: Self { Self(bit: 63) }
}

extension StateEnable {
    /// The bits of `mstateen`n that can be set.
    package static func writableMask(number: Int, _ extensions: ExtensionSet) -> UInt64 {
        var mask = Flag<Self>.stateEnable.mask
        guard number == 0 else { return mask }
        mask |= Flag<Self>.environmentConfiguration.mask
        if extensions.contains(.sscsrind) { mask |= Flag<Self>.indirectAccess.mask }
        return mask
    }
}

extension Hart {
    /// `hstateen`n as it reads: bits that `mstateen`n has zero read as zero. norm:mstateen_lower_priv_roz
    func hypervisorStateEnable(_ number: Int) -> UInt64 {
        let value = state.pointee.hstateen[number & 3]
        return extensions.contains(.smstateen) ? value & state.pointee.mstateen[number & 3] : value
    }

    func writeMachineStateEnable(_ number: Int, _ value: UInt64) {
        state.pointee.mstateen[number & 3] = value & StateEnable.writableMask(number: number, extensions)
    }

    func writeHypervisorStateEnable(_ number: Int, _ value: UInt64) {
        var mask = StateEnable.writableMask(number: number, extensions)
        if extensions.contains(.smstateen) { mask &= state.pointee.mstateen[number & 3] }
        let old = state.pointee.hstateen[number & 3]
        state.pointee.hstateen[number & 3] = (old & ~mask) | (value & mask)
    }
}
