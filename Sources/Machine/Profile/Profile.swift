import Devices
import Hypervisor
import Platform

/// What differs between a guest and a plain machine: who plays M and HS, where memory comes from, which interrupts the
/// board drives, and how a start looks.
protocol Profile: AnyObject, Sendable {
    /// In the order of the harts' numbers; the same for the machine's whole life.
    var drivers: [any HartDriver] { get }
    /// RAM as a device sees it, and as a program is loaded into it.
    var memory: any GuestMemoryAccess & ProgramMemory & Savable { get }
    /// Bytes of RAM that it has taken from the host, and those of them that the host has put memory behind.
    var residentBytes: UInt64 { get }
    var filledBytes: UInt64 { get }
    var interruptModes: DeviceTreeConfiguration.InterruptModes { get }
    /// The wires of the PLIC's contexts.
    var contextLines: [InterruptLine] { get }
    /// How long a turn is, so that a hart looks at device timers, and at what asks for it, often enough.
    var turnNanoseconds: UInt64 { get }

    /// Where the board's timers and software interrupts lead, if M-mode is the program's own.
    var hartTimers: BoardParts.HartTimers? { get }

    /// A device beside those of every board, for each board anew.
    func makeMailbox(console: any ConsoleSink, power: any PowerSink) -> Board.Entry?

    /// The board that the harts reach from now on. No hart runs.
    func connect(_ bus: Bus)

    /// RAM as after power-on. No hart runs.
    func clearMemory()

    /// Gives back what only a machine that runs could use.
    func close()

    /// Harts as after power-on. No hart runs.
    func reset(_ start: Start)
}

/// Where a machine starts, once its memory is loaded.
struct Start {
    var entry: UInt64
    var deviceTree: UInt64
    var firmwareInformation: UInt64?
}

/// Kinds of machines.
public enum MachineProfile: Sendable {
    /// M and HS are Swift: the program runs in VS-mode behind G-stage tables.
    case guest
    /// All software is the program's own: harts start in M-mode.
    case plain
}
