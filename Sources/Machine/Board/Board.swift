import Devices
import Hypervisor
import Platform

/// The devices of one machine: those of `DeviceRow`, and what a program brings a place for. Power-on makes a new one.
final class Board: Sendable {
    /// A device in its place.
    struct Entry {
        /// In traces, and of its section in a saved machine.
        let name: String
        let place: MemoryMap.Device
        let device: any MMIODevice
    }

    let devices: [Entry]
    let bus: Bus
    let uart: UART16550
    let timedDevices: [any TimedDevice]
    private let timedRanges: [Range<UInt64>]

    init(
        contextLines: [InterruptLine],
        console: any ConsoleSink,
        power: any PowerSink,
        random: any RandomSource,
        memory: any GuestMemoryAccess,
        clock: any MachineClock,
        hartTimers: BoardParts.HartTimers? = nil,
        additional: [Entry] = []
    ) {
        let plic = PLIC(sourceCount: Int(MemoryMap.plicSourceCount), contextLines: contextLines)
        uart = UART16550(interrupt: BoardParts.line(MemoryMap.uart, plic), sink: console)
        let parts = BoardParts(
            plic: plic,
            uart: uart,
            console: console,
            power: power,
            random: random,
            memory: memory,
            clock: clock,
            hartTimers: hartTimers
        )
        let made = DeviceRow.all.compactMap { row in
            row.make(parts).map { Entry(name: row.name, place: row.place, device: $0) }
        }
        devices = made + additional
        var bus = Bus()
        for entry in devices { bus.attach(entry.device, at: entry.place.base, size: entry.place.size) }
        self.bus = bus
        timedDevices = devices.compactMap { $0.device as? any TimedDevice }
        timedRanges = devices.filter { $0.device is any TimedDevice }.map(\.place.range)
    }

    /// A device and the offset into it, for traces.
    func name(at address: UInt64) -> String {
        guard let entry = devices.first(where: { $0.place.range.contains(address) }) else { return hex(address) }
        return "\(entry.name)+\(hex(address - entry.place.base))"
    }

    /// Whether an access there may move a timed device's deadline.
    func isTimed(_ address: UInt64) -> Bool {
        timedRanges.contains { $0.contains(address) }
    }
}

extension Board: Savable {
    func save(to writer: inout StateWriter) {
        for entry in devices { writer.section(entry.name, entry.device) }
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        for entry in devices { try reader.section(entry.name, into: entry.device) }
    }
}
