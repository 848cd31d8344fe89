/// What there is: SBI 3.0, "Base Extension".
struct BaseExtension: SBIExtension {
    /// Version 3.0: the minor number in bits 23:0, the major number above.
    static let specificationVersion: UInt64 = 3 << 24
    /// "rvhv" in ASCII: no number is assigned to us, and the low ones are others'.
    static let implementationID: UInt64 = 0x7276_6876
    /// Version 0.1, encoded as the specification's own.
    static let implementationVersion: UInt64 = 1

    private enum Function: UInt64 {
        case specificationVersion = 0
        case implementationID = 1
        case implementationVersion = 2
        case probeExtension = 3
        case vendorID = 4
        case architectureID = 5
        case machineImplementationID = 6
    }

    func signature(of call: SBICall) -> SBISignature {
        switch Function(rawValue: call.function) {
        case .specificationVersion: SBISignature("BASE.get_spec_version", 0)
        case .implementationID: SBISignature("BASE.get_impl_id", 0)
        case .implementationVersion: SBISignature("BASE.get_impl_version", 0)
        case .probeExtension: SBISignature("BASE.probe_extension", 1)
        case .vendorID: SBISignature("BASE.get_mvendorid", 0)
        case .architectureID: SBISignature("BASE.get_marchid", 0)
        case .machineImplementationID: SBISignature("BASE.get_mimpid", 0)
        case nil: .unknownFunction("BASE.unknown")
        }
    }

    func handle(
        _ call: SBICall,
        hart: Int,
        environment: any SBIEnvironment
    ) throws(SBIError) -> SBIOutcome {
        guard let function = Function(rawValue: call.function) else { throw .notSupported }
        let value =
            switch function {
            case .specificationVersion: Self.specificationVersion
            case .implementationID: Self.implementationID
            case .implementationVersion: Self.implementationVersion
            case .probeExtension: probe(call.arguments.a0)
            case .vendorID: environment.machineIdentity.vendor
            case .architectureID: environment.machineIdentity.architecture
            case .machineImplementationID: environment.machineIdentity.implementation
            }
        return .reply(.success(value))
    }

    private func probe(_ extensionID: UInt64) -> UInt64 { SBIExtensionID(rawValue: extensionID) == nil ? 0 : 1 }
}
