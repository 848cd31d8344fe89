import Devices

/// Hands a machine's console output to a closure of the program that embeds it.
final class ConsoleCallback: ConsoleSink {
    private let handler: @Sendable ([UInt8]) -> Void

    init(_ handler: @escaping @Sendable ([UInt8]) -> Void) { self.handler = handler }

    func write(_ bytes: UnsafeRawBufferPointer) { handler(Array(bytes)) }
}
