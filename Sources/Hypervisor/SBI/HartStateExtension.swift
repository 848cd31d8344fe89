import Platform

/// Starting, stopping and suspending harts: SBI 3.0, "Hart State Management Extension".
struct HartStateExtension: SBIExtension {
    private enum Function: UInt64 {
        case start = 0
        case stop = 1
        case getStatus = 2
        case suspend = 3
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .start: SBISignature("HSM.hart_start", 3)
        case .stop: SBISignature("HSM.hart_stop", 0)
        case .getStatus: SBISignature("HSM.hart_get_status", 1)
        case .suspend: SBISignature("HSM.hart_suspend", 3)
        case nil: .unknownFunction("HSM.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        let arguments = call.arguments
        switch Function(rawValue: call.function) {
        case .start:
            let target = try existingHart(arguments.a0, environment)
            let entry = try entry(address: arguments.a1, opaque: arguments.a2, environment)
            try environment.hartStates.requestStart(of: target, at: entry)
            environment.startHart(target, at: entry)
            return .reply(.success())
        case .stop:
            guard environment.hartStates.requestStop(of: hart) else { throw .failed }
            return .stopHart
        case .getStatus:
            let target = try existingHart(arguments.a0, environment)
            return .reply(.success(environment.hartStates.state(of: target).rawValue))
        case .suspend:
            let suspension = try suspension(arguments, environment)
            guard environment.hartStates.requestSuspend(of: hart) else { throw .failed }
            return .suspendHart(suspension)
        case nil: throw .notSupported
        }
    }

    private func existingHart(_ hartID: UInt64, _ environment: any SBIEnvironment) throws(SBIError) -> Int {
        guard let hart = HartMask.index(hartID, hartCount: environment.hartStates.hartCount) else {
            throw .invalidParameter
        }
        return hart
    }

    /// - Throws: `invalidAddress` if a hart cannot begin there: not RAM, or not the address of any instruction.
    private func entry(
        address: UInt64,
        opaque: UInt64,
        _ environment: any SBIEnvironment
    ) throws(SBIError) -> HartEntry {
        let entry = HartEntry(address: GuestPhysicalAddress(address), opaque: opaque)
        guard address & 1 == 0, environment.isExecutable(entry.address) else { throw .invalidAddress }
        return entry
    }

    /// Table "HSM Hart Suspend Types": all but the two default types are reserved, or a platform's and not ours.
    private func suspension(
        _ arguments: SBICall.Arguments,
        _ environment: any SBIEnvironment
    ) throws(SBIError) -> HartSuspension {
        // `suspend_type` is a uint32_t: what its register holds above is not part of it.
        switch UInt32(truncatingIfNeeded: arguments.a0) {
        case 0x0000_0000: return .retentive
        case 0x8000_0000:
            return .nonRetentive(try entry(address: arguments.a1, opaque: arguments.a2, environment))
        default: throw .invalidParameter
        }
    }
}
