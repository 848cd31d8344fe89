import Hypervisor
import RV64Core
import Testing

@testable import Machine

/// SBI's firmware features on a hart that has them.
@Suite(.timeLimit(.minutes(10))) struct FirmwareFeatureTests {
    private static let fwft: UInt64 = 0x4657_4654
    private static let hsm: UInt64 = 0x48_534D
    private static let misaligned: UInt64 = 0
    private static let doubleTrap: UInt64 = 3
    private static let hardwareUpdating: UInt64 = 4
    private static let pointerMasking: UInt64 = 5
    private static let locked: UInt64 = 1

    private static let everyFeature =
        GuestProgram.isa + "_ssdbltrp_smnpm"

    /// Prints the value, a small number, as a digit; the error -n as the character n after '0'.
    private static func printResult(_ program: inout GuestProgram) {
        program.emit(Encoding.sub(10, 11, 10), Encoding.addi(10, 10, 0x30))
        program.print()
    }

    /// Reset values of all features; '2' stands for "not supported".
    @Test(
        arguments: [(GuestProgram.isa, "122202"), (everyFeature, "122000"), ("rv64imac_zicsr", "122222")]
            as [(String, String)]
    )
    func resetValues(isa: String, values: String) throws {
        let run = try GuestProgram { program in
            for feature in UInt64(0)..<6 {
                program.call(Self.fwft, 1, feature)
                Self.printResult(&program)
            }
            program.reset(0)
        }.run(isa: isa)
        #expect(run.console == values)
    }

    /// Misaligned atomics trap on this hart: to the guest alone where they are delegated, by way of HS where not.
    @Test(arguments: [0, 1] as [UInt64])
    func misalignedExceptions(value: UInt64) throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.call(Self.fwft, 0, Self.misaligned, value, 0)
            program.load(5, GuestProgram.data + 1)
            program.emit(Encoding.amoadd(6, 7, 5))
            program.print("?")
            program.reset(0)
        }.run()
        #expect(run.console == "G", "store/AMO address misaligned is cause 6")
        let exits = run.statistics.exits.filter { $0.cause == ExceptionCause.storeAddressMisaligned.name }
        #expect(exits.map(\.count) == (value == 0 ? [1] : []))
    }

    /// A trap in the trap handler ends a guest that has double traps on; it is told of both.
    @Test func doubleTrap() throws {
        let run = try GuestProgram { program in
            program.call(Self.fwft, 0, Self.doubleTrap, 1, 0)
            program.load(5, GuestProgram.data)
            program.emit(Encoding.csrWrite(.stvec, 5), 0x0010_0073)
        }.run(isa: Self.everyFeature)
        guard case .failed(let report) = run.reason else {
            Issue.record("\(run.reason)")
            return
        }
        #expect(report.contains("took a double trap: illegal instruction at 0x80100000"), "\(report)")
        #expect(report.contains("sstatus.SDT"))
    }

    /// With the feature on, the top seven bits of the supervisor's own addresses are ignored.
    @Test func pointerMasking() throws {
        let run = try GuestProgram { program in
            program.installReporter()
            program.call(Self.fwft, 0, Self.pointerMasking, 7, 0)
            program.call(Self.fwft, 1, Self.pointerMasking)
            Self.printResult(&program)
            program.load(5, GuestProgram.data | 0xAA << 57)
            program.load(6, 0x41)
            program.emit(Encoding.sd(6, 5))
            program.load(5, GuestProgram.data)
            program.emit(Encoding.ld(10, 5))
            program.print()
            program.reset(0)
        }.run(isa: Self.everyFeature)
        #expect(run.console == "7A")
    }

    /// "During non-retentive suspend, feature values are retained", and so are locks.
    @Test func suspendKeepsFeatures() throws {
        let resumed = GuestProgram { program in
            program.call(Self.fwft, 1, Self.hardwareUpdating)
            Self.printResult(&program)
            program.call(Self.fwft, 1, Self.misaligned)
            Self.printResult(&program)
            program.call(Self.fwft, 0, Self.hardwareUpdating, 0, 0)
            Self.printResult(&program)
            program.reset(0)
        }
        let run = try GuestProgram { program in
            program.store(resumed, at: GuestProgram.data)
            program.call(Self.fwft, 0, Self.hardwareUpdating, 1, Self.locked)
            program.call(Self.fwft, 0, Self.misaligned, 0, 0)
            program.wakeByTimer()
            program.call(Self.hsm, 3, 0x8000_0000, GuestProgram.data, 0)
        }.run()
        #expect(run.console == "10>", "DENIED_LOCKED is -14")
    }

    /// "Upon hart reset, local feature values are not retained", nor are locks.
    @Test func startResetsFeatures() throws {
        let run = try GuestProgram { program in
            program.skip(Encoding.beq, 10, 0) { program in
                // Hart 1: show what it has, set and lock, stop.
                program.call(Self.fwft, 1, Self.hardwareUpdating)
                Self.printResult(&program)
                program.call(Self.fwft, 0, Self.hardwareUpdating, 1, Self.locked)
                program.call(Self.fwft, 1, Self.hardwareUpdating)
                Self.printResult(&program)
                program.call(Self.hsm, 1)
            }
            for _ in 0..<2 {
                program.call(Self.hsm, 0, 1, GuestProgram.base, 0)
                program.await(.stopped)
            }
            // Hart 0's own is as it was.
            program.call(Self.fwft, 1, Self.hardwareUpdating)
            Self.printResult(&program)
            program.reset(0)
        }.run(harts: 2)
        #expect(run.console == "01010")
    }
}
