import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Harts that start, stop, sleep and order each other's memory.
@Suite(.timeLimit(.minutes(10))) struct HartLifeTests {
    private static let hsm: UInt64 = 0x48_534D
    private static let rfence: UInt64 = 0x5246_4E43

    /// Hart 1 runs code, stops, and runs other code at the same address: it starts with what memory holds now.
    @Test func startedHartSeesNewCode() throws {
        let code = GuestProgram.data + 0x1000
        let stop: [UInt32] = GuestProgram { $0.call(Self.hsm, 1) }.words
        let run = try GuestProgram { program in
            for value in [Int32(0x31), 0x32, 0x33] {
                // The opaque argument, in a1, is the place to store to.
                let words: [UInt32] = [Encoding.addi(5, 0, value), Encoding.sd(5, 11)] + stop
                for (index, word) in words.enumerated() {
                    program.load(5, code + UInt64(index) * 4)
                    program.load(6, UInt64(word))
                    program.emit(Encoding.sw(6, 5))
                }
                program.call(Self.hsm, 0, 1, code, GuestProgram.data)
                program.await(.stopped)
                program.load(5, GuestProgram.data)
                program.emit(Encoding.ld(10, 5))
                program.print()
            }
            program.reset(0)
        }.run(harts: 2)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "123")
    }

    /// U-mode may read cycle, time and instret from the start, as firmware leaves it: Linux without a PMU sets nothing, and
    /// every program that asks for the time would end.
    @Test func countersAreOpenToUserMode() throws {
        let printCounters = GuestProgram { program in
            program.emit(Encoding.csrRead(10, .scounteren), Encoding.addi(10, 10, 0x30))
            program.print()
            program.call(Self.hsm, 1)
        }
        let run = try GuestProgram { program in
            program.emit(Encoding.csrRead(10, .scounteren), Encoding.addi(10, 10, 0x30))
            program.print()
            program.store(printCounters, at: GuestProgram.data)
            program.call(Self.hsm, 0, 1, GuestProgram.data, 0)
            program.await(.stopped)
            program.reset(0)
        }.run(harts: 2)
        #expect(run.console == "77")
    }

    /// Fences for harts that are stopped, or do not exist, or all: the caller never waits for ever.
    @Test func fencesForStoppedHarts() throws {
        let run = try GuestProgram { program in
            for _ in 0..<100 {
                program.call(Self.rfence, 0, ~0, ~0)
                program.call(Self.rfence, 1, 0b10, 0, 0, ~0)
                program.call(Self.rfence, 2, 0b11, 0, 0x8000_0000, 0x10_0000, 3)
            }
            program.print("k")
            program.reset(0)
        }.run(harts: 2)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "k")
    }

    /// Four harts fence all of each other without end, and finish.
    @Test func fencesCross() throws {
        let run = try GuestProgram { program in
            // The boot hart starts the others here; each counts itself in when it is done.
            program.emit(Encoding.addi(8, 10, 0))
            program.skip(Encoding.bne, 8, 0) { program in
                for hart in 1..<UInt64(4) { program.call(Self.hsm, 0, hart, GuestProgram.base, 0) }
            }
            program.load(9, 500)
            let top = program.address
            program.call(Self.rfence, 1, ~0, ~0, 0, ~0)
            program.emit(Encoding.addi(9, 9, -1))
            program.branchBack(Encoding.bne, 9, 0, to: top)
            program.load(5, GuestProgram.data)
            program.emit(Encoding.addi(6, 0, 1), Encoding.amoadd(0, 6, 5))
            program.skip(Encoding.beq, 8, 0) { $0.call(Self.hsm, 1) }
            program.load(7, 4)
            let wait = program.address
            program.emit(Encoding.ld(6, 5))
            program.branchBack(Encoding.bne, 6, 7, to: wait)
            program.reset(0)
        }.run(harts: 4)
        #expect(run.reason == .exited(code: 0))
    }

    /// Both kinds of suspend end with the timer, which is still pending then, with Sstc and without.
    @Test(
        arguments: [0x0000_0000, 0x8000_0000] as [UInt64],
        [GuestProgram.isa, GuestProgram.isa.replacing("_sstc", with: "")]
    )
    func suspendEndsWithTheTimer(kind: UInt64, isa: String) throws {
        let resumed = GuestProgram { program in
            program.emit(Encoding.csrRead(10, .sip), Encoding.addi(10, 10, 0x21))
            program.print()
            program.emit(Encoding.addi(10, 11, 0))
            program.reset(0)
        }
        let entry = GuestProgram.data
        let run = try GuestProgram { program in
            program.store(resumed, at: entry)
            program.wakeByTimer()
            program.call(Self.hsm, 3, kind, entry, 7)
            // A retentive suspend comes back here.
            program.load(5, entry)
            program.emit(Encoding.jumpRegister(5))
        }.run(isa: isa)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "A", "sip.STIP (0x20) plus 0x21")
    }

    /// An IPI ends the sleep of a hart that another one sends it to.
    @Test func interruptEndsAnotherHartsSuspend() throws {
        let run = try GuestProgram { program in
            program.skip(Encoding.beq, 10, 0) { program in
                // Hart 1: sleep until the IPI, then say so.
                program.load(5, InterruptCause.supervisorSoftware.mask)
                program.emit(Encoding.csrWrite(.sie, 5))
                program.call(Self.hsm, 3, 0, 0, 0)
                program.print("w")
                program.reset(0)
            }
            program.call(Self.hsm, 0, 1, GuestProgram.base, 0)
            program.await(.suspended)
            program.call(0x73_5049, 0, 0b10, 0)
            program.emit(Encoding.wfi, Encoding.spin)
        }.run(harts: 2)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "w")
    }

    /// An IPI to a hart that is off is lost: the hart begins with nothing pending.
    @Test func interruptToAStoppedHartIsLost() throws {
        let run = try GuestProgram { program in
            program.skip(Encoding.beq, 10, 0) { program in
                // Hart 1: print its sip.SSIP, then the same after an IPI to itself.
                program.emit(Encoding.csrRead(10, .sip), Encoding.addi(10, 10, 0x30))
                program.print()
                program.call(0x73_5049, 0, 0b10, 0)
                program.emit(Encoding.csrRead(10, .sip), Encoding.addi(10, 10, 0x30))
                program.print()
                program.call(Self.hsm, 1)
            }
            for _ in 0..<2 {
                // Before its first start, and after a stop with one pending.
                program.call(0x73_5049, 0, 0b10, 0)
                program.call(Self.hsm, 0, 1, GuestProgram.base, 0)
                program.await(.stopped)
            }
            program.reset(0)
        }.run(harts: 2)
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "0202")
    }
}
