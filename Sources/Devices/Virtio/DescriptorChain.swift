import Platform

/// How a driver broke a queue. The device stops using it and asks for a reset.
package enum VirtQueueFault: Error, Equatable, Sendable {
    /// A ring, a descriptor or a buffer is not in the guest's memory.
    case outsideMemory
    /// More chains than the queue is long are with the device.
    case availableIndexJump
    /// A descriptor number beyond its table.
    case descriptorOutOfRange
    /// More descriptors than the queue has: a loop, or a chain that no queue of this size can hold.
    case chainTooLong
    /// More bytes than a chain, or this device, may carry.
    case bufferTooLong
    /// A device-readable buffer after a device-writable one.
    case readableAfterWritable
    /// An indirect table not negotiated, nested, with a successor, or of no whole number of descriptors.
    case invalidIndirectTable
}

/// One request of the driver, checked: buffers the device reads, then buffers it writes
/// (Virtio 1.2, section 2.7.4, "Message Framing"). Its addresses are checked at each access.
package struct DescriptorChain: Sendable {
    struct Segment: Equatable, Sendable {
        var address: GuestPhysicalAddress
        var length: UInt32
    }

    /// "The total length of all buffers in a chain" must fit 2^32 (section 2.7.5.2).
    static let maximumLength: UInt64 = 1 << 32

    let head: UInt16
    /// Which life of the queue it was taken in: a chain that outlives a reset is not given back.
    var generation: UInt64 = 0
    private(set) var readable: [Segment] = []
    private(set) var writable: [Segment] = []
    private(set) var readableLength: UInt64 = 0
    private(set) var writableLength: UInt64 = 0

    init(head: UInt16) { self.head = head }

    mutating func append(_ descriptor: Descriptor) throws(VirtQueueFault) {
        guard !descriptor.address.addingReportingOverflow(UInt64(descriptor.length)).overflow else {
            throw .outsideMemory
        }
        let segment = Segment(address: GuestPhysicalAddress(descriptor.address), length: descriptor.length)
        if descriptor.flags.contains(.write) {
            writable.append(segment)
            writableLength += UInt64(segment.length)
        } else {
            guard writable.isEmpty else { throw .readableAfterWritable }
            readable.append(segment)
            readableLength += UInt64(segment.length)
        }
        guard readableLength + writableLength <= Self.maximumLength else { throw .bufferTooLong }
    }

    /// At the first byte that the device may read.
    package func reader(in memory: any GuestMemoryAccess) -> ChainCursor {
        ChainCursor(readable[...], length: readableLength, in: memory)
    }

    /// At the first byte that the device may write.
    package func writer(in memory: any GuestMemoryAccess) -> ChainCursor {
        ChainCursor(writable[...], length: writableLength, in: memory)
    }
}

/// A place in the readable or the writable bytes of a chain. It only moves forward.
package struct ChainCursor: Sendable {
    /// From the segment on that the cursor is in.
    private var segments: ArraySlice<DescriptorChain.Segment>
    /// Bytes behind the cursor in that segment.
    private var offset: UInt32 = 0
    private let memory: any GuestMemoryAccess
    /// Bytes ahead.
    package private(set) var remaining: UInt64
    /// Bytes behind: what the used ring reports of a writer.
    package private(set) var moved: UInt32 = 0

    fileprivate init(
        _ segments: ArraySlice<DescriptorChain.Segment>,
        length: UInt64,
        in memory: any GuestMemoryAccess
    ) {
        self.segments = segments
        self.memory = memory
        remaining = length
    }

    /// Moves over at most `limit` bytes and hands out where the host has them, in order: a list for `preadv` or `pwritev`.
    package mutating func forEachHostRange(
        upTo limit: UInt64 = .max,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(VirtQueueFault) {
        var wanted = min(limit, remaining)
        while wanted > 0, let segment = segments.first {
            let count = UInt32(min(wanted, UInt64(segment.length - offset)))
            let address = GuestPhysicalAddress(segment.address.rawValue &+ UInt64(offset))
            guard memory.forEachHostRange(of: address, count: Int(count), body) else { throw .outsideMemory }
            wanted -= UInt64(count)
            remaining -= UInt64(count)
            moved &+= count
            offset += count
            if offset == segment.length {
                segments.removeFirst()
                offset = 0
            }
        }
    }

    /// Writes as many of the bytes as there is room for.
    package mutating func write(_ bytes: ArraySlice<UInt8>) throws(VirtQueueFault) {
        var rest = bytes
        try forEachHostRange(upTo: UInt64(bytes.count)) { range in
            rest.withUnsafeBytes { range.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<range.count])) }
            rest.removeFirst(range.count)
        }
    }
}

/// One entry of a descriptor table (section 2.7.5).
struct Descriptor {
    struct Flags: OptionSet {
        var rawValue: UInt16
        static let next = Self(rawValue: 1)
        static let write = Self(rawValue: 2)
        static let indirect = Self(rawValue: 4)
    }

    static let bytes: UInt64 = 16

    var address: UInt64
    var length: UInt32
    var flags: Flags
    var next: UInt16

    init(in memory: any GuestMemoryAccess, at address: UInt64) throws(VirtQueueFault) {
        var words: (UInt64, UInt64) = (0, 0)
        let isRead = withUnsafeMutableBytes(of: &words) { memory.read(into: $0, at: GuestPhysicalAddress(address)) }
        guard isRead else { throw .outsideMemory }
        let tail = UInt64(littleEndian: words.1)
        self.address = UInt64(littleEndian: words.0)
        length = UInt32(truncatingIfNeeded: tail)
        flags = Flags(rawValue: UInt16(truncatingIfNeeded: tail >> 32))
        next = UInt16(truncatingIfNeeded: tail >> 48)
    }
}
