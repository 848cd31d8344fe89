extension Hart {
    /// Executes `csrrw`, `csrrs`, `csrrc` and their immediate forms. norm:csrrw_op norm:csrrs_op norm:csrrc_op
    ///
    /// `state.pointee.retired` must be up to date and must not count this instruction yet.
    ///
    /// - Returns: whether the next instruction may follow at once: the access has changed neither how instructions
    ///   execute nor which interrupts are taken.
    @discardableResult
    package func executeCSR(
        _ operation: CSROperation,
        _ source: CSROperand,
        _ i: DecodedInstruction
    ) throws(Trap) -> Bool {
        let operand =
            switch source {
            case .register: x[Int(i.rs1 & 31)]
            case .immediate: UInt64(i.rs1 & 31)
            }

        // norm:csrrs_csrrc_rs1_x0 norm:csrrsi_csrrci_uimm_zero: the field decides, not the register's value.
        let access: CSRAccess = operation == .replace || i.rs1 != 0 ? .write : .read
        let address = try checkedAddress(CSRAddress(UInt16(truncatingIfNeeded: i.immediate)), access, i)

        synchronizeCounters()
        let isOldValueUnused = operation == .replace && i.rd == DecodedInstruction.writeSink
        let old = isOldValueUnused ? 0 : readCSR(address)
        var isHarmless = true
        if access == .write {
            let base = address == .mip ? modifiableMachinePending(old) : old
            let new =
                switch operation {
                case .replace: operand
                case .set: base | operand
                case .clear: base & ~operand
                }
            let status = statusRegisters
            writeFromInstruction(address, new)
            let changed = status ^ statusRegisters
            isHarmless = isHarmlessWrite(to: address, changing: changed)
            if changed & Field<MStatus>.fs.mask != 0 { updateFloatingPointStatus() }
            if isObserved(.csrWrite) { tellOfWrite(to: address, new) }
        }
        x[Int(i.rd & 63)] = old
        return isHarmless
    }

    @inline(never)
    private func tellOfWrite(to address: CSRAddress, _ written: UInt64) {
        let (mode, pc) = (state.pointee.mode, state.pointee.pc)
        let value = peekCSR(address)
        tell(.csrWrite(CSRWrite(address: address, mode: mode, pc: pc, written: written, value: value)))
    }

    /// The writes that handlers, critical sections and switches from one guest to another consist of, and those of
    /// floating-point code; `changed` are the bits of a status register that the write has changed.
    private func isHarmlessWrite(to address: CSRAddress, changing changed: UInt64) -> Bool {
        switch address {
        case .sscratch ... .stval, .vsscratch ... .vstval, .mscratch ... .mtval: true
        case .stvec, .vstvec, .mtvec, .medeleg, .hedeleg, .htval, .htinst, .mtval2, .mtinst: true
        case .scounteren, .hcounteren, .mcounteren: true
        case .sie, .vsie, .hie, .mie, .sip, .vsip, .hip, .mip, .hvip, .hgeie, .mideleg, .hideleg, .stimecmp, .vstimecmp,
            .htimedelta, .hstatus:
            !isInterruptReady
        case .fflags, .frm, .fcsr: runState.pointee.floatingPoint == .dirty
        // HS-mode's own accesses do not go by what is the guest's; MPRV's in M-mode may.
        case .vsatp, .hgatp: state.pointee.mode == .supervisor
        case .vsstatus where state.pointee.mode == .supervisor: changed & Flag<MStatus>.sdt.mask == 0
        case .sstatus, .vsstatus, .mstatus: changed & ~MStatus.unobtrusiveMask == 0 && !isInterruptReady
        // Numbers of CSRs: what another one changes, nobody has looked at.
        default: false
        }
    }

    /// Different after any write to one of the status registers that changes it.
    private var statusRegisters: UInt64 { state.pointee.mstatus.rawValue ^ state.pointee.vsstatus.rawValue }

    private func checkedAddress(
        _ address: CSRAddress,
        _ access: CSRAccess,
        _ i: DecodedInstruction
    ) throws(Trap) -> CSRAddress {
        switch decideAccess(to: address, access, from: state.pointee.mode) {
        case .allowed(let effective): return effective
        case .illegalInstruction: throw Trap(.illegalInstruction, value: UInt64(i.raw))
        // norm:H_virtinst_xtval
        case .virtualInstruction: throw Trap(.virtualInstruction, value: UInt64(i.raw))
        }
    }

    /// A write by an instruction, as against one by the owner of the hart.
    private func writeFromInstruction(_ address: CSRAddress, _ value: UInt64) {
        // norm:mcycle_minstret_wr "takes effect after the writing instruction has otherwise completed": the
        // counters must see this instruction as retired.
        state.pointee.retired &+= 1
        writeCSR(address, value)
        state.pointee.retired &-= 1
        // norm:mstatus_fs_no_change_dirty
        switch address {
        case .fflags, .frm, .fcsr:
            state.pointee.mstatus[.fs] = ContextStatus.dirty
            if state.pointee.mode.isVirtual { state.pointee.vsstatus[.fs] = ContextStatus.dirty }
        // Numbers of CSRs: no other holds floating-point state.
        default: break
        }
    }
}
