import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// The plain machine: reset state, HTIF, finisher, ACLINT, limits.
@Suite(.timeLimit(.minutes(10))) struct PlainProfileTests {
    private static let data = PlainTestProgram.dataRegister

    /// x5 = value, then the exit command with it.
    private static func exit(_ code: Int32) -> [UInt32] {
        [Encoding.addi(5, 0, code << 1 | 1), Encoding.sd(5, data), Encoding.spin]
    }

    @Test(arguments: [Int32(0), 1, 77, 1000])
    func exitCode(code: Int32) throws {
        #expect(try PlainTestProgram(Self.exit(code)).run().outcome == .exited(code: Int(code)))
    }

    /// A 32-bit store, and sleep instead of a loop behind it.
    @Test func exitByWordAndSleep() throws {
        let program = PlainTestProgram([Encoding.addi(5, 0, 7), Encoding.sw(5, Self.data), Encoding.wfi, Encoding.spin])
        #expect(try program.run().outcome == .exited(code: 3))
    }

    /// Device 1, command 1: a character; the mailbox is emptied.
    @Test func characters() throws {
        var words: [UInt32] = []
        for character in "ok!".utf8 {
            words += [
                Encoding.addi(6, 0, 0x101), Encoding.shiftLeft(6, 48), Encoding.addi(5, 0, Int32(character)),
                Encoding.or(6, 6, 5), Encoding.sd(6, Self.data),
                // Wait until it has been taken.
                Encoding.ld(7, Self.data), Encoding.bne(7, 0, -4),
            ]
        }
        let result = try PlainTestProgram(words + Self.exit(0)).run()
        #expect(result.outcome == .exited(code: 0))
        #expect(result.console == "ok!")
    }

    /// The same command as two words, the lower one first and odd, as an exit would be.
    @Test func characterInTwoHalves() throws {
        var words = [Encoding.addi(5, 0, 0x41), Encoding.lui(6, 0x1010), Encoding.sw(5, Self.data)]
        // A block's end between the halves, many times over.
        words += Array(repeating: Encoding.beq(0, 0, 4), count: 20)
        words += [Encoding.sw(6, Self.data, 4), Encoding.ld(7, Self.data), Encoding.bne(7, 0, -4)]
        let result = try PlainTestProgram(words + Self.exit(5)).run()
        #expect(result.outcome == .exited(code: 5))
        #expect(result.console == "A")
    }

    /// The system-call proxy: write(1, text, 5), whose result replaces its number; others are not there.
    @Test(arguments: [(Int32(64), UInt64(5)), (Int32(63), 0 &- UInt64(38))])
    func systemCalls(number: Int32, expected: UInt64) throws {
        let block: Int32 = 0x40
        var program = PlainTestProgram(
            [
                Encoding.addi(5, 0, number), Encoding.sd(5, Self.data, block),
                Encoding.addi(5, 0, 1), Encoding.sd(5, Self.data, block + 8),
                Encoding.addi(5, Self.data, 0x10), Encoding.sd(5, Self.data, block + 16),
                Encoding.addi(5, 0, 5), Encoding.sd(5, Self.data, block + 24),
                Encoding.addi(5, Self.data, block), Encoding.sd(5, Self.data),
                Encoding.ld(6, Self.data, 8), Encoding.beq(6, 0, -4),
            ] + Self.exit(0)
        )
        program.dataBytes = Array("hello, not more".utf8)
        let result = try program.run()
        #expect(result.outcome == .exited(code: 0))
        #expect(result.console == (number == 64 ? "hello" : ""))
        let answer = result.machine.memory.load(
            UInt64.self,
            at: GuestPhysicalAddress(PlainTestProgram.data + UInt64(block))
        )
        #expect(answer == expected)
    }

    /// a0 is the hart, a1 a device tree in RAM, and the mode M.
    @Test func resetState() throws {
        let program = PlainTestProgram(
            [
                Encoding.sd(10, Self.data, 0x40), Encoding.ld(6, 11), Encoding.sd(6, Self.data, 0x48),
                Encoding.csrRead(6, .mhartid), Encoding.sd(6, Self.data, 0x50),
            ] + Self.exit(0)
        )
        let result = try program.run()
        #expect(result.outcome == .exited(code: 0))
        let text = try #require(Signature.text(of: result.machine, granularity: 8))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0] == "0000000000000000")
        #expect(lines[1].hasSuffix("edfe0dd0"))
        #expect(lines[2] == "0000000000000000")
        let words = try #require(Signature.text(of: result.machine, granularity: 4))
        #expect(words.split(separator: "\n").count == 6)
        #expect(words.split(separator: "\n")[2] == "edfe0dd0")
    }

    /// The test finisher ends a machine without HTIF; its code counts.
    @Test(arguments: [(UInt32(0x5555), 0), (UInt32(0x3_3333), 3)])
    func finisher(value: UInt32, code: Int) throws {
        var program = PlainTestProgram([
            Encoding.lui(5, 0x100), Encoding.lui(6, (value + 0x800) >> 12),
            Encoding.addi(6, 6, Int32(bitPattern: value << 20) >> 20), Encoding.sw(6, 5), Encoding.wfi, Encoding.spin,
        ])
        program.hasMailbox = false
        #expect(try program.run().outcome == .exited(code: code))
    }

    @Test(arguments: [false, true])
    func instructionLimit(onInstructionClock: Bool) throws {
        var program = PlainTestProgram([Encoding.spin])
        program.hasMailbox = false
        program.configure = { $0.instructionLimit = 100_000 }
        let result = try program.run(clock: onInstructionClock ? .instructions : .host)
        #expect(result.outcome == .instructionLimit)
        #expect(result.machine.instructions >= 100_000)
        #expect(result.machine.instructions < 200_000)
    }

    /// A program whose trap handler is nowhere is reported, not run for ever.
    @Test func trapLoop() throws {
        let outcome = try PlainTestProgram([0]).run().outcome
        guard case .failed(let report) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(report.contains("instruction access fault"))
        #expect(report.contains("mtvec"))
    }

    /// The report is about the mode whose handler is nowhere, whatever machine mode took before.
    @Test func trapLoopOfTheSupervisor() throws {
        let returnToMachineException: UInt32 = 0x3020_0073
        let outcome = try PlainTestProgram([
            Encoding.addi(5, 0, 2), Encoding.csrWrite(.medeleg, 5), Encoding.addi(5, 0, 1), Encoding.shiftLeft(5, 11),
            Encoding.csrWrite(.mstatus, 5), Encoding.csrWrite(.mepc, 0), returnToMachineException,
        ]).run().outcome
        guard case .failed(let report) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(report.contains("instruction access fault"))
        #expect(report.contains("(stvec)"))
    }

    /// Hardware updates A and D from reset for what is not a test of a suite, unless it is told otherwise.
    /// norm:menvcfg_adue_op
    @Test(
        arguments: [
            (nil, true, 0), (nil, false, 1 << 61), (.virt, true, 1 << 61), (.spike, false, 0),
        ] as [(PlainPlatform?, Bool, UInt64)]
    )
    func accessedAndDirtyAtReset(platform: PlainPlatform?, hasMailbox: Bool, expected: UInt64) throws {
        var program = PlainTestProgram([
            Encoding.csrRead(6, .menvcfg), Encoding.sd(6, Self.data, 0x40),
            Encoding.lui(5, 0x100), Encoding.lui(6, 5), Encoding.addi(6, 6, 0x555), Encoding.sw(6, 5), Encoding.spin,
        ])
        program.hasMailbox = hasMailbox
        program.configure = { $0.platform = platform }
        let result = try program.run()
        #expect(result.outcome == .exited(code: 0))
        let register = GuestPhysicalAddress(PlainTestProgram.data + 0x40)
        #expect(result.machine.memory.load(UInt64.self, at: register) == expected)
    }

    /// WFI ends when the ACLINT's timer expires, on either clock.
    /// norm:mtime_intr_taken norm:time_timeh_visibility_mtime
    @Test(arguments: [false, true])
    func timer(onInstructionClock: Bool) throws {
        let program = PlainTestProgram(
            [
                // mtimecmp of hart 0 = time + 1000, MTIE, sleep until MTIP is set.
                Encoding.lui(5, 0x2004), Encoding.csrRead(6, .time), Encoding.addi(6, 6, 1000), Encoding.sd(6, 5),
                Encoding.addi(7, 0, 0x80), Encoding.csrWrite(.mie, 7), Encoding.wfi,
                Encoding.csrRead(8, .time), Encoding.i(0x33, 3, 9, 8, 0) | 6 << 20,
                Encoding.bne(9, 0, -12),
            ] + Self.exit(0)
        )
        let result = try program.run(clock: onInstructionClock ? .instructions : .host)
        #expect(result.outcome == .exited(code: 0))
        #expect(result.nanoseconds >= 1000 * Timebase.nanosecondsPerTick)
    }

    /// Hart 0 wakes hart 1 through the ACLINT; hart 1 ends the run.
    @Test(arguments: [false, true])
    func interprocessorInterrupt(onInstructionClock: Bool) throws {
        var program = PlainTestProgram(
            [
                Encoding.addi(7, 0, 8), Encoding.csrWrite(.mie, 7),
                Encoding.bne(10, 0, 24),
                // Hart 0: MSIP of hart 1, then sleep.
                Encoding.lui(5, 0x2000), Encoding.addi(6, 0, 1), Encoding.sw(6, 5, 4), Encoding.wfi,
                Encoding.beq(0, 0, -4),
                // Hart 1: until MSIP is pending.
                Encoding.wfi, Encoding.csrRead(6, .mip), Encoding.beq(6, 0, -8),
            ] + Self.exit(9)
        )
        program.configure = { $0.hartCount = 2 }
        let result = try program.run(clock: onInstructionClock ? .instructions : .host)
        #expect(result.outcome == .exited(code: 9))
    }

    /// A host that stops the machine from another thread gets it back, though its hart sleeps.
    @Test func stoppedByTheHost() throws {
        var program = PlainTestProgram([Encoding.wfi, Encoding.spin])
        program.hasMailbox = false
        program.configure = { $0.instructionLimit = nil }
        let result = try program.runAndStop(afterNanoseconds: 20_000_000)
        #expect(result == .requested)
    }

    /// On the instruction clock two runs are equal to the last instruction.
    @Test func repeatable() throws {
        var program = PlainTestProgram(
            [
                Encoding.csrRead(5, .time), Encoding.sd(5, Self.data, 0x40), Encoding.csrRead(6, .instret),
                Encoding.sd(6, Self.data, 0x48), Encoding.addi(8, 8, 1), Encoding.addi(9, 0, 2000),
                Encoding.bne(8, 9, -24),
            ] + Self.exit(0)
        )
        program.configure = { $0.hartCount = 3 }
        let runs = try (0..<2).map { _ in try program.run(clock: .instructions) }
        #expect(runs[0].outcome == .exited(code: 0))
        #expect(runs[0].machine.instructions == runs[1].machine.instructions)
        #expect(
            Signature.text(of: runs[0].machine, granularity: 8) == Signature.text(of: runs[1].machine, granularity: 8)
        )
    }
}
