/// Where a guest's console output goes: the host's side of a serial port, of a virtio console, of SBI DBCN.
///
/// Devices keep no output of their own, so a guest that floods its console costs time and never memory; a sink that
/// wants to slow the guest down blocks in `write`.
package protocol ConsoleSink: AnyObject, Sendable {
    /// Takes all bytes. Called on the thread of the vCPU that wrote; it must not call back into a device.
    ///
    /// - Parameter bytes: valid during the call only, and perhaps the guest's own memory, which it may change meanwhile:
    ///   what is decided by a byte is decided by the copy that is used.
    func write(_ bytes: UnsafeRawBufferPointer)

    /// The guest has ended: what is not a whole line yet becomes one.
    func end()
}

/// A device that takes console input with back-pressure: what does not fit stays with the caller.
package protocol ConsoleReceiver: AnyObject, Sendable {
    /// How many bytes `receive` would take now; 0 also while the guest is not listening.
    var receiveCapacity: Int { get }

    /// Takes as many of the first bytes as fit, and says how many.
    func receive(_ bytes: ArraySlice<UInt8>) -> Int

    /// Gives back what it took and the guest has not read, oldest first.
    func takeUnread() -> [UInt8]

    /// Names the one to tell when the guest has made room again. It is held weakly.
    func observeReceiveSpace(_ observer: any ReceiveSpaceObserver)
}

/// Told when a console has room again: its guest emptied the receive buffer, or began to listen.
package protocol ReceiveSpaceObserver: AnyObject, Sendable {
    /// Called without any device lock held, on the thread of the vCPU that read; it may call `receive`.
    func onReceiveSpace(in receiver: any ConsoleReceiver)
}

extension ConsoleSink {
    /// Where lines make no difference, there is nothing to do.
    package func end() {}

    /// Writes one byte.
    package func write(_ byte: UInt8) { withUnsafeBytes(of: byte) { write($0) } }
}
