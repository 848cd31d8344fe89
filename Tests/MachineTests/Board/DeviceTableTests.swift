import Devices
import Hypervisor
import Platform
import Testing

@testable import Machine

@Suite struct DeviceTableTests {
    private final class Power: PowerSink {
        let codes = Lock<[Int?]>([])
        func powerOff(code: Int) { codes.withLock { $0.append(code) } }
        func reset() { codes.withLock { $0.append(nil) } }
    }

    private final class Timers: HartTimerSink {
        func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int) {}
        func setTimerDeadline(ticks: UInt64, hart: Int) {}
    }

    private final class Silence: ConsoleSink {
        func write(_ bytes: UnsafeRawBufferPointer) {}
    }

    private func board(_ modes: DeviceTreeConfiguration.InterruptModes, power: Power = Power()) throws -> Board {
        Board(
            contextLines: [.disconnected, .disconnected],
            console: Silence(),
            power: power,
            random: SeededRandomSource(seed: 1),
            memory: try PhysicalMemory(base: MemoryMap.ramBase, size: 1 << 20),
            clock: InstructionClock(),
            hartTimers: modes == .supervisor ? nil : BoardParts.HartTimers(hartCount: 2, sink: Timers())
        )
    }

    @Test func rowsAreInOrderAndTheirNamesAreTheirOwn() {
        let rows = DeviceRow.all
        for (lower, upper) in zip(rows, rows.dropFirst()) { #expect(lower.place.range.upperBound <= upper.place.base) }
        #expect(Set(rows.map(\.name)).count == rows.count)
        #expect(rows.allSatisfy { MemoryMap.allDevices.contains($0.place) })
    }

    /// What the tree announces answers, and what answers is announced.
    @Test(arguments: [DeviceTreeConfiguration.InterruptModes.supervisor, .machineAndSupervisor])
    func theTreeIsTheBoard(_ modes: DeviceTreeConfiguration.InterruptModes) throws {
        let configuration = DeviceTreeConfiguration(
            hartCount: 2,
            memory: MemoryMap.ram(size: 128 << 20),
            interruptModes: modes
        )
        let tree = FlattenedTree(blob: try configuration.deviceTree())
        let board = try board(modes)
        let rows = DeviceRow.rows(for: modes)
        #expect(tree.children("/soc") == rows.map(\.nodeName))
        #expect(board.devices.map(\.name) == rows.map(\.name))
        for (row, entry) in zip(rows, board.devices) {
            let path = "/soc/\(row.nodeName)"
            #expect(tree.doubles(path, "reg") == [entry.place.base, entry.place.size])
            #expect(tree.strings(path, "compatible") == row.compatible)
            #expect(board.bus.region(at: entry.place.base, .word)?.device === entry.device)
            #expect(board.name(at: entry.place.base + 4) == "\(entry.name)+0x4")
        }
        #expect(board.devices.contains { $0.name == "clint" } == (modes == .machineAndSupervisor))
        #expect(board.name(at: 0x4000) == "0x4000")
    }

    @Test func timedDevicesAreFound() throws {
        let board = try board(.supervisor)
        #expect(board.timedDevices.count == 1)
        #expect(board.isTimed(MemoryMap.rtc.base + 8))
        #expect(!board.isTimed(MemoryMap.uart.base))
    }

    /// A driver of `syscon-poweroff` or `syscon-reboot` does what the tree says: a store of `value` at `offset`.
    @Test func systemControls() throws {
        let power = Power()
        let board = try board(.supervisor, power: power)
        let configuration = DeviceTreeConfiguration(hartCount: 1, memory: MemoryMap.ram(size: 128 << 20))
        let tree = FlattenedTree(blob: try configuration.deviceTree())
        for node in ["/poweroff", "/reboot"] {
            #expect(tree.cells(node, "regmap") == tree.cells("/soc/test@100000", "phandle"))
            let offset = try #require(tree.cells(node, "offset")?.first)
            let value = try #require(tree.cells(node, "value")?.first)
            try board.bus.write(UInt64(value), .word, at: MemoryMap.finisher.base + UInt64(offset))
        }
        #expect(power.codes.withLock { $0 } == [0, nil])
    }

    @Test func everyDeviceIsSaved() throws {
        let original = try board(.machineAndSupervisor)
        try original.bus.write(0x5a, .byte, at: MemoryMap.uart.base + 7)
        try original.bus.write(7, .word, at: MemoryMap.plic.base + 40)
        try original.bus.write(1234, .double, at: MemoryMap.clint.base + 0x4008)
        var writer = StateWriter()
        writer.section("board", original)
        let archive = writer.finish()
        var copy = try board(.machineAndSupervisor)
        var reader = try StateReader(archive)
        try reader.section("board", into: &copy)
        try reader.finish()
        #expect(try copy.bus.read(.byte, at: MemoryMap.uart.base + 7) == 0x5a)
        #expect(try copy.bus.read(.word, at: MemoryMap.plic.base + 40) == 7)
        #expect(try copy.bus.read(.double, at: MemoryMap.clint.base + 0x4008) == 1234)
        var other = try board(.supervisor)
        let error = #expect(throws: StateError.self) {
            var reader = try StateReader(archive)
            try reader.section("board", into: &other)
            try reader.finish()
        }
        #expect(error?.description.hasPrefix("saved state, section board/") == true)
    }
}
