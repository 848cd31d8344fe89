import Platform
import Testing

@testable import Devices

@Suite struct UART16550Tests {
    let wires = RecordingInterruptSink()
    let sink = RecordingConsoleSink()
    let uart: UART16550

    init() {
        uart = UART16550(interrupt: InterruptLine(to: wires, source: 10), sink: sink)
    }

    private var isInterrupting: Bool { wires.isAsserted(10) }
    private func receive(_ text: String) -> Int { uart.receive(Array(text.utf8)[...]) }

    private func listen() throws {
        try uart.write8(0x01, at: 2)
        try uart.write8(0x01, at: 1)
    }

    @Test(
        arguments: [
            (0, 0x00), (1, 0x00), (2, 0x01), (3, 0x00), (4, 0x00), (5, 0x60), (6, 0xb0), (7, 0x00),
        ] as [(UInt64, UInt8)]
    )
    func resetValue(offset: UInt64, expected: UInt8) throws {
        #expect(try uart.read8(offset) == expected)
    }

    @Test(
        arguments: [
            (1, 0xff, 0x0f), (3, 0x1b, 0x1b), (4, 0xef, 0x0f), (5, 0xff, 0x60), (6, 0xff, 0xb0), (7, 0xa5, 0xa5),
        ] as [(UInt64, UInt8, UInt8)]
    )
    func writableBits(offset: UInt64, written: UInt8, expected: UInt8) throws {
        try uart.write8(written, at: offset)
        #expect(try uart.read8(offset) == expected)
    }

    @Test(arguments: [AccessWidth.half, .word, .double])
    func onlyByteAccesses(width: AccessWidth) {
        #expect(throws: BusFault.unsupportedWidth) { try uart.read(width, at: 0) }
        #expect(throws: BusFault.unsupportedWidth) { try uart.write(0x41, width, at: 0) }
        #expect(sink.written.isEmpty)
    }

    @Test func nothingBeyondTheRegisters() {
        #expect(throws: BusFault.unmapped) { try uart.read8(8) }
        #expect(throws: BusFault.unmapped) { try uart.write8(0, at: 0xff) }
    }

    @Test func divisorLatchHidesDataAndInterruptEnable() throws {
        try uart.write8(0x03, at: 1)
        try uart.write8(0x83, at: 3)
        try uart.write8(0x34, at: 0)
        try uart.write8(0x12, at: 1)
        #expect(try uart.read8(0) == 0x34)
        #expect(try uart.read8(1) == 0x12)
        try uart.write8(0x03, at: 3)
        #expect(try uart.read8(1) == 0x03)
        #expect(sink.written.isEmpty)
    }

    @Test func transmits() throws {
        for byte in "hello\n".utf8 {
            #expect(try uart.read8(5) & 0x60 == 0x60)
            try uart.write8(byte, at: 0)
        }
        #expect(sink.text == "hello\n")
    }

    // MARK: - Transmitter interrupt

    @Test func enablingTransmitterInterruptRaisesIt() throws {
        try uart.write8(0x02, at: 1)
        #expect(isInterrupting)
        #expect(try uart.read8(2) == 0x02)
        #expect(!isInterrupting)
        #expect(try uart.read8(2) == 0x01)
        try uart.write8(0x02, at: 1)
        #expect(!isInterrupting, "writing the same enable again is no edge")
        try uart.write8(0x00, at: 1)
        try uart.write8(0x02, at: 1)
        #expect(isInterrupting)
    }

    @Test func transmittingRaisesTransmitterInterruptAgain() throws {
        try uart.write8(0x02, at: 1)
        _ = try uart.read8(2)
        try uart.write8(0x41, at: 0)
        #expect(isInterrupting)
        #expect(try uart.read8(2) == 0x02)
        #expect(!isInterrupting)
    }

    @Test func identificationClearsOnlyWhatItReports() throws {
        try uart.write8(0x01, at: 2)
        try uart.write8(0x03, at: 1)
        #expect(receive("x") == 1)
        #expect(try uart.read8(2) == 0xc4, "received data comes first")
        #expect(try uart.read8(0) == UInt8(ascii: "x"))
        #expect(try uart.read8(2) == 0xc2, "the transmitter's is still there")
        #expect(try uart.read8(2) == 0xc1)
    }

    // MARK: - Receiver

    @Test(arguments: [(0x01, 1), (0x41, 4), (0x81, 8), (0xc1, 14)] as [(UInt8, Int)])
    func triggerLevel(control: UInt8, level: Int) throws {
        try uart.write8(control, at: 2)
        try uart.write8(0x01, at: 1)
        for count in 1...16 {
            #expect(receive("a") == 1)
            #expect(try uart.read8(2) == (count < level ? 0xcc : 0xc4))
            #expect(isInterrupting)
        }
        #expect(receive("b") == 0)
        for _ in 1...16 { #expect(try uart.read8(0) == UInt8(ascii: "a")) }
        #expect(!isInterrupting)
        #expect(try uart.read8(5) == 0x60)
    }

    @Test func withoutFIFOOneByte() throws {
        try uart.write8(0x01, at: 1)
        #expect(uart.receiveCapacity == 1)
        #expect(receive("ab") == 1)
        #expect(try uart.read8(2) == 0x04)
        #expect(try uart.read8(5) == 0x61)
        #expect(try uart.read8(0) == UInt8(ascii: "a"))
        #expect(uart.receiveCapacity == 1)
    }

    @Test func inputWaitsUntilTheGuestListens() throws {
        #expect(uart.receiveCapacity == 0)
        #expect(receive("early") == 0)
        let feeder = InputFeeder("early")
        uart.observeReceiveSpace(feeder)
        try uart.write8(0x07, at: 2)
        try uart.write8(0x01, at: 1)
        #expect(feeder.remaining == 0)
        var got = ""
        while try uart.read8(5) & 1 != 0 { got.append(Character(Unicode.Scalar(try uart.read8(0)))) }
        #expect(got == "early")
    }

    @Test func pollingIsListening() throws {
        let feeder = InputFeeder("polled")
        uart.observeReceiveSpace(feeder)
        for _ in 0..<100 {
            #expect(try uart.read8(5) & 0x60 == 0x60)
            try uart.write8(UInt8(ascii: "."), at: 0)
        }
        #expect(feeder.calls == 0, "looking for room to transmit is not listening")
        var got = ""
        for _ in 0..<200 where try uart.read8(5) & 1 != 0 { got.append(Character(Unicode.Scalar(try uart.read8(0)))) }
        #expect(got == "polled")
    }

    @Test func moreThanTheFIFOHoldsArrivesInOrder() throws {
        let text = String((0..<1000).map { Character(Unicode.Scalar(UInt8(33 + $0 % 90))) })
        let feeder = InputFeeder(text)
        uart.observeReceiveSpace(feeder)
        try listen()
        var got = ""
        while try uart.read8(5) & 1 != 0 { got.append(Character(Unicode.Scalar(try uart.read8(0)))) }
        #expect(got == text)
        #expect(feeder.remaining == 0)
    }

    /// Nothing typed is lost: what the guest has not read arrives right behind the reset.
    @Test func changingFIFOModeKeepsUnreadInput() throws {
        try listen()
        #expect(receive("abc") == 3)
        try uart.write8(0x00, at: 2)
        try uart.write8(0x01, at: 2)
        var got = ""
        while try uart.read8(5) & 1 != 0 { got.append(Character(Unicode.Scalar(try uart.read8(0)))) }
        #expect(got == "abc")
    }

    // MARK: - Loopback

    @Test func loopbackReturnsDataAndModemOutputs() throws {
        try uart.write8(0x01, at: 2)
        try uart.write8(0x1a, at: 4)
        #expect(try uart.read8(6) & 0xf0 == 0x90)
        try uart.write8(0x5a, at: 0)
        #expect(sink.written.isEmpty)
        #expect(try uart.read8(5) == 0x61)
        #expect(try uart.read8(0) == 0x5a)
        try uart.write8(0x01, at: 1)
        #expect(uart.receiveCapacity == 0, "the line is cut")
        try uart.write8(0x00, at: 4)
        #expect(uart.receiveCapacity == 16)
    }

    @Test func overrunKeepsFullFIFO() throws {
        try uart.write8(0x01, at: 2)
        try uart.write8(0x10, at: 4)
        try uart.write8(0x05, at: 1)
        for byte in 0..<17 as Range<UInt8> { try uart.write8(byte, at: 0) }
        #expect(try uart.read8(2) == 0xc6)
        #expect(try uart.read8(5) == 0x63)
        #expect(try uart.read8(2) == 0xc4, "reading LSR clears the line status")
        #expect(try uart.read8(5) == 0x61)
        for byte in 0..<16 as Range<UInt8> { #expect(try uart.read8(0) == byte) }
        #expect(try uart.read8(5) == 0x60)
    }

    @Test func overrunWithoutFIFOOverwrites() throws {
        try uart.write8(0x10, at: 4)
        try uart.write8(1, at: 0)
        try uart.write8(2, at: 0)
        #expect(try uart.read8(5) == 0x63)
        #expect(try uart.read8(0) == 2)
    }

    @Test func modemStatusInterrupt() throws {
        try uart.write8(0x08, at: 1)
        #expect(!isInterrupting)
        try uart.write8(0x10, at: 4)
        #expect(isInterrupting)
        #expect(try uart.read8(2) == 0x00)
        #expect(try uart.read8(6) == 0x0b, "CTS, DSR and DCD went away")
        #expect(!isInterrupting)
        #expect(try uart.read8(6) == 0x00)
    }

    // MARK: - State

    @Test func stateMovesToAnotherDevice() throws {
        try uart.write8(0xc1, at: 2)
        try uart.write8(0x07, at: 1)
        #expect(receive("moved") == 5)
        let copy = UART16550(state: uart.state, interrupt: InterruptLine(to: wires, source: 11), sink: sink)
        #expect(copy.state == uart.state)
        #expect(wires.isAsserted(11))
        for byte in "moved".utf8 { #expect(try copy.read8(0) == byte) }
        #expect(try copy.read8(2) == 0xc2)
    }

    @Test func absurdSavedFIFOIsCut() throws {
        var state = UART16550.State()
        state.received = [UInt8](repeating: 7, count: 1000)
        let restored = UART16550(state: state, interrupt: .disconnected, sink: sink)
        #expect(restored.state.received.count == 1)
        #expect(restored.receiveCapacity == 0)
    }
}
