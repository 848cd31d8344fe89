/// The extensions that are implemented, by EID.
package enum SBIExtensionID: UInt64, CaseIterable, Sendable {
    case legacySetTimer = 0x00
    case legacyConsolePutchar = 0x01
    case legacyConsoleGetchar = 0x02
    case legacyClearIPI = 0x03
    case legacySendIPI = 0x04
    case legacyRemoteFenceI = 0x05
    case legacyRemoteSFenceVMA = 0x06
    case legacyRemoteSFenceVMAWithASID = 0x07
    case legacyShutdown = 0x08
    case base = 0x10
    case ipi = 0x73_5049
    case hartState = 0x48_534D
    case debugConsole = 0x4442_434E
    case remoteFence = 0x5246_4E43
    case systemReset = 0x5352_5354
    case timer = 0x5449_4D45

    /// The extension table: who answers.
    var handler: any SBIExtension {
        switch self {
        case .legacySetTimer: LegacyExtension(function: .setTimer)
        case .legacyConsolePutchar: LegacyExtension(function: .consolePutchar)
        case .legacyConsoleGetchar: LegacyExtension(function: .consoleGetchar)
        case .legacyClearIPI: LegacyExtension(function: .clearIPI)
        case .legacySendIPI: LegacyExtension(function: .sendIPI)
        case .legacyRemoteFenceI: LegacyExtension(function: .remoteFenceI)
        case .legacyRemoteSFenceVMA: LegacyExtension(function: .remoteSFenceVMA)
        case .legacyRemoteSFenceVMAWithASID: LegacyExtension(function: .remoteSFenceVMAWithASID)
        case .legacyShutdown: LegacyExtension(function: .shutdown)
        case .base: BaseExtension()
        case .ipi: IPIExtension()
        case .hartState: HartStateExtension()
        case .debugConsole: DebugConsoleExtension()
        case .remoteFence: RemoteFenceExtension()
        case .systemReset: SystemResetExtension()
        case .timer: TimerExtension()
        }
    }
}

/// One extension: a few functions behind one EID.
protocol SBIExtension: Sendable {
    /// The function that the call asks for.
    func signature(of call: SBICall) -> SBISignature

    /// Does what the call asks for.
    ///
    /// - Throws: the error that the call returns; `notSupported` for an FID that is not implemented.
    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome
}
