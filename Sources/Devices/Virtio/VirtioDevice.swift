import Platform

/// A device behind a virtio transport (Virtio 1.2, chapter 5): what it is, and what it does with its queues. What it
/// saves is its own; the transport saves queues, features and interrupts.
///
/// Lock order: transport registers, then a queue, then the device's own state, then `VirtioSignals`, then the interrupt
/// controller. `processQueue` and `writeConfiguration` are called without a lock, on the thread of the vCPU that asked.
package protocol VirtioDevice: AnyObject, Sendable, Savable {
    /// Virtio 1.2, chapter 5, "Device Types".
    var deviceID: UInt32 { get }

    /// The feature bits of this type of device.
    var features: VirtioFeatures { get }

    /// The largest size of each queue: powers of 2.
    var queueSizes: [UInt16] { get }

    /// The configuration space, little-endian; beyond its end a driver reads zeros.
    var configuration: [UInt8] { get }

    func writeConfiguration(_ value: UInt64, _ width: AccessWidth, at offset: UInt64)

    /// Wires the device, once.
    func attach(to link: VirtioLink)

    /// The driver is ready (DRIVER_OK).
    func activate(features: VirtioFeatures)

    /// The driver reset the device; its queues are already empty.
    func reset()

    /// The driver may have made buffers available in this queue.
    func processQueue(_ index: Int)
}

/// What a transport gives its device.
package struct VirtioLink: Sendable {
    package let queues: [VirtQueue]
    package let signals: VirtioSignals
}
