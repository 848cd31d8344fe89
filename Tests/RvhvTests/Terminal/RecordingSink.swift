import Glibc
import Platform
import Synchronization

@testable import rvhv

/// Keeps what is written, in one piece and write by write.
final class RecordingSink: OutputSink {
    private let writes = Lock<[[UInt8]]>([])
    private let state: Lock<OutputState>

    init(_ state: OutputState = .open) { self.state = Lock(state) }

    var text: String { String(decoding: writes.withLock { $0 }.joined(), as: UTF8.self) }
    var count: Int { writes.withLock { $0.count } }

    func close() { state.withLock { $0 = .failed(ENOSPC) } }

    func write(_ bytes: [UInt8]) -> OutputState {
        let state = state.withLock { $0 }
        if state == .open { writes.withLock { $0.append(bytes) } }
        return state
    }
}

/// A clock that a test moves.
final class TestTime: Sendable {
    private let value = Atomic<UInt64>(1)

    var now: @Sendable () -> UInt64 { { self.value.load(ordering: .relaxed) } }

    func advance(_ nanoseconds: UInt64) { value.wrappingAdd(nanoseconds, ordering: .relaxed) }
}

/// Counts calls of a callback.
final class CallCounter: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { value.load(ordering: .relaxed) }

    func call() { value.wrappingAdd(1, ordering: .relaxed) }
}
