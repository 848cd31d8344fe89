/// Instructions that change mode, translation or control state. Each runs with `state.pc` at itself.
extension Hart {
    /// Executes an instruction that needs pc and counters written back, counts it and moves pc, or delivers its trap.
    ///
    /// - Returns: whether the next instruction may follow at once, because nothing has changed that the engines look at
    ///   only now and then.
    @inline(never)
    package func executeSystem(_ instruction: DecodedInstruction) -> Bool {
        var isHarmless = false
        let next = state.pointee.pc &+ UInt64(instruction.length)
        do throws(Trap) {
            switch execution(of: instruction.opcode) {
            case .csr(let operation, let operand):
                isHarmless = try executeCSR(operation, operand, instruction)
                if !isHarmless { updateContext() }
                state.pointee.pc = next
            case .system(let operation): try perform(operation, instruction, next)
            case .hypervisorLoad(let width, let kind):
                try executeHypervisorLoad(width, kind, instruction)
                state.pointee.pc = next
            case .hypervisorStore(let width):
                try executeHypervisorStore(width, instruction)
                state.pointee.pc = next
            case .jump(let condition): try executeCheckedJump(condition, instruction)
            case .illegal: throw illegal(instruction)
            case .loop, .load, .store, .floatLoad, .floatStore, .float, .scalar, .atomic, .modify, .cacheBlock:
                preconditionFailure("\(instruction.opcode) is no system instruction: its row says otherwise")
            }
            state.pointee.retired &+= 1
        } catch {
            deliver(error, raisedBy: instruction)
        }
        return isHarmless
    }

    /// ECALL as `executeSystem` executes it, for an engine that has told it apart before.
    package func executeEnvironmentCall() { deliver(environmentCall, raisedBy: nil) }

    /// SRET, likewise.
    package func executeSupervisorReturn(_ instruction: DecodedInstruction) {
        do throws(Trap) {
            try returnFromSupervisor(instruction)
            state.pointee.retired &+= 1
        } catch {
            deliver(error, raisedBy: instruction)
        }
    }

    private func perform(
        _ operation: SystemOperation,
        _ instruction: DecodedInstruction,
        _ next: UInt64
    ) throws(Trap) {
        switch operation {
        case .environmentCall: throw environmentCall
        case .breakpoint: throw breakpoint
        case .machineReturn: return try executeMachineReturn(instruction, returnFromMachineTrap)
        // norm:mnret_mode
        case .nonMaskableReturn: return try executeMachineReturn(instruction, returnFromNonMaskableInterrupt)
        case .supervisorReturn: return try returnFromSupervisor(instruction)
        case .instructionFence: synchronizeInstructionFetch()
        case .waitForInterrupt: try executeWaitForInterrupt(instruction)
        case .supervisorFence: try executeSupervisorFence(instruction)
        case .invalidationOrder: try requireSupervisor(instruction)
        case .virtualSupervisorFence, .guestFence: try executeHypervisorFence(operation, instruction)
        }
        state.pointee.pc = next
    }

    func illegal(_ instruction: DecodedInstruction) -> Trap {
        Trap(.illegalInstruction, value: UInt64(instruction.raw))
    }

    func virtual(_ instruction: DecodedInstruction) -> Trap {
        Trap(.virtualInstruction, value: UInt64(instruction.raw))
    }

    private var environmentCall: Trap {
        // Comparisons: a jump through a table, from one place to many, is foreseen by no processor.
        let mode = state.pointee.mode
        if mode.isUser { return Trap(.environmentCallFromU) }
        if mode == .virtualSupervisor { return Trap(.environmentCallFromVS) }
        return Trap(mode == .supervisor ? .environmentCallFromHS : .environmentCallFromM)
    }

    /// `xtval` holds the address of the EBREAK, a guest virtual one in V.
    private var breakpoint: Trap {
        var trap = Trap(.breakpoint, value: state.pointee.pc)
        trap.isGuestVirtualAddress = state.pointee.mode.isVirtual
        return trap
    }

    /// norm:mret_h
    private func executeMachineReturn(_ instruction: DecodedInstruction, _ trapReturn: () -> Void) throws(Trap) {
        guard state.pointee.mode == .machine else { throw illegal(instruction) }
        retiring(trapReturn)
        noteProgress()
    }

    /// norm:sret_h norm:hstatus_vtsr_op norm:mstatus_tsr_op
    private func returnFromSupervisor(_ instruction: DecodedInstruction) throws(Trap) {
        // Comparisons, as for ECALL.
        let mode = state.pointee.mode
        guard !mode.isUser else { throw mode.isVirtual ? virtual(instruction) : illegal(instruction) }
        if mode == .virtualSupervisor {
            guard !state.pointee.hstatus[.vtsr] else { throw virtual(instruction) }
            retiring { returnFromVirtualSupervisorTrap() }
        } else {
            guard mode == .machine || !state.pointee.mstatus[.tsr] else { throw illegal(instruction) }
            retiring { returnFromSupervisorTrap() }
        }
        noteProgress()
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
        runState.pointee.exit = .waiting(untilTick: nextDeadline)
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
        let address = instruction.rs1 == 0 ? nil : x[instruction.rs1]
        let asid = instruction.rs2 == 0 ? nil : x[instruction.rs2] & 0xFFFF
        switch state.pointee.mode {
        case .user: throw illegal(instruction)
        case .virtualUser: throw virtual(instruction)
        case .virtualSupervisor:
            guard !state.pointee.hstatus[.vtvm] else { throw virtual(instruction) }
            perform(.virtualSupervisor(address: address, asid: asid))
        case .supervisor:
            guard !state.pointee.mstatus[.tvm] else { throw illegal(instruction) }
            perform(.supervisor(address: address, asid: asid))
        case .machine: perform(.supervisor(address: address, asid: asid))
        }
    }

    /// HFENCE and HINVAL: from HS and M only. norm:hfence-vvma_hfence-gvma_exceptions
    private func executeHypervisorFence(
        _ operation: SystemOperation,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        switch state.pointee.mode {
        case .virtualUser, .virtualSupervisor: throw virtual(instruction)
        case .user: throw illegal(instruction)
        case .supervisor, .machine: break
        }
        let address = instruction.rs1 == 0 ? nil : x[instruction.rs1]
        let identifier = instruction.rs2 == 0 ? nil : x[instruction.rs2]
        if operation == .virtualSupervisorFence {
            perform(.virtualSupervisor(address: address, asid: identifier.map { $0 & 0xFFFF }))
        } else {
            if state.pointee.mode == .supervisor, state.pointee.mstatus[.tvm] { throw illegal(instruction) }
            perform(.guest(vmid: identifier.map { $0 & 0x3FFF }))
        }
    }
}
