/// The timer event: SBI 3.0, "Timer Extension".
struct TimerExtension: SBIExtension {
    private enum Function: UInt64 {
        case setTimer = 0
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .setTimer: SBISignature("TIME.set_timer", 1)
        case nil: .unknownFunction("TIME.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        switch Function(rawValue: call.function) {
        case .setTimer:
            environment.setTimer(call.arguments.a0)
            return .reply(.success())
        case nil: throw .notSupported
        }
    }
}
