/// The machine's power button, seen from a device.
package protocol PowerSink: AnyObject, Sendable {
    /// - Parameter code: 0 for success, otherwise the guest's own failure code.
    func powerOff(code: Int)

    func reset()
}
