/// The only writers of xcause, xepc, xtval, htval, htinst, mtval2 and mtinst on a trap.
extension Hart {
    /// Delivers an exception to the mode that the delegation registers name.
    package func deliver(_ trap: Trap, raisedBy instruction: DecodedInstruction?) {
        if trap.cause == .illegalInstruction {
            noteIllegalInstruction(trap.value, at: state.pointee.pc, offered: extensions)
        }
        let target = state.pointee.target(of: trap.cause)
        enter(
            target,
            cause: trap.cause.rawValue,
            value: trap.value,
            isGuestVirtual: trap.isGuestVirtualAddress,
            guestPhysicalAddress: trap.guestPhysicalAddress,
            instruction: trap.instruction == .zero ? 0 : transformed(instruction, of: trap)
        )
    }

    @inline(never)
    private func transformed(_ instruction: DecodedInstruction?, of trap: Trap) -> UInt64 {
        TransformedInstruction.value(for: trap, raisedBy: instruction, decoder: decoder)
    }

    /// Makes the guest take an exception, as if the hart had delegated it: how a hypervisor injects.
    ///
    /// The state is as after `returnFromSupervisorTrap`: mode VS or VU, pc at the instruction that trapped.
    package func inject(_ trap: Trap) {
        enter(
            .virtualSupervisor,
            cause: trap.cause.rawValue,
            value: trap.value,
            isGuestVirtual: false,
            guestPhysicalAddress: 0,
            instruction: 0
        )
        updateContext()
    }

    /// Delivers an interrupt. norm:hideleg_trans: to VS, a VS-level code appears as the S-level one below it.
    func deliver(_ interrupt: InterruptCause, to target: PrivilegeMode) {
        let isTranslated =
            target == .virtualSupervisor && InterruptSet.virtualSupervisor & interrupt.mask != 0
        let code = isTranslated ? interrupt.rawValue - 1 : interrupt.rawValue
        enter(
            target,
            cause: InterruptCause.causeFlag | code,
            value: 0,
            isGuestVirtual: false,
            guestPhysicalAddress: 0,
            instruction: 0
        )
    }

    /// Trap entry: the complete CSR update, then the one branch between guest code and Swift.
    @inline(__always)
    private func enter(
        _ target: PrivilegeMode,
        cause: UInt64,
        value: UInt64,
        isGuestVirtual: Bool,
        guestPhysicalAddress: UInt64,
        instruction: UInt64
    ) {
        let previous = state.pointee.mode
        count(cause & InterruptCause.causeFlag == 0 ? .exception : .interrupt)
        if previous.isVirtual, !target.isVirtual { count(.guestExit) }
        let record = TrapRecord(
            cause: cause,
            value: value,
            isGuestVirtual: isGuestVirtual,
            secondValue: guestPhysicalAddress &>> 2,
            instruction: instruction
        )
        switch target {
        case .machine: enterMachine(record)
        case .virtualSupervisor, .virtualUser: enterVirtualSupervisor(record)
        case .supervisor, .user: enterSupervisor(record)
        }
    }

    /// norm:H_trap_m_csrwrites: MPV, MPP, MPIE, GVA. norm:trap_exp norm:trap_unexp_mdt_1 norm:trap_unexp_mnstatus_nmie_0
    private func enterMachine(_ record: TrapRecord) {
        let previous = state.pointee.mode
        // Clear only where Smrnmi is there and its handler runs.
        let isInNonMaskableHandler = previous == .machine && !state.pointee.mnstatus[.nmie]
        if extensions.contains(.smdbltrp) {
            guard !state.pointee.mstatus[.mdt], !isInNonMaskableHandler else { return enterDoubleTrap(record) }
            state.pointee.mstatus[.mdt] = true
        }
        state.pointee.mstatus[.mpv] = previous.isVirtual
        state.pointee.mstatus[.gva] = record.isGuestVirtual
        state.pointee.mstatus[.mpp] = previous.nominal
        state.pointee.mstatus[.mpie] = state.pointee.mstatus[.mie]
        state.pointee.mstatus[.mie] = false
        state.pointee.mepc = state.pointee.pc
        state.pointee.mcause = record.cause
        state.pointee.mtval = record.value
        state.pointee.mtval2 = record.secondValue
        state.pointee.mtinst = record.instruction
        // norm:rnmi_exception_nmie0
        if isInNonMaskableHandler, let vectors = configuration.nonMaskableVectors {
            finish(.machine, vector: vectors.exception & ~TrapVector.modeMask, record)
        } else {
            finish(.machine, vector: state.pointee.mtvec, record)
        }
    }

    /// norm:trap_unexp_hndl_rnmi norm:trap_unexp_hndl_no_rnmi norm:Smdbltrp_with_Smrnmi_op
    private func enterDoubleTrap(_ record: TrapRecord) {
        guard extensions.contains(.smrnmi), state.pointee.mnstatus[.nmie] else {
            state.pointee.isInCriticalError = true
            runState.pointee.exit = .criticalError
            return
        }
        enterNonMaskableHandler(cause: record.cause, from: .machine)
    }

    /// norm:H_trap_hs_csrwrites: SPV, SPVP (kept when V was 0), GVA, SPP, SPIE. norm:sstatus_sdt_trap
    @inline(__always)
    private func enterSupervisor(_ record: TrapRecord) {
        if state.pointee.menvcfg[.dte] {
            guard !state.pointee.mstatus[.sdt] else { return enterMachine(record.doubled) }
            state.pointee.mstatus[.sdt] = true
        }
        let previous = state.pointee.mode
        state.pointee.hstatus[.spv] = previous.isVirtual
        if previous.isVirtual { state.pointee.hstatus[.spvp] = previous.nominal == 1 }
        state.pointee.hstatus[.gva] = record.isGuestVirtual
        state.pointee.mstatus[.spp] = previous.nominal == 1
        state.pointee.mstatus[.spie] = state.pointee.mstatus[.sie]
        state.pointee.mstatus[.sie] = false
        state.pointee.sepc = state.pointee.pc
        state.pointee.scause = record.cause
        state.pointee.stval = record.value
        state.pointee.htval = record.secondValue
        state.pointee.htinst = record.instruction
        finish(.supervisor, vector: state.pointee.stvec, record)
    }

    /// norm:vsstatus_sdt_op
    @inline(__always)
    private func enterVirtualSupervisor(_ record: TrapRecord) {
        if state.pointee.henvcfg[.dte] {
            guard !state.pointee.vsstatus[.sdt] else { return enterMachine(record.doubled) }
            state.pointee.vsstatus[.sdt] = true
        }
        state.pointee.vsstatus[.spie] = state.pointee.vsstatus[.sie]
        state.pointee.vsstatus[.sie] = false
        state.pointee.vsstatus[.spp] = state.pointee.mode == .virtualSupervisor
        state.pointee.vsepc = state.pointee.pc
        state.pointee.vscause = record.cause
        state.pointee.vstval = record.value
        finish(.virtualSupervisor, vector: state.pointee.vstvec, record)
    }

    @inline(__always)
    private func finish(_ target: PrivilegeMode, vector: UInt64, _ record: TrapRecord) {
        let (previous, pc, cause) = (state.pointee.mode, state.pointee.pc, record.cause)
        state.pointee.mode = target
        updateCountersForMode()
        let isVectored = vector & TrapVector.modeMask == TrapVector.vectored && cause & InterruptCause.causeFlag != 0
        let offset = isVectored ? 4 &* (cause & ~InterruptCause.causeFlag) : 0
        state.pointee.pc = (vector & ~TrapVector.modeMask) &+ offset
        if configuration.hostedModes.contains(target) {
            runState.pointee.exit = .hosted(target)
        } else {
            runState.pointee.unreturnedTraps &+= 1
            updateContext()
        }
        if isObserved([.exception, .interrupt]) { tell(of: record, from: previous, at: pc) }
    }

    // Apart: what nobody asked for is no part of trap entry.
    @inline(never)
    private func tell(of record: TrapRecord, from previous: PrivilegeMode, at pc: UInt64) {
        let target = state.pointee.mode
        tellOfTrap(
            TakenTrap(
                cause: record.cause,
                from: previous,
                to: target,
                pc: pc,
                value: record.value,
                secondValue: target == .virtualSupervisor ? 0 : record.secondValue
            )
        )
    }

    func tellOfTrap(_ trap: TakenTrap) {
        if isObserved(trap.isInterrupt ? .interrupt : .exception) { tell(.trap(trap)) }
    }
}

/// What a trap writes.
private struct TrapRecord {
    var cause: UInt64
    var value: UInt64
    /// What GVA receives.
    var isGuestVirtual: Bool
    /// What `htval` or `mtval2` receives.
    var secondValue: UInt64
    /// What `htinst` or `mtinst` receives.
    var instruction: UInt64

    /// The double trap that an unexpected trap becomes: its cause moves to `mtval2`. norm:sstatus_sdt_trap
    var doubled: Self {
        var result = self
        result.cause = ExceptionCause.doubleTrap.rawValue
        result.secondValue = cause
        return result
    }
}
