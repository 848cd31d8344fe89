/// A device's view of its guest's memory: guest-physical, checked, possibly scattered over host frames.
///
/// Every call answers false or nil for addresses that are not RAM. Nothing a guest programs into a device can reach
/// beyond its own memory.
package protocol GuestMemoryAccess: AnyObject, Sendable {
    func read(into buffer: UnsafeMutableRawBufferPointer, at address: GuestPhysicalAddress) -> Bool
    func write(_ buffer: UnsafeRawBufferPointer, at address: GuestPhysicalAddress) -> Bool
}

extension GuestMemoryAccess {
    /// A little-endian integer, or nil outside RAM.
    package func load<T: FixedWidthInteger>(_ type: T.Type, at address: GuestPhysicalAddress) -> T? {
        var value: T = 0
        let isRead = withUnsafeMutableBytes(of: &value) { read(into: $0, at: address) }
        return isRead ? T(littleEndian: value) : nil
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

    /// Stores a little-endian integer; false outside RAM.
    package func store<T: FixedWidthInteger>(_ value: T, at address: GuestPhysicalAddress) -> Bool {
        withUnsafeBytes(of: value.littleEndian) { write($0, at: address) }
    }
}
