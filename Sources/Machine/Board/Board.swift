import Devices
import Hypervisor
import Platform

/// The devices of one machine, a row of `DeviceRow` each. Power-on makes a new one.
struct Board {
    /// A device in its row's place.
    struct Entry {
        let row: DeviceRow
        let device: any MMIODevice

        var name: String { row.name }
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
        hartTimers: BoardParts.HartTimers? = nil
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
        devices = DeviceRow.all.compactMap { row in row.make(parts).map { Entry(row: row, device: $0) } }
        var bus = Bus()
        for entry in devices { bus.attach(entry.device, at: entry.row.place.base, size: entry.row.place.size) }
        self.bus = bus
        timedDevices = devices.compactMap { $0.device as? any TimedDevice }
        timedRanges = devices.filter { $0.device is any TimedDevice }.map(\.row.range)
    }

    /// A device and the offset into it, for traces.
    func name(at address: UInt64) -> String {
        guard let entry = devices.first(where: { $0.row.range.contains(address) }) else { return hex(address) }
        return "\(entry.name)+\(hex(address - entry.row.place.base))"
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
