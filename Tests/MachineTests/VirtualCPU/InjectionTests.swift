import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// What a guest gets for what it must not do, and the interrupts that it waits for.
@Suite(.timeLimit(.minutes(10))) struct InjectionTests {
    struct Misdeed: CustomTestStringConvertible, Sendable {
        let name: String
        let cause: ExceptionCause
        let instructions: [UInt32]
        let address: UInt64

        init(_ name: String, _ cause: ExceptionCause, at address: UInt64 = 0, _ instructions: UInt32...) {
            self.name = name
            self.cause = cause
            self.instructions = instructions
            self.address = address
        }

        var testDescription: String { name }
    }

    private static let hole: UInt64 = 0x4000_0000
    private static let end: UInt64 = 0x8100_0000
    private static let uart = MemoryMap.uart.base
    private static let plic = MemoryMap.plic.base

    /// Each with x5 holding `address`.
    static let misdeeds: [Misdeed] = [
        Misdeed("load from a hole", .loadAccessFault, at: hole, Encoding.ld(6, 5)),
        Misdeed("store to a hole", .storeAccessFault, at: hole, Encoding.sd(6, 5)),
        Misdeed("load beyond RAM", .loadAccessFault, at: end, Encoding.ld(6, 5)),
        Misdeed("load over the end of RAM", .loadAccessFault, at: end - 4, Encoding.ld(6, 5)),
        Misdeed("load beyond all addresses", .loadAccessFault, at: 1 << 60, Encoding.ld(6, 5)),
        Misdeed("jump into a hole", .instructionAccessFault, at: hole, Encoding.jumpRegister(5)),
        Misdeed("jump into a device", .instructionAccessFault, at: uart, Encoding.jumpRegister(5)),
        Misdeed("AMO on a device", .storeAccessFault, at: uart, Encoding.amoadd(6, 7, 5)),
        Misdeed("too wide for the device", .loadAccessFault, at: plic, Encoding.ld(6, 5)),
        Misdeed("misaligned at the device", .storeAccessFault, at: plic + 2, Encoding.sw(6, 5)),
        Misdeed("HS register", .illegalInstruction, Encoding.csrRead(6, .hgatp)),
        Misdeed("HS register of another guest", .illegalInstruction, Encoding.csrWrite(.hgatp, 6)),
        Misdeed("VS register by its HS name", .illegalInstruction, Encoding.csrRead(6, .vsatp)),
        Misdeed("M register", .illegalInstruction, Encoding.csrRead(6, .mstatus)),
        Misdeed("hlv.d", .illegalInstruction, 0x6C02_C373),
        Misdeed("hfence.gvma", .illegalInstruction, 0x6200_0073),
        Misdeed("mret", .illegalInstruction, 0x3020_0073),
        Misdeed("garbage", .illegalInstruction, 0xFFFF_FFFF),
        Misdeed("ebreak", .breakpoint, 0x0010_0073),
    ]

    @Test(arguments: misdeeds)
    func guestGetsTheException(misdeed: Misdeed) throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.load(5, misdeed.address)
            for instruction in misdeed.instructions { program.emit(instruction) }
            program.print("?")
            program.reset(0)
        }.run()
        #expect(run.reason == .exited(code: 0))
        let letter = try #require(Unicode.Scalar(UInt32(0x41 + misdeed.cause.rawValue)))
        #expect(run.console == String(Character(letter)))
    }

    private static let withoutSstc = GuestProgram.isa.replacing("_sstc", with: "")

    /// A timer far enough ahead that the hart sleeps, without Sstc through our own timer.
    @Test(arguments: [GuestProgram.isa, withoutSstc], [0, 1, 1000, 100_000] as [Int32])
    func timerInterrupt(isa: String, ticks: Int32) throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.load(7, UInt64(ticks))
            program.emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
            program.call(0x5449_4D45, 0)
            Self.enable(.supervisorTimer, &program)
            let top = program.address
            program.emit(Encoding.wfi)
            program.branchBack(Encoding.beq, 0, 0, to: top)
        }.run(isa: isa)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "f", "'a' plus 5")
    }

    /// Thousands of sleeps that end within the microseconds it takes to fall asleep: none may sleep on.
    @Test(arguments: [GuestProgram.isa, withoutSstc])
    func shortSleepsAllEnd(isa: String) throws {
        let run = try GuestProgram { program in
            program.load(8, 3000)
            program.load(9, 0)
            // Enabled, but not taken: WFI ends all the same.
            program.load(5, InterruptCause.supervisorTimer.mask)
            program.emit(Encoding.csrWrite(.sie, 5))
            let top = program.address
            // 0 to 63 ticks ahead: up to 6.3 microseconds.
            program.emit(Encoding.i(0x13, 7, 7, 8, 63), Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
            program.call(0x5449_4D45, 0)
            program.emit(Encoding.wfi, Encoding.addi(8, 8, -1))
            program.branchBack(Encoding.bne, 8, 0, to: top)
            program.reset(0)
        }.run(isa: isa)
        #expect(run.reason == .exited(code: 0))
    }

    /// The guest's own software interrupt by SBI, to itself.
    @Test func softwareInterrupt() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.call(0x73_5049, 0, 1, 0)
            Self.enable(.supervisorSoftware, &program)
            program.emit(Encoding.spin)
        }.run()
        #expect(run.console == "b", "'a' plus 1")
    }

    /// Typed input: UART, PLIC, `hvip`.
    @Test func externalInterrupt() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            func store(_ value: UInt64, at address: UInt64, byte: Bool = false) {
                program.load(5, address)
                program.load(6, value)
                program.emit(byte ? Encoding.sb(6, 5) : Encoding.sw(6, 5))
            }
            store(1, at: MemoryMap.plic.base + 4 * 10)
            store(1 << 10, at: MemoryMap.plic.base + 0x2000)
            store(1, at: MemoryMap.uart.base + 1, byte: true)
            Self.enable(.supervisorExternal, &program)
            let top = program.address
            program.emit(Encoding.wfi)
            program.branchBack(Encoding.beq, 0, 0, to: top)
        }.run(input: "k")
        #expect(run.console == "j", "'a' plus 9")
    }

    /// An extension that is not offered is not there.
    @Test func stimecmpIsHiddenWithoutSstc() throws {
        let program = GuestProgram { program in
            program.installReporter()
            program.emit(Encoding.csrRead(6, .stimecmp))
            program.print("!")
            program.reset(0)
        }
        #expect(try program.run().console == "!")
        #expect(try program.run(isa: Self.withoutSstc).console == "C", "'A' plus 2")
    }

    private static func enable(_ cause: InterruptCause, _ program: inout GuestProgram) {
        program.load(5, cause.mask)
        program.emit(Encoding.csrSet(.sie, 5))
        program.load(5, 2)
        program.emit(Encoding.csrSet(.sstatus, 5))
    }
}
