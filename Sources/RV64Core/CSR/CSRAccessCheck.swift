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
        let entry = csrs[address]
        guard let gate = entry.gate,
            access == .read || !address.isReadOnly,
            // norm:seed_ro_illegal
            access == .write || gate != .entropy
        else { return .illegalInstruction }

        switch address.level {
        case .user: break
        case .machine:
            guard mode == .machine else { return .illegalInstruction }
        case .supervisor:
            if mode == .user { return .illegalInstruction }
            // norm:H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0
            if mode == .virtualUser { return refusedBeneathSupervisor(gate, address) }
        case .hypervisor:
            if mode == .user { return .illegalInstruction }
            // norm:H_virtinst_vu_vs_nonhigh_allowedhs_tvm0 norm:H_vscsrs_acc_vs
            if mode.isVirtual { return refusedBeneathSupervisor(gate, address) }
        }

        switch refusal(by: gate, of: address, to: mode) {
        case .nobody: return .allowed(mode.isVirtual ? entry.effectiveAddress(address) : address)
        case .illegal: return .illegalInstruction
        case .virtual: return .virtualInstruction
        }
    }

    /// A guest lacks the privilege: virtual-instruction if HS-mode could do the access with TVM=0.
    private func refusedBeneathSupervisor(_ gate: CSRGate, _ address: CSRAddress) -> CSRDecision {
        switch gate {
        case .supervisorTranslation, .guestTranslation: .virtualInstruction
        // norm:sscsrind_virtual_inst_fault norm:sscsrind_csrs_access_control: whatever is selected.
        case .indirectSelect, .indirectAlias:
            stateEnableRefusal(0, .indirectAccess, .supervisor) == .nobody ? .virtualInstruction : .illegalInstruction
        case .none, .floatingPoint, .counter, .timerCompare, .environmentConfiguration, .stateEnable, .entropy,
            .counterDelegation, .counterOverflow:
            refusal(by: gate, of: address, to: .supervisor) == .nobody ? .virtualInstruction : .illegalInstruction
        }
    }

    /// What the enables say to a mode that has the privilege.
    private func refusal(by gate: CSRGate, of address: CSRAddress, to mode: PrivilegeMode) -> Refusal {
        switch gate {
        case .none: .nobody
        case .floatingPoint: isFloatingPointOff(in: mode) ? .illegal : .nobody
        case .counter: counterRefusal(Int(address.rawValue & 31), mode)
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
        case .stateEnable: stateEnableRefusal(Int(address.rawValue & 3), .stateEnable, mode)
        case .entropy: entropyRefusal(mode)
        case .indirectSelect: stateEnableRefusal(0, .indirectAccess, mode)
        case .indirectAlias: indirectAliasRefusal(address, mode)
        case .counterDelegation: counterDelegationRefusal(mode)
        // norm:ssccfg_virtual_scountovf_vs_vu
        case .counterOverflow: mode.isVirtual && delegatesCounters ? .virtual : .nobody
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

    /// norm:sscsrind_csrs_access_control norm:hypervisor_impl_csrs_access_control, then what the select value names:
    /// where that is nothing, the manual recommends illegal-instruction.
    private func indirectAliasRefusal(_ address: CSRAddress, _ mode: PrivilegeMode) -> Refusal {
        let stateEnable = stateEnableRefusal(0, .indirectAccess, mode)
        guard stateEnable == .nobody, address.level == .supervisor else {
            // No select value of M-level, nor of VS-level as HS-mode sees it. norm:ssccfg_hyp_m_s_vsireg_illegal
            return stateEnable == .nobody ? .illegal : stateEnable
        }
        if mode.isVirtual {
            // norm:ssccfg_hyp_vs_access_sireg_conditional
            let isCounter = DelegatedRegister.selects.contains(state.pointee.vsiselect)
            return isCounter && delegatesCounters ? .virtual : .illegal
        }
        return delegatedRegister(behind: address) == nil ? .illegal : .nobody
    }

    /// norm:ssccfg_illegal_scountinhibit_cde0 norm:ssccfg_illegal_scountinhibit_vs_vu
    private func counterDelegationRefusal(_ mode: PrivilegeMode) -> Refusal {
        guard delegatesCounters else { return .illegal }
        return mode.isVirtual ? .virtual : .nobody
    }
}
