import Platform
import Testing

@testable import Devices

/// Devices under several vCPUs and a host thread at once: locks in order, no byte lost, no deadlock.
@Suite(.timeLimit(.minutes(10))) struct ConcurrencyTests {
    @Test func uartAndPLICUnderSeveralHarts() async throws {
        let wires = RecordingInterruptSink()
        let sink = RecordingConsoleSink()
        let plic = PLIC(contextLines: (0..<4).map { InterruptLine(to: wires, source: $0) })
        let uart = UART16550(interrupt: InterruptLine(to: plic, source: 10), sink: sink)
        let text = String(repeating: "concurrent input ", count: 200)
        let feeder = InputFeeder(text)
        let received = ByteLog()
        uart.observeReceiveSpace(feeder)
        try plic.write32(1, at: 4 * 10)
        for context in 0..<4 as Range<UInt64> { try plic.write32(1 << 10, at: 0x2000 + 0x80 * context) }
        try uart.write8(0x01, at: 2)
        try uart.write8(0x03, at: 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for context in 0..<4 as Range<UInt64> {
                group.addTask {
                    for _ in 0..<2000 {
                        let source = try plic.read32(0x20_0004 + 0x1000 * context)
                        if source == 10 {
                            while try uart.read8(5) & 1 != 0 {
                                try received.appendData(of: uart)
                            }
                            _ = try uart.read8(2)
                            try plic.write32(source, at: 0x20_0004 + 0x1000 * context)
                        }
                        try uart.write8(UInt8(ascii: "a") + UInt8(context), at: 0)
                    }
                }
            }
            group.addTask {
                for _ in 0..<2000 { feeder.onReceiveSpace(in: uart) }
            }
            try await group.waitForAll()
        }
        while try uart.read8(5) & 1 != 0 { try received.appendData(of: uart) }
        #expect(sink.written.count == 8000)
        #expect(feeder.remaining == 0)
        #expect(received.text == text)
    }

    @Test func virtioConsoleWithResetsAndHostInput() async throws {
        let sink = RecordingConsoleSink()
        let console = VirtioConsole(sink: sink)
        let memory = FlatGuestMemory()
        let plic = PLIC(contextLines: [.disconnected])
        let transport = VirtioMMIOTransport(
            device: console,
            memory: memory,
            interrupt: InterruptLine(to: plic, source: 1)
        )
        let driver = VirtioDriver(transport: transport, memory: memory)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<300 {
                    for queue in 0..<2 as Range<UInt32> {
                        driver.store(0 as UInt16, driver.availableArea(queue) + 2)
                        driver.descriptor(
                            0,
                            queue: queue,
                            address: VirtioDriver.bufferBase,
                            length: 16,
                            flags: queue == 0 ? 2 : 0
                        )
                    }
                    try driver.initialize([.version1, .eventIndex])
                    for queue in 0..<2 as Range<UInt32> {
                        driver.offer(0, queue: queue)
                        try driver.notify(queue)
                    }
                }
            }
            group.addTask {
                for _ in 0..<3000 {
                    for queue in 0..<2 as Range<UInt32> { try driver.notify(queue) }
                    try transport.write32(3, at: 0x064)
                    _ = try driver.status
                }
            }
            group.addTask {
                for _ in 0..<3000 { _ = console.receive([1, 2, 3]) }
            }
            try await group.waitForAll()
        }
        #expect(sink.written.count <= 300 * 16 * 2)
        #expect(sink.written.count > 0)
        #expect(console.state.input.count <= 4096)
    }
}

/// What several harts read from one port, in the order in which they read it.
private final class ByteLog: Sendable {
    private let bytes = Lock<[UInt8]>([])

    /// Between a hart's reads of LSR and RBR another hart may have taken the byte: RBR is zero then.
    func appendData(of uart: UART16550) throws {
        try bytes.withLock { bytes in
            let byte = try uart.read8(0)
            if byte != 0 { bytes.append(byte) }
        }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}
