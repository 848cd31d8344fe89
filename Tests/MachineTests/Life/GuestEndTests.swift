import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// A guest's life: how it ends, starts again, and is stopped.
@Suite(.timeLimit(.minutes(10))) struct GuestEndTests {
    @Test(
        arguments: [(0, 0, .exited(code: 0)), (0, 1, .exited(code: 1))] as [(UInt64, UInt64, StopReason)]
    )
    func systemReset(kind: UInt64, reason: UInt64, expected: StopReason) throws {
        #expect(try GuestProgram { $0.reset(kind, reason: reason) }.run().reason == expected)
    }

    @Test(
        arguments: [
            (0x5555, .exited(code: 0)), (0x3333, .exited(code: 1)), (0x002A_3333, .exited(code: 42)),
            (0xFFFF_3333, .exited(code: 0xFFFF)),
        ] as [(UInt64, StopReason)]
    )
    func finisher(value: UInt64, expected: StopReason) throws {
        let run = try GuestProgram { program in
            program.load(5, MemoryMap.finisher.base)
            program.load(6, value)
            program.emit(Encoding.sw(6, 5), Encoding.spin)
        }.run()
        #expect(run.reason == expected)
    }

    /// Starts again for every character that is typed, with memory as new and input as it was.
    private static let restarting = GuestProgram { program in
        program.load(5, GuestProgram.data)
        program.emit(Encoding.ld(10, 5), Encoding.addi(10, 10, 0x30))
        program.print()
        program.emit(Encoding.sd(5, 5))
        program.call(2, 0)
        program.skip(Encoding.blt, 10, 0) { $0.reset(1) }
        program.reset(0)
    }

    @Test func reboots() throws {
        let run = try Self.restarting.run(input: "xyz")
        #expect(run.reason == .exited(code: 0))
        #expect(run.console == "0000", "memory is zero after each start")
        #expect(run.statistics.sbiCalls.first { $0.name == "SRST.system_reset" }?.count == 4)
        #expect(run.statistics.instructions > 4 * 50)
    }

    /// A guest that restarts for ever takes nothing from the machine, and can be stopped in the middle of it.
    @Test func rebootsForEverAndIsStopped() throws {
        let reason = try GuestProgram { $0.reset(1) }.run { machine in
            for _ in 0..<200 {
                // What the terminal does at the same time.
                _ = machine.instructions
                _ = machine.residentBytes
                _ = machine.input.offer([0x20])
                usleep(500)
            }
            machine.stop()
        }
        #expect(reason == .requested)
    }

    @Test(arguments: [Encoding.spin, Encoding.wfi], [1, 4])
    func stopsWhateverItDoes(instruction: UInt32, harts: Int) throws {
        let program = GuestProgram { program in
            for hart in 1..<UInt64(4) { program.call(0x48_534D, 0, hart, GuestProgram.base, 0) }
            let top = program.address
            program.emit(instruction)
            program.branchBack(Encoding.beq, 0, 0, to: top)
        }
        let reason = try program.run(harts: harts) { machine in
            usleep(20_000)
            machine.stop()
        }
        #expect(reason == .requested)
    }

    @Test func firstReasonCountsButResetGivesWay() throws {
        let reason = try GuestProgram { $0.emit(Encoding.spin) }.run { machine in
            while machine.state == .created { usleep(100) }
            machine.reset()
            machine.end(.failed("first"))
            machine.end(.requested)
        }
        #expect(reason == .failed("first"))
    }

    /// The last hart to stop ends the guest: nobody could start it again.
    @Test func everyHartStopped() throws {
        let run = try GuestProgram { $0.call(0x48_534D, 1) }.run()
        guard case .failed(let report) = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        #expect(report.contains("every hart has stopped"))
    }

    /// Its handler is no code, or traps again after some instructions: both are told. The second takes a million traps,
    /// so it is of a kind that does not leave the guest.
    @Test(
        arguments: [
            ([0], "illegal instruction"),
            ([Encoding.addi(5, 5, 1), Encoding.addi(5, 5, 1), 0x0010_0073], "breakpoint"),
        ] as [([UInt32], String)]
    )
    func trapLoop(handler: [UInt32], cause: String) throws {
        let run = try GuestProgram { program in
            let place = program.address + 13 * 4
            program.load(5, place)
            program.emit(Encoding.csrWrite(.stvec, 5), 0)
            for word in handler { program.emit(word) }
        }.run()
        guard case .failed(let report) = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        #expect(report.contains("hart 0 traps for ever: \(cause) at 0x8000"), "\(report)")
    }

    @Test func statisticsAddUp() throws {
        let run = try GuestProgram { program in
            for _ in 0..<5 { program.print("x") }
            program.call(0x1234_5678, 0)
            program.call(0x10, 99)
            program.reset(0)
        }.run()
        #expect(run.console == "xxxxx")
        #expect(run.statistics.unknownSBICalls == 2)
        #expect(run.statistics.sbiCalls.first { $0.name == "DBCN.write_byte" }?.count == 5)
        let calls = try #require(run.statistics.exits.first { $0.cause == ExceptionCause.environmentCallFromVS.name })
        #expect(calls.count == 8)
        #expect(calls.seconds > 0)
        let seconds = run.statistics.exits.reduce(0) { $0 + $1.seconds }
        #expect(seconds <= run.statistics.secondsInHypervisor)
        #expect(run.statistics.wallSeconds >= run.statistics.secondsInHypervisor)
    }
}
