import Platform

/// How a driver broke a queue. The device stops using it and asks for a reset.
package enum VirtQueueFault: Error, Equatable, Sendable {
    /// A ring, a descriptor or a buffer is not in the guest's memory.
    case outsideMemory
    /// The available index is further ahead than the queue is long.
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
    /// Bytes copied at a time; also bounds what one request makes the host allocate.
    static let copyBytes = 4096

    let head: UInt16
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

    /// Hands all readable bytes to `body`, in pieces.
    package func forEachReadablePiece(
        in memory: any GuestMemoryAccess,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(VirtQueueFault) {
        var buffer = [UInt8](repeating: 0, count: Int(min(UInt64(Self.copyBytes), readableLength)))
        for segment in readable {
            var done: UInt32 = 0
            while done < segment.length {
                let count = min(Int(segment.length - done), buffer.count)
                let address = GuestPhysicalAddress(segment.address.rawValue &+ UInt64(done))
                let isRead = buffer.withUnsafeMutableBytes { bytes in
                    let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
                    guard memory.read(into: piece, at: address) else { return false }
                    body(UnsafeRawBufferPointer(piece))
                    return true
                }
                guard isRead else { throw .outsideMemory }
                done += UInt32(count)
            }
        }
    }

    /// Writes from the first writable byte on.
    ///
    /// - Returns: how many bytes there was room for, which the used ring reports.
    package func write(_ bytes: ArraySlice<UInt8>, to memory: any GuestMemoryAccess) throws(VirtQueueFault) -> UInt32 {
        var remaining = bytes
        for segment in writable where !remaining.isEmpty {
            let piece = remaining.prefix(Int(segment.length))
            guard piece.withUnsafeBytes({ memory.write($0, at: segment.address) }) else { throw .outsideMemory }
            remaining = remaining.dropFirst(piece.count)
        }
        return UInt32(truncatingIfNeeded: bytes.count - remaining.count)
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
