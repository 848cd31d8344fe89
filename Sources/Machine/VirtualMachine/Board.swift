import Devices
import Hypervisor
import Platform

/// The devices of one guest, wired as the memory map says. A reboot makes a new one.
struct Board {
    let bus: Bus
    let uart: UART16550
    let timedDevices: [any TimedDevice]
    /// Names for traces, by base address.
    private let names: [UInt64: String]

    /// A device, its name in traces, and its place.
    typealias Wiring = (name: String, place: MemoryMap.Device, device: any MMIODevice)

    /// virtio-mmio slots with a device in them.
    static let virtioSlots = [0, 1]

    init(
        contextLines: [InterruptLine],
        console: any ConsoleSink,
        power: any PowerSink,
        random: any RandomSource,
        memory: any GuestMemoryAccess,
        clock: any MachineClock,
        additional: [Wiring] = []
    ) {
        let plic = PLIC(sourceCount: Int(MemoryMap.plicSourceCount), contextLines: contextLines)
        func line(_ device: MemoryMap.Device) -> InterruptLine {
            device.interrupt.map { InterruptLine(to: plic, source: $0) } ?? .disconnected
        }
        uart = UART16550(interrupt: line(MemoryMap.uart), sink: console)
        let rtc = GoldfishRTC(clock: clock, interrupt: line(MemoryMap.rtc))
        let virtioConsole = VirtioMMIOTransport(
            device: VirtioConsole(sink: console),
            memory: memory,
            interrupt: line(MemoryMap.virtio(0))
        )
        let virtioEntropy = VirtioMMIOTransport(
            device: VirtioEntropy(source: random),
            memory: memory,
            interrupt: line(MemoryMap.virtio(1))
        )
        let wiring: [Wiring] = [
            ("finisher", MemoryMap.finisher, TestFinisher(power: power)),
            ("rtc", MemoryMap.rtc, rtc),
            ("plic", MemoryMap.plic, plic),
            ("uart", MemoryMap.uart, uart),
            ("virtio-console", MemoryMap.virtio(0), virtioConsole),
            ("virtio-entropy", MemoryMap.virtio(1), virtioEntropy),
        ]
        var bus = Bus()
        var names: [UInt64: String] = [:]
        for (name, place, device) in wiring + additional {
            bus.attach(device, at: place.base, size: place.size)
            names[place.base] = name
        }
        self.bus = bus
        self.names = names
        timedDevices = [rtc]
    }

    /// A device and the offset into it, for traces.
    func name(at address: UInt64) -> String {
        guard let region = bus.region(at: address, .byte) else { return hex(address) }
        return "\(names[region.base] ?? hex(region.base))+\(hex(address - region.base))"
    }

    func isTimed(_ address: UInt64) -> Bool { MemoryMap.rtc.range.contains(address) }
}
