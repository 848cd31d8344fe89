import Glibc
import Hypervisor
import Platform
import RV64Core
import TestSupport
import Testing

@testable import Machine

/// What no machine has saved: refused in words, or a state like any other, which runs and ends. Never a crash.
@Suite(.timeLimit(.minutes(10))) struct HostileArchiveTests {
    enum Kind: CaseIterable {
        case guest, plain

        func make() throws -> Machine {
            let host = try MachineHost(clock: .instructions)
            let console = CollectingConsole()
            switch self {
            case .guest:
                let path = try SavedPrograms.devices.write()
                defer { unlink(path) }
                var configuration = try GuestProgram.configuration(path: path, harts: 2)
                configuration.input = .absent
                configuration.memorySize = 4 << 20
                return try host.makeMachine(configuration, console: console)
            case .plain:
                var program = SavedPrograms.unfencedPlain(rounds: 1000)
                program.configure = { configuration in
                    configuration.hartCount = 2
                    configuration.input = .absent
                    configuration.memorySize = 4 << 20
                }
                return try program.make(on: host, console)
            }
        }

        /// In the middle of a run.
        func archive() throws -> [UInt8] {
            let machine = try make()
            machine.input.preload(Array("typed".utf8))
            try machine.boot()
            #expect(try machine.run(toInstruction: 4000) == .paused)
            let archive = try machine.save()
            machine.stop()
            _ = machine.wait()
            return archive
        }

        /// - Returns: whether it was taken.
        func restores(_ archive: [UInt8], running instructions: UInt64) throws -> Bool {
            let machine = try make()
            defer {
                machine.stop()
                _ = machine.wait()
            }
            do {
                try machine.restore(archive)
            } catch let error as StateError {
                #expect(error.description.hasPrefix("saved state"))
                #expect(machine.state == .stopped)
                return false
            }
            #expect(machine.state == .paused || machine.state == .created)
            if instructions > 0, machine.state == .paused {
                _ = try machine.run(toInstruction: machine.instructions &+ instructions)
            }
            return true
        }
    }

    /// A bit here and there of every section, with checksums that are right, then a run of what was taken.
    @Test(arguments: Kind.allCases)
    func bitsOfEverySection(_ kind: Kind) throws {
        let archive = SavedArchive(try kind.archive())
        var random = SplitMix64(seed: 7)
        var (taken, refused) = (0, 0)
        for (index, section) in archive.sections.enumerated() where !section.content.isEmpty {
            for _ in 0..<40 {
                let offset = Int.random(in: 0..<section.content.count, using: &random)
                let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
                let damaged = archive.changing((index, offset)) { $0 ^ bit }
                if try kind.restores(damaged, running: 1000) { taken += 1 } else { refused += 1 }
            }
        }
        #expect(taken > 50 && refused > 50, "\(taken) taken, \(refused) refused")
    }

    /// The registers of harts above all.
    @Test(arguments: Kind.allCases)
    func wordsOfHarts(_ kind: Kind) throws {
        let archive = SavedArchive(try kind.archive())
        var random = SplitMix64(seed: 8)
        for (index, section) in archive.sections.enumerated() where section.name.hasPrefix("hart-") {
            for _ in 0..<150 {
                let start = Int.random(in: 0..<section.content.count - 8, using: &random)
                var content = section.content
                for offset in start..<start + 8 { content[offset] = UInt8.random(in: 0...255, using: &random) }
                _ = try kind.restores(archive.replacing(index, content), running: 1000)
            }
        }
    }

    /// Cut, grown, or without checksums that are right.
    @Test(arguments: Kind.allCases)
    func lengthsAndChecksums(_ kind: Kind) throws {
        let bytes = try kind.archive()
        let archive = SavedArchive(bytes)
        var random = SplitMix64(seed: 9)
        for index in archive.sections.indices {
            #expect(try !kind.restores(archive.resizing(index, by: 1), running: 0))
            let count = archive.sections[index].content.count
            guard count > 0 else { continue }
            for _ in 0..<5 {
                let cut = Int.random(in: 1...count, using: &random)
                #expect(try !kind.restores(archive.resizing(index, by: -cut), running: 0))
            }
        }
        for _ in 0..<60 {
            #expect(
                try !kind.restores(Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))), running: 0)
            )
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(try !kind.restores(damaged, running: 0))
        }
    }

    /// A guest's registers that only the hypervisor writes are not taken from anybody: with others of them it would
    /// reach what is not its own.
    @Test func hypervisorsRegistersAreItsOwn() throws {
        func hart(_ change: (Hart) -> Void) throws -> StateError? {
            let machine = try Kind.guest.make()
            try machine.boot()
            change(machine.drivers[0].hart)
            let archive = try machine.save()
            machine.stop()
            _ = machine.wait()
            let copy = try Kind.guest.make()
            do { try copy.restore(archive) } catch { return error as? StateError }
            // Where its tables are is its own affair.
            let guest = try #require((copy.profile as? GuestProfile)?.guest)
            #expect(copy.drivers[0].hart.state.pointee.hgatp.rawValue == guest.addressSpace.root.rawValue)
            copy.stop()
            return nil
        }
        let changes: [(Hart) -> Void] = [
            { $0.state.pointee.mode = .machine },
            { $0.state.pointee.mode = .supervisor },
            { $0.state.pointee.mstatus[.mprv] = true },
            { $0.state.pointee.hstatus[.hu] = true },
            { $0.state.pointee.mideleg = 0 },
            { $0.state.pointee.hedeleg = ~0 },
            { $0.state.pointee.hideleg = ~0 },
            { $0.state.pointee.pmpaddr[0] = 0 },
            { $0.state.pointee.menvcfg[.pmm] = 2 },
        ]
        for (index, change) in changes.enumerated() {
            #expect(try hart(change)?.section == "hart-0", "change \(index)")
        }
        #expect(try hart { $0.state.pointee.hgatp = HGATP(0x1234) } == nil)
    }
}
