import Platform
import RV64Core

/// One handler per exit family. Each ends by moving `sepc` or by an injection, and by the same SRET.
extension VirtualCPU {
    func handleTrap() -> (action: TrapAction, turn: Turn) {
        let exit = VCPUExit(hart.state.pointee)
        counters.beginExit(exit)
        work?.addExit()
        let site = observed.contains(.exits) ? TrapSite(hart) : nil
        let (action, turn) = handle(exit)
        if let site {
            observers?.tell(.exit(HandledExit(exit: exit, site: site, action: action)), on: hart)
        }
        return (action, turn)
    }

    private func handle(_ exit: VCPUExit) -> (TrapAction, Turn) {
        switch exit {
        case .environmentCall: return handleEnvironmentCall()
        case .guestPageFault(let fault): return (handle(fault), .ran)
        case .virtualInstruction(let encoding): return (handleVirtualInstruction(encoding), .ran)
        case .exception(let cause, let value): return (inject(cause, value: value), .ran)
        case .interrupt(let cause): return (handle(cause), .ran)
        case .unexpected(let cause):
            machine.end(.failed("hart \(index) took a trap that delegation rules out, cause \(hex(cause))"))
            return (.stopped, .ran)
        }
    }

    // MARK: - Guest-page faults

    /// RAM is populated and the access retried; a device's address is emulated; elsewhere there is nothing.
    private func handle(_ fault: GuestPageFault) -> TrapAction {
        if addressSpace.ram.contains(fault.address.rawValue) { return populate(fault) }
        guard fault.kind != .fetch, !fault.isImplicit else {
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        return emulate(fault)
    }

    private func populate(_ fault: GuestPageFault) -> TrapAction {
        do throws(OutOfHostFrames) {
            try addressSpace.populate(fault.address)
            hart.returnFromSupervisorTrap()
            return .populated
        } catch {
            machine.end(.failed(error.description))
            return .stopped
        }
    }

    /// Trap-and-emulate: decode, access the bus, write the register back, step over the instruction.
    private func emulate(_ fault: GuestPageFault) -> TrapAction {
        let operation: MMIOOperation
        switch decode(fault) {
        case .success(let decoded): operation = decoded
        case .retry:
            hart.returnFromSupervisorTrap()
            return .retried
        case .notEmulated:
            // AMOs, LR and SC have no meaning on a device.
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        let address = fault.address.rawValue
        do throws(BusFault) {
            try operation.perform(on: machine.bus, at: address, state: hart.state)
        } catch {
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        let access = operation.access(at: address, state: hart.state)
        if observed.contains(.deviceAccesses) { observers?.tell(.hart(.deviceAccess(access)), on: hart) }
        machine.deviceAccessed(byHart: index)
        hart.noteProgress()
        hart.state.pointee.sepc &+= operation.length
        hart.returnFromSupervisorTrap()
        return .emulated(access)
    }

    private enum Decoded {
        case success(MMIOOperation)
        /// The instruction could not be fetched again: the guest changed its tables meanwhile and will fault itself.
        case retry
        case notEmulated
    }

    /// `htinst` says it all where it is not zero; otherwise the instruction is fetched as HLVX would.
    private func decode(_ fault: GuestPageFault) -> Decoded {
        if fault.instruction != 0 {
            return MMIOOperation(transformed: fault.instruction, decoder: decoder).map { .success($0) }
                ?? .notEmulated
        }
        do throws(Trap) {
            let encoding = try hart.fetchGuestInstruction(at: hart.state.pointee.sepc)
            return MMIOOperation(encoding: encoding, decoder: decoder).map { .success($0) } ?? .notEmulated
        } catch {
            return .retry
        }
    }

    // MARK: - Exceptions that are the guest's own

    /// `seed` is emulated. Beside it the guest has nothing of a hypervisor: what is virtual to HS is illegal to it.
    private func handleVirtualInstruction(_ encoding: UInt64) -> TrapAction {
        let instruction = decoder.decode(UInt32(truncatingIfNeeded: encoding))
        let isSupervisor = hart.state.pointee.mstatus[.spp]
        guard isSupervisor, instruction.isAccess(to: .seed) else { return injectIllegalInstruction(encoding) }
        hart.state.pointee.x[Int(instruction.rd)] = EntropyStatus.es16 | UInt64(machine.entropy)
        hart.noteProgress()
        hart.state.pointee.sepc &+= UInt64(instruction.length)
        hart.returnFromSupervisorTrap()
        return .seeded
    }

    private func injectIllegalInstruction(_ encoding: UInt64) -> TrapAction {
        hart.noteIllegalInstruction(encoding, at: hart.state.pointee.sepc, offered: guest.offered)
        return inject(.illegalInstruction, value: encoding)
    }

    /// Gives the guest an exception, through the one trap entry.
    func inject(_ cause: ExceptionCause, value: UInt64) -> TrapAction {
        inject(Trap(cause, value: value))
    }

    func inject(_ trap: Trap) -> TrapAction {
        hart.returnFromSupervisorTrap()
        hart.inject(trap)
        guard hart.state.pointee.mode.isVirtual else {
            machine.end(.failed(machineTrapReport))
            return .stopped
        }
        return .injected(trap.cause)
    }

    // MARK: - Interrupts

    /// Our timer expired for a guest without Sstc: its own becomes pending.
    private func handle(_ interrupt: InterruptCause) -> TrapAction {
        if interrupt == .supervisorTimer {
            hart.writeCSR(.stimecmp, ~0)
            hart.writeCSR(.hvip, hart.readCSR(.hvip) | InterruptCause.virtualSupervisorTimer.mask)
        }
        hart.returnFromSupervisorTrap()
        return .timerRaised
    }
}

/// What the hypervisor did about a trap.
package enum TrapAction: Equatable, Sendable {
    case populated
    case retried
    case emulated(DeviceAccess)
    case injected(ExceptionCause)
    case answered(SBICall, SBIOutcome)
    case timerRaised
    case seeded
    case stopped

    /// Whether the guest's code is what follows.
    var returnsToGuest: Bool {
        switch self {
        case .populated, .retried, .emulated, .injected, .timerRaised, .seeded: true
        case .answered(_, let outcome): outcome.returnsToGuest
        case .stopped: false
        }
    }
}

/// Where a trap came from, as the CSRs said before it was handled.
package struct TrapSite: Equatable, Sendable {
    package let pc: UInt64
    package let mode: PrivilegeMode
    /// nil where it cannot be fetched.
    package let instruction: UInt32?

    init(_ hart: Hart) {
        pc = hart.state.pointee.sepc
        mode = hart.state.pointee.mstatus[.spp] ? .virtualSupervisor : .virtualUser
        do throws(Trap) {
            instruction = try hart.fetchGuestInstruction(at: pc)
        } catch {
            instruction = nil
        }
    }
}

package func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
