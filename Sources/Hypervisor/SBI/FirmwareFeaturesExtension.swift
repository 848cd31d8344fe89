extension SBIExtension {
    /// Switches of the machine's level below S-mode: SBI 3.0, "SBI Firmware Features Extension".
    static let firmwareFeatures = SBIExtension(
        0x4657_4654,
        "FWFT",
        [
            SBIFunction(
                0,
                "set",
                [
                    SBIParameter("feature", .selector), SBIParameter("value", .number),
                    SBIParameter("flags", .flags),
                ],
                errors: [.notSupported, .invalidParameter, .denied, .deniedLocked, .failed],
                handle: set
            ),
            SBIFunction(
                1,
                "get",
                [SBIParameter("feature", .selector)],
                errors: [.notSupported, .denied, .failed],
                handle: get
            ),
        ]
    )

    /// The LOCK flag; all others are reserved.
    private static let lock: UInt64 = 1

    /// A locked feature refuses the value that it has too, as other implementations do.
    @Sendable private static func set(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let feature = try feature(request)
        let (value, flags) = (request.arguments.a1, request.arguments.a2)
        guard flags & ~lock == 0 else { throw .invalidParameter }
        guard !request.environment.isFirmwareFeatureLocked(feature) else { throw .deniedLocked }
        guard feature.values.contains(value), request.environment.setFirmwareFeature(feature, to: value) else {
            throw .invalidParameter
        }
        if flags & lock != 0 { request.environment.lockFirmwareFeature(feature) }
        return .success()
    }

    @Sendable private static func get(_ request: SBIRequest) throws(SBIError) -> SBIOutcome {
        let feature = try feature(request)
        guard let value = request.environment.firmwareFeature(feature) else { throw .notSupported }
        return .success(value)
    }

    /// - Throws: `denied` for a feature that is reserved or another platform's, `notSupported` for one that this hart
    ///   lacks an extension for.
    private static func feature(_ request: SBIRequest) throws(SBIError) -> FirmwareFeature {
        // `feature` is a uint32_t: what its register holds above is not part of it.
        guard let feature = FirmwareFeature(rawValue: UInt32(truncatingIfNeeded: request.arguments.a0)) else {
            throw .denied
        }
        guard request.environment.firmwareFeature(feature) != nil else { throw .notSupported }
        return feature
    }
}

/// Table "FWFT Feature Types". All of them are local: each hart has its own.
package enum FirmwareFeature: UInt32, CaseIterable, Sendable {
    case misalignedExceptionDelegation = 0
    case landingPad = 1
    case shadowStack = 2
    case doubleTrap = 3
    case hardwareUpdatingOfPTEBits = 4
    case pointerMaskingLength = 5

    /// Table "FWFT Feature Attribute Values". Which lengths of masked pointers there are is the hart's to say.
    var values: Set<UInt64> {
        switch self {
        case .misalignedExceptionDelegation, .landingPad, .shadowStack, .doubleTrap, .hardwareUpdatingOfPTEBits: [0, 1]
        case .pointerMaskingLength: [0, 7, 16]
        }
    }

    /// The feature's bit in a set of locked ones.
    var mask: UInt64 { 1 << UInt64(rawValue) }
}
