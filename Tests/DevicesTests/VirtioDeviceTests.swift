import Platform
import Testing

@testable import Devices

@Suite struct VirtioConsoleTests {
    let wires = RecordingInterruptSink()
    let sink = RecordingConsoleSink()
    let console: VirtioConsole
    let transport: VirtioMMIOTransport
    let driver: VirtioDriver
    let buffer = VirtioDriver.bufferBase

    init() {
        let memory = FlatGuestMemory()
        console = VirtioConsole(sink: sink)
        transport = VirtioMMIOTransport(
            device: console,
            memory: memory,
            interrupt: InterruptLine(to: wires, source: 1)
        )
        driver = VirtioDriver(transport: transport, memory: memory)
    }

    private func receive(_ text: String) -> Int { console.receive(Array(text.utf8)[...]) }

    @Test func inputGoesToOfferedBuffers() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 0, address: buffer, length: 3, flags: 3, next: 1)
        driver.descriptor(1, queue: 0, address: buffer + 0x100, length: 100, flags: 2)
        driver.offer(0, queue: 0)
        try driver.notify(0)
        #expect(driver.usedIndex(0) == 0)
        #expect(receive("hello") == 5)
        #expect(driver.usedIndex(0) == 1)
        #expect(driver.used(0, queue: 0) == [0, 5])
        #expect(driver.text(3, at: buffer) == "hel")
        #expect(driver.text(2, at: buffer + 0x100) == "lo")
        #expect(try driver.interruptStatus == 1)
    }

    @Test func inputWaitsForBuffers() throws {
        #expect(receive("abcdef") == 6)
        try driver.initialize()
        for index in 0..<3 as Range<UInt16> {
            driver.descriptor(index, queue: 0, address: buffer + 16 * UInt64(index), length: 2, flags: 2)
            driver.offer(index, queue: 0)
            try driver.notify(0)
        }
        #expect(driver.usedIndex(0) == 3)
        #expect((0..<3).map { driver.text(2, at: buffer + 16 * $0) } == ["ab", "cd", "ef"])
        #expect(console.state.input.isEmpty)
    }

    @Test func inputBufferIsBounded() {
        let flood = [UInt8](repeating: 1, count: 10_000)
        #expect(console.receive(flood[...]) == 4096)
        #expect(console.receiveCapacity == 0)
        #expect(console.receive(flood[...]) == 0)
    }

    @Test func longInputArrivesInOrder() throws {
        let text = String((0..<20_000).map { Character(Unicode.Scalar(UInt8(33 + $0 % 90))) })
        let feeder = InputFeeder(text)
        console.observeReceiveSpace(feeder)
        feeder.onReceiveSpace(in: console)
        #expect(feeder.remaining == 20_000 - 4096)
        try driver.initialize()
        driver.descriptor(0, queue: 0, address: buffer, length: 1000, flags: 2)
        var got = ""
        var index: UInt16 = 0
        while got.utf8.count < 20_000 {
            driver.offer(0, queue: 0)
            try driver.notify(0)
            try #require(driver.usedIndex(0) == index &+ 1)
            got += driver.text(Int(driver.used(index % 8, queue: 0)[1]), at: buffer)
            index &+= 1
        }
        #expect(got == text)
        #expect(feeder.remaining == 0)
        #expect(console.receiveCapacity == 4096)
    }

    @Test func inputGoesStraightThroughLargeBuffers() throws {
        try driver.initialize()
        for index in 0..<8 as Range<UInt16> {
            driver.descriptor(index, queue: 0, address: buffer + UInt64(index) * 4096, length: 4096, flags: 2)
            driver.offer(index, queue: 0)
        }
        #expect(console.receive([UInt8](repeating: 7, count: 20_000)[...]) == 20_000)
        #expect(console.state.input.isEmpty)
    }

    @Test func receiveBufferOutsideMemoryBreaksTheQueue() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 0, address: 0x8010_0000 - 2, length: 100, flags: 2)
        driver.offer(0, queue: 0)
        #expect(receive("hello") == 5)
        #expect(try driver.status.contains(.deviceNeedsReset))
        #expect(driver.usedIndex(0) == 0)
        #expect(receive("more") == 4, "bounded, and no crash")
    }

    @Test func receiveBufferWithoutRoomIsGivenBackEmpty() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 0, address: buffer, length: 0, flags: 2)
        driver.offer(0, queue: 0)
        #expect(receive("x") == 1)
        #expect(driver.used(0, queue: 0) == [0, 0])
        #expect(console.state.input.count == 1)
    }

    @Test func emergencyWriteNeedsNoDriver() throws {
        for byte in "oops".utf8 { try transport.write(UInt64(byte), .word, at: 0x108) }
        try transport.write(0xff, .word, at: 0x100)
        #expect(sink.text == "oops")
    }

    @Test func largeTransmission() throws {
        try driver.initialize()
        let text = String(repeating: "0123456789", count: 5000)
        driver.put(text, at: buffer)
        driver.descriptor(0, queue: 1, address: buffer, length: 50_000)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.text == text)
    }
}

@Suite struct VirtioEntropyTests {
    let buffer = VirtioDriver.bufferBase

    private func makeDriver(_ source: any RandomSource) throws -> VirtioDriver {
        let memory = FlatGuestMemory()
        let transport = VirtioMMIOTransport(
            device: VirtioEntropy(source: source),
            memory: memory,
            interrupt: .disconnected
        )
        let driver = VirtioDriver(transport: transport, memory: memory)
        try driver.initialize(queues: 0..<1)
        return driver
    }

    private func draw(_ driver: VirtioDriver, _ count: UInt32) throws -> [UInt8] {
        let index = driver.usedIndex(0)
        driver.descriptor(0, queue: 0, address: buffer, length: count, flags: 2)
        driver.offer(0, queue: 0)
        try driver.notify(0)
        try #require(driver.usedIndex(0) == index &+ 1)
        return driver.bytes(Int(driver.used(index % 8, queue: 0)[1]), at: buffer)
    }

    @Test func identifiesItself() throws {
        let driver = try makeDriver(HostRandomSource())
        #expect(try driver.transport.read32(0x008) == 4)
        #expect(try driver.transport.read32(0x034) == 64)
        #expect(try driver.transport.read32(0x100) == 0)
    }

    @Test func sameSeedSameBytes() throws {
        let first = try draw(try makeDriver(SeededRandomSource(seed: 7)), 100)
        let second = try draw(try makeDriver(SeededRandomSource(seed: 7)), 100)
        #expect(first.count == 100)
        #expect(first == second)
        #expect(Set(first).count > 50)
    }

    @Test func hostBytesDiffer() throws {
        let driver = try makeDriver(HostRandomSource())
        let first = try draw(driver, 32)
        #expect(first.count == 32)
        #expect(try draw(driver, 32) != first)
    }

    @Test func largeRequestIsAnsweredInPart() throws {
        #expect(try draw(try makeDriver(SeededRandomSource(seed: 1)), 100_000).count == 4096)
    }

    @Test func readableBufferGetsNothing() throws {
        let driver = try makeDriver(SeededRandomSource(seed: 1))
        driver.descriptor(0, queue: 0, address: buffer, length: 16)
        driver.offer(0, queue: 0)
        try driver.notify(0)
        #expect(driver.used(0, queue: 0) == [0, 0])
        #expect(driver.bytes(16, at: buffer) == [UInt8](repeating: 0, count: 16))
    }
}
