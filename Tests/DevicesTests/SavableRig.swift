import Platform

@testable import Devices

/// Something that can be saved, with what drives it into an odd state and what shows its behaviour.
struct SavableRig {
    let object: any Savable & AnyObject
    let drive: () throws -> Void
    /// The answers to a fixed series of accesses, and the levels of the wires. It may move the state on.
    let observe: () throws -> [UInt64]

    enum Kind: CaseIterable {
        case uart, plic, aclint, rtc, finisher, virtioConsole, virtioEntropy, interruptedQueue, seededRandom, hostRandom

        /// What has nothing to save.
        var isStateless: Bool { self == .finisher || self == .hostRandom }

        /// Whether some value is refused. A random source can have every state.
        var refusesSomething: Bool { !isStateless && self != .seededRandom }

        func make() -> SavableRig {
            switch self {
            case .uart: .uart()
            case .plic: .plic()
            case .aclint: .aclint()
            case .rtc: .rtc()
            case .finisher: .finisher()
            case .virtioConsole: .virtioConsole()
            case .virtioEntropy: .virtioEntropy()
            case .interruptedQueue: .interruptedQueue()
            case .seededRandom: .random(SeededRandomSource(seed: 7))
            case .hostRandom: SavableRig(object: HostRandomSource(), drive: {}, observe: { [] })
            }
        }
    }

    private static func uart() -> SavableRig {
        let wires = RecordingInterruptSink()
        let sink = RecordingConsoleSink()
        let uart = UART16550(interrupt: InterruptLine(to: wires, source: 1), sink: sink)
        return SavableRig(object: uart) {
            try uart.write8(0xc1, at: 2)
            try uart.write8(0x83, at: 3)
            try uart.write8(0x34, at: 0)
            try uart.write8(0x03, at: 3)
            try uart.write8(0x07, at: 1)
            try uart.write8(0x0b, at: 4)
            try uart.write8(0x5a, at: 7)
            _ = uart.receive(Array("input".utf8)[...])
            // Back on the line, and a part of it arrived again.
            try uart.write8(0x00, at: 2)
            _ = try uart.read8(0)
        } observe: {
            var seen = [UInt64(uart.receiveCapacity), wires.isAsserted(1) ? 1 : 0]
            for offset in [2, 3, 4, 5, 6, 7, 0, 5, 0, 5, 2, 1] as [UInt64] {
                seen.append(UInt64(try uart.read8(offset)))
            }
            try uart.write8(0x80, at: 3)
            seen.append(UInt64(try uart.read8(0)))
            return seen + [wires.isAsserted(1) ? 1 : 0]
        }
    }

    private static func plic() -> SavableRig {
        let wires = RecordingInterruptSink()
        let plic = PLIC(contextLines: (0..<3).map { InterruptLine(to: wires, source: $0) })
        return SavableRig(object: plic) {
            for source in [3, 40, 95] as [UInt32] {
                try plic.write32(source % 7 + 1, at: 4 * UInt64(source))
                plic.setLevel(true, source: source)
            }
            try plic.write32(1 << 3, at: 0x2000)
            try plic.write32(.max, at: 0x2084)
            try plic.write32(.max, at: 0x2108)
            try plic.write32(2, at: 0x20_2000)
            // In service for context 1.
            _ = try plic.read32(0x20_1004)
        } observe: {
            var seen = (0..<3).map { wires.isAsserted($0) ? 1 : 0 as UInt64 }
            for offset in [0x1000, 0x1004, 0x1008, 0x20_2000, 0x2084] as [UInt64] {
                seen.append(UInt64(try plic.read32(offset)))
            }
            try plic.write32(40, at: 0x20_1004)
            for context in [2, 1, 0, 0] as [UInt64] {
                seen.append(UInt64(try plic.read32(0x20_0004 + 0x1000 * context)))
            }
            plic.setLevel(false, source: 3)
            return seen + (0..<3).map { wires.isAsserted($0) ? 1 : 0 }
        }
    }

    private static func aclint() -> SavableRig {
        let clock = ManualClock()
        clock.set(5_000_000)
        let harts = RecordingHartSink()
        let aclint = ACLINT(hartCount: 3, clock: clock, harts: harts)
        return SavableRig(object: aclint) {
            try aclint.write32(1, at: 4)
            try aclint.write(77, .double, at: 0x4000)
            try aclint.write(1_000_000, .double, at: 0x4010)
            try aclint.write(900_000, .double, at: 0xbff8)
        } observe: {
            var seen: [UInt64] = []
            for hart in 0..<3 {
                seen += [harts.isSoftwareInterrupting(hart) ? 1 : 0, harts.deadline(of: hart) ?? .max]
                seen.append(try aclint.read(.double, at: 0x4000 + 8 * UInt64(hart)))
            }
            return seen + [try aclint.read(.double, at: 0xbff8)]
        }
    }

    private static func rtc() -> SavableRig {
        let wires = RecordingInterruptSink()
        let clock = ManualClock()
        clock.set(1 << 33)
        let rtc = GoldfishRTC(clock: clock, interrupt: InterruptLine(to: wires, source: 1))
        return SavableRig(object: rtc) {
            try rtc.write32(0x0123_4567, at: 0x04)
            try rtc.write32(0x89ab_cdef, at: 0x00)
            _ = try rtc.read32(0x00)
            try rtc.write32(1, at: 0x10)
            // One alarm has fired, the next one is armed.
            try rtc.write32(0, at: 0x0c)
            try rtc.write32(1, at: 0x08)
            try rtc.write32(0x0123_4567, at: 0x0c)
            try rtc.write32(0xffff_0000, at: 0x08)
        } observe: {
            var seen = [wires.isAsserted(1) ? 1 : 0, rtc.nextDeadline ?? 0]
            for offset in [0x04, 0x00, 0x04, 0x08, 0x0c, 0x18] as [UInt64] {
                seen.append(UInt64(try rtc.read32(offset)))
            }
            try rtc.write32(0, at: 0x1c)
            return seen + [wires.isAsserted(1) ? 1 : 0]
        }
    }

    private static func finisher() -> SavableRig {
        let power = RecordingPowerSink()
        let finisher = TestFinisher(power: power)
        return SavableRig(object: finisher) {
            try finisher.write32(1, at: 0)
        } observe: {
            [UInt64(try finisher.read32(0)), UInt64(power.events.count)]
        }
    }

    private static func virtioConsole() -> SavableRig {
        let wires = RecordingInterruptSink()
        let sink = RecordingConsoleSink()
        let console = VirtioConsole(sink: sink)
        let memory = FlatGuestMemory()
        let transport = VirtioMMIOTransport(
            device: console,
            memory: memory,
            interrupt: InterruptLine(to: wires, source: 1)
        )
        let driver = VirtioDriver(transport: transport, memory: memory)
        // The rings are the guest's memory, which is saved beside: the same in every machine.
        for queue in 0..<2 as Range<UInt32> {
            for index in 0..<8 as Range<UInt16> {
                driver.descriptor(
                    index,
                    queue: queue,
                    address: VirtioDriver.bufferBase + UInt64(queue) * 4096,
                    length: 4,
                    flags: queue == 0 ? 2 : 0
                )
            }
        }
        return SavableRig(object: transport) {
            try driver.initialize([.version1, .eventIndex])
            driver.offer(3, queue: 1)
            try driver.notify(1)
            console.resize(columns: 132, rows: 43)
            _ = console.receive(Array("waiting".utf8)[...])
            try transport.write32(1, at: 0x030)
            try transport.write32(1, at: 0x014)
        } observe: {
            for queue in 0..<2 as Range<UInt32> { driver.store(0 as UInt16, driver.usedArea(queue) + 2) }
            var seen = [wires.isAsserted(1) ? 1 : 0, UInt64(console.receiveCapacity)]
            for offset in [0x010, 0x034, 0x044, 0x060, 0x070, 0x0fc, 0x100] as [UInt64] {
                seen.append(UInt64(try transport.read32(offset)))
            }
            driver.store(2 as UInt16, driver.availableArea(1) + 2)
            driver.store(1 as UInt16, driver.availableArea(0) + 2)
            try driver.notify(0)
            try driver.notify(1)
            try transport.write32(3, at: 0x064)
            return seen + [UInt64(driver.usedIndex(0)), UInt64(driver.usedIndex(1)), UInt64(console.receiveCapacity)]
        }
    }

    private static func virtioEntropy() -> SavableRig {
        let memory = FlatGuestMemory()
        let transport = VirtioMMIOTransport(
            device: VirtioEntropy(source: SeededRandomSource(seed: 1)),
            memory: memory,
            interrupt: .disconnected
        )
        let driver = VirtioDriver(transport: transport, memory: memory)
        return SavableRig(object: transport) {
            try driver.initialize(queues: 0..<1)
        } observe: {
            driver.descriptor(0, queue: 0, address: VirtioDriver.bufferBase, length: 8, flags: 2)
            driver.store(1 as UInt16, driver.availableArea(0) + 2)
            try driver.notify(0)
            return [UInt64(driver.usedIndex(0))] + driver.bytes(8, at: VirtioDriver.bufferBase).map { UInt64($0) }
        }
    }

    /// A device that keeps requests to itself: those it had not finished are handed to it again.
    private static func interruptedQueue() -> SavableRig {
        let memory = FlatGuestMemory()
        let device = KeepingDevice()
        let transport = VirtioMMIOTransport(device: device, memory: memory, interrupt: .disconnected)
        let driver = VirtioDriver(transport: transport, memory: memory)
        for index in 0..<8 as Range<UInt16> {
            driver.descriptor(index, queue: 0, address: VirtioDriver.bufferBase, length: 4, flags: 2)
        }
        for head in [6, 2, 5, 1] as [UInt16] { driver.offer(head, queue: 0) }
        return SavableRig(object: transport) {
            try driver.initialize(queues: 0..<1)
            try driver.notify(0)
            device.complete(head: 2)
        } observe: {
            try driver.notify(0)
            return device.heads.map { UInt64($0) }
        }
    }

    private static func random(_ source: SeededRandomSource) -> SavableRig {
        SavableRig(object: source) {
            _ = source.bits
        } observe: {
            (0..<4).map { _ in UInt64(source.bits) }
        }
    }
}
