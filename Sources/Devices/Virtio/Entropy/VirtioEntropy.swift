import Platform

/// A source of random bytes (Virtio 1.2, section 5.4, "Entropy Device"). It has no state of its own to save.
package final class VirtioEntropy: VirtioDevice {
    /// The device may give fewer bytes than asked for; this bounds the work of one request.
    static let requestLimit: UInt64 = 4096

    private let source: any RandomSource
    private let link = Lock<VirtioLink?>(nil)

    package init(source: any RandomSource) { self.source = source }

    package var deviceID: UInt32 { 4 }
    package var features: VirtioFeatures { [] }
    package var queueSizes: [UInt16] { [64] }
    package var configuration: [UInt8] { [] }

    package func writeConfiguration(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) {}
    package func attach(to link: VirtioLink) { self.link.withLock { $0 = link } }
    package func activate(features: VirtioFeatures) {}
    package func reset() {}

    package func processQueue(_ index: Int) {
        guard index == 0, let queue = link.withLock({ $0?.queues[index] }) else { return }
        queue.process { [source] chain throws(VirtQueueFault) in
            var bytes = [UInt8](repeating: 0, count: Int(min(Self.requestLimit, chain.writableLength)))
            bytes.withUnsafeMutableBytes { source.fill($0) }
            return try chain.write(bytes[...], to: queue.memory)
        }
    }
}
