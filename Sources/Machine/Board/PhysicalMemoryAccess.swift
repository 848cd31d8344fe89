import Platform

/// A plain machine's devices reach its RAM directly.
final class PhysicalMemoryAccess: GuestMemoryAccess {
    private let memory: PhysicalMemory

    init(_ memory: PhysicalMemory) { self.memory = memory }

    func read(into buffer: UnsafeMutableRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        guard let source = memory.pointer(at: address.rawValue, count: UInt64(buffer.count)) else { return false }
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: source, count: buffer.count))
        return true
    }

    func write(_ buffer: UnsafeRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        memory.write(buffer, at: address.rawValue)
    }
}
