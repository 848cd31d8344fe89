import Hypervisor
import RV64Core
import Testing

@testable import Machine

/// A guest that suspends itself to RAM.
@Suite(.timeLimit(.minutes(10))) struct SystemSuspendGuestTests {
    private static let susp: UInt64 = 0x5355_5350

    /// Table "SUSP System Resume Register State", by the timer as by a key at the console.
    @Test(arguments: [GuestProgram.isa, GuestProgram.isa.replacing("_sstc", with: "")])
    func resumesWithTheTimer(isa: String) throws {
        let resumed = GuestProgram { program in
            // a0 is the hart, a1 the opaque argument; SIE and satp are zero.
            program.emit(Encoding.add(10, 10, 11), Encoding.csrRead(6, .sstatus), Encoding.i(0x13, 7, 6, 6, 2))
            program.emit(Encoding.add(10, 10, 6), Encoding.csrRead(6, .satp), Encoding.add(10, 10, 6))
            program.print()
            program.emit(Encoding.csrRead(10, .sip), Encoding.addi(10, 10, 0x21))
            program.print()
            program.reset(0)
        }
        let run = try GuestProgram { program in
            program.store(resumed, at: GuestProgram.data)
            program.emit(Encoding.i(0x73, 6, 0, 2, Int32(CSRAddress.sstatus.rawValue)))
            program.wakeByTimer()
            program.call(Self.susp, 0, 0, GuestProgram.data, 0x53)
            program.print("?")
        }.run(isa: isa)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "SA", "'S' is the opaque argument, 'A' sip.STIP (0x20) plus 0x21")
    }

    /// Not while another hart runs; once it has stopped, yes.
    @Test func otherHartsMustBeStopped() throws {
        let run = try GuestProgram { program in
            program.skip(Encoding.beq, 10, 0) { program in
                // Hart 1: until hart 0 has had its answer.
                program.load(5, GuestProgram.data + 0x1000)
                let top = program.address
                program.emit(Encoding.ld(6, 5))
                program.branchBack(Encoding.beq, 6, 0, to: top)
                program.call(0x48_534D, 1)
            }
            program.store(
                GuestProgram {
                    $0.print("r")
                    $0.reset(0)
                },
                at: GuestProgram.data
            )
            program.call(0x48_534D, 0, 1, GuestProgram.base, 0)
            program.await(.started)
            program.wakeByTimer()
            program.call(Self.susp, 0, 0, GuestProgram.data, 0)
            program.emit(Encoding.addi(10, 10, 0x34))
            program.print()
            program.load(5, GuestProgram.data + 0x1000)
            program.emit(Encoding.sd(5, 5))
            program.await(.stopped)
            program.call(Self.susp, 0, 0, GuestProgram.data, 0)
        }.run(harts: 2)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "0r", "DENIED (-4) plus '4'")
    }
}
