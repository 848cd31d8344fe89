import Devices
import Platform

/// A device is a row, in ascending order of addresses: Linux numbers devices as it meets them in the tree.
extension DeviceRow {
    static let all: [DeviceRow] = [
        DeviceRow(
            name: "finisher",
            place: MemoryMap.finisher,
            node: "test",
            compatible: ["sifive,test1", "sifive,test0", "syscon"],
            properties: { tree, writer throws(FlattenedTreeWriter.Failure) in
                try writer.property("phandle", tree.syscon)
            },
            make: { TestFinisher(power: $0.power) }
        ),
        DeviceRow(
            name: "rtc",
            place: MemoryMap.rtc,
            node: "rtc",
            compatible: ["google,goldfish-rtc"],
            make: { GoldfishRTC(clock: $0.clock, interrupt: $0.line(MemoryMap.rtc)) }
        ),
        DeviceRow(
            name: "clint",
            place: MemoryMap.clint,
            node: "clint",
            compatible: ["sifive,clint0", "riscv,clint0"],
            presence: .machineMode,
            properties: { tree, writer throws(FlattenedTreeWriter.Failure) in
                try tree.writeLocalInterrupts([.machineSoftware, .machineTimer], writer)
            },
            make: { parts in
                parts.hartTimers.map { ACLINT(hartCount: $0.hartCount, clock: parts.clock, harts: $0.sink) }
            }
        ),
        DeviceRow(
            name: "plic",
            place: MemoryMap.plic,
            node: "plic",
            compatible: ["sifive,plic-1.0.0", "riscv,plic0"],
            properties: { tree, writer throws(FlattenedTreeWriter.Failure) in
                try writer.property("#address-cells", 0)
                try writer.property("#interrupt-cells", 1)
                try writer.property("interrupt-controller")
                try writer.property("riscv,ndev", MemoryMap.plicSourceCount)
                try tree.writeLocalInterrupts(tree.interruptModes.plicContexts, writer)
                try writer.property("phandle", tree.plic)
            },
            make: { $0.plic }
        ),
        uart,
        virtio("virtio-console", slot: 0) { VirtioConsole(sink: $0.console) },
        virtio("virtio-entropy", slot: 1) { VirtioEntropy(source: $0.random) },
    ]

    /// Also what `stdout-path` names.
    static let uart = DeviceRow(
        name: "uart",
        place: MemoryMap.uart,
        node: "serial",
        compatible: ["ns16550a"],
        properties: { _, writer throws(FlattenedTreeWriter.Failure) in
            try writer.property("clock-frequency", MemoryMap.uartClockFrequency)
        },
        make: { $0.uart }
    )

    /// A virtio device in a slot of its own.
    private static func virtio(
        _ name: String,
        slot: Int,
        _ device: @escaping @Sendable (BoardParts) -> any VirtioDevice
    ) -> DeviceRow {
        let place = MemoryMap.virtio(slot)
        return DeviceRow(
            name: name,
            place: place,
            node: "virtio_mmio",
            compatible: ["virtio,mmio"],
            make: { VirtioMMIOTransport(device: device($0), memory: $0.memory, interrupt: $0.line(place)) }
        )
    }

    /// Those that a machine has.
    static func rows(for modes: DeviceTreeConfiguration.InterruptModes) -> [DeviceRow] {
        switch modes {
        case .machineAndSupervisor: all
        case .supervisor: all.filter { $0.presence == .always }
        }
    }
}

/// A way to end or to restart the machine that generic drivers know: a store of a value to a `syscon`'s register.
///
/// The devices of these rows are registers of another one, so they have no place and no state of their own.
struct SystemControlRow: Sendable {
    /// Also what `compatible` says, after `syscon-`.
    let node: String
    let offset: UInt32
    let value: UInt32

    /// Of the test finisher.
    static let all = [
        SystemControlRow(node: "poweroff", offset: 0, value: TestFinisher.powerOffValue),
        SystemControlRow(node: "reboot", offset: 0, value: TestFinisher.resetValue),
    ]
}
