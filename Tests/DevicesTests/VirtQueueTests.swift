import Platform
import Testing

@testable import Devices

/// What a driver may and may not put into a ring, shown through the console's transmit queue.
@Suite struct VirtQueueTests {
    let wires = RecordingInterruptSink()
    let sink = RecordingConsoleSink()
    let transport: VirtioMMIOTransport
    let driver: VirtioDriver
    let buffer = VirtioDriver.bufferBase

    init() {
        let memory = FlatGuestMemory()
        transport = VirtioMMIOTransport(
            device: VirtioConsole(sink: sink),
            memory: memory,
            interrupt: InterruptLine(to: wires, source: 1)
        )
        driver = VirtioDriver(transport: transport, memory: memory)
    }

    private func expectBroken(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try driver.status.contains(.deviceNeedsReset), sourceLocation: sourceLocation)
        #expect(try driver.interruptStatus & 2 != 0, sourceLocation: sourceLocation)
        let written = sink.written.count
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.written.count == written, "a broken queue stays untouched", sourceLocation: sourceLocation)
        // And a reset mends it.
        driver.store(0 as UInt16, driver.availableArea(1) + 2)
        try driver.initialize()
        #expect(try !driver.status.contains(.deviceNeedsReset), sourceLocation: sourceLocation)
        driver.offer(0, queue: 1)
        try driver.notify(1)
        #expect(sink.written.count == written + 1, sourceLocation: sourceLocation)
    }

    private func offerAndNotify() throws {
        driver.offer(0, queue: 1)
        try driver.notify(1)
    }

    // MARK: - Good drivers

    @Test func chainOfAllDescriptors() throws {
        try driver.initialize()
        for index in 0..<8 as Range<UInt16> {
            driver.put(String(index), at: buffer + UInt64(index) * 64)
            driver.descriptor(
                index,
                queue: 1,
                address: buffer + UInt64(index) * 64,
                length: 1,
                flags: index < 7 ? 1 : 0,
                next: index + 1
            )
        }
        try offerAndNotify()
        #expect(sink.text == "01234567")
        #expect(driver.usedIndex(1) == 1)
        #expect(driver.used(0, queue: 1) == [0, 0])
    }

    @Test func ringWrapsManyTimes() throws {
        try driver.initialize()
        for round in 0..<1000 {
            let head = UInt16(round % 8)
            driver.put(String(round % 10), at: buffer)
            driver.descriptor(head, queue: 1, address: buffer, length: 1)
            driver.offer(head, queue: 1)
            try driver.notify(1)
            #expect(driver.used(UInt16(round % 8), queue: 1) == [UInt32(head), 0])
        }
        #expect(driver.usedIndex(1) == 1000)
        #expect(sink.written.count == 1000)
    }

    @Test func indexWrapsAt16Bits() throws {
        try driver.negotiate([.version1, .eventIndex])
        try driver.setUp(1)
        try driver.start()
        var state = transport.state
        state.queues[1].nextAvailable = 0xffff
        state.queues[1].nextUsed = 0xffff
        state.queues[1].lastSignalled = 0xffff
        transport.takeOver(state)
        driver.store(0xffff as UInt16, driver.availableArea(1) + 2)
        driver.store(0xffff as UInt16, driver.availableArea(1) + 4 + 16)
        driver.put("wrap", at: buffer)
        driver.descriptor(0, queue: 1, address: buffer, length: 2)
        driver.descriptor(1, queue: 1, address: buffer + 2, length: 2)
        driver.offer(0, queue: 1)
        driver.offer(1, queue: 1)
        try driver.notify(1)
        #expect(sink.text == "wrap")
        #expect(driver.usedIndex(1) == 1)
        #expect(try driver.interruptStatus == 1)
    }

    @Test func indirectTableAfterDirectDescriptor() throws {
        try driver.initialize([.version1, .indirectDescriptors])
        driver.put("direct indirect", at: buffer)
        let table = buffer + 0x1000
        driver.descriptor(0, queue: 1, address: buffer, length: 7, flags: 1, next: 5)
        driver.descriptor(5, queue: 1, address: table, length: 48, flags: 4 | 2)
        driver.descriptor(0, table: table, queue: 1, address: buffer + 7, length: 2, flags: 1, next: 2)
        driver.descriptor(2, table: table, queue: 1, address: buffer + 9, length: 6)
        try offerAndNotify()
        #expect(sink.text == "direct indirect")
        #expect(driver.used(0, queue: 1) == [0, 0])
    }

    @Test func driverCanDeclineInterrupts() throws {
        try driver.initialize()
        driver.store(1 as UInt16, driver.availableArea(1))
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        try offerAndNotify()
        #expect(driver.usedIndex(1) == 1)
        #expect(try driver.interruptStatus == 0)
        driver.store(0 as UInt16, driver.availableArea(1))
        try offerAndNotify()
        #expect(try driver.interruptStatus == 1)
    }

    /// VIRTIO_F_EVENT_IDX: an interrupt when the used index passes `used_event`, and only then.
    @Test(arguments: 0..<6 as Range<UInt16>)
    func usedEvent(event: UInt16) throws {
        try driver.initialize([.version1, .eventIndex])
        driver.store(event, driver.availableArea(1) + 4 + 16)
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        var raised: [UInt16] = []
        for index in 0..<5 as Range<UInt16> {
            try offerAndNotify()
            if try driver.interruptStatus != 0 { raised.append(index) }
            try transport.write32(1, at: 0x064)
        }
        #expect(raised == (event < 5 ? [event] : []))
    }

    @Test func availableEventFollows() throws {
        try driver.initialize([.version1, .eventIndex])
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        for round in 1...3 as ClosedRange<UInt16> {
            try offerAndNotify()
            #expect(driver.load(UInt16.self, driver.usedArea(1) + 4 + 64) == round)
        }
    }

    // MARK: - Hostile drivers

    @Test func loopedChain() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: buffer, length: 1, flags: 1, next: 1)
        driver.descriptor(1, queue: 1, address: buffer, length: 1, flags: 1, next: 0)
        try offerAndNotify()
        #expect(sink.written.isEmpty)
        try expectBroken()
    }

    @Test func descriptorThatIsItsOwnSuccessor() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: buffer, length: 0, flags: 1, next: 0)
        try offerAndNotify()
        try expectBroken()
    }

    @Test func loopInIndirectTable() throws {
        try driver.initialize([.version1, .indirectDescriptors])
        let table = buffer + 0x1000
        driver.descriptor(0, queue: 1, address: table, length: 16, flags: 4)
        driver.descriptor(0, table: table, queue: 1, address: buffer, length: 1, flags: 1, next: 0)
        try offerAndNotify()
        try expectBroken()
    }

    @Test(arguments: [8, 9, 0x7fff, 0xffff] as [UInt16])
    func headBeyondTheTable(head: UInt16) throws {
        try driver.initialize()
        driver.offer(head, queue: 1)
        try driver.notify(1)
        try expectBroken()
    }

    @Test(arguments: [8, 0xffff] as [UInt16])
    func successorBeyondTheTable(next: UInt16) throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: buffer, length: 1, flags: 1, next: next)
        try offerAndNotify()
        try expectBroken()
    }

    @Test(
        arguments: [
            (0, 1), (0x7fff_ffff, 2), (0x800f_ffff, 2), (0x8010_0000, 1), (0xffff_ffff_ffff_ffff, 1),
            (0xffff_ffff_ffff_fff0, 0x20), (0x8008_0000, 0x10_0000), (0x8000_0000, 0xffff_ffff),
        ] as [(UInt64, UInt32)]
    )
    func bufferOutsideMemory(address: UInt64, length: UInt32) throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: address, length: length)
        try offerAndNotify()
        try expectBroken()
    }

    @Test func hugeTotalLength() throws {
        try driver.initialize()
        for index in 0..<8 as Range<UInt16> {
            driver.descriptor(
                index,
                queue: 1,
                address: driver.memory.base,
                length: 1 << 19,
                flags: index < 7 ? 1 : 0,
                next: index + 1
            )
        }
        try offerAndNotify()
        #expect(sink.written.isEmpty)
        try expectBroken()
    }

    @Test func totalLengthBeyond32Bits() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: driver.memory.base, length: .max, flags: 3, next: 1)
        driver.descriptor(1, queue: 1, address: driver.memory.base, length: .max, flags: 2)
        try offerAndNotify()
        try expectBroken()
    }

    @Test func readableAfterWritable() throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: buffer, length: 1, flags: 3, next: 1)
        driver.descriptor(1, queue: 1, address: buffer, length: 1)
        try offerAndNotify()
        try expectBroken()
    }

    @Test(arguments: [9, 10, 0x8000, 0xffff] as [UInt16])
    func availableIndexJump(index: UInt16) throws {
        try driver.initialize()
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        driver.store(index, driver.availableArea(1) + 2)
        try driver.notify(1)
        #expect(sink.written.isEmpty)
        try expectBroken()
    }

    @Test(
        arguments: [
            (.version1, 4, 16), ([.version1, .indirectDescriptors], 4, 0), ([.version1, .indirectDescriptors], 4, 15),
            ([.version1, .indirectDescriptors], 4, 17), ([.version1, .indirectDescriptors], 5, 16),
        ] as [(VirtioFeatures, UInt16, UInt32)]
    )
    func invalidIndirectTable(features: VirtioFeatures, flags: UInt16, length: UInt32) throws {
        try driver.initialize(features)
        driver.descriptor(0, queue: 1, address: buffer, length: length, flags: flags, next: 1)
        driver.descriptor(0, table: buffer, queue: 1, address: buffer, length: 1)
        try offerAndNotify()
        #expect(sink.written.isEmpty)
        try expectBroken()
    }

    @Test func nestedIndirectTable() throws {
        try driver.initialize([.version1, .indirectDescriptors])
        driver.descriptor(0, queue: 1, address: buffer, length: 16, flags: 4)
        driver.descriptor(0, table: buffer, queue: 1, address: buffer, length: 16, flags: 4)
        try offerAndNotify()
        try expectBroken()
    }

    @Test(arguments: [0, 0x7fff_fff8, 0x8010_0000, 0xffff_ffff_ffff_fff8] as [UInt64])
    func indirectTableOutsideMemory(address: UInt64) throws {
        try driver.initialize([.version1, .indirectDescriptors])
        driver.descriptor(0, queue: 1, address: address, length: 16, flags: 4)
        try offerAndNotify()
        try expectBroken()
    }

    @Test(arguments: [0x080, 0x090, 0x0a0] as [UInt64])
    func ringOutsideMemory(register: UInt64) throws {
        try driver.negotiate([.version1, .eventIndex])
        try driver.setUp(1)
        try transport.write32(0, at: 0x044)
        try transport.write32(0x1000, at: register)
        try transport.write32(0, at: register + 4)
        try transport.write32(1, at: 0x044)
        try driver.start()
        driver.descriptor(0, queue: 1, address: buffer, length: 1)
        try offerAndNotify()
        #expect(try driver.status.contains(.deviceNeedsReset))
    }

    @Test func randomRingsNeverHurt() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            try driver.initialize([.version1, .indirectDescriptors, .eventIndex])
            for index in 0..<8 as Range<UInt16> {
                let isNear = Bool.random(using: &random)
                driver.descriptor(
                    index,
                    queue: 1,
                    address: isNear ? driver.memory.base + .random(in: 0..<0x1_0000) : .random(in: 0...(.max)),
                    length: isNear ? .random(in: 0..<64) : .random(in: 0...(.max)),
                    flags: .random(in: 0..<8),
                    next: .random(in: 0..<10)
                )
            }
            driver.store(UInt16.random(in: 0..<10), driver.availableArea(1) + 2)
            for slot in 0..<8 as Range<UInt64> {
                driver.store(UInt16.random(in: 0..<9), driver.availableArea(1) + 4 + 2 * slot)
            }
            try driver.notify(1)
            #expect(driver.usedIndex(1) <= 8)
        }
    }
}
