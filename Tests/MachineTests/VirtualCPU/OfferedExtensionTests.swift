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
        #expect(run.reason == .shutDown)
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
        #expect(run.reason == .shutDown)
    }

    @Test func reportNamesTheMissingExtension() throws {
        let run = try GuestProgram { program in
            // Its handler is itself.
            program.load(5, GuestProgram.base)
            program.emit(Encoding.csrWrite(.stvec, 5), Encoding.csrRead(6, .time))
        }.run(isa: "rv64imac_zicsr")
        guard case .failed(let report) = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        #expect(report.contains("(rdtime t1 needs zicntr, which --isa leaves out)"), "\(report)")
    }
}
