import Devices
import Hypervisor
import Platform
import RV64Core

/// A machine on which all software is the program's own: its harts start in M-mode and own their RAM.
final class PlainProfile: Profile {
    let harts: [PlainHart]
    let drivers: [any HartDriver]
    let interruptModes = DeviceTreeConfiguration.InterruptModes.machineAndSupervisor
    let turnNanoseconds: UInt64
    private let ram: PhysicalMemory
    private let image: GuestImage
    private let hasDirtyUpdates: Bool

    /// With a limit, somebody has to look at it often.
    private enum TurnNanoseconds {
        static let limited: UInt64 = 25_000
        static let other: UInt64 = 500_000
    }

    init(_ parts: MachineParts, ram: PhysicalMemory) {
        let configuration = parts.configuration
        let image = parts.image
        let mailbox = HostTargetInterface.mailbox(of: image, in: ram)
        let soleTurn = configuration.hartCount > 1 ? SoleTurn(harts: configuration.hartCount) : nil
        harts = (0..<configuration.hartCount).map { index in
            let hart = Hart(
                configuration: HartConfiguration(
                    id: UInt64(index),
                    extensions: configuration.isa.extensions,
                    hostedModes: .bare,
                    pagingLimit: configuration.pagingLimit,
                    entropy: EntropySource { [random = parts.random] in random.bits },
                    mailbox: mailbox ?? 0..<0,
                    soleTurn: soleTurn,
                    observer: parts.observers,
                    makeEngine: configuration.engine.make
                ),
                memory: ram,
                clock: parts.clock
            )
            return PlainHart(hart, image: image)
        }
        drivers = harts
        self.ram = ram
        self.image = image
        turnNanoseconds = configuration.instructionLimit == nil ? TurnNanoseconds.other : TurnNanoseconds.limited
        let platform = configuration.platform ?? (HostTargetInterface.isUsed(by: image) ? .spike : .virt)
        hasDirtyUpdates = platform.hasDirtyUpdatesAtReset(configuration.isa.extensions)
    }

    var memory: any GuestMemoryAccess & ProgramMemory & Savable { ram }
    var residentBytes: UInt64 { ram.residentBytes }
    var filledBytes: UInt64 { ram.residentBytes }
    var hartTimers: BoardParts.HartTimers? { BoardParts.HartTimers(hartCount: harts.count, sink: HartTimers(harts)) }

    /// M and S of hart 0, M and S of hart 1, ...
    var contextLines: [InterruptLine] {
        harts.flatMap { hart in
            [InterruptCause.machineExternal, .supervisorExternal].map {
                InterruptLine(to: HartInterruptSink(hart, $0), source: 0)
            }
        }
    }

    func makeMailbox(console: any ConsoleSink, power: any PowerSink) -> Board.Entry? {
        let device = HostTargetInterface(image: image, memory: ram, console: console, power: power)
        for hart in harts { hart.htif = device }
        return device.map { device in
            let range = device.mailbox
            let place = MemoryMap.Device(base: range.lowerBound, size: range.upperBound - range.lowerBound)
            return Board.Entry(name: "htif", place: place, device: device)
        }
    }

    func connect(_ bus: Bus) {
        for hart in harts { hart.hart.bus = bus }
    }

    /// What a program leaves behind is of interest: signatures, reports.
    func close() {}

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

/// The ACLINT's wires.
private final class HartTimers: HartTimerSink {
    private let harts: [PlainHart]

    init(_ harts: [PlainHart]) { self.harts = harts }

    func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int) { harts[hart].setLine(.machineSoftware, isAsserted) }

    func setTimerDeadline(ticks: UInt64, hart: Int) { harts[hart].setTimer(ticks) }
}
