/// Instructions that change mode, translation or control state. Each runs with `state.pc` at itself.
extension Hart {
    /// Executes a system instruction, counts it and moves pc, or delivers its trap.
    ///
    /// - Returns: whether the next instruction may follow at once, because nothing has changed that the interpreter
    ///   looks at only now and then.
    @inline(never)
    func executeSystem(_ instruction: DecodedInstruction) -> Bool {
        var isHarmless = false
        do throws(Trap) {
            switch instruction.opcode {
            case .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci:
                isHarmless = try executeCSR(instruction)
                if !isHarmless { updateContext() }
                state.pointee.pc &+= UInt64(instruction.length)
            case .mret, .sret, .mnret:
                try executeTrapReturn(instruction)
                noteProgress()
            case .illegal: try executeCheckedJump(instruction)
            default:
                try perform(instruction)
                state.pointee.pc &+= UInt64(instruction.length)
            }
            state.pointee.retired &+= 1
        } catch {
            deliver(error, raisedBy: instruction)
        }
        return isHarmless
    }

    private func perform(_ instruction: DecodedInstruction) throws(Trap) {
        switch instruction.opcode {
        case .ecall: throw environmentCall
        case .ebreak: throw breakpoint
        case .fenceI: synchronizeInstructionFetch()
        case .wfi: try executeWaitForInterrupt(instruction)
        case .sfenceVma, .sinvalVma: try executeSupervisorFence(instruction)
        case .sfenceWInval, .sfenceInvalIr: try requireSupervisor(instruction)
        case .hfenceVvma, .hinvalVvma, .hfenceGvma, .hinvalGvma: try executeHypervisorFence(instruction)
        case .hlvB, .hlvBu, .hlvH, .hlvHu, .hlvW, .hlvWu, .hlvD, .hlvxHu, .hlvxWu, .hsvB, .hsvH, .hsvW, .hsvD:
            try executeHypervisorAccess(instruction)
        default: throw illegal(instruction)
        }
    }

    func illegal(_ instruction: DecodedInstruction) -> Trap {
        Trap(.illegalInstruction, value: UInt64(instruction.raw))
    }

    func virtual(_ instruction: DecodedInstruction) -> Trap {
        Trap(.virtualInstruction, value: UInt64(instruction.raw))
    }

    private var environmentCall: Trap {
        switch state.pointee.mode {
        case .user, .virtualUser: Trap(.environmentCallFromU)
        case .supervisor: Trap(.environmentCallFromHS)
        case .virtualSupervisor: Trap(.environmentCallFromVS)
        case .machine: Trap(.environmentCallFromM)
        }
    }

    /// `xtval` holds the address of the EBREAK, a guest virtual one in V.
    private var breakpoint: Trap {
        var trap = Trap(.breakpoint, value: state.pointee.pc)
        trap.isGuestVirtualAddress = state.pointee.mode.isVirtual
        return trap
    }

    /// norm:sret_h, norm:mret_h, norm:hstatus_vtsr_op, norm:mstatus_tsr_op
    private func executeTrapReturn(_ instruction: DecodedInstruction) throws(Trap) {
        switch (instruction.opcode, state.pointee.mode) {
        case (.mret, .machine): retiring(returnFromMachineTrap)
        // norm:mnret_mode
        case (.mnret, .machine): retiring(returnFromNonMaskableInterrupt)
        case (.mret, _), (.mnret, _): throw illegal(instruction)
        case (_, .machine): retiring(returnFromSupervisorTrap)
        case (_, .supervisor):
            guard !state.pointee.mstatus[.tsr] else { throw illegal(instruction) }
            retiring(returnFromSupervisorTrap)
        case (_, .virtualSupervisor):
            guard !state.pointee.hstatus[.vtsr] else { throw virtual(instruction) }
            retiring(returnFromVirtualSupervisorTrap)
        case (_, .virtualUser): throw virtual(instruction)
        case (_, .user): throw illegal(instruction)
        }
    }

    /// norm:mstatus_tw_op, norm:hstatus_vtw_op. A WFI that TW or VTW bounds traps at once: the bound may be zero.
    private func executeWaitForInterrupt(_ instruction: DecodedInstruction) throws(Trap) {
        let mode = state.pointee.mode
        if mode != .machine, state.pointee.mstatus[.tw] { throw illegal(instruction) }
        switch mode {
        case .virtualUser: throw virtual(instruction)
        case .virtualSupervisor: if state.pointee.hstatus[.vtw] { throw virtual(instruction) }
        case .user: throw illegal(instruction)
        case .supervisor, .machine: break
        }
        refreshTimers()
        // Enabled individually, whatever the global enables say. norm:wfi_op
        guard !hasEnabledInterrupt else { return }
        context.pointee.exit = .waiting(untilTick: nextDeadline)
    }

    private func requireSupervisor(_ instruction: DecodedInstruction) throws(Trap) {
        switch state.pointee.mode {
        case .user: throw illegal(instruction)
        case .virtualUser: throw virtual(instruction)
        case .supervisor, .virtualSupervisor, .machine: break
        }
    }

    /// SFENCE.VMA and SINVAL.VMA. norm:mstatus_tvm_warl_op, norm:hstatus_vtvm_op
    private func executeSupervisorFence(_ instruction: DecodedInstruction) throws(Trap) {
        try requireSupervisor(instruction)
        let address = instruction.rs1 == 0 ? nil : x[instruction.rs1]
        let asid = instruction.rs2 == 0 ? nil : x[instruction.rs2] & 0xFFFF
        switch state.pointee.mode {
        case .virtualSupervisor:
            guard !state.pointee.hstatus[.vtvm] else { throw virtual(instruction) }
            perform(.virtualSupervisor(address: address, asid: asid))
        case .supervisor where state.pointee.mstatus[.tvm]: throw illegal(instruction)
        default: perform(.supervisor(address: address, asid: asid))
        }
    }

    /// HFENCE and HINVAL: from HS and M only. norm:hfence-vvma_hfence-gvma_exceptions
    private func executeHypervisorFence(_ instruction: DecodedInstruction) throws(Trap) {
        switch state.pointee.mode {
        case .virtualUser, .virtualSupervisor: throw virtual(instruction)
        case .user: throw illegal(instruction)
        case .supervisor, .machine: break
        }
        let address = instruction.rs1 == 0 ? nil : x[instruction.rs1]
        let identifier = instruction.rs2 == 0 ? nil : x[instruction.rs2]
        switch instruction.opcode {
        case .hfenceVvma, .hinvalVvma:
            perform(.virtualSupervisor(address: address, asid: identifier.map { $0 & 0xFFFF }))
        default:
            if state.pointee.mode == .supervisor, state.pointee.mstatus[.tvm] { throw illegal(instruction) }
            perform(.guest(vmid: identifier.map { $0 & 0x3FFF }))
        }
    }
}
