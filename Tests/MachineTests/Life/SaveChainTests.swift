import Hypervisor
import Platform
import RV64Core
import TestSupport
import Testing

@testable import Machine

/// A run that is saved at a place and goes on, and a machine that is restored from there, are the same to the last
/// instruction and byte, at every place.
@Suite(.timeLimit(.minutes(10))) struct SaveChainTests {
    enum Program: CaseIterable {
        case unfencedGuest, unfencedPlain, busyHarts, devices

        func chain(harts: Int) -> SaveChain {
            let input = self == .devices ? Array("what was typed, and not yet taken".utf8) : []
            return SaveChain(input: input) { console in
                let host = try MachineHost(clock: .instructions)
                switch self {
                case .unfencedGuest:
                    return try SavedPrograms.unfencedGuest(rounds: 1500).make(on: host, harts: harts, console: console)
                case .unfencedPlain:
                    var program = SavedPrograms.unfencedPlain(rounds: 1500)
                    // The second one waits for nothing.
                    program.configure = { $0.hartCount = harts }
                    return try program.make(on: host, console)
                case .busyHarts: return try SavedPrograms.busyHarts.make(on: host, harts: harts, console: console)
                case .devices: return try SavedPrograms.devices.make(on: host, harts: harts, console: console)
                }
            }
        }
    }

    private static func places(_ count: Int, in length: UInt64, seed: UInt64) -> [UInt64] {
        var random = SplitMix64(seed: seed)
        return Set((0..<count).map { _ in UInt64.random(in: 1..<length, using: &random) }).sorted()
    }

    @Test(arguments: Program.allCases, [1, 2])
    func restoredGoesOnEqually(_ program: Program, harts: Int) throws {
        let chain = program.chain(harts: harts)
        let length = try chain.length()
        for seed in 1...2 as ClosedRange<UInt64> {
            let places = Self.places(25, in: length, seed: seed)
            let outcome = try chain.check(places)
            #expect(outcome.ending == .exited(code: 0))
            #expect(outcome.places > 10, "of \(places.count) in \(length) instructions")
        }
    }

    /// Neighbouring places, where a block, a trap or a sleep may lie between.
    @Test func everyPlaceOfAStretch() throws {
        let outcome = try Program.busyHarts.chain(harts: 2).check(Array(stride(from: 4000, to: 4400, by: 7)))
        #expect(outcome.places > 20)
    }

    /// What typed input says arrives once, whatever is saved between.
    @Test func inputIsSaved() throws {
        let chain = Program.devices.chain(harts: 1)
        let length = try chain.length()
        let outcome = try chain.check(Self.places(30, in: length, seed: 3))
        let text = String(decoding: outcome.console, as: UTF8.self)
        #expect(text.hasPrefix("what was typed, and not yet taken"), "\(text)")
    }

    enum Pause: CaseIterable {
        case alone, saved
    }

    /// The program can tell that it was saved, which is what makes it worth a test: old code and old translations are
    /// still there after a pause, and gone after a save.
    @Test(arguments: [MachineProfile.guest, .plain])
    func savingIsAFence(profile: MachineProfile) throws {
        let results = try Pause.allCases.map { pause in
            let (host, console) = (try MachineHost(clock: .instructions), CollectingConsole())
            let machine =
                switch profile {
                case .guest:
                    try GuestProgram { program in
                        SavedPrograms.unfenced(&program, rounds: 1500)
                        program.emit(Encoding.spin)
                    }.make(on: host, console: console)
                case .plain:
                    try SavedPrograms.unfencedPlain(rounds: 1500, ending: [Encoding.spin]).make(on: host, console)
                }
            try machine.boot()
            for place in stride(from: UInt64(5000), through: 100_000, by: 5000) {
                #expect(try machine.run(toInstruction: place) == .paused)
                switch pause {
                case .alone: break
                case .saved: _ = try machine.save()
                }
            }
            let result = machine.memory.load(UInt64.self, at: GuestPhysicalAddress(SavedPrograms.result))
            machine.stop()
            #expect(machine.wait() == .requested)
            return result
        }
        #expect(results.allSatisfy { $0 != 0 })
        #expect(results[0] != results[1])
    }
}
