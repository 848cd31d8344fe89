import Platform
import Synchronization

/// A split virtqueue as the device sees it (Virtio 1.2, section 2.7): where it lies, and how far the device has come.
package struct SplitRing: Equatable, Sendable {
    var size: UInt16
    var descriptorArea: UInt64 = 0
    var driverArea: UInt64 = 0
    var deviceArea: UInt64 = 0
    /// QueueReady.
    var isReady = false
    /// The driver has set DRIVER_OK, and not FAILED since.
    var isLive = false
    /// The driver broke a rule: untouched until a reset.
    var isBroken = false
    var features: VirtioFeatures = []
    /// The available index up to which chains were taken.
    var nextAvailable: UInt16 = 0
    /// The used index.
    var nextUsed: UInt16 = 0
    /// The used index when the driver was last considered for an interrupt.
    var lastSignalled: UInt16 = 0
    /// Heads of the chains that are with the device, in the order in which they were taken.
    var inFlight: [UInt16] = []
    /// Heads of chains that were with the device when it was saved: it has yet to do them, again or for the first time.
    var interrupted: [UInt16] = []

    init(size: UInt16) { self.size = size }

    var isRunning: Bool { isReady && isLive && !isBroken }

    /// Size and areas as section 2.7 demands; whether they are in memory shows at each access.
    func isWellFormed(maximumSize: UInt16) -> Bool {
        let count = UInt64(size)
        func fits(_ area: UInt64, _ bytes: UInt64, alignment: UInt64) -> Bool {
            area % alignment == 0 && !area.addingReportingOverflow(bytes).overflow
        }
        return size.nonzeroBitCount == 1 && size <= maximumSize
            && fits(descriptorArea, Descriptor.bytes * count, alignment: 16)
            && fits(driverArea, 6 + 2 * count, alignment: 2)
            && fits(deviceArea, 6 + 8 * count, alignment: 4)
    }
}

// MARK: - Layout

extension SplitRing {
    private var availableFlags: UInt64 { driverArea }
    private var availableIndex: UInt64 { driverArea &+ 2 }
    private func availableEntry(_ index: UInt16) -> UInt64 { driverArea &+ 4 &+ 2 &* UInt64(index & (size &- 1)) }
    private var usedEvent: UInt64 { driverArea &+ 4 &+ 2 &* UInt64(size) }

    private var usedIndex: UInt64 { deviceArea &+ 2 }
    private func usedEntry(_ index: UInt16) -> UInt64 { deviceArea &+ 4 &+ 8 &* UInt64(index & (size &- 1)) }
    private var availableEvent: UInt64 { deviceArea &+ 4 &+ 8 &* UInt64(size) }

    private func load(_ address: UInt64, _ memory: any GuestMemoryAccess) throws(VirtQueueFault) -> UInt16 {
        guard let value = memory.load(UInt16.self, at: GuestPhysicalAddress(address)) else { throw .outsideMemory }
        return value
    }

    private func store(
        _ value: some FixedWidthInteger,
        _ address: UInt64,
        _ memory: any GuestMemoryAccess
    ) throws(VirtQueueFault) {
        guard memory.store(value, at: GuestPhysicalAddress(address)) else { throw .outsideMemory }
    }
}

// MARK: - Operations

extension SplitRing {
    /// Takes the next available chain; nil when there is none.
    mutating func pop(_ memory: any GuestMemoryAccess) throws(VirtQueueFault) -> DescriptorChain? {
        if let head = interrupted.first {
            let chain = try chain(from: head, memory)
            interrupted.removeFirst()
            inFlight.append(head)
            return chain
        }
        let available = try load(availableIndex, memory) &- nextAvailable
        guard available != 0 else { return nil }
        guard Int(available) + inFlight.count <= size else { throw .availableIndexJump }
        // Entries and descriptors were written before the index was.
        atomicMemoryFence(ordering: .acquiring)
        let head = try load(availableEntry(nextAvailable), memory)
        let chain = try chain(from: head, memory)
        nextAvailable &+= 1
        inFlight.append(head)
        return chain
    }

    private func chain(from head: UInt16, _ memory: any GuestMemoryAccess) throws(VirtQueueFault) -> DescriptorChain {
        var chain = DescriptorChain(head: head)
        var table = descriptorArea
        var tableCount = UInt32(size)
        var index = UInt32(head)
        var isIndirect = false
        var remaining = Int(size)
        while remaining > 0 {
            guard index < tableCount else { throw .descriptorOutOfRange }
            let descriptor = try Descriptor(in: memory, at: table &+ Descriptor.bytes &* UInt64(index))
            if descriptor.flags.contains(.indirect) {
                // Only as the last of the ring's own descriptors; its write flag means nothing (section 2.7.5.3).
                guard features.contains(.indirectDescriptors), !isIndirect, !descriptor.flags.contains(.next),
                    descriptor.length != 0, UInt64(descriptor.length) % Descriptor.bytes == 0
                else { throw .invalidIndirectTable }
                guard !descriptor.address.addingReportingOverflow(UInt64(descriptor.length)).overflow else {
                    throw .outsideMemory
                }
                table = descriptor.address
                tableCount = descriptor.length / UInt32(Descriptor.bytes)
                index = 0
                isIndirect = true
                continue
            }
            try chain.append(descriptor)
            guard descriptor.flags.contains(.next) else { return chain }
            index = UInt32(descriptor.next)
            remaining -= 1
        }
        throw .chainTooLong
    }

    /// Gives a chain back, with the number of bytes written to its buffers from the first writable one on. One that is
    /// not with the device is left alone.
    mutating func push(
        _ chain: DescriptorChain,
        written: UInt32,
        _ memory: any GuestMemoryAccess
    ) throws(VirtQueueFault) {
        guard let index = inFlight.firstIndex(of: chain.head) else { return }
        inFlight.remove(at: index)
        try store(UInt64(chain.head) | UInt64(written) << 32, usedEntry(nextUsed), memory)
        nextUsed &+= 1
        // The driver reads the entry after it has seen the index.
        atomicMemoryFence(ordering: .releasing)
        try store(nextUsed, usedIndex, memory)
    }

    /// Asks to be notified of the next available chain (section 2.7.10).
    ///
    /// - Returns: whether one came before the driver could know; then there is no notification, so look again.
    func armNotification(_ memory: any GuestMemoryAccess) throws(VirtQueueFault) -> Bool {
        // Without event indices the flags stay 0, and the driver always notifies.
        guard features.contains(.eventIndex) else { return false }
        try store(nextAvailable, availableEvent, memory)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        return try load(availableIndex, memory) != nextAvailable
    }

    /// Whether the driver wants an interrupt for what was used since the last time (section 2.7.7).
    mutating func takeSignal(_ memory: any GuestMemoryAccess) throws(VirtQueueFault) -> Bool {
        let used = nextUsed &- lastSignalled
        guard used != 0 else { return false }
        lastSignalled = nextUsed
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if features.contains(.eventIndex) {
            return nextUsed &- (try load(usedEvent, memory)) &- 1 < used
        }
        return try load(availableFlags, memory) & 1 == 0
    }
}

// MARK: - Savable

extension SplitRing: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(size)
        writer.write(descriptorArea)
        writer.write(driverArea)
        writer.write(deviceArea)
        writer.write(isReady)
        writer.write(isLive)
        writer.write(isBroken)
        writer.write(features)
        writer.write(nextAvailable)
        writer.write(nextUsed)
        writer.write(lastSignalled)
        writer.write(interrupted + inFlight)
    }

    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        size = try reader.read()
        descriptorArea = try reader.read()
        driverArea = try reader.read()
        deviceArea = try reader.read()
        isReady = try reader.read()
        isLive = try reader.read()
        isBroken = try reader.read()
        features = try reader.read()
        nextAvailable = try reader.read()
        nextUsed = try reader.read()
        lastSignalled = try reader.read()
        interrupted = try reader.read(limit: Int(size))
        inFlight = []
    }

    /// Refuses what no driver can have set up.
    func check(maximumSize: UInt16, _ reader: StateReader) throws(StateError) {
        try reader.require(
            !isReady || isWellFormed(maximumSize: maximumSize),
            "a queue is ready whose size or place is none"
        )
    }
}
