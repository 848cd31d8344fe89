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

    func forEachHostRange(
        of address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        work.addTransfer(bytes: count)
        return memory.forEachHostRange(of: address, count: count, body)
    }
}
