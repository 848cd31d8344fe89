/// Feature bits: the device's own (0 to 23, 50 to 127) and those of queues and transport.
package struct VirtioFeatures: OptionSet, Hashable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension VirtioFeatures {
    /// VIRTIO_F_INDIRECT_DESC
    package static let indirectDescriptors = Self(rawValue: 1 << 28)
    /// VIRTIO_F_EVENT_IDX
    package static let eventIndex = Self(rawValue: 1 << 29)
    /// VIRTIO_F_VERSION_1
    package static let version1 = Self(rawValue: 1 << 32)

    /// What the transport and its queues offer for every device.
    static let transport: Self = [.indirectDescriptors, .eventIndex, .version1]
}

/// Virtio 1.2, section 2.1, "Device Status Field".
package struct VirtioStatus: OptionSet, Hashable, Sendable {
    package var rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let acknowledge = Self(rawValue: 1)
    package static let driver = Self(rawValue: 2)
    package static let driverOK = Self(rawValue: 4)
    package static let featuresOK = Self(rawValue: 8)
    /// The device's own: it met an error that only a reset mends.
    package static let deviceNeedsReset = Self(rawValue: 64)
    package static let failed = Self(rawValue: 128)

    static let writableByDriver: Self = [.acknowledge, .driver, .driverOK, .featuresOK, .failed]
}
