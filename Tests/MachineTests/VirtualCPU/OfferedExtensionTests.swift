import Hypervisor
import RV64Core
import Testing

@testable import Machine

/// What a guest finds of an extension that the hypervisor has a part in.
@Suite(.timeLimit(.minutes(10))) struct OfferedExtensionTests {
    /// `csrrw t0, seed, zero`
    private static let readSeed: UInt32 = 0x0150_12F3

    /// `seed` traps as a virtual instruction and is emulated. norm:mseccfg_sseed_VSorVU-mode_op
    @Test func seedIsEmulated() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.emit(Self.readSeed, Encoding.i(0x13, 5, 10, 5, 30), Encoding.addi(10, 10, 0x30))
            program.print()
            program.reset(0)
        }.run(isa: "rv64imac_zicsr_zkr")
        #expect(run.console == "2", "ES16 is 2")
        #expect(run.reason == .exited(code: 0))
    }

    @Test func seedIsIllegalWhereItIsNotOffered() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.emit(Self.readSeed)
            program.reset(0)
        }.run(isa: "rv64imac_zicsr")
        #expect(run.console == "C", "illegal instruction is cause 2")
    }

    /// A guest that knows nothing of SDT may trap inside a trap handler. norm:henvcfg_dte_op
    @Test func doubleTrapsAreOffAtFirst() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.emit(
                Encoding.csrRead(10, .sstatus),
                Encoding.i(0x13, 5, 10, 10, 24),
                Encoding.i(0x13, 7, 10, 10, 1)
            )
            program.emit(Encoding.addi(10, 10, 0x30))
            program.print()
            program.emit(0x0010_0073)
        }.run(isa: "rv64imac_zicsr_ssdbltrp")
        #expect(run.console == "0D", "a breakpoint is cause 3")
        #expect(run.reason == .exited(code: 0))
    }

    /// What software for today's profiles executes without asking, unasked-for here too.
    @Test func defaultIsTheProfileAndMore() throws {
        func register(_ funct7: UInt32, _ funct3: UInt32) -> UInt32 {
            funct7 << 25 | 6 << 20 | 5 << 15 | funct3 << 12 | 7 << 7 | 0x33
        }
        let run = try GuestProgram { program in
            program.installReporter()
            program.load(5, GuestProgram.data)
            program.load(6, 1)
            program.emit(register(0x10, 2), register(0x20, 7), register(0x14, 1), register(0x05, 1))
            program.emit(register(0x07, 5), 0x0100_000F, 0x1600_0073)
            // cbo.zero, cbo.clean and prefetch.r of x5
            program.emit(Encoding.i(0x0F, 2, 0, 5, 4), Encoding.i(0x0F, 2, 0, 5, 1), Encoding.i(0x13, 6, 0, 5, 1 << 5))
            program.print("k")
            program.reset(0)
        }.run()
        #expect(run.console == "k")
        let isa = run.machine.configuration.isa.extensions
        #expect(isa.isSuperset(of: ISAProfile.rva22s64.extensions), "what the profile demands")
        #expect(!isa.contains(.h) && !isa.contains(.sv57) && run.machine.configuration.pagingLimit == .sv48)
    }

    /// Sv39 and Sv48 unless asked otherwise.
    @Test(arguments: [(8, nil), (9, nil), (10, "sv57"), (3, "mode 3")] as [(UInt64, String?)])
    func refusedTranslationIsReported(mode: UInt64, name: String?) throws {
        let run = try GuestProgram { program in
            // Behind the table, which is empty, nothing can be fetched; in front of a refused one, everything.
            program.load(5, mode << 60 | GuestProgram.data >> 12)
            program.emit(Encoding.csrWrite(.satp, 5), Encoding.csrWrite(.stvec, 0), 0xFFFF_FFFF)
        }.run()
        guard case .failed = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        let expected = name.map { "hart 0 asked satp for \($0), and has at most sv48 (see --paging)" }
        // 0xFFFFFFFF is no extension's.
        #expect(run.machine.refusals == [expected].compactMap { $0 })
    }

    /// An illegal instruction is the guest's own, and no exit.
    @Test func illegalInstructionsAreDelegated() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.emit(0xFFFF_FFFF)
        }.run()
        #expect(run.console == "C", "illegal instruction is cause 2")
        #expect(!run.statistics.exits.contains { $0.cause == ExceptionCause.illegalInstruction.name })
    }

    @Test func reportNamesTheMissingExtension() throws {
        let run = try GuestProgram { program in
            // Its handler is itself, at its first instruction.
            program.load(5, program.address + 12 * 4)
            program.emit(Encoding.csrWrite(.stvec, 5), Encoding.csrRead(6, .time))
        }.run(isa: "rv64imac_zicsr")
        guard case .failed = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        let place = hex(GuestProgram.base + 12 * 4)
        #expect(
            run.machine.refusals == ["hart 0 tried rdtime t1 at \(place), which needs zicntr, which --isa leaves out"]
        )
    }

    /// Software that panics and ends itself, long after what it could not have: illegal instructions behind it that lack
    /// no extension, such as the one that compilers put where nothing goes on, do not hide it.
    @Test func failureCodeComesWithWhatWasMissing() throws {
        let run = try GuestProgram { program in
            program.installSkipper()
            // sh1add t0, t0, t0; csrw cycle, zero
            program.emit(0x2052_A2B3, 0xC000_1073)
            program.load(5, 10 << 60)
            program.emit(Encoding.csrWrite(.satp, 5))
            program.reset(0, reason: 1)
        }.run(isa: "rv64imac_zicsr_zicntr_sv39")
        #expect(run.reason == .exited(code: 1))
        #expect(run.machine.refusals.count == 2)
        #expect(run.machine.refusals.first == "hart 0 asked satp for sv57, and has at most sv39 (see --paging)")
        #expect(run.machine.refusals.last?.hasPrefix("hart 0 tried sh1add t0, t0, t0 at 0x8000") == true)
        #expect(run.machine.refusals.last?.hasSuffix(", which needs zba, which --isa leaves out") == true)
    }

    /// What the hypervisor's hart has and the guest is not offered is missing to the guest: HFENCE.GVMA, `stimecmp`.
    @Test(arguments: [(0x6200_0073, "h"), (0x14D0_1073, "sstc")] as [(UInt32, String)])
    func ownExtensionsAreMissingToo(instruction: UInt32, name: String) throws {
        let run = try GuestProgram { program in
            program.installSkipper()
            program.emit(instruction)
            program.reset(0, reason: 1)
        }.run(isa: "rv64imac_zicsr")
        #expect(run.machine.refusals.count == 1)
        #expect(run.machine.refusals.first?.hasSuffix(" which needs \(name), which --isa leaves out") == true)
    }

    /// A refusal belongs to the life in which it happened.
    @Test func refusalsEndWithReset() throws {
        let run = try GuestProgram { program in
            program.installSkipper()
            program.call(2, 0)
            program.skip(Encoding.blt, 10, 0) { program in
                program.emit(0x2052_A2B3)
                program.reset(1)
            }
            program.reset(0, reason: 1)
        }.run(isa: "rv64imac_zicsr", input: "x")
        #expect(run.reason == .exited(code: 1))
        #expect(run.machine.refusals.isEmpty)
    }
}
