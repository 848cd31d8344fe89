import Platform
import Synchronization

@testable import Devices

/// Remembers the level of every source.
final class RecordingInterruptSink: InterruptSink {
    private let levels = Lock<[UInt32: Bool]>([:])
    private let edges = Lock<[UInt32: Int]>([:])

    func setLevel(_ isAsserted: Bool, source: UInt32) {
        let wasAsserted = levels.withLock { levels in
            let old = levels[source] ?? false
            levels[source] = isAsserted
            return old
        }
        if isAsserted, !wasAsserted { edges.withLock { $0[source, default: 0] += 1 } }
    }

    func isAsserted(_ source: UInt32) -> Bool { levels.withLock { $0[source] ?? false } }
    func risingEdges(of source: UInt32) -> Int { edges.withLock { $0[source] ?? 0 } }
}

final class RecordingConsoleSink: ConsoleSink {
    private let bytes = Lock<[UInt8]>([])

    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes.withLock { $0.append(contentsOf: bytes) } }

    var written: [UInt8] { bytes.withLock { $0 } }
    var text: String { String(decoding: written, as: UTF8.self) }
}

/// Feeds its input to a receiver whenever there is room.
final class InputFeeder: ReceiveSpaceObserver {
    private let pending: Lock<ArraySlice<UInt8>>
    private let callCount = Lock(0)

    init(_ text: String) { pending = Lock(Array(text.utf8)[...]) }

    func onReceiveSpace(in receiver: any ConsoleReceiver) {
        callCount.withLock { $0 += 1 }
        pending.withLock { pending in
            pending = pending.dropFirst(receiver.receive(pending))
        }
    }

    var remaining: Int { pending.withLock { $0.count } }
    var calls: Int { callCount.withLock { $0 } }
}

final class RecordingPowerSink: PowerSink {
    enum Event: Equatable { case off(Int), reset }
    private let recorded = Lock<[Event]>([])

    func powerOff(code: Int) { recorded.withLock { $0.append(.off(code)) } }
    func reset() { recorded.withLock { $0.append(.reset) } }

    var events: [Event] { recorded.withLock { $0 } }
}

/// One flat block of guest RAM. Its lock orders accesses, as a guest's own means would.
final class FlatGuestMemory: GuestMemoryAccess, @unchecked Sendable {
    // @unchecked: the bytes are reached only in `forEachHostRange`, which holds `lock`.
    let base: UInt64
    private let bytes: UnsafeMutableRawBufferPointer
    private let lock = Lock(())

    init(base: UInt64 = 0x8000_0000, size: Int = 1 << 20) {
        self.base = base
        bytes = .allocate(byteCount: size, alignment: 4096)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    /// In pieces of a page, so that devices meet more than one.
    func forEachHostRange(
        of address: GuestPhysicalAddress,
        count: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) -> Bool {
        let offset = address.rawValue &- base
        guard offset <= UInt64(bytes.count), UInt64(count) <= UInt64(bytes.count) - offset else { return false }
        lock.withLock { _ in
            var start = Int(offset)
            let end = start + count
            while start < end {
                let next = min(end, (start / 4096 + 1) * 4096)
                body(UnsafeMutableRawBufferPointer(rebasing: bytes[start..<next]))
                start = next
            }
        }
        return true
    }
}

extension MMIODevice {
    func read8(_ offset: UInt64) throws -> UInt8 { UInt8(truncatingIfNeeded: try read(.byte, at: offset)) }
    func read32(_ offset: UInt64) throws -> UInt32 { UInt32(truncatingIfNeeded: try read(.word, at: offset)) }
    func write8(_ value: UInt8, at offset: UInt64) throws { try write(UInt64(value), .byte, at: offset) }
    func write32(_ value: UInt32, at offset: UInt64) throws { try write(UInt64(value), .word, at: offset) }
}

/// A clock that stands still until a test moves it.
final class ManualClock: MachineClock {
    let followsInstructions = false
    static let epoch: UInt64 = 1_700_000_000_000_000_000
    private let now = Atomic<UInt64>(0)

    var nanoseconds: UInt64 { now.load(ordering: .relaxed) }
    var unixNanoseconds: UInt64 { Self.epoch &+ nanoseconds }
    func set(_ nanoseconds: UInt64) { now.store(nanoseconds, ordering: .relaxed) }
}

final class RecordingHartSink: HartTimerSink {
    private let software = Lock<[Int: Bool]>([:])
    private let timers = Lock<[Int: UInt64]>([:])

    func setSoftwareInterrupt(_ isAsserted: Bool, hart: Int) { software.withLock { $0[hart] = isAsserted } }
    func setTimerDeadline(ticks: UInt64, hart: Int) { timers.withLock { $0[hart] = ticks } }

    func isSoftwareInterrupting(_ hart: Int) -> Bool { software.withLock { $0[hart] ?? false } }
    func deadline(of hart: Int) -> UInt64? { timers.withLock { $0[hart] } }
}

/// A virtio device that keeps its requests until a test says that they are done, as a disk does.
final class KeepingDevice: VirtioDevice {
    private let link = Lock<VirtioLink?>(nil)
    private let kept = Lock<[DescriptorChain]>([])

    var deviceID: UInt32 { 2 }
    var features: VirtioFeatures { [] }
    var queueSizes: [UInt16] { [8] }
    var configuration: [UInt8] { [] }

    func writeConfiguration(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) {}
    func attach(to link: VirtioLink) { self.link.withLock { $0 = link } }
    func activate(features: VirtioFeatures) {}
    func reset() {}
    func save(to writer: inout StateWriter) {}
    func restore(from reader: inout StateReader) throws(StateError) { kept.withLock { $0 = [] } }

    var queue: VirtQueue? { link.withLock { $0?.queues[0] } }
    var chains: [DescriptorChain] { kept.withLock { $0 } }
    var heads: [UInt16] { chains.map(\.head) }

    func processQueue(_ index: Int) {
        while let chain = queue?.next() { kept.withLock { $0.append(chain) } }
    }

    func complete(head: UInt16, written: UInt32 = 0) {
        guard let chain = chains.first(where: { $0.head == head }) else { return }
        kept.withLock { $0.removeAll { $0.head == head } }
        queue?.complete(chain, written: written)
    }
}
