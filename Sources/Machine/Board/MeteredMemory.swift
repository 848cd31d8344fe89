import Hypervisor
import Platform

/// A machine's memory as its devices see it, where what they move is counted.
final class MeteredMemory: GuestMemoryAccess {
    private let memory: any GuestMemoryAccess
    private let work: HostWork

    init(_ memory: any GuestMemoryAccess, work: HostWork) {
        self.memory = memory
        self.work = work
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        work.addTransfer(bytes: buffer.count)
        return memory.read(into: buffer, at: address)
    }

    func write(_ buffer: UnsafeRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        work.addTransfer(bytes: buffer.count)
        return memory.write(buffer, at: address)
    }
}
