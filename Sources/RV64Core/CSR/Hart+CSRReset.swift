extension Hart {
    /// Gives every CSR its value after reset; the manual leaves most of them open and this hart makes them zero.
    /// Privileged ISA, "Reset".
    package func resetCSRs() {
        state.pointee.fflags = 0
        state.pointee.frm = 0
        resetMachineCSRs()
        resetSupervisorCSRs()
        resetHypervisorCSRs()
        flushTranslations()
        refreshTimers()
    }

    private func resetMachineCSRs() {
        state.pointee.mstatus = .atReset(extensions)
        state.pointee.misa = MISA.value(extensions)
        state.pointee.mhartid = configuration.id
        state.pointee.medeleg = 0
        writeInterruptDelegation(0)
        state.pointee.mie = 0
        state.pointee.mip = 0
        state.pointee.mtvec = 0
        state.pointee.mcounteren = 0
        state.pointee.mcountinhibit = 0
        state.pointee.mscratch = 0
        state.pointee.mepc = 0
        state.pointee.mcause = 0
        state.pointee.mtval = 0
        state.pointee.mtval2 = 0
        state.pointee.mtinst = 0
        state.pointee.menvcfg = EnvironmentConfiguration(0)
        state.pointee.mstateen = InlineArray(repeating: 0)
        resetNonMaskableState()
        // norm:mseccfg_mml_mmwp_rlb_rst norm:mseccfg_useed_sseed_rst
        state.pointee.mseccfg = SecurityConfiguration(0)
        state.pointee.isInCriticalError = false
        // norm:pmp_A_L_rst
        state.pointee.pmpcfg = InlineArray(repeating: 0)
        state.pointee.pmpaddr = InlineArray(repeating: 0)
        state.pointee.counterConfiguration = InlineArray(repeating: CounterConfiguration(0))
        updateCounters()
        for number in 0..<32 { writeCounter(number, 0) }
    }

    private func resetSupervisorCSRs() {
        state.pointee.stvec = 0
        state.pointee.sscratch = 0
        state.pointee.sepc = 0
        state.pointee.scause = 0
        state.pointee.stval = 0
        state.pointee.scounteren = 0
        state.pointee.senvcfg = EnvironmentConfiguration(0)
        state.pointee.satp = SATP(0)
        state.pointee.stimecmp = ~0
    }

    private func resetHypervisorCSRs() {
        state.pointee.hstatus = .atReset
        state.pointee.hedeleg = 0
        state.pointee.hideleg = 0
        state.pointee.hcounteren = 0
        state.pointee.hgeie = 0
        state.pointee.htimedelta = 0
        state.pointee.htval = 0
        state.pointee.htinst = 0
        state.pointee.hgatp = HGATP(0)
        state.pointee.henvcfg = EnvironmentConfiguration(0)
        state.pointee.hstateen = InlineArray(repeating: 0)
        state.pointee.vsstatus = .atReset
        state.pointee.vstvec = 0
        state.pointee.vsscratch = 0
        state.pointee.vsepc = 0
        state.pointee.vscause = 0
        state.pointee.vstval = 0
        state.pointee.vsatp = SATP(0)
        state.pointee.vstimecmp = ~0
    }
}

/// `misa`. norm:misa_extensions_enc_tbl
package enum MISA {
    private static let mxlShift: UInt64 = 62

    /// The bit of an extension's or mode's letter.
    private static func bit(_ letter: Unicode.Scalar) -> UInt64 {
        1 &<< UInt64(letter.value &- ("A" as Unicode.Scalar).value)
    }

    /// Read-only: what the hart has. S- and U-mode are always there. norm:misa_extensions_rst1
    package static func value(_ extensions: ExtensionSet) -> UInt64 {
        var value = XLENEncoding.rv64 &<< mxlShift | bit("I") | bit("S") | bit("U")
        for member in extensions.members where member.isSingleLetter {
            for letter in member.name.uppercased().unicodeScalars { value |= bit(letter) }
        }
        return value
    }
}
