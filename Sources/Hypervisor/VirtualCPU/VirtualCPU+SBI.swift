import Platform
import RV64Core

extension VirtualCPU {
    /// An `ecall` from VS-mode is an SBI call. The one place that writes a0 and a1 and steps over the `ecall`.
    func handleEnvironmentCall() -> Handling {
        let call = sbiCall
        let target = call.target
        if measuresTime { counters.count(target) }
        if target.isImplemented { hart.noteProgress() }
        let outcome = SBIDispatcher().handle(call, for: target, hart: index, environment: self)
        if observed.contains(.sbiCalls) { observers?.tell(.sbiCall(call, outcome), on: hart) }
        let handling = carryOut(outcome)
        note(.answered(call, outcome))
        return handling
    }

    private func carryOut(_ outcome: SBIOutcome) -> Handling {
        switch outcome {
        case .reply(let result):
            hart.state.pointee.x[10] = result.a0
            hart.state.pointee.x[11] = result.a1
            stepOver()
            return .returned
        case .legacyReply(let value):
            hart.state.pointee.x[10] = value
            stepOver()
            return .returned
        case .stopHart:
            hartStates.completeStop(of: index)
            if hartStates.areAllStopped {
                machine.end(.failed("every hart has stopped itself, and none is left to start another"))
            }
            return .stopped
        case .suspendHart(let suspension):
            hart.state.pointee.x[10] = 0
            hart.state.pointee.x[11] = 0
            stepOver()
            if case .nonRetentive(let entry) = suspension { resumption = entry }
            hartStates.enterSuspend(of: index)
            return .left
        case .resetMachine(let reset):
            perform(reset)
            return .left
        case .inject(let trap): return inject(trap)
        }
    }

    private func perform(_ reset: SBIReset) {
        switch (reset.kind, reset.reason) {
        case (.shutdown, .none): machine.end(.exited(code: 0))
        case (.shutdown, .systemFailure): machine.end(.exited(code: 1))
        case (.coldReboot, _), (.warmReboot, _): machine.reset()
        }
    }

    /// ECALL has no compressed form.
    private func stepOver() {
        hart.state.pointee.sepc &+= 4
        hart.returnFromSupervisorTrap()
    }

    var sbiCall: SBICall {
        let x = hart.x
        return SBICall(
            extensionID: x[17],
            function: x[16],
            arguments: .init(x[10], x[11], x[12], x[13], x[14], x[15])
        )
    }
}

extension VirtualCPU: SBIEnvironment {
    package var machineIdentity: SBIMachineIdentity { SBIMachineIdentity() }
    package var hasHypervisorExtension: Bool { guest.offered.contains(.h) }

    /// With Sstc this is the guest's own compare register; without, our timer stands in for it.
    package func setTimer(_ deadline: UInt64) {
        if guest.offered.contains(.sstc) {
            hart.writeCSR(.vstimecmp, deadline)
        } else {
            hart.writeCSR(.hvip, hart.readCSR(.hvip) & ~InterruptCause.virtualSupervisorTimer.mask)
            hart.writeCSR(.stimecmp, deadline)
        }
    }

    /// A hart that is off gets none: when it is started, it begins with nothing pending.
    package func sendIPI(to harts: [Int]) {
        for hart in harts where hartStates.state(of: hart).takesInterrupts {
            guest.vcpus[hart].raiseSoftwareInterrupt()
        }
    }

    package func clearIPI() -> Bool {
        let software = InterruptCause.virtualSupervisorSoftware.mask
        let pending = hart.readCSR(.hvip)
        hart.writeCSR(.hvip, pending & ~software)
        return pending & software != 0
    }

    package func remoteFence(_ fence: RemoteFence, harts: [Int]) {
        for hart in harts {
            if hart == index { fence.perform(on: self.hart) } else { guest.vcpus[hart].post(fence, from: self) }
        }
    }

    package func isExecutable(_ address: GuestPhysicalAddress) -> Bool {
        addressSpace.ram.contains(address.rawValue)
    }

    package func isRAM(_ address: GuestPhysicalAddress, count: UInt64) -> Bool {
        Int(exactly: count).map { addressSpace.contains(address, count: $0) } ?? false
    }

    package func readGuestPhysical(_ address: GuestPhysicalAddress, count: Int) -> [UInt8]? {
        addressSpace.contains(address, count: count) ? addressSpace.bytes(at: address, count: count) : nil
    }

    package func writeGuestPhysical(_ bytes: [UInt8], at address: GuestPhysicalAddress) -> Bool {
        bytes.withUnsafeBytes { addressSpace.write($0, at: address) }
    }

    package func readGuestVirtual(_ address: VirtualAddress) throws(Trap) -> UInt64 {
        try hart.readGuest(address.rawValue, .double)
    }

    package func writeConsole(_ bytes: [UInt8]) -> Int? {
        machine.writeConsole(bytes)
        return bytes.count
    }

    package func readConsole(maximum: Int) -> [UInt8]? { machine.readConsole(maximum: maximum) }

    package func startHart(_ hart: Int, at entry: HartEntry) { guest.vcpus[hart].wake() }
}
