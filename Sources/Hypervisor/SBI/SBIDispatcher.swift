/// Answers the SBI calls of a guest.
///
/// It holds no state: everything that lasts belongs to the machine, behind `SBIEnvironment`.
package struct SBIDispatcher: Sendable {
    package init() {}

    /// Does what a call asks for.
    ///
    /// An EID or FID that is not implemented is answered with `SBI_ERR_NOT_SUPPORTED`; `call.name` counts it.
    ///
    /// - Parameters:
    ///   - call: what the registers hold. The EID is compared in all its 64 bits: one that is not the sign extension
    ///     of 32 bits is no EID.
    ///   - hart: the calling hart, which is `STARTED`.
    ///   - environment: the machine, as the calling hart sees it.
    /// - Returns: what the vCPU does next.
    package func handle(_ call: SBICall, hart: Int, environment: any SBIEnvironment) -> SBIOutcome {
        guard let handler = SBIExtensionID(rawValue: call.extensionID)?.handler else {
            return .reply(.failure(.notSupported))
        }
        do {
            return try handler.handle(call, hart: hart, environment: environment)
        } catch {
            return .reply(.failure(error))
        }
    }
}
