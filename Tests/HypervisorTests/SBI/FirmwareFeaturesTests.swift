import Hypervisor
import Testing

@Suite struct FirmwareFeaturesTests {
    /// Table "FWFT Feature Types".
    @Test func numbers() {
        #expect(FirmwareFeature.allCases.map(\.rawValue) == Array(0...5))
        #expect(FirmwareFeature.hardwareUpdatingOfPTEBits.rawValue == 4)
    }

    struct Row: Sendable {
        let feature: FirmwareFeature
        let values: [UInt64]
        let invalid: [UInt64]
    }

    /// Table "FWFT Feature Attribute Values".
    static let rows = FirmwareFeature.allCases.map { feature in
        feature == .pointerMaskingLength
            ? Row(feature: feature, values: [0, 7, 16], invalid: [1, 6, 8, 15, 17, 1 << 32 | 7, .max])
            : Row(feature: feature, values: [0, 1], invalid: [2, 0xFFFF_FFFF, 1 << 32, 1 << 63, .max])
    }

    @Test(arguments: rows)
    func setAndGet(_ row: Row) {
        let environment = RecordingEnvironment()
        environment.features = [row.feature: 0]
        let id = UInt64(row.feature.rawValue)
        for value in row.values.reversed() {
            #expect(environment.call(EID.firmwareFeatures, 0, id, value, 0) == .success())
            #expect(environment.call(EID.firmwareFeatures, 1, id) == .success(value))
        }
        #expect(environment.events == row.values.reversed().map { .set(row.feature, $0) })
    }

    /// "In case of failure, `feature` value is not modified", nor is it locked.
    @Test(arguments: rows)
    func invalidValuesAndFlags(_ row: Row) {
        let environment = RecordingEnvironment()
        environment.features = [row.feature: 0]
        let id = UInt64(row.feature.rawValue)
        for value in row.invalid {
            #expect(environment.call(EID.firmwareFeatures, 0, id, value, 0) == .failure(.invalidParameter))
            #expect(environment.call(EID.firmwareFeatures, 0, id, value, 1) == .failure(.invalidParameter))
        }
        for flags in [2, 3, 1 << 32, 1 << 63 | 1, .max] as [UInt64] {
            #expect(environment.call(EID.firmwareFeatures, 0, id, 0, flags) == .failure(.invalidParameter))
        }
        #expect(environment.events.isEmpty)
    }

    /// A value that the specification has and this hart has not.
    @Test func refusedValue() {
        let environment = RecordingEnvironment()
        environment.features = [.pointerMaskingLength: 0]
        environment.refusedValues = [16]
        #expect(environment.call(EID.firmwareFeatures, 0, 5, 16, 1) == .failure(.invalidParameter))
        #expect(environment.events.isEmpty)
    }

    /// The LOCK flag holds whatever is asked for afterwards, the value that is set included.
    @Test(arguments: [0, 1] as [UInt64])
    func lock(_ value: UInt64) {
        let environment = RecordingEnvironment()
        environment.features = [.misalignedExceptionDelegation: 1, .doubleTrap: 0]
        #expect(environment.call(EID.firmwareFeatures, 0, 0, value, 1) == .success())
        for (next, flags) in [(0, 0), (1, 0), (0, 1), (1, 1)] as [(UInt64, UInt64)] {
            #expect(environment.call(EID.firmwareFeatures, 0, 0, next, flags) == .failure(.deniedLocked))
        }
        #expect(environment.call(EID.firmwareFeatures, 1, 0) == .success(value))
        // The other features are not locked.
        #expect(environment.call(EID.firmwareFeatures, 0, 3, 1, 0) == .success())
        #expect(
            environment.events == [
                .set(.misalignedExceptionDelegation, value), .lock(.misalignedExceptionDelegation),
                .set(.doubleTrap, 1),
            ]
        )
    }

    /// Reserved and platform-specific features, local and global, at the ends of their ranges; the number is 32 bits
    /// wide.
    @Test(
        arguments: [
            6, 0x3FFF_FFFF, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, 0xBFFF_FFFF, 0xC000_0000, 0xFFFF_FFFF,
            0x1_0000_0006, .max,
        ] as [UInt64]
    )
    func otherFeatures(_ feature: UInt64) {
        let environment = RecordingEnvironment()
        environment.features = [.misalignedExceptionDelegation: 1]
        #expect(environment.call(EID.firmwareFeatures, 0, feature, 1, 0) == .failure(.denied))
        #expect(environment.call(EID.firmwareFeatures, 0, feature, 2, 2) == .failure(.denied))
        #expect(environment.call(EID.firmwareFeatures, 1, feature) == .failure(.denied))
    }

    @Test func upperHalfOfTheNumberIsIgnored() {
        let environment = RecordingEnvironment()
        environment.features = [.hardwareUpdatingOfPTEBits: 0]
        #expect(environment.call(EID.firmwareFeatures, 0, 1 << 32 | 4, 1, 0) == .success())
        #expect(environment.call(EID.firmwareFeatures, 1, 0xFFFF_FFFF_0000_0004) == .success(1))
    }

    /// A feature whose extension the hart lacks.
    @Test(arguments: FirmwareFeature.allCases)
    func missingFeature(_ feature: FirmwareFeature) {
        let environment = RecordingEnvironment()
        let id = UInt64(feature.rawValue)
        #expect(environment.call(EID.firmwareFeatures, 0, id, 0, 0) == .failure(.notSupported))
        #expect(environment.call(EID.firmwareFeatures, 1, id) == .failure(.notSupported))
        #expect(environment.events.isEmpty)
    }
}
