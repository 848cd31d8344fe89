/// `mtvec`, `stvec` and `vstvec`.
package enum TrapVector {
    package static let modeMask: UInt64 = 0b11
    package static let vectored: UInt64 = 1

    /// BASE takes any value; a reserved MODE keeps the old one. norm:mtvec_mode_enc norm:mtvec_base_align_4B
    static func legalized(_ value: UInt64, over old: UInt64) -> UInt64 {
        value & modeMask <= vectored ? value : (value & ~modeMask) | (old & modeMask)
    }
}

/// Sets of exceptions, as bits of `medeleg` and `hedeleg`.
package enum ExceptionSet {
    private static func mask(_ causes: [ExceptionCause]) -> UInt64 { causes.reduce(0) { $0 | 1 &<< $1.rawValue } }

    /// Software check (18) and hardware error (19): never raised here, but the manual wants their bits of `hedeleg`
    /// writable.
    private static let softwareCheckAndHardwareError: UInt64 = 1 << 18 | 1 << 19

    /// norm:hedeleg_acc, table of bits that must be writable or read-only zero.
    package static let delegatableToVirtualSupervisor =
        mask([
            .instructionAddressMisaligned, .instructionAccessFault, .illegalInstruction, .breakpoint,
            .loadAddressMisaligned, .loadAccessFault, .storeAddressMisaligned, .storeAccessFault,
            .environmentCallFromU, .instructionPageFault, .loadPageFault, .storePageFault,
        ]) | softwareCheckAndHardwareError

    private static let delegatableWithoutHypervisor =
        delegatableToVirtualSupervisor | mask([.environmentCallFromHS])

    private static let delegatableWithHypervisor =
        delegatableWithoutHypervisor
        | mask([
            .environmentCallFromVS, .instructionGuestPageFault, .loadGuestPageFault, .virtualInstruction,
            .storeGuestPageFault,
        ])

    /// Bit 11 stays zero: no call from M-mode is delegated. norm:medeleg_when_rd0
    package static func delegatableToSupervisor(_ extensions: ExtensionSet) -> UInt64 {
        extensions.contains(.h) ? delegatableWithHypervisor : delegatableWithoutHypervisor
    }
}

extension Hart {
    /// `mepc`, `sepc`, `vsepc` and `mnepc`. Zca alone, without C, allows 16-bit alignment.
    /// norm:mepc_align norm:sepc_op_mask_ialign32 norm:Zca_align16
    func legalizedProgramCounter(_ value: UInt64) -> UInt64 {
        extensions.contains(.zca) ? value & ~1 : value & ~3
    }
}
