import Devices
import Platform
import Synchronization

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

/// One flat block of guest RAM.
final class FlatGuestMemory: GuestMemoryAccess {
    let base: UInt64
    private let bytes: Lock<[UInt8]>

    init(base: UInt64 = 0x8000_0000, size: Int = 1 << 20) {
        self.base = base
        bytes = Lock([UInt8](repeating: 0, count: size))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        bytes.withLock { bytes in
            guard let range = range(of: buffer.count, at: address, within: bytes.count) else { return false }
            buffer.copyBytes(from: bytes[range])
            return true
        }
    }

    func write(_ buffer: UnsafeRawBufferPointer, at address: GuestPhysicalAddress) -> Bool {
        bytes.withLock { bytes in
            guard let range = range(of: buffer.count, at: address, within: bytes.count) else { return false }
            bytes.replaceSubrange(range, with: buffer)
            return true
        }
    }

    private func range(of count: Int, at address: GuestPhysicalAddress, within size: Int) -> Range<Int>? {
        let offset = address.rawValue &- base
        guard offset <= UInt64(size), UInt64(count) <= UInt64(size) - offset else { return nil }
        return Int(offset)..<Int(offset) + count
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
