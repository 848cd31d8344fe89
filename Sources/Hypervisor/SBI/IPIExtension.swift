/// Interrupts between harts: SBI 3.0, "IPI Extension".
struct IPIExtension: SBIExtension {
    private enum Function: UInt64 {
        case sendIPI = 0
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .sendIPI: SBISignature("IPI.send_ipi", 2)
        case nil: .unknownFunction("IPI.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        switch Function(rawValue: call.function) {
        case .sendIPI:
            let harts = try HartMask.harts(
                call.arguments.a0,
                base: call.arguments.a1,
                hartCount: environment.hartStates.hartCount
            )
            if !harts.isEmpty { environment.sendIPI(to: harts) }
            return .reply(.success())
        case nil: throw .notSupported
        }
    }
}
