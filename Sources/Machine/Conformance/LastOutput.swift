import Devices
import Platform

/// Keeps the end of what a program writes.
final class LastOutput: ConsoleSink {
    private let bytes = Lock<[UInt8]>([])
    private static let limit = 4096

    func write(_ buffer: UnsafeRawBufferPointer) {
        let new = Array(buffer.suffix(Self.limit))
        bytes.withLock { bytes in
            bytes.append(contentsOf: new)
            if bytes.count > 2 * Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
        }
    }

    var text: String { String(decoding: bytes.withLock { $0.suffix(Self.limit) }, as: UTF8.self) }
}
