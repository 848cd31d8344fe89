/// What a CSR instruction does to its CSR, as far as permission goes.
package enum CSRAccess: Sendable, CaseIterable {
    case read
    /// Writes, whether it also reads or not.
    case write
}

/// The outcome of the access check.
package enum CSRDecision: Equatable, Sendable {
    /// Permitted; the register that is really accessed, after the substitution of VS CSRs.
    case allowed(CSRAddress)
    case illegalInstruction
    case virtualInstruction
}

/// Who forbids an access that the privilege level would allow.
private enum Refusal {
    case nobody
    /// Something that binds HS-mode too (or, outside of V, a supervisor register): illegal instruction.
    case illegal
    /// Something that binds only VS or VU: the instruction is HS-qualified, so virtual instruction.
    case virtual
}

extension Hart {
    /// Decides an explicit access to a CSR from a privilege mode: the only place that chooses between
    /// illegal-instruction and virtual-instruction. norm:H_cause_virtual_instruction
    package func decideAccess(to address: CSRAddress, _ access: CSRAccess, from mode: PrivilegeMode) -> CSRDecision {
        // norm:Zicsr_illegal_acc: a write that HS-mode could not do either, hence never virtual-instruction.
        guard let definition = address.definition, isImplemented(address, definition),
            access == .read || !address.isReadOnly,
            // norm:seed_ro_illegal
            access == .write || definition.gate != .entropy
        else { return .illegalInstruction }

        switch address.level {
        case .user: break
        case .machine:
            guard mode == .machine else { return .illegalInstruction }
        case .supervisor:
            if mode == .user { return .illegalInstruction }
            // norm:H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0
            if mode == .virtualUser { return refusedBeneathSupervisor(definition.gate, address) }
        case .hypervisor:
            if mode == .user { return .illegalInstruction }
            // norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 norm:H_vscsrs_acc_vs
            if mode.isVirtual { return refusedBeneathSupervisor(definition.gate, address) }
        }

        switch refusal(by: definition.gate, of: address, to: mode) {
        case .nobody: return .allowed(mode.isVirtual ? address.virtualSupervisorSubstitute : address)
        case .illegal: return .illegalInstruction
        case .virtual: return .virtualInstruction
        }
    }

    private func isImplemented(_ address: CSRAddress, _ definition: CSRDefinition) -> Bool {
        if address.level == .hypervisor, !extensions.contains(.h) { return false }
        return definition.exists(with: extensions)
    }

    /// A guest lacks the privilege: virtual-instruction if HS-mode could do the access with TVM=0.
    private func refusedBeneathSupervisor(_ gate: CSRGate, _ address: CSRAddress) -> CSRDecision {
        switch gate {
        case .supervisorTranslation, .guestTranslation: .virtualInstruction
        case .none, .floatingPoint, .counter, .timerCompare, .environmentConfiguration, .stateEnable, .entropy:
            refusal(by: gate, of: address, to: .supervisor) == .nobody ? .virtualInstruction : .illegalInstruction
        }
    }

    /// What the enables say to a mode that has the privilege.
    private func refusal(by gate: CSRGate, of address: CSRAddress, to mode: PrivilegeMode) -> Refusal {
        switch gate {
        case .none: .nobody
        case .floatingPoint: isFloatingPointOff(in: mode) ? .illegal : .nobody
        case .counter(let number): counterRefusal(number, mode)
        case .timerCompare: timerCompareRefusal(mode)
        case .supervisorTranslation:
            switch mode {
            // norm:mstatus_tvm_warl_op
            case .supervisor: state.pointee.mstatus[.tvm] ? .illegal : .nobody
            // norm:H_virtinst_vs_sfence_sinval_satp_vtvm1
            case .virtualSupervisor: state.pointee.hstatus[.vtvm] ? .virtual : .nobody
            case .machine, .user, .virtualUser: .nobody
            }
        case .guestTranslation:
            // norm:hgatp_tvm_illegal norm:mstatus_tvm_hs
            mode == .supervisor && state.pointee.mstatus[.tvm] ? .illegal : .nobody
        case .environmentConfiguration: stateEnableRefusal(0, .environmentConfiguration, mode)
        case .stateEnable(let number): stateEnableRefusal(number, .stateEnable, mode)
        case .entropy: entropyRefusal(mode)
        }
    }

    /// norm:mseccfg_useed_U-mode_op norm:mseccfg_sseed_SorHS-mode_op norm:mseccfg_sseed_VSorVU-mode_op
    private func entropyRefusal(_ mode: PrivilegeMode) -> Refusal {
        switch mode {
        case .machine: .nobody
        case .user: state.pointee.mseccfg[.useed] ? .nobody : .illegal
        case .supervisor: state.pointee.mseccfg[.sseed] ? .nobody : .illegal
        case .virtualSupervisor, .virtualUser: state.pointee.mseccfg[.sseed] ? .virtual : .illegal
        }
    }

    /// FS is Off in a status register that is in effect. norm:vsstatus_fs_op norm:H_illegalinst_xstatus_fs_vs
    private func isFloatingPointOff(in mode: PrivilegeMode) -> Bool {
        state.pointee.mstatus[.fs] == 0 || (mode.isVirtual && state.pointee.vsstatus[.fs] == 0)
    }

    /// norm:mcounteren_clr_ill_inst_exc norm:H_virtinst_vs_nonhighctr_h0_m1 norm:H_virtinst_vu_nonhighctr_h0_s0_m1
    private func counterRefusal(_ number: Int, _ mode: PrivilegeMode) -> Refusal {
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: number)
        if mode == .machine { return .nobody }
        guard state.pointee.mcounteren & bit != 0 else { return .illegal }
        switch mode {
        case .machine, .supervisor: return .nobody
        case .user: return state.pointee.scounteren & bit != 0 ? .nobody : .illegal
        case .virtualSupervisor: return state.pointee.hcounteren & bit != 0 ? .nobody : .virtual
        case .virtualUser:
            return state.pointee.hcounteren & state.pointee.scounteren & bit != 0 ? .nobody : .virtual
        }
    }

    /// norm:mcounteren_tm_clr norm:menvcfg_stce_op2 norm:hcounteren_acc norm:henvcfg_stce
    private func timerCompareRefusal(_ mode: PrivilegeMode) -> Refusal {
        if mode == .machine { return .nobody }
        guard state.pointee.mcounteren & CounterSet.time != 0, state.pointee.menvcfg[.stce] else { return .illegal }
        guard mode.isVirtual else { return .nobody }
        return state.pointee.hcounteren & CounterSet.time != 0 && state.pointee.henvcfg[.stce] ? .nobody : .virtual
    }

    /// norm:stateen_illegal_state_access norm:mstateen_bit_63_op norm:hstateen_bit_63_op norm:mstateen0_envcfg_op
    private func stateEnableRefusal(_ number: Int, _ flag: Flag<StateEnable>, _ mode: PrivilegeMode) -> Refusal {
        if mode == .machine { return .nobody }
        // Without Smstateen there is nothing above; without Ssstateen nothing for guests either.
        if extensions.contains(.smstateen), !StateEnable(state.pointee.mstateen[number & 3])[flag] { return .illegal }
        guard mode.isVirtual, extensions.contains(.ssstateen) else { return .nobody }
        return StateEnable(state.pointee.hstateen[number & 3])[flag] ? .nobody : .virtual
    }
}
