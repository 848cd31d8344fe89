/// Why a bus access had no answer. A guest event: the hart turns it into an access fault.
package enum BusFault: Error, Equatable, Sendable {
    case unmapped
    case unsupportedWidth
}

/// A device as the bus sees it. It is addressed by offset and never knows its own base, nor any hart.
///
/// Calls come from any vCPU's thread: a device guards its own state. One without state saves nothing.
package protocol MMIODevice: AnyObject, Sendable, Savable {
    /// The value at an offset from the device's base, zero-extended.
    ///
    /// `offset + width` lies inside the device's region. `BusFault` if the device does not answer such an access.
    func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64

    /// Writes the low `width` bytes of a value at an offset from the device's base.
    func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault)
}

/// Sorted, non-overlapping device regions: the one place where an address becomes a device and an offset.
package struct Bus: Sendable {
    package struct Region: Sendable {
        package let base: UInt64
        package let size: UInt64
        package let device: any MMIODevice
    }

    package private(set) var regions: [Region] = []

    package init() {}

    /// Adds a device.
    ///
    /// Regions come from our own memory map, so an overlap is a bug of ours.
    package mutating func attach(_ device: any MMIODevice, at base: UInt64, size: UInt64) {
        precondition(size > 0 && !base.addingReportingOverflow(size - 1).overflow, "a region must not wrap")
        let index = regions.firstIndex { $0.base > base } ?? regions.count
        precondition(index == 0 || regions[index - 1].base + (regions[index - 1].size - 1) < base, "overlap")
        precondition(index == regions.count || base + (size - 1) < regions[index].base, "overlap")
        regions.insert(Region(base: base, size: size, device: device), at: index)
    }

    /// The region that holds all `width` bytes at `address`.
    package func region(at address: UInt64, _ width: AccessWidth) -> Region? {
        index(at: address, width).map { regions[$0] }
    }

    private func index(at address: UInt64, _ width: AccessWidth) -> Int? {
        var low = 0
        var high = regions.count
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].base <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let (base, size) = (regions[low - 1].base, regions[low - 1].size)
        guard size >= width.bytes, address - base <= size - width.bytes else { return nil }
        return low - 1
    }

    package func read(_ width: AccessWidth, at address: UInt64) throws(BusFault) -> UInt64 {
        guard let index = index(at: address, width) else { throw .unmapped }
        return try regions[index].device.read(width, at: address - regions[index].base) & width.mask
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at address: UInt64) throws(BusFault) {
        guard let index = index(at: address, width) else { throw .unmapped }
        try regions[index].device.write(value & width.mask, width, at: address - regions[index].base)
    }
}
