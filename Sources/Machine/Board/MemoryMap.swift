import Platform

/// The machine's one memory map, laid out as QEMU's `virt` board is, so that software written for it feels at home.
///
/// The bus wiring and the device tree both read it: a device cannot be announced at one place and answer at another.
package enum MemoryMap {
    /// Where one device answers, and the PLIC source its interrupt line is wired to.
    package struct Device: Equatable, Sendable {
        package let base: UInt64
        package let size: UInt64
        /// The interrupt source at the PLIC, or nil for a device without an interrupt.
        package let interrupt: UInt32?

        package init(base: UInt64, size: UInt64, interrupt: UInt32? = nil) {
            self.base = base
            self.size = size
            self.interrupt = interrupt
        }

        /// The addresses the device answers at.
        package var range: Range<UInt64> { base..<base + size }
    }

    /// The test finisher: power-off and reset by a store.
    package static let finisher = Device(base: 0x10_0000, size: 0x1000)
    /// The goldfish real-time clock.
    package static let rtc = Device(base: 0x10_1000, size: 0x1000, interrupt: 11)
    /// Machine timer and software interrupts; on a machine whose M-mode is guest code only.
    package static let clint = Device(base: 0x200_0000, size: 0x1_0000)
    /// The platform-level interrupt controller.
    package static let plic = Device(base: 0xC00_0000, size: 0x60_0000)
    /// The ns16550a UART.
    package static let uart = Device(base: 0x1000_0000, size: 0x100, interrupt: 10)

    /// How many virtio-mmio slots the machine has.
    package static let virtioSlotCount = 8

    /// The virtio-mmio slot `index`.
    package static func virtio(_ index: Int) -> Device {
        precondition((0..<virtioSlotCount).contains(index), "no such virtio slot")
        return Device(base: 0x1000_1000 + UInt64(index) * 0x1000, size: 0x1000, interrupt: 1 + UInt32(index))
    }

    /// The first address of RAM.
    package static let ramBase: UInt64 = 0x8000_0000

    /// Interrupt sources of the PLIC, numbered from 1.
    package static let plicSourceCount: UInt32 = 95
    /// The UART's input clock in Hz: 115200 baud times 16 divides it evenly.
    package static let uartClockFrequency: UInt32 = 3_686_400

    /// The guest-physical addresses of RAM for a guest of `size` bytes.
    package static func ram(size: UInt64) -> Range<UInt64> { ramBase..<ramBase + size }

    /// Every device, for checks that range over all of them.
    package static var allDevices: [Device] {
        [finisher, rtc, clint, plic, uart] + (0..<virtioSlotCount).map(virtio)
    }
}
