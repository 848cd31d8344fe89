import Platform
import RV64Core

/// One handler per exit family. Each ends by moving `sepc` or by an injection, and by the same SRET.
extension VirtualCPU {
    func handleTrap() -> Handling {
        let exit = VCPUExit(hart.state.pointee)
        counters.beginExit(exit)
        work?.addExit()
        let site = observed.contains(.exits) ? TrapSite(hart) : nil
        let handling = handle(exit)
        if let site {
            observers?.tell(.exit(HandledExit(exit: exit, site: site, action: action)), on: hart)
        }
        return handling
    }

    private func handle(_ exit: VCPUExit) -> Handling {
        switch exit {
        case .environmentCall: return handleEnvironmentCall()
        case .guestPageFault(let fault): return handle(fault)
        case .virtualInstruction(let encoding): return handleVirtualInstruction(encoding)
        case .exception(let cause, let value): return inject(cause, value: value)
        case .interrupt(let cause): return handle(cause)
        case .unexpected(let cause):
            return endMachine("hart \(index) took a trap that delegation rules out, cause \(hex(cause))")
        }
    }

    /// Keeps what was done for those who want to know; it takes more to write down than most exits do.
    @inline(__always)
    func note(_ action: @autoclosure () -> TrapAction) {
        if observed.contains(.exits) { self.action = action() }
    }

    private func endMachine(_ report: String) -> Handling {
        machine.end(.failed(report))
        note(.stopped)
        return .left
    }

    // MARK: - Guest-page faults

    /// RAM is populated and the access retried; a device's address is emulated; elsewhere there is nothing.
    private func handle(_ fault: GuestPageFault) -> Handling {
        if addressSpace.ram.contains(fault.address.rawValue) { return populate(fault) }
        guard fault.kind != .fetch, !fault.isImplicit else {
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        return emulate(fault)
    }

    private func populate(_ fault: GuestPageFault) -> Handling {
        do throws(OutOfHostFrames) {
            try addressSpace.populate(fault.address)
        } catch {
            return endMachine(error.description)
        }
        hart.returnFromSupervisorTrap()
        note(.populated)
        return .returned
    }

    /// Trap-and-emulate: decode, access the bus, write the register back, step over the instruction.
    private func emulate(_ fault: GuestPageFault) -> Handling {
        let operation: MMIOOperation
        switch decode(fault) {
        case .success(let decoded): operation = decoded
        case .retry:
            hart.returnFromSupervisorTrap()
            note(.retried)
            return .returned
        case .notEmulated:
            // AMOs, LR and SC have no meaning on a device.
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        let address = fault.address.rawValue
        let isAnswered = withSurroundings { surroundings in
            do throws(BusFault) {
                try operation.perform(on: surroundings.bus, at: address, state: hart.state)
                return true
            } catch {
                return false
            }
        }
        guard isAnswered else {
            return inject(ExceptionCause(accessFault: fault.kind), value: fault.virtualAddress)
        }
        if !observed.isDisjoint(with: [.deviceAccesses, .exits]) {
            let access = operation.access(at: address, state: hart.state)
            if observed.contains(.deviceAccesses) { observers?.tell(.hart(.deviceAccess(access)), on: hart) }
            note(.emulated(access))
        }
        // The first hart looks at devices' timers itself.
        if index != 0 { machine.deviceAccessed() }
        hart.noteProgress()
        hart.state.pointee.sepc &+= operation.length
        hart.returnFromSupervisorTrap()
        return .accessed(address)
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
            if let known = knownOperations[fault.instruction] { return .success(known) }
            guard let operation = MMIOOperation(transformed: fault.instruction, decoder: decoder) else {
                return .notEmulated
            }
            knownOperations[fault.instruction] = operation
            return .success(operation)
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
    private func handleVirtualInstruction(_ encoding: UInt64) -> Handling {
        let instruction = decoder.decode(UInt32(truncatingIfNeeded: encoding))
        let isSupervisor = hart.state.pointee.mstatus[.spp]
        guard isSupervisor, instruction.isAccess(to: .seed) else { return injectIllegalInstruction(encoding) }
        hart.state.pointee.x[Int(instruction.rd)] = EntropyStatus.es16 | UInt64(machine.entropy)
        hart.noteProgress()
        hart.state.pointee.sepc &+= UInt64(instruction.length)
        hart.returnFromSupervisorTrap()
        note(.seeded)
        return .returned
    }

    private func injectIllegalInstruction(_ encoding: UInt64) -> Handling {
        hart.noteIllegalInstruction(encoding, at: hart.state.pointee.sepc, offered: guest.offered)
        return inject(.illegalInstruction, value: encoding)
    }

    /// Gives the guest an exception, through the one trap entry.
    func inject(_ cause: ExceptionCause, value: UInt64) -> Handling {
        inject(Trap(cause, value: value))
    }

    func inject(_ trap: Trap) -> Handling {
        hart.returnFromSupervisorTrap()
        hart.inject(trap)
        guard hart.state.pointee.mode.isVirtual else { return endMachine(machineTrapReport) }
        note(.injected(trap.cause))
        return .returned
    }

    // MARK: - Interrupts

    /// Our timer expired for a guest without Sstc: its own becomes pending.
    private func handle(_ interrupt: InterruptCause) -> Handling {
        if interrupt == .supervisorTimer {
            hart.writeCSR(.stimecmp, ~0)
            hart.writeCSR(.hvip, hart.readCSR(.hvip) | InterruptCause.virtualSupervisorTimer.mask)
        }
        hart.returnFromSupervisorTrap()
        note(.timerRaised)
        return .returned
    }
}

/// How a turn goes on behind a trap.
enum Handling {
    /// With the guest's code.
    case returned
    /// So too, behind an access to the device at this address.
    case accessed(UInt64)
    /// With something else: the hart has suspended itself, or the machine ends.
    case left
    /// Not at all: the hart has stopped itself.
    case stopped

    var turn: Turn {
        switch self {
        case .returned, .accessed, .left: .ran
        case .stopped: .stopped
        }
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
