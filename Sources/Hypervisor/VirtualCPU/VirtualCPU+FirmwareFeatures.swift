import RV64Core

/// The firmware features of a guest's hart: fields of HS-level registers, and which of them are locked.
extension VirtualCPU {
    /// What a feature is set to; nil where the guest is not offered the extension that it stands on.
    package func firmwareFeature(_ feature: FirmwareFeature) -> UInt64? {
        let offered = guest.offered
        let environment = EnvironmentConfiguration(hart.readCSR(.henvcfg))
        switch feature {
        case .misalignedExceptionDelegation:
            return hart.readCSR(.hedeleg) & GuestState.misalignedExceptions != 0 ? 1 : 0
        // Zicfilp and Zicfiss, which this hart does not have.
        case .landingPad, .shadowStack: return nil
        case .doubleTrap: return offered.contains(.ssdbltrp) ? environment[.dte] ? 1 : 0 : nil
        case .hardwareUpdatingOfPTEBits: return offered.contains(.svadu) ? environment[.adue] ? 1 : 0 : nil
        case .pointerMaskingLength:
            // To a guest it is Smnpm that masks the pointers of its S-mode; to us it is a field of Ssnpm's.
            guard offered.isSuperset(of: [.smnpm, .ssnpm]) else { return nil }
            return PointerMasking.length(environment[.pmm])
        }
    }

    /// Sets a feature to one of its `values`; false, and nothing changed, where the hart cannot have it.
    package func setFirmwareFeature(_ feature: FirmwareFeature, to value: UInt64) -> Bool {
        var environment = EnvironmentConfiguration(hart.readCSR(.henvcfg))
        switch feature {
        case .misalignedExceptionDelegation:
            // Not delegated they come to HS, which gives them back: nothing emulates an access here.
            let others = hart.readCSR(.hedeleg) & ~GuestState.misalignedExceptions
            hart.writeCSR(.hedeleg, others | (value == 0 ? 0 : GuestState.misalignedExceptions))
            return true
        case .landingPad, .shadowStack: return false
        case .doubleTrap: environment[.dte] = value != 0
        case .hardwareUpdatingOfPTEBits: environment[.adue] = value != 0
        case .pointerMaskingLength:
            guard let encoding = PointerMasking.encoding(length: value) else { return false }
            environment[.pmm] = encoding
        }
        hart.writeCSR(.henvcfg, environment.rawValue)
        return firmwareFeature(feature) == value
    }

    package func isFirmwareFeatureLocked(_ feature: FirmwareFeature) -> Bool {
        lockedFirmwareFeatures & feature.mask != 0
    }

    package func lockFirmwareFeature(_ feature: FirmwareFeature) { lockedFirmwareFeatures |= feature.mask }
}
