import Devices
import Hypervisor
import Platform
import RV64Core

/// A machine on which all software is the program's own: its harts start in M-mode and own their RAM.
final class PlainProfile: Profile {
    let harts: [PlainHart]
    let drivers: [any HartDriver]
    let memory: any GuestMemoryAccess
    let interruptModes = DeviceTreeConfiguration.InterruptModes.machineAndSupervisor
    let turnNanoseconds: UInt64
    private let ram: PhysicalMemory
    private let hasDirtyUpdates: Bool

    /// Where memory has a mailbox, somebody has to look into it often.
    private enum TurnNanoseconds {
        static let mailbox: UInt64 = 25_000
        static let other: UInt64 = 500_000
    }

    init(
        _ configuration: MachineConfiguration,
        image: GuestImage,
        ram: PhysicalMemory,
        clock: any MachineClock,
        random: any RandomSource,
        console: any ConsoleSink
    ) {
        let htif = HostTargetInterface(image: image, memory: ram, console: console)
        harts = (0..<configuration.hartCount).map { index in
            let hart = Hart(
                configuration: HartConfiguration(
                    id: UInt64(index),
                    extensions: configuration.isa.extensions,
                    hostedModes: .bare,
                    pagingLimit: configuration.pagingLimit,
                    entropy: EntropySource { [random] in random.bits }
                ),
                memory: ram,
                clock: clock
            )
            return PlainHart(hart, image: image, htif: htif)
        }
        drivers = harts
        memory = PhysicalMemoryAccess(ram)
        self.ram = ram
        turnNanoseconds =
            htif == nil && configuration.instructionLimit == nil ? TurnNanoseconds.other : TurnNanoseconds.mailbox
        let platform = configuration.platform ?? (htif == nil ? .virt : .spike)
        hasDirtyUpdates = platform.hasDirtyUpdatesAtReset(configuration.isa.extensions)
    }

    /// Nobody says, so it counts as all there.
    var residentBytes: UInt64 { ram.size }

    /// M and S of hart 0, M and S of hart 1, ...
    var contextLines: [InterruptLine] {
        harts.flatMap { hart in
            [InterruptCause.machineExternal, .supervisorExternal].map {
                InterruptLine(to: HartInterruptSink(hart, $0), source: 0)
            }
        }
    }

    func additionalDevices(clock: any MachineClock) -> [Board.Wiring] {
        [("clint", MemoryMap.clint, ACLINT(hartCount: harts.count, clock: clock, harts: HartTimers(harts)))]
    }

    func connect(_ bus: Bus) {
        for hart in harts { hart.hart.bus = bus }
    }

    func clearMemory() { ram.clear() }

    func reset(_ start: Start) {
        for hart in harts { hart.reset(start, hasDirtyUpdates: hasDirtyUpdates) }
    }
}

/// The machine that a plain program expects, where the manual leaves a choice to the platform.
public enum PlainPlatform: Sendable {
    /// QEMU's `virt`: what firmware and kernels know.
    case virt
    /// Spike with HTIF: what the tests of suites know.
    case spike

    /// `menvcfg.ADUE` at reset: Spike's is clear where Svade is there, `virt`'s is set. norm:menvcfg_adue_op
    func hasDirtyUpdatesAtReset(_ extensions: ExtensionSet) -> Bool {
        switch self {
        case .virt: extensions.contains(.svadu)
        case .spike: extensions.contains(.svadu) && !extensions.contains(.svade)
        }
    }
}

/// The ACLINT's wires, for as long as there are harts.
private final class HartTimers: HartTimerSink {
    private struct Wire: Sendable {
        weak let hart: PlainHart?
    }

    private let wires: [Wire]

    init(_ harts: [PlainHart]) { wires = harts.map { Wire(hart: $0) } }

    func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int) { wires[hart].hart?.setLine(.machineSoftware, isAsserted) }

    func setTimerDeadline(ticks: UInt64, hart: Int) { wires[hart].hart?.setTimer(ticks) }
}
