/// The harts, as the ACLINT sees them: numbered ends of its wires.
package protocol HartTimerSink: AnyObject, Sendable {
    /// The level of a hart's machine software interrupt (`mip.MSIP`).
    ///
    /// Any thread may call this, also while the device holds its own lock: it must not call back into a device.
    func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int)

    /// When a hart's machine timer interrupt (`mip.MTIP`) becomes pending: once `MachineClock.ticks >= ticks`.
    ///
    /// The hart compares by itself. `UInt64.max` means never.
    func setTimerDeadline(ticks: UInt64, hart: Int)
}
