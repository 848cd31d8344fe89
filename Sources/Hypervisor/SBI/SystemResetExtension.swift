extension SBIExtension {
    /// Shutdown and reboot: SBI 3.0, "System Reset Extension".
    static let systemReset = SBIExtension(
        0x5352_5354,
        "SRST",
        [
            SBIFunction(
                0,
                "system_reset",
                [SBIParameter("reset_type", .selector), SBIParameter("reset_reason", .selector)],
                errors: [.invalidParameter, .notSupported, .failed],
                handle: reset
            )
        ]
    )

    /// "At least one of `reset_type` or `reset_reason` is reserved or is platform-specific and unimplemented":
    /// `SBI_ERR_INVALID_PARAM`, which is all but the standard ones.
    @Sendable private static func reset(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        // Both are uint32_t: what their registers hold above is not part of them.
        guard let kind = SBIReset.Kind(rawValue: UInt32(truncatingIfNeeded: request.arguments.a0)),
            let reason = SBIReset.Reason(rawValue: UInt32(truncatingIfNeeded: request.arguments.a1))
        else { throw .invalidParameter }
        return .resetMachine(SBIReset(kind: kind, reason: reason))
    }
}
