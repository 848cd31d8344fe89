extension SBIExtension {
    /// The timer event: SBI 3.0, "Timer Extension".
    static let timer = SBIExtension(
        0x5449_4D45,
        "TIME",
        [
            SBIFunction(0, "set_timer", [SBIParameter("stime_value", .time)]) { request in
                request.environment.setTimer(request.arguments.a0)
                return .success()
            }
        ]
    )
}
