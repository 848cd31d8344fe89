import Platform

/// The way out of the machine, `sifive,test0`, also a `syscon` for `syscon-poweroff` and `syscon-reboot`
/// (SiFive test finisher, as in the device-tree bindings `sifive,test0` and `syscon`).
///
/// One 32-bit register; its low half says what to do. It has no state: reads are zero, and other values do nothing.
/// Accesses of 16 and 32 bits, anywhere in its space, as QEMU's `virt` board takes them: firmware writes the low half.
package final class TestFinisher: MMIODevice {
    /// What a device tree gives as the `value` of `syscon-poweroff`.
    package static let powerOffValue: UInt32 = 0x5555
    /// Ends with the failure code in bits 31:16.
    package static let failValue: UInt32 = 0x3333
    /// What a device tree gives as the `value` of `syscon-reboot`.
    package static let resetValue: UInt32 = 0x7777

    private let power: any PowerSink

    package init(power: any PowerSink) { self.power = power }

    package func save(to writer: inout StateWriter) {}
    package func restore(from reader: inout StateReader) throws(StateError) {}

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        try check(width, at: offset)
        return 0
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        try check(width, at: offset)
        guard offset == 0 else { return }
        switch UInt32(truncatingIfNeeded: value & 0xffff) {
        case Self.powerOffValue: power.powerOff(code: 0)
        // A failure stays one, even if the guest gave it the code of success.
        case Self.failValue: power.powerOff(code: max(1, Int(value >> 16 & 0xffff)))
        case Self.resetValue: power.reset()
        // Numbers that a guest wrote: no other means anything.
        default: break
        }
    }

    private func check(_ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        guard width == .half || width == .word, offset % width.bytes == 0 else { throw .unsupportedWidth }
    }
}
