import Devices
import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Machines that are made, run and let go of while others live.
@Suite(.timeLimit(.minutes(10))) struct ComingAndGoingTests {
    private static func vmid(of machine: Machine) -> UInt64? {
        machine.drivers.first?.hart.state.pointee.hgatp[.vmid]
    }

    /// Prints what is in memory before it was written, and writes there: with another's translations or frames it would
    /// find what the last guest left.
    private static let leaving = GuestProgram { program in
        for page in UInt64(0)..<4 {
            program.load(5, GuestProgram.data + page * 0x1000)
            program.emit(Encoding.ld(10, 5), Encoding.addi(10, 10, 0x30), Encoding.sd(5, 5))
            program.print()
        }
        program.reset(0)
    }

    @Test(arguments: [MachineHost.ClockSource.host, .instructions])
    func hundredsOfGuests(clock: MachineHost.ClockSource) throws {
        let host = try MachineHost(clock: clock)
        let path = try Self.leaving.write()
        defer { unlink(path) }
        let lasting = try GuestProgram { $0.emit(Encoding.spin) }.make(on: host, console: CollectingConsole())
        try lasting.perform(.start)
        var vmids: Set<UInt64> = []
        for _ in 0..<300 {
            let console = CollectingConsole()
            let machine = try host.makeMachine(GuestProgram.configuration(path: path, harts: 2), console: console)
            try machine.boot()
            vmids.insert(try #require(Self.vmid(of: machine)))
            try machine.perform(.resume(.skipped))
            #expect(machine.wait() == .exited(code: 0))
            #expect(console.text == "0000")
        }
        #expect(vmids.count < 10, "numbers are used again")
        #expect(!vmids.contains(try #require(Self.vmid(of: lasting))))
        #expect(lasting.state == .running)
        lasting.stop()
        #expect(lasting.wait() == .requested)
    }

    /// Nothing keeps a machine that was let go of, whatever it was.
    @Test(arguments: [MachineProfile.guest, .plain], [false, true])
    func lettingGo(profile: MachineProfile, hasRun: Bool) throws {
        let host = try MachineHost(clock: .host)
        weak var machine: Machine?
        weak var driver: (any HartDriver)?
        do {
            let made: Machine
            switch profile {
            case .guest: made = try GuestProgram { $0.reset(0) }.make(on: host, console: CollectingConsole())
            case .plain:
                var program = PlainTestProgram([
                    Encoding.lui(5, 0x100), Encoding.lui(6, 5), Encoding.addi(6, 6, 0x555), Encoding.sw(6, 5),
                    Encoding.spin,
                ])
                program.hasMailbox = false
                made = try program.make(on: host, CollectingConsole())
            }
            machine = made
            driver = made.drivers.first
            #expect(driver != nil)
            if hasRun { #expect(try made.run() == .exited(code: 0)) }
        }
        // Its threads may be in their last instructions.
        _ = try GuestProgram { $0.reset(0) }.make(on: host, console: CollectingConsole())
        for _ in 0..<1000 where machine != nil { usleep(1000) }
        #expect(machine == nil)
        #expect(driver == nil)
    }

    /// Made and not powered on: all its parts are there, and nothing is in them.
    @Test(arguments: [MachineProfile.guest, .plain])
    func neverPoweredOn(profile: MachineProfile) throws {
        let host = try MachineHost(clock: .host)
        let console = CollectingConsole()
        let machine =
            switch profile {
            case .guest: try GuestProgram { $0.reset(0) }.make(on: host, harts: 2, console: console)
            case .plain: try PlainTestProgram([Encoding.spin]).make(on: host, console)
            }
        #expect(machine.state == .created)
        #expect(machine.deviceTree.isEmpty)
        #expect(machine.instructions == 0)
        #expect(machine.clock.nanoseconds == 0)
        #expect(machine.drivers.allSatisfy { $0.hart.state.pointee.mode == .machine })
        let start = GuestPhysicalAddress(machine.configuration.ram.lowerBound)
        #expect(machine.memory.load(UInt64.self, at: start) == 0)
        let parts = machine.parts.map(\.name)
        let devices = DeviceRow.rows(for: .supervisor).map(\.name)
        let plainDevices = DeviceRow.all.map(\.name) + ["htif"]
        switch profile {
        case .guest:
            let first = ["clock", "random", "hart-states", "memory"]
            #expect(parts == first + devices + ["input", "hart-0", "hart-1"])
        case .plain: #expect(parts == ["clock", "random", "memory"] + plainDevices + ["input", "hart-0"])
        }
        #expect(machine.statistics.instructions == 0)
        machine.stop()
        #expect(machine.wait() == .requested)
    }

    /// More guests than fit are refused by their number, and one that goes makes room.
    @Test func numbersRunOut() throws {
        let pool = VMIDPool()
        var all = (1..<1 << 14).map { _ in pool.allocate() }
        #expect(all.allSatisfy { $0 != nil })
        #expect(pool.allocate() == nil)
        let value = all[5]?.value
        all[5] = nil
        #expect(pool.allocate()?.value == value)
    }
}
