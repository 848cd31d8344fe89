import Platform

extension VirtioFeatures {
    /// VIRTIO_CONSOLE_F_SIZE
    static let consoleSize = Self(rawValue: 1 << 0)
    /// VIRTIO_CONSOLE_F_EMERG_WRITE
    static let consoleEmergencyWrite = Self(rawValue: 1 << 2)
}

/// A console with one port (Virtio 1.2, section 5.3, "Console Device").
///
/// Output goes to the sink while the transmit queue is processed. Input that the driver has no buffer for waits in a
/// buffer of `inputLimit` bytes; what does not fit there stays with the caller.
package final class VirtioConsole: VirtioDevice, ConsoleReceiver {
    /// All there is to save beside the transport's state.
    package struct State: Equatable, Sendable {
        var columns: UInt16 = 80
        var rows: UInt16 = 25
        /// At most `inputLimit` bytes that the guest has not seen.
        var input: [UInt8] = []
    }

    static let inputLimit = 4096
    /// Far more than any driver sends at once; bounds the work of one buffer.
    static let transmissionLimit: UInt64 = 1 << 20

    private static let receiveQueue = 0
    private static let transmitQueue = 1
    private static let emergencyWriteOffset: UInt64 = 8

    private struct Guarded {
        var state = State()
        var link: VirtioLink?
        weak var observer: (any ReceiveSpaceObserver)?
    }

    private let guarded = Lock(Guarded())
    private let sink: any ConsoleSink

    package init(sink: any ConsoleSink) { self.sink = sink }

    package var state: State { guarded.withLock { $0.state } }

    /// The terminal has another size now.
    package func resize(columns: UInt16, rows: UInt16) {
        let link = guarded.withLock { guarded in
            guarded.state.columns = columns
            guarded.state.rows = rows
            return guarded.link
        }
        link?.signals.configurationChanged()
    }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) {
        let state = state
        writer.write(state.columns)
        writer.write(state.rows)
        writer.write(state.input)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        let state = State(
            columns: try reader.read(),
            rows: try reader.read(),
            input: try reader.read(limit: Self.inputLimit)
        )
        guarded.withLock { $0.state = state }
    }

    // MARK: - VirtioDevice

    package var deviceID: UInt32 { 3 }
    package var features: VirtioFeatures { [.consoleSize, .consoleEmergencyWrite] }
    package var queueSizes: [UInt16] { [128, 128] }

    /// Section 5.3.4: `cols`, `rows`, `max_nr_ports`, `emerg_wr`.
    package var configuration: [UInt8] {
        let state = state
        let words = [UInt32(state.columns) | UInt32(state.rows) << 16, 1, 0]
        return words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    }

    /// An emergency write needs no queue, and no driver either.
    package func writeConfiguration(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) {
        if offset == Self.emergencyWriteOffset { sink.write(UInt8(truncatingIfNeeded: value)) }
    }

    package func attach(to link: VirtioLink) { guarded.withLock { $0.link = link } }

    package func activate(features: VirtioFeatures) {}

    /// Input stays: the guest has not seen it yet, and may read it with its next driver.
    package func reset() {}

    package func processQueue(_ index: Int) {
        switch index {
        case Self.receiveQueue: if deliverInput() { guarded.withLock { $0.observer }?.onReceiveSpace(in: self) }
        case Self.transmitQueue: transmit()
        // The number of a queue, as the guest notified it: there are two.
        default: break
        }
    }

    private func transmit() {
        guard let queue = queue(Self.transmitQueue) else { return }
        queue.process { [sink] chain throws(VirtQueueFault) in
            guard chain.readableLength <= Self.transmissionLimit else { throw .bufferTooLong }
            var reader = chain.reader(in: queue.memory)
            try reader.forEachHostRange { sink.write(UnsafeRawBufferPointer($0)) }
            return 0
        }
    }

    /// Moves waiting input into the driver's buffers.
    ///
    /// - Returns: whether that emptied the waiting input.
    private func deliverInput() -> Bool {
        guard let queue = queue(Self.receiveQueue) else { return false }
        var hasDelivered = false
        queue.process(while: { guarded.withLock { !$0.state.input.isEmpty } }) { chain throws(VirtQueueFault) in
            let bytes = guarded.withLock { guarded in
                let count = Int(min(UInt64(guarded.state.input.count), chain.writableLength))
                defer { guarded.state.input.removeFirst(count) }
                return guarded.state.input.prefix(count)
            }
            hasDelivered = hasDelivered || !bytes.isEmpty
            var writer = chain.writer(in: queue.memory)
            try writer.write(bytes)
            return writer.moved
        }
        return hasDelivered && guarded.withLock { $0.state.input.isEmpty }
    }

    private func queue(_ index: Int) -> VirtQueue? { guarded.withLock { $0.link?.queues[index] } }

    // MARK: - ConsoleReceiver

    package var receiveCapacity: Int { guarded.withLock { Self.inputLimit - $0.state.input.count } }

    /// Takes more for as long as the driver has buffers, so that a remainder means a full input buffer, which the
    /// guest will empty.
    package func receive(_ bytes: ArraySlice<UInt8>) -> Int {
        var remaining = bytes
        while !remaining.isEmpty {
            let taken = guarded.withLock { guarded in
                let piece = remaining.prefix(Self.inputLimit - guarded.state.input.count)
                guarded.state.input.append(contentsOf: piece)
                return piece.count
            }
            remaining = remaining.dropFirst(taken)
            guard deliverInput() || taken > 0 else { break }
        }
        return bytes.count - remaining.count
    }

    package func takeUnread() -> [UInt8] {
        guarded.withLock { guarded in
            defer { guarded.state.input = [] }
            return guarded.state.input
        }
    }

    package func observeReceiveSpace(_ observer: any ReceiveSpaceObserver) {
        guarded.withLock { $0.observer = observer }
    }
}
