/// Answers the SBI calls of a guest.
///
/// It holds no state: everything that lasts belongs to the machine, behind `SBIEnvironment`.
package struct SBIDispatcher: Sendable {
    package init() {}

    /// Does what a call asks for.
    ///
    /// An EID or FID that is not implemented is answered with `SBI_ERR_NOT_SUPPORTED`.
    ///
    /// - Parameters:
    ///   - call: what the registers hold.
    ///   - target: what the call is for.
    ///   - hart: the calling hart, which is `STARTED`.
    ///   - environment: the machine, as the calling hart sees it.
    /// - Returns: what the vCPU does next.
    package func handle(
        _ call: SBICall,
        for target: SBITarget,
        hart: Int,
        environment: any SBIEnvironment
    ) -> SBIOutcome {
        guard case .function(let function, let index) = target else { return .reply(.failure(.notSupported)) }
        let request = SBIRequest(arguments: call.arguments, hart: hart, environment: environment)
        do throws(SBIError) {
            return try SBIExtension.all[index].functions[function].handle(request)
        } catch {
            return switch SBIExtension.all[index].convention {
            case .standard: .reply(.failure(error))
            case .legacy: .legacyReply(error.registerValue)
            }
        }
    }
}
