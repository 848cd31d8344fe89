extension SBIExtension {
    /// Suspend to RAM: SBI 3.0, "System Suspend Extension".
    static let systemSuspend = SBIExtension(
        0x5355_5350,
        "SUSP",
        [
            SBIFunction(
                0,
                "system_suspend",
                [
                    SBIParameter("sleep_type", .selector), SBIParameter("resume_addr", .physicalAddress),
                    SBIParameter("opaque", .opaque),
                ],
                errors: [.invalidParameter, .notSupported, .invalidAddress, .denied, .failed],
                handle: suspend
            )
        ]
    )

    /// `SUSPEND_TO_RAM`: the one type that there is without a device tree that names more.
    private static let suspendToRAM: UInt32 = 0

    /// The last hart suspends itself as in HSM, and comes back in the same way: by an interrupt that it enables.
    @Sendable private static func suspend(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        guard UInt32(truncatingIfNeeded: request.arguments.a0) == suspendToRAM else { throw .invalidParameter }
        let entry = try HartEntry(request)
        guard request.environment.hartStates.requestSystemSuspend(by: request.hart) else { throw .denied }
        return .suspendHart(.nonRetentive(entry))
    }
}
