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

    /// A wider access is one to the register at its address, as on QEMU's `virt` board.
    @Test(arguments: [AccessWidth.half, .word, .double])
    func widerAccesses(width: AccessWidth) throws {
        try uart.write(0xffff_ff41 & width.mask, width, at: 0)
        #expect(sink.text == "A")
        #expect(try uart.read(width, at: 0) == 0)
        for offset in stride(from: width.bytes, to: 8, by: Int(width.bytes)) {
            let register = try uart.read(.byte, at: offset)
            #expect(try uart.read(width, at: offset) == register, "one register, zeros above")
        }
        try uart.write(0xa5a5, .half, at: 6)
        #expect(try uart.read8(7) == 0, "the neighbour is not written")
    }

    @Test(arguments: [(.half, 1), (.half, 5), (.word, 2), (.double, 4)] as [(AccessWidth, UInt64)])
    func misalignedAccesses(width: AccessWidth, offset: UInt64) {
        #expect(throws: BusFault.unsupportedWidth) { try uart.read(width, at: offset) }
        #expect(throws: BusFault.unsupportedWidth) { try uart.write(0x41, width, at: offset) }
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

    /// Table III, "Interrupt Control Functions": only an IIR read that reports it, or a write to THR, resets THRE's.
    @Test(arguments: [0, 1, 3, 4, 5, 6, 7] as [UInt64])
    func noOtherReadEndsTheTransmitterInterrupt(offset: UInt64) throws {
        try uart.write8(0x02, at: 1)
        for _ in 0..<3 { _ = try uart.read8(offset) }
        #expect(isInterrupting)
        #expect(try uart.read8(2) == 0x02)
        #expect(!isInterrupting)
    }

    /// A handler that serves the receiver first, as the priorities have it: THRE's turn comes after.
    @Test func transmitterInterruptOutlivesTheReceivers() throws {
        try uart.write8(0x41, at: 2)
        try uart.write8(0x03, at: 1)
        for _ in 0..<50 {
            #expect(receive("xy") == 2)
            #expect(try uart.read8(2) == 0xcc)
            while try uart.read8(5) & 1 != 0 { _ = try uart.read8(0) }
            #expect(isInterrupting, "THRE waits")
            #expect(try uart.read8(2) == 0xc2)
            try uart.write8(0x2e, at: 0)
        }
        #expect(sink.written.count == 50)
    }

    /// Section 8.5: line status, received data, THRE, modem status, each ended by its own act.
    @Test func interruptsComeByPriority() throws {
        try uart.write8(0x01, at: 2)
        try uart.write8(0x10, at: 4)
        for byte in 0..<17 as Range<UInt8> { try uart.write8(byte, at: 0) }
        try uart.write8(0x0f, at: 1)
        #expect(try uart.read8(2) == 0xc6)
        #expect(try uart.read8(2) == 0xc6, "reading IIR ends THRE's alone")
        _ = try uart.read8(5)
        #expect(try uart.read8(2) == 0xc4)
        for _ in 0..<16 { _ = try uart.read8(0) }
        #expect(try uart.read8(2) == 0xc2)
        #expect(try uart.read8(2) == 0xc0)
        _ = try uart.read8(6)
        #expect(try uart.read8(2) == 0xc1)
        #expect(!isInterrupting)
    }

    /// Fewer bytes than the trigger level: the timeout tells of them, until the last is read.
    @Test func characterTimeout() throws {
        try uart.write8(0x81, at: 2)
        try uart.write8(0x01, at: 1)
        #expect(receive("123456789") == 9)
        #expect(try uart.read8(2) == 0xc4)
        _ = try uart.read8(0)
        #expect(try uart.read8(2) == 0xc4, "still at the trigger level")
        for _ in 0..<7 {
            _ = try uart.read8(0)
            #expect(try uart.read8(2) == 0xcc)
        }
        _ = try uart.read8(0)
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

}
