import Devices
import Hypervisor
import Platform
import RV64Core

/// A machine whose hart 0 starts in VS-mode, with the built-in hypervisor beneath.
final class GuestProfile: Profile {
    let guest: Guest
    let drivers: [any HartDriver]
    let interruptModes = DeviceTreeConfiguration.InterruptModes.supervisor
    let turnNanoseconds: UInt64 = 20_000_000

    init(_ guest: Guest) {
        self.guest = guest
        drivers = guest.vcpus
    }

    var memory: any GuestMemoryAccess & ProgramMemory & Savable { guest.addressSpace }
    var residentBytes: UInt64 { guest.addressSpace.residentBytes }
    var filledBytes: UInt64 { guest.addressSpace.filledBytes }
    var hartTimers: BoardParts.HartTimers? { nil }
    var contextLines: [InterruptLine] { guest.vcpus.map { InterruptLine(to: ExternalInterrupt($0), source: 0) } }

    func makeMailbox(console: any ConsoleSink, power: any PowerSink) -> Board.Entry? { nil }

    /// A guest reaches devices by faults.
    func connect(_ bus: Bus) { guest.connect(to: bus) }

    func close() { guest.addressSpace.close() }

    func clearMemory() { guest.addressSpace.clear() }

    func reset(_ start: Start) {
        guest.reset(at: HartEntry(address: GuestPhysicalAddress(start.entry), opaque: start.deviceTree))
    }
}

/// One PLIC context's output: the external interrupt of one hart.
private final class ExternalInterrupt: InterruptSink {
    // Strong: somebody may type into the UART of a machine that is gone.
    private let vcpu: VirtualCPU

    init(_ vcpu: VirtualCPU) { self.vcpu = vcpu }

    func setLevel(_ isAsserted: Bool, source: UInt32) { vcpu.setExternalInterrupt(isAsserted) }
}
