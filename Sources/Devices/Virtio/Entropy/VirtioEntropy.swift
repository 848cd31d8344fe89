import Platform

/// A source of random bytes (Virtio 1.2, section 5.4, "Entropy Device"). It has no state of its own: the source is the
/// machine's.
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

    package func save(to writer: inout StateWriter) {}
    package func restore(from reader: inout StateReader) throws(StateError) {}

    package func processQueue(_ index: Int) {
        guard index == 0, let queue = link.withLock({ $0?.queues[index] }) else { return }
        queue.process { [source] chain throws(VirtQueueFault) in
            var writer = chain.writer(in: queue.memory)
            try writer.forEachHostRange(upTo: Self.requestLimit) { source.fill($0) }
            return writer.moved
        }
    }
}
