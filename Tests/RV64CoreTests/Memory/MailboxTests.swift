import Platform
import Testing

@testable import RV64Core

/// Bytes of RAM whose stores go to the bus: the device sees each, before the next instruction.
@Suite struct MailboxTests {
    private static let address = TestMachine.base + 0x4_0100
    private static let mailbox = address..<address + 8

    private final class Device: MMIODevice {
        let stores = Lock<[UInt64]>([])
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { throw .unmapped }
        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
            stores.withLock { $0.append(value << 16 | width.bytes << 8 | offset) }
        }
    }

    private static func machine(_ device: Device) throws -> TestMachine {
        var bus = Bus()
        bus.attach(device, at: address, size: 8)
        return try TestMachine(bus: bus, mailbox: mailbox)
    }

    /// Each store arrives with its width and offset, also after loads and stores around it have filled the TLB.
    @Test func storesReachTheDevice() throws {
        let device = Device()
        let machine = try Self.machine(device)
        machine[.a0] = Self.address
        machine[.a1] = 0x77
        machine.load { program in
            for _ in 0..<2 {
                program.emit(.ld, rd: .a2, rs1: .a0, 0)
                program.emit(.sd, rs1: .a0, rs2: .a1, 8)
                program.emit(.sd, rs1: .a0, rs2: .a1, -8)
                program.emit(.sd, rs1: .a0, rs2: .a1, 0)
                program.emit(.sw, rs1: .a0, rs2: .a1, 4)
                program.emit(.sb, rs1: .a0, rs2: .a1, 3)
            }
            program.emit(.ebreak)
        }
        machine.run(.machine, at: TestMachine.base)
        let expected: [UInt64] = [0x77_0800, 0x77_0404, 0x77_0103]
        #expect(device.stores.withLock { $0 } == expected + expected)
        #expect(machine.read(Self.address) == 0, "the device alone decides what memory holds")
        #expect(machine.read(Self.address + 8) == 0x77 && machine.read(Self.address - 8) == 0x77)
    }

    /// Loads find memory, as it is.
    @Test func loadsFindMemory() throws {
        let machine = try Self.machine(Device())
        machine.write(0x1234_5678, at: Self.address)
        machine[.a0] = Self.address
        machine.load { program in
            program.emit(.ld, rd: .a2, rs1: .a0, 0)
            program.emit(.lw, rd: .a3, rs1: .a0, 0)
            program.emit(.ebreak)
        }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine[.a2] == 0x1234_5678 && machine[.a3] == 0x1234_5678)
    }
}
