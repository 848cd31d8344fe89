import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// HTIF: a store to the mailbox is a command at once, wherever the mailbox is.
@Suite(.timeLimit(.minutes(10))) struct MailboxTests {
    private static let data = PlainTestProgram.dataRegister

    private static func exit(_ code: Int32, through register: UInt32 = data) -> [UInt32] {
        [Encoding.addi(5, 0, code << 1 | 1), Encoding.sd(5, register), Encoding.spin]
    }

    /// x6 = device 1, command 1 and a character.
    private static func character(_ character: Unicode.Scalar) -> [UInt32] {
        [
            Encoding.addi(6, 0, 0x101), Encoding.shiftLeft(6, 48), Encoding.addi(5, 0, Int32(character.value)),
            Encoding.or(6, 6, 5),
        ]
    }

    /// The next instruction finds the mailbox empty: 3000 characters go one after another without a look at it.
    @Test func isServedBeforeTheNextInstruction() throws {
        let program = PlainTestProgram(
            Self.character("x")
                + [
                    Encoding.addi(8, 0, 1500), Encoding.sd(6, Self.data), Encoding.ld(7, Self.data),
                    Encoding.bne(7, 0, 24), Encoding.sd(6, Self.data), Encoding.addi(8, 8, -1),
                    Encoding.bne(8, 0, -20),
                ] + Self.exit(0) + Self.exit(1)
        )
        var words = program.words
        // The branch out of the loop goes to the second exit.
        let branch = 6
        words[branch + 1] = Encoding.bne(7, 0, Int32((words.count - 3 - branch - 1) * 4))
        let result = try PlainTestProgram(words).run()
        #expect(result.outcome == .exited(code: 0))
        #expect(result.console == String(repeating: "x", count: 3000))
    }

    /// A command in two stores, of which the first alone would end the run: 'a' is odd.
    @Test func twoHalves() throws {
        let program = PlainTestProgram(
            [
                Encoding.addi(5, 0, Int32(UInt8(ascii: "a"))), Encoding.lui(6, 0x1010), Encoding.sw(5, Self.data),
                Encoding.sw(6, Self.data, 4), Encoding.sw(5, Self.data), Encoding.sw(6, Self.data, 4),
            ] + Self.exit(4)
        )
        let result = try program.run()
        #expect(result.outcome == .exited(code: 4))
        #expect(result.console == "aa")
    }

    /// As riscv-tests end: the lower half alone, again and again, or an upper half of zero behind it.
    @Test(arguments: [false, true]) func lowerHalfAlone(isRepeated: Bool) throws {
        let store = Encoding.sw(5, Self.data)
        let program = PlainTestProgram(
            [Encoding.addi(5, 0, 11), store, isRepeated ? store : Encoding.sw(0, Self.data, 4), Encoding.spin]
        )
        #expect(try program.run().outcome == .exited(code: 5))
    }

    /// What lies beside the mailbox in its page is memory as any other.
    @Test func neighboursAreMemory() throws {
        let program = PlainTestProgram(
            [
                Encoding.addi(5, 0, -1), Encoding.sd(5, Self.data, 8), Encoding.sd(5, Self.data, 16),
                Encoding.store(0, 5, Self.data, 31), Encoding.store(1, 5, Self.data, 0x7E),
            ] + Self.exit(0)
        )
        let result = try program.run()
        #expect(result.outcome == .exited(code: 0))
        let memory = result.machine.memory
        #expect(memory.load(UInt64.self, at: GuestPhysicalAddress(PlainTestProgram.data + 8)) == .max)
        #expect(memory.load(UInt64.self, at: GuestPhysicalAddress(PlainTestProgram.data + 16)) == .max)
        #expect(memory.load(UInt64.self, at: GuestPhysicalAddress(PlainTestProgram.data + 24)) == 0xFF << 56)
        #expect(memory.load(UInt16.self, at: GuestPhysicalAddress(PlainTestProgram.data + 0x7E)) == 0xFFFF)
    }

    /// A mailbox in a segment outside RAM has a page of its own.
    @Test func outsideRAM() throws {
        var program = PlainTestProgram(
            [Encoding.lui(9, 0x70000)] + Self.character("o") + [Encoding.sd(6, 9)] + Self.exit(6, through: 9)
        )
        program.mailbox = 0x7000_0000
        program.segments = [.init(0x7000_0000, contents: Array(repeating: 0, count: 16))]
        let result = try program.run()
        #expect(result.outcome == .exited(code: 6))
        #expect(result.console == "o")
    }

    @Test func notOverADevice() throws {
        var program = PlainTestProgram(Self.exit(0))
        program.mailbox = MemoryMap.uart.base
        program.segments = [.init(MemoryMap.uart.base, contents: Array(repeating: 0, count: 16))]
        let error = #expect(throws: MachineError.self) { try program.run() }
        #expect(error?.description.contains("at [0x10000000, 0x10001000) overlaps the device at") == true)
    }
}
