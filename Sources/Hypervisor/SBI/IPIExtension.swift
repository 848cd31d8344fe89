extension SBIExtension {
    /// Interrupts between harts: SBI 3.0, "IPI Extension".
    static let ipi = SBIExtension(
        0x73_5049,
        "IPI",
        [
            SBIFunction(0, "send_ipi", HartMask.parameters, errors: [.invalidParameter]) { request throws(SBIError) in
                let harts = try request.harts(request.arguments.a0, base: request.arguments.a1)
                if !harts.isEmpty { request.environment.sendIPI(to: harts) }
                return .success()
            }
        ]
    )
}
