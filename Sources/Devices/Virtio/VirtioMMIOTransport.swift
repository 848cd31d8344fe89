import Platform

/// A virtio device on the bus, `virtio,mmio` version 2 (Virtio 1.2, section 4.2, "Virtio Over MMIO").
///
/// Registers take aligned 32-bit accesses, the configuration space takes every width. A notification is handled on the
/// thread of the vCPU that wrote it, without the register lock. Lock order: see `VirtioDevice`.
package final class VirtioMMIOTransport: MMIODevice {
    /// Bytes of address space.
    package static let registerBytes: UInt64 = 0x200

    static let magic: UInt32 = 0x7472_6976
    static let version: UInt32 = 2
    /// "rvhv".
    static let vendor: UInt32 = 0x7668_7672
    static let configurationOffset: UInt64 = 0x100

    /// The transport's own registers.
    package struct Registers: Equatable, Sendable {
        var status: VirtioStatus = []
        var deviceFeaturesSelect: UInt32 = 0
        var driverFeaturesSelect: UInt32 = 0
        var driverFeatures = VirtioFeatures()
        var queueSelect: UInt32 = 0
    }

    /// All there is beside the state of the device behind it.
    package struct State: Equatable, Sendable {
        var registers: Registers
        var signals: VirtioSignals.State
        var queues: [SplitRing]
    }

    /// What a register write leaves to be done without the lock.
    private enum Followup {
        case nothing
        case process(queue: Int)
        case processAll
    }

    private let device: any VirtioDevice
    private let queues: [VirtQueue]
    private let signals: VirtioSignals
    private let guarded = Lock(Registers())

    package init(device: any VirtioDevice, memory: any GuestMemoryAccess, interrupt: InterruptLine) {
        let signals = VirtioSignals(interrupt: interrupt)
        let queues = device.queueSizes.map { VirtQueue(maximumSize: $0, memory: memory, signals: signals) }
        self.device = device
        self.queues = queues
        self.signals = signals
        device.attach(to: VirtioLink(queues: queues, signals: signals))
    }

    private var offeredFeatures: VirtioFeatures { device.features.union(.transport) }

    // MARK: - State

    /// Consistent only while no vCPU runs.
    package var state: State {
        guarded.withLock { State(registers: $0, signals: signals.state, queues: queues.map(\.ring)) }
    }

    package func save(to writer: inout StateWriter) {
        let state = state
        writer.write(device.deviceID)
        state.registers.save(to: &writer)
        state.signals.save(to: &writer)
        writer.write(UInt64(queues.count))
        for ring in state.queues { ring.save(to: &writer) }
        writer.section("device", device)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the virtio device", saved: reader.read(), here: device.deviceID)
        var state = state
        try state.registers.restore(from: &reader)
        try state.signals.restore(from: &reader)
        try reader.requireSame("the number of queues", saved: reader.read(), here: UInt64(queues.count))
        for index in queues.indices {
            try state.queues[index].restore(from: &reader)
            try state.queues[index].check(maximumSize: queues[index].maximumSize, reader)
        }
        try reader.require(
            !state.registers.status.contains(.featuresOK) || isAcceptable(state.registers.driverFeatures),
            "the driver has features that were not offered"
        )
        try reader.section("device", into: device)
        takeOver(state)
    }

    /// Makes a state the transport's own, and the wire's.
    func takeOver(_ state: State) {
        guarded.withLock { registers in
            registers = state.registers
            for (queue, ring) in zip(queues, state.queues) { queue.restore(ring) }
            signals.restore(state.signals)
            if registers.status.contains(.driverOK) { device.activate(features: registers.driverFeatures) }
        }
    }

    // MARK: - MMIODevice

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        if offset >= Self.configurationOffset {
            return readConfiguration(width, at: offset - Self.configurationOffset)
        }
        guard width == .word, offset % 4 == 0 else { throw .unsupportedWidth }
        guard let register = VirtioMMIORegister(rawValue: offset) else { return 0 }
        return UInt64(guarded.withLock { read(register, $0) })
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        if offset >= Self.configurationOffset {
            device.writeConfiguration(value & width.mask, width, at: offset - Self.configurationOffset)
            return
        }
        guard width == .word, offset % 4 == 0 else { throw .unsupportedWidth }
        guard let register = VirtioMMIORegister(rawValue: offset) else { return }
        switch guarded.withLock({ write(UInt32(truncatingIfNeeded: value), to: register, &$0) }) {
        case .nothing: break
        case .process(let queue): device.processQueue(queue)
        case .processAll: for queue in queues.indices { device.processQueue(queue) }
        }
    }

    private func readConfiguration(_ width: AccessWidth, at offset: UInt64) -> UInt64 {
        let bytes = device.configuration
        guard offset < UInt64(bytes.count) else { return 0 }
        return bytes.dropFirst(Int(offset)).prefix(Int(width.bytes)).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: - Registers

    private func read(_ register: VirtioMMIORegister, _ registers: Registers) -> UInt32 {
        switch register {
        case .magicValue: Self.magic
        case .version: Self.version
        case .deviceID: device.deviceID
        case .vendorID: Self.vendor
        case .deviceFeatures: offeredFeatures.rawValue.word(registers.deviceFeaturesSelect)
        case .queueSizeMaximum: UInt32(selectedQueue(registers)?.maximumSize ?? 0)
        case .queueReady: selectedQueue(registers)?.ring.isReady == true ? 1 : 0
        case .interruptStatus: signals.state.interruptStatus
        case .status: registers.status.union(signals.state.needsReset ? .deviceNeedsReset : []).rawValue
        case .configurationGeneration: signals.state.configurationGeneration
        // No shared memory regions: length and base of all ones (section 4.2.2).
        case .sharedMemoryLengthLow, .sharedMemoryLengthHigh, .sharedMemoryBaseLow, .sharedMemoryBaseHigh: .max
        case .deviceFeaturesSelect, .driverFeatures, .driverFeaturesSelect, .queueSelect, .queueSize, .queueNotify,
            .interruptAcknowledge, .queueDescriptorLow, .queueDescriptorHigh, .queueDriverLow, .queueDriverHigh,
            .queueDeviceLow, .queueDeviceHigh, .sharedMemorySelect:
            0  // Write-only.
        }
    }

    private func selectedQueue(_ registers: Registers) -> VirtQueue? {
        registers.queueSelect < UInt32(queues.count) ? queues[Int(registers.queueSelect)] : nil
    }

    private func write(_ value: UInt32, to register: VirtioMMIORegister, _ registers: inout Registers) -> Followup {
        let queue = selectedQueue(registers)
        switch register {
        case .deviceFeaturesSelect: registers.deviceFeaturesSelect = value
        case .driverFeaturesSelect: registers.driverFeaturesSelect = value
        case .driverFeatures:
            // Settled once both sides have agreed (section 3.1.1).
            guard !registers.status.contains(.featuresOK) else { break }
            registers.driverFeatures.rawValue.setWord(registers.driverFeaturesSelect, to: value)
        case .queueSelect: registers.queueSelect = value
        // A size that does not fit the field stays invalid.
        case .queueSize: queue?.configure { $0.size = UInt16(clamping: value) }
        case .queueReady: if value & 1 != 0 { queue?.enable() } else { queue?.disable() }
        case .queueDescriptorLow: queue?.configure { $0.descriptorArea.setWord(0, to: value) }
        case .queueDescriptorHigh: queue?.configure { $0.descriptorArea.setWord(1, to: value) }
        case .queueDriverLow: queue?.configure { $0.driverArea.setWord(0, to: value) }
        case .queueDriverHigh: queue?.configure { $0.driverArea.setWord(1, to: value) }
        case .queueDeviceLow: queue?.configure { $0.deviceArea.setWord(0, to: value) }
        case .queueDeviceHigh: queue?.configure { $0.deviceArea.setWord(1, to: value) }
        case .queueNotify:
            guard registers.status.contains(.driverOK), value < UInt32(queues.count) else { break }
            return .process(queue: Int(value))
        case .interruptAcknowledge: signals.acknowledge(value)
        case .status: return writeStatus(value, &registers)
        case .magicValue, .version, .deviceID, .vendorID, .deviceFeatures, .queueSizeMaximum, .interruptStatus,
            .sharedMemorySelect, .sharedMemoryLengthLow, .sharedMemoryLengthHigh, .sharedMemoryBaseLow,
            .sharedMemoryBaseHigh, .configurationGeneration:
            break  // Read-only, or of no effect.
        }
        return .nothing
    }

    /// Section 3.1.1, "Driver Requirements: Device Initialization". A driver only ever adds bits; writing 0 resets.
    private func writeStatus(_ value: UInt32, _ registers: inout Registers) -> Followup {
        guard value != 0 else {
            reset(&registers)
            return .nothing
        }
        var added = VirtioStatus(rawValue: value).intersection(.writableByDriver).subtracting(registers.status)
        if added.contains(.featuresOK), !isAcceptable(registers.driverFeatures) { added.remove(.featuresOK) }
        let isReady = registers.status.union(added).contains(.featuresOK)
        if added.contains(.driverOK), !isReady || registers.status.contains(.failed) { added.remove(.driverOK) }
        registers.status.formUnion(added)
        if added.contains(.failed) {
            for queue in queues { queue.stop() }
            return .nothing
        }
        guard added.contains(.driverOK) else { return .nothing }
        for queue in queues { queue.start(features: registers.driverFeatures) }
        signals.driverReady()
        device.activate(features: registers.driverFeatures)
        return .processAll
    }

    /// Nothing that was not offered, and no legacy driver (section 6.1).
    private func isAcceptable(_ features: VirtioFeatures) -> Bool {
        features.isSubset(of: offeredFeatures) && features.contains(.version1)
    }

    /// The queues first: after that nothing can signal any more.
    private func reset(_ registers: inout Registers) {
        for queue in queues { queue.reset() }
        device.reset()
        signals.reset()
        registers = Registers()
    }
}

extension VirtioMMIOTransport.Registers: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(status)
        writer.write(deviceFeaturesSelect)
        writer.write(driverFeaturesSelect)
        writer.write(driverFeatures)
        writer.write(queueSelect)
    }

    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        status = try reader.read()
        deviceFeaturesSelect = try reader.read()
        driverFeaturesSelect = try reader.read()
        driverFeatures = try reader.read()
        queueSelect = try reader.read()
        try reader.require(
            VirtioStatus.writableByDriver.isSuperset(of: status),
            "the device status has bits that no driver can set"
        )
    }
}
