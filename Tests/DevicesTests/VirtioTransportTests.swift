import Platform
import Testing

@testable import Devices

@Suite struct VirtioTransportTests {
    let wires = RecordingInterruptSink()
    let sink = RecordingConsoleSink()
    let console: VirtioConsole
    let transport: VirtioMMIOTransport
    let driver: VirtioDriver

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

    @Test(
        arguments: [
            (0x000, 0x7472_6976), (0x004, 2), (0x008, 3), (0x00c, 0x7668_7672), (0x010, 0x3000_0005), (0x014, 0),
            (0x034, 128), (0x044, 0), (0x060, 0), (0x070, 0), (0x0b0, 0xffff_ffff), (0x0b4, 0xffff_ffff),
            (0x0b8, 0xffff_ffff), (0x0bc, 0xffff_ffff), (0x0c0, 0), (0x0fc, 0), (0x018, 0), (0x080, 0),
            (0x100, 0x0019_0050), (0x104, 1), (0x108, 0), (0x10c, 0), (0x1fc, 0),
        ] as [(UInt64, UInt32)]
    )
    func resetValue(offset: UInt64, expected: UInt32) throws {
        #expect(try transport.read32(offset) == expected)
    }

    @Test(arguments: [(0, 0x3000_0005), (1, 1), (2, 0), (0xffff_ffff, 0)] as [(UInt32, UInt32)])
    func deviceFeatures(select: UInt32, expected: UInt32) throws {
        try transport.write32(select, at: 0x014)
        #expect(try transport.read32(0x010) == expected)
    }

    @Test(
        arguments: [
            (.byte, 0x000), (.half, 0x000), (.double, 0x000), (.word, 0x002), (.byte, 0x070), (.double, 0x0f8),
        ] as [(AccessWidth, UInt64)]
    )
    func registersTakeAlignedWords(width: AccessWidth, offset: UInt64) {
        #expect(throws: BusFault.unsupportedWidth) { try transport.read(width, at: offset) }
        #expect(throws: BusFault.unsupportedWidth) { try transport.write(0, width, at: offset) }
    }

    @Test(
        arguments: [
            (.byte, 0x100, 0x50), (.byte, 0x102, 0x19), (.half, 0x100, 0x50), (.half, 0x102, 0x19),
            (.word, 0x100, 0x0019_0050), (.double, 0x100, 0x1_0019_0050), (.double, 0x108, 0),
            (.word, 0x101, 0x0100_1900),
            (.double, 0x10b, 0), (.byte, 0xffff_ffff_ffff_ffff, 0),
        ] as [(AccessWidth, UInt64, UInt64)]
    )
    func configurationOfEveryWidth(width: AccessWidth, offset: UInt64, expected: UInt64) throws {
        #expect(try transport.read(width, at: offset) == expected)
    }

    @Test(
        arguments: [
            (VirtioFeatures.version1, true), ([.version1, .eventIndex, .indirectDescriptors, .consoleSize], true),
            ([], false), ([.eventIndex], false), ([.version1, VirtioFeatures(rawValue: 1 << 34)], false),
            ([.version1, VirtioFeatures(rawValue: 1 << 1)], false), (VirtioFeatures(rawValue: .max), false),
        ] as [(VirtioFeatures, Bool)]
    )
    func featureNegotiation(features: VirtioFeatures, isAccepted: Bool) throws {
        try driver.negotiate(features)
        #expect(try driver.status.contains(.featuresOK) == isAccepted)
        try driver.start()
        #expect(try driver.status.contains(.driverOK) == isAccepted)
    }

    @Test func featuresAreFixedOnceAgreed() throws {
        try driver.negotiate()
        try transport.write32(0, at: 0x024)
        try transport.write32(0xffff_ffff, at: 0x020)
        #expect(transport.state.registers.driverFeatures == .version1)
    }

    @Test func statusBitsOnlyGrowUntilReset() throws {
        try driver.initialize()
        try transport.write32(1, at: 0x070)
        #expect(try transport.read32(0x070) == 15)
        try transport.write32(0x40, at: 0x070)
        #expect(try transport.read32(0x070) == 15, "the device's own bit")
        try transport.write32(0, at: 0x070)
        #expect(try transport.read32(0x070) == 0)
        #expect(try transport.read32(0x044) == 0)
        #expect(transport.state.queues == [SplitRing(size: 128), SplitRing(size: 128)])
    }

    @Test func absentQueuesHaveSizeZero() throws {
        for queue in [2, 3, 0x8000_0000, 0xffff_ffff] as [UInt32] {
            try transport.write32(queue, at: 0x030)
            #expect(try transport.read32(0x034) == 0)
            try transport.write32(1, at: 0x044)
            #expect(try transport.read32(0x044) == 0)
            try driver.notify(queue)
        }
        #expect(try !driver.status.contains(.deviceNeedsReset))
    }

    @Test(arguments: [0, 3, 127, 256, 0x1_0000, 0x1_0008, 0xffff_ffff] as [UInt32])
    func impossibleQueueSize(size: UInt32) throws {
        try driver.negotiate()
        try driver.setUp(0, size: size)
        #expect(try transport.read32(0x044) == 0)
        #expect(try driver.status.contains(.deviceNeedsReset))
        #expect(try driver.interruptStatus == 0, "nothing is sent before DRIVER_OK")
        try driver.start()
        try driver.notify(0)
        #expect(console.receive(Array("x".utf8)[...]) == 1)
    }

    @Test(arguments: [(0x080, 8), (0x090, 1), (0x0a0, 2), (0x084, 0xffff_ffff)] as [(UInt64, UInt32)])
    func impossibleQueueAddress(register: UInt64, value: UInt32) throws {
        try driver.negotiate()
        try transport.write32(0xffff_fff0, at: 0x080)
        try transport.write32(value, at: register)
        try transport.write32(1, at: 0x044)
        #expect(try transport.read32(0x044) == 0)
        #expect(try driver.status.contains(.deviceNeedsReset))
    }

    @Test func readyQueueKeepsItsSetUp() throws {
        try driver.negotiate()
        try driver.setUp(0)
        let before = transport.state.queues[0]
        try transport.write32(64, at: 0x038)
        try transport.write32(0, at: 0x080)
        try transport.write32(0, at: 0x090)
        try transport.write32(0, at: 0x0a0)
        #expect(transport.state.queues[0] == before)
        try transport.write32(0, at: 0x044)
        #expect(try transport.read32(0x044) == 0)
        try transport.write32(64, at: 0x038)
        #expect(transport.state.queues[0].size == 64)
    }

    @Test func nothingIsUsedBeforeDriverOK() throws {
        try driver.negotiate()
        try driver.setUp(1)
        driver.put("early", at: VirtioDriver.bufferBase)
        driver.descriptor(0, queue: 1, address: VirtioDriver.bufferBase, length: 5)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.written.isEmpty)
        try driver.start()
        #expect(sink.text == "early", "DRIVER_OK finds what was offered before")
    }

    @Test func failedDriverIsLeftAlone() throws {
        try driver.initialize()
        try transport.write32(0x80, at: 0x070)
        driver.descriptor(0, queue: 1, address: VirtioDriver.bufferBase, length: 5)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.written.isEmpty)
        try transport.write32(15, at: 0x070)
        #expect(try transport.read32(0x070) == 0x8f)
    }

    @Test func interruptStatusAndAcknowledge() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: VirtioDriver.bufferBase, length: 1)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(try driver.interruptStatus == 1)
        #expect(wires.isAsserted(1))
        try transport.write32(2, at: 0x064)
        #expect(wires.isAsserted(1))
        try transport.write32(1, at: 0x064)
        #expect(!wires.isAsserted(1))
        #expect(try driver.interruptStatus == 0)
    }

    @Test func configurationChange() throws {
        console.resize(columns: 100, rows: 30)
        #expect(try driver.interruptStatus == 0)
        #expect(try transport.read32(0x0fc) == 1)
        try driver.initialize()
        console.resize(columns: 132, rows: 43)
        #expect(try transport.read32(0x0fc) == 2)
        #expect(try driver.interruptStatus == 2)
        #expect(try transport.read32(0x100) == 43 << 16 | 132)
        try transport.write32(0, at: 0x070)
        #expect(!wires.isAsserted(1))
        #expect(try transport.read32(0x0fc) == 2)
    }

    @Test func resetEndsEverything() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: VirtioDriver.bufferBase, length: 1)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(wires.isAsserted(1))
        try transport.write32(0, at: 0x070)
        #expect(!wires.isAsserted(1))
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.written.count == 1)
    }
}
