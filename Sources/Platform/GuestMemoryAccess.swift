/// A device's view of its guest's memory: guest-physical, checked, possibly scattered over host frames.
///
/// Nothing a guest programs into a device can reach beyond its own memory.
package protocol GuestMemoryAccess: AnyObject, Sendable {
    /// Calls `body` with where the host has the bytes from `address` on, piece by piece and in order.
    ///
    /// The ranges are good for reads and writes by the host, also in a system call, until the memory is cleared: who
    /// keeps them must be done before its device is reset, and calls `PhysicalMemory.haveStored` behind its writes. The
    /// guest may change the bytes at any time.
    ///
    /// - Returns: false unless all of them are RAM and the host has memory for them; what `body` got before counts for
    ///   nothing then.
    func forEachHostRange(
        of address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool
}

/// Every call answers false or nil for addresses that are not RAM.
extension GuestMemoryAccess {
    package func read(into buffer: UnsafeMutableRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        var done = 0
        return forEachHostRange(of: address, count: buffer.count) { range in
            UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + range.count])
                .copyMemory(from: UnsafeRawBufferPointer(range))
            done += range.count
        }
    }

    package func write(_ buffer: UnsafeRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        var done = 0
        return forEachHostRange(of: address, count: buffer.count) { range in
            range.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[done..<done + range.count]))
            done += range.count
        }
    }

    /// A copy of bytes, or nil if they are not all RAM.
    package func bytes(at address: GuestPhysicalAddress, count: Int) -> [UInt8]? {
        var isRead = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            isRead = read(into: UnsafeMutableRawBufferPointer(buffer), at: address)
            initialized = isRead ? count : 0
        }
        return isRead ? bytes : nil
    }

    /// A little-endian integer, or nil outside RAM.
    package func load<T: FixedWidthInteger>(_ type: T.Type, at address: GuestPhysicalAddress) -> T? {
        var value: T = 0
        let isRead = withUnsafeMutableBytes(of: &value) { read(into: $0, at: address) }
        return isRead ? T(littleEndian: value) : nil
    }

    /// Stores a little-endian integer; false outside RAM.
    package func store<T: FixedWidthInteger>(_ value: T, at address: GuestPhysicalAddress) -> Bool {
        withUnsafeBytes(of: value.littleEndian) { write($0, at: address) }
    }
}
