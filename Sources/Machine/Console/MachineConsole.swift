import Devices
import Hypervisor
import Platform
import Synchronization

/// A machine's console output, kept until the hart that wrote it has left its code: whoever reads slowly then holds up
/// a hart that is at rest, which a pause need not wait for.
final class MachineConsole: ConsoleSink {
    /// One access of a device may write so much more than this that it is written at once.
    private static let limit = 1 << 20
    /// So much is worth a write though no line has ended.
    private static let piece = 512
    /// Memory that is kept from one output to the next.
    private static let keptCapacity = 4096

    private let sink: any ConsoleSink
    private let work: HostWork?
    private let pending = Lock<[UInt8]>([])
    private let pendingCount = Atomic<Int>(0)
    private let isWorthWriting = Atomic<Bool>(false)
    /// Held while bytes leave, so that they do so in order; what it guards is memory to swap with `pending`.
    private let writer = Lock<[UInt8]>([])

    init(_ sink: any ConsoleSink, work: HostWork?) {
        self.sink = sink
        self.work = work
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        let count = pending.withLock { pending in
            pending.append(contentsOf: bytes)
            pendingCount.store(pending.count, ordering: .relaxed)
            return pending.count
        }
        work?.addConsoleOutput(bytes: bytes.count)
        if count >= Self.piece || bytes.contains(UInt8(ascii: "\n")) {
            isWorthWriting.store(true, ordering: .relaxed)
        }
        if count > Self.limit { flush() }
    }

    func end() {
        flush()
        sink.end()
    }

    /// Whether a line has ended, or much waits: the rest may wait for that, if not for long.
    var isDue: Bool { isWorthWriting.load(ordering: .relaxed) }

    /// Whether something waits to be written.
    var hasOutput: Bool { pendingCount.load(ordering: .relaxed) > 0 }

    /// Writes what waits, and waits for whoever reads.
    func flush() {
        if hasOutput { drain() }
    }

    /// Writes what waits, and waits for those who write already.
    func drain() {
        writer.withLock { bytes in
            pending.withLock { pending in
                swap(&bytes, &pending)
                pendingCount.store(0, ordering: .relaxed)
                isWorthWriting.store(false, ordering: .relaxed)
            }
            bytes.withUnsafeBytes { if !$0.isEmpty { sink.write($0) } }
            bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptCapacity)
        }
    }
}
