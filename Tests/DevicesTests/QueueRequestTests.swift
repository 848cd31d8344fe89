import Platform
import Testing

@testable import Devices

/// Requests that are taken now and finished later, in any order.
@Suite struct QueueRequestTests {
    let wires = RecordingInterruptSink()
    let device = KeepingDevice()
    let transport: VirtioMMIOTransport
    let driver: VirtioDriver
    let buffer = VirtioDriver.bufferBase

    init() throws {
        let memory = FlatGuestMemory()
        transport = VirtioMMIOTransport(
            device: device,
            memory: memory,
            interrupt: InterruptLine(to: wires, source: 1)
        )
        driver = VirtioDriver(transport: transport, memory: memory)
        try driver.initialize(queues: 0..<1)
        for index in 0..<8 as Range<UInt16> {
            driver.descriptor(index, queue: 0, address: buffer, length: 512, flags: 2)
        }
    }

    private func offer(_ heads: [UInt16]) throws {
        for head in heads { driver.offer(head, queue: 0) }
        try driver.notify(0)
    }

    @Test func completionInAnyOrder() throws {
        try offer([4, 1, 7])
        #expect(device.heads == [4, 1, 7])
        #expect(driver.usedIndex(0) == 0)
        #expect(!wires.isAsserted(1))
        device.complete(head: 7, written: 512)
        #expect(driver.used(0, queue: 0) == [7, 512])
        #expect(wires.isAsserted(1))
        try transport.write32(3, at: 0x064)
        device.complete(head: 4, written: 1)
        device.complete(head: 1, written: 2)
        #expect(driver.used(1, queue: 0) == [4, 1])
        #expect(driver.used(2, queue: 0) == [1, 2])
        #expect(driver.usedIndex(0) == 3)
        #expect(try driver.interruptStatus == 1)
    }

    @Test func aChainIsGivenBackOnce() throws {
        try offer([3])
        let chain = try #require(device.chains.first)
        device.queue?.complete(chain, written: 1)
        device.queue?.complete(chain, written: 1)
        #expect(driver.usedIndex(0) == 1)
    }

    /// The driver that waits for them is gone: writing into its rings would be writing into somebody's memory.
    @Test func chainsOfAnEarlierLifeAreDropped() throws {
        try offer([3, 4])
        driver.store(0 as UInt16, driver.availableArea(0) + 2)
        try driver.initialize(queues: 0..<1)
        device.complete(head: 3)
        #expect(driver.usedIndex(0) == 0)
        try offer([4])
        let old = try #require(device.chains.first)
        device.queue?.complete(old, written: 9)
        #expect(driver.usedIndex(0) == 0, "the same head, but not the same request")
        let new = try #require(device.chains.last)
        device.queue?.complete(new, written: 5)
        #expect(driver.used(0, queue: 0) == [4, 5])
    }

    @Test func aQueueOfEightHasEightRequests() throws {
        try offer([0, 1, 2, 3, 4, 5, 6, 7])
        #expect(device.heads.count == 8)
        #expect(try !driver.status.contains(.deviceNeedsReset))
        try offer([0])
        #expect(device.heads.count == 8)
        #expect(try driver.status.contains(.deviceNeedsReset), "nine outstanding in a ring of eight")
        device.complete(head: 0)
        #expect(driver.usedIndex(0) == 0, "a broken queue stays untouched")
    }

    @Test func roomComesWithCompletion() throws {
        for round in 0..<100 as Range<UInt16> {
            try offer([round % 8])
            device.complete(head: round % 8, written: 0)
            #expect(driver.usedIndex(0) == round + 1)
        }
        #expect(try !driver.status.contains(.deviceNeedsReset))
    }

    // MARK: - Cursors

    private func chain(_ pieces: [(offset: UInt64, length: UInt32, isWritable: Bool)]) throws -> DescriptorChain {
        for (index, piece) in pieces.enumerated() {
            let flags: UInt16 = (index + 1 < pieces.count ? 1 : 0) | (piece.isWritable ? 2 : 0)
            driver.descriptor(
                UInt16(index),
                queue: 0,
                address: buffer + piece.offset,
                length: piece.length,
                flags: flags,
                next: UInt16(index + 1)
            )
        }
        try offer([0])
        return try #require(device.chains.last)
    }

    /// The lengths of the host's ranges: cut where the limit, a buffer or a page of the host ends.
    private func lengths(_ cursor: inout ChainCursor, upTo limit: UInt64 = .max) throws -> [Int] {
        var lengths: [Int] = []
        try cursor.forEachHostRange(upTo: limit) { lengths.append($0.count) }
        return lengths
    }

    @Test func rangesFollowBuffersAndPages() throws {
        let chain = try chain([(0, 16, false), (4090, 10, false), (8192, 5000, true), (20000, 1, true)])
        var reader = chain.reader(in: driver.memory)
        #expect(reader.remaining == 26)
        #expect(try lengths(&reader, upTo: 20) == [16, 4])
        #expect(reader.moved == 20 && reader.remaining == 6)
        #expect(try lengths(&reader) == [2, 4])
        #expect(try lengths(&reader) == [])
        var writer = chain.writer(in: driver.memory)
        #expect(try lengths(&writer, upTo: 0) == [])
        #expect(try lengths(&writer, upTo: 5000) == [4096, 904])
        #expect(try lengths(&writer, upTo: 512) == [1])
        #expect(writer.moved == 5001 && writer.remaining == 0)
    }

    @Test func writesWhatFits() throws {
        let chain = try chain([(10, 3, true), (100, 0, true), (200, 4, true)])
        var writer = chain.writer(in: driver.memory)
        try writer.write(Array("ab".utf8)[...])
        try writer.write(Array("cdefghij".utf8)[...])
        #expect(writer.moved == 7)
        #expect(driver.text(3, at: buffer + 10) == "abc")
        #expect(driver.text(5, at: buffer + 200) == "defg\0")
    }

    @Test func buffersOutsideMemoryAreRefused() throws {
        let chain = try chain([(0, 8, false), (0xFFFF_0000_0000, 8, false)])
        var reader = chain.reader(in: driver.memory)
        #expect(throws: VirtQueueFault.outsideMemory) { try reader.forEachHostRange { _ in } }
        #expect(reader.moved == 8)
    }
}
