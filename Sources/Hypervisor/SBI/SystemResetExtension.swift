/// Shutdown and reboot: SBI 3.0, "System Reset Extension".
struct SystemResetExtension: SBIExtension {
    private enum Function: UInt64 {
        case systemReset = 0
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .systemReset: SBISignature("SRST.system_reset", 2)
        case nil: .unknownFunction("SRST.unknown")
        }
    }

    /// "At least one of `reset_type` or `reset_reason` is reserved or is platform-specific and unimplemented":
    /// `SBI_ERR_INVALID_PARAM`, which is all but the standard ones.
    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        guard Function(rawValue: call.function) != nil else { throw .notSupported }
        // Both are uint32_t: what their registers hold above is not part of them.
        guard let kind = SBIReset.Kind(rawValue: UInt32(truncatingIfNeeded: call.arguments.a0)),
            let reason = SBIReset.Reason(rawValue: UInt32(truncatingIfNeeded: call.arguments.a1))
        else { throw .invalidParameter }
        return .resetMachine(SBIReset(kind: kind, reason: reason))
    }
}
