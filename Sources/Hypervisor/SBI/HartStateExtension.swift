import Platform

extension SBIExtension {
    /// Starting, stopping and suspending harts: SBI 3.0, "Hart State Management Extension".
    static let hartState = SBIExtension(
        0x48_534D,
        "HSM",
        [
            SBIFunction(
                0,
                "hart_start",
                [
                    SBIParameter("hartid", .hartID), SBIParameter("start_addr", .physicalAddress),
                    SBIParameter("opaque", .opaque),
                ],
                errors: [.invalidAddress, .invalidParameter, .alreadyAvailable, .failed],
                handle: HartState.start
            ),
            SBIFunction(1, "hart_stop", errors: [.failed], handle: HartState.stop),
            SBIFunction(
                2,
                "hart_get_status",
                [SBIParameter("hartid", .hartID)],
                errors: [.invalidParameter],
                handle: HartState.status
            ),
            SBIFunction(
                3,
                "hart_suspend",
                [
                    SBIParameter("suspend_type", .selector), SBIParameter("resume_addr", .physicalAddress),
                    SBIParameter("opaque", .opaque),
                ],
                errors: [.invalidParameter, .notSupported, .invalidAddress, .failed],
                handle: HartState.suspend
            ),
        ]
    )
}

private enum HartState {
    @Sendable static func start(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let target = try existingHart(request)
        let entry = try HartEntry(request)
        try request.environment.hartStates.requestStart(of: target, at: entry)
        request.environment.startHart(target, at: entry)
        return .success()
    }

    @Sendable static func stop(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        guard request.environment.hartStates.requestStop(of: request.hart) else { throw .failed }
        return .stopHart
    }

    @Sendable static func status(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        .success(request.environment.hartStates.state(of: try existingHart(request)).rawValue)
    }

    @Sendable static func suspend(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let suspension = try suspension(request)
        guard request.environment.hartStates.requestSuspend(of: request.hart) else { throw .failed }
        return .suspendHart(suspension)
    }

    private static func existingHart(_ request: SBIRequest) throws(SBIError) -> Int {
        let hartCount = request.environment.hartStates.hartCount
        guard let hart = HartMask.index(request.arguments.a0, hartCount: hartCount) else { throw .invalidParameter }
        return hart
    }

    /// Table "HSM Hart Suspend Types": all but the two default types are reserved, or a platform's and not ours.
    private static func suspension(_ request: SBIRequest) throws(SBIError) -> HartSuspension {
        // `suspend_type` is a uint32_t: what its register holds above is not part of it.
        switch UInt32(truncatingIfNeeded: request.arguments.a0) {
        case 0x0000_0000: return .retentive
        case 0x8000_0000: return .nonRetentive(try HartEntry(request))
        default: throw .invalidParameter
        }
    }
}

extension HartEntry {
    /// Where `a1` and `a2` of a call let a hart begin, with the opaque argument.
    ///
    /// - Throws: `invalidAddress` if a hart cannot begin there: not RAM, or not the address of any instruction.
    init(_ request: SBIRequest) throws(SBIError) {
        self.init(address: GuestPhysicalAddress(request.arguments.a1), opaque: request.arguments.a2)
        guard address.rawValue & 1 == 0, request.environment.isExecutable(address) else { throw .invalidAddress }
    }
}
