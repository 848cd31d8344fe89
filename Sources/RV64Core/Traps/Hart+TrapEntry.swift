/// The only writers of xcause, xepc, xtval, htval, htinst, mtval2 and mtinst on a trap.
extension Hart {
    /// Delivers an exception to the mode that the delegation registers name.
    func deliver(_ trap: Trap, raisedBy instruction: DecodedInstruction?) {
        let target = state.pointee.target(of: trap.cause)
        enter(
            target,
            cause: trap.cause.rawValue,
            value: trap.value,
            isGuestVirtual: trap.isGuestVirtualAddress,
            guestPhysicalAddress: trap.guestPhysicalAddress,
            instruction: TransformedInstruction.value(for: trap, raisedBy: instruction, decoder: decoder)
        )
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
    private func enter(
        _ target: PrivilegeMode,
        cause: UInt64,
        value: UInt64,
        isGuestVirtual: Bool,
        guestPhysicalAddress: UInt64,
        instruction: UInt64
    ) {
        let previous = state.pointee.mode
        let vector: UInt64
        switch target {
        case .machine:
            enterMachine(from: previous, isGuestVirtual)
            state.pointee.mepc = state.pointee.pc
            state.pointee.mcause = cause
            state.pointee.mtval = value
            state.pointee.mtval2 = guestPhysicalAddress &>> 2
            state.pointee.mtinst = instruction
            vector = state.pointee.mtvec
        case .virtualSupervisor, .virtualUser:
            state.pointee.vsstatus[.spie] = state.pointee.vsstatus[.sie]
            state.pointee.vsstatus[.sie] = false
            state.pointee.vsstatus[.spp] = previous == .virtualSupervisor
            state.pointee.vsepc = state.pointee.pc
            state.pointee.vscause = cause
            state.pointee.vstval = value
            vector = state.pointee.vstvec
        case .supervisor, .user:
            enterSupervisor(from: previous, isGuestVirtual)
            state.pointee.sepc = state.pointee.pc
            state.pointee.scause = cause
            state.pointee.stval = value
            state.pointee.htval = guestPhysicalAddress &>> 2
            state.pointee.htinst = instruction
            vector = state.pointee.stvec
        }
        state.pointee.mode = target
        if !configuration.hostedModes.contains(target) { context.pointee.unreturnedTraps &+= 1 }
        let isVectored = vector & 3 == 1 && cause & InterruptCause.causeFlag != 0
        state.pointee.pc = (vector & ~3) &+ (isVectored ? 4 &* (cause & ~InterruptCause.causeFlag) : 0)
        if configuration.hostedModes.contains(target) {
            context.pointee.exit = .hosted(target)
        } else {
            updateContext()
        }
    }

    /// norm:H_trap_m_csrwrites: MPV, MPP, MPIE, GVA.
    private func enterMachine(from previous: PrivilegeMode, _ isGuestVirtual: Bool) {
        state.pointee.mstatus[.mpv] = previous.isVirtual
        state.pointee.mstatus[.gva] = isGuestVirtual
        state.pointee.mstatus[.mpp] = previous.nominal
        state.pointee.mstatus[.mpie] = state.pointee.mstatus[.mie]
        state.pointee.mstatus[.mie] = false
    }

    /// norm:H_trap_hs_csrwrites: SPV, SPVP (kept when V was 0), GVA, SPP, SPIE.
    private func enterSupervisor(from previous: PrivilegeMode, _ isGuestVirtual: Bool) {
        state.pointee.hstatus[.spv] = previous.isVirtual
        if previous.isVirtual { state.pointee.hstatus[.spvp] = previous.nominal == 1 }
        state.pointee.hstatus[.gva] = isGuestVirtual
        state.pointee.mstatus[.spp] = previous.nominal == 1
        state.pointee.mstatus[.spie] = state.pointee.mstatus[.sie]
        state.pointee.mstatus[.sie] = false
    }
}
