import Devices
import Platform

/// All that is to be known of one device of the board. Bus, traces, device tree, timers and saved states are loops over
/// the rows: a device cannot be announced at one place and answer at another, nor be left out of a saved machine.
struct DeviceRow: Sendable {
    typealias Properties =
        @Sendable (
            DeviceTreeConfiguration, borrowing FlattenedTreeWriter
        ) throws(FlattenedTreeWriter.Failure) -> Void

    /// Which machines have it.
    enum Presence {
        case always
        /// Those whose M-mode is the program's own.
        case machineMode
    }

    /// Its name in traces, and its section's in a saved machine.
    let name: String
    /// Where it answers, and the interrupt source it is wired to.
    let place: MemoryMap.Device
    /// Its node's name in the device tree, before the address.
    let node: String
    let compatible: [String]
    var presence = Presence.always
    /// What its node says beside `compatible`, `reg` and `interrupts`.
    var properties: Properties = { _, _ in }
    /// Nil where it is not present.
    let make: @Sendable (BoardParts) -> (any MMIODevice)?

    var nodeName: String { "\(node)@\(String(place.base, radix: 16))" }
}

/// What devices are made from: the ends of their wires.
struct BoardParts {
    /// The harts' timers and software interrupts, where M-mode is the program's own.
    struct HartTimers {
        let hartCount: Int
        let sink: any HartTimerSink
    }

    /// The machine itself talks to these two.
    let plic: PLIC
    let uart: UART16550
    let console: any ConsoleSink
    let power: any PowerSink
    let random: any RandomSource
    let memory: any GuestMemoryAccess
    let clock: any MachineClock
    let hartTimers: HartTimers?

    func line(_ place: MemoryMap.Device) -> InterruptLine { Self.line(place, plic) }

    static func line(_ place: MemoryMap.Device, _ plic: PLIC) -> InterruptLine {
        place.interrupt.map { InterruptLine(to: plic, source: $0) } ?? .disconnected
    }
}
