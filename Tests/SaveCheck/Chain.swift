import Devices
import Hypervisor
import Machine
import Platform
import TestSupport

/// One run, saved at many places, each of which a fresh machine goes on from to the next.
///
/// The original is saved at a place, which is a fence for it too, and goes on. A machine that was restored from what was
/// saved runs to the next place and is saved there: then both archives must be the same, byte for byte, and so must be
/// what both have printed meanwhile. So two runs' worth of time checks every place.
struct Chain {
    let configuration: MachineConfiguration
    let input: [UInt8]
    /// Instructions after which the run ends if it does not by itself.
    let limit: UInt64

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// How long the run is, in instructions: places are chosen below that.
    func length() throws -> UInt64 {
        let run = try Run(configuration)
        defer { run.finish() }
        run.machine.input.preload(input)
        try run.machine.boot()
        _ = try run.machine.run(toInstruction: limit)
        return run.machine.instructions
    }

    /// - Returns: how many places were checked, and how the run ended.
    func check(_ places: [UInt64]) throws -> (places: Int, ending: String) {
        let original = try Run(configuration)
        defer { original.finish() }
        original.machine.input.preload(input)
        try original.machine.boot()
        var saved = try original.machine.save()
        var checked = 0
        for place in places + [limit] {
            _ = original.console.take()
            let state = try original.machine.run(toInstruction: place)
            let copy = try Run(configuration)
            defer { copy.finish() }
            try copy.machine.restore(saved)
            let name = "from instruction \(copy.machine.instructions) to \(place)"
            let copied = try copy.machine.run(toInstruction: place)
            guard state == copied, original.machine.instructions == copy.machine.instructions else {
                throw Failure(
                    description: "\(name): \(state) at \(original.machine.instructions) and \(copied) at "
                        + "\(copy.machine.instructions)"
                )
            }
            guard original.console.take() == copy.console.take() else {
                throw Failure(description: "\(name): they print different things")
            }
            guard state == .paused else {
                let endings = [original.machine.wait(), copy.machine.wait()]
                guard endings[0] == endings[1] else { throw Failure(description: "\(name): they end as \(endings)") }
                return (checked, "\(endings[0])")
            }
            saved = try original.machine.save()
            let other = try copy.machine.save()
            guard saved == other else {
                let difference = SavedArchive(saved).difference(from: SavedArchive(other)) ?? "in no section"
                throw Failure(description: "\(name): \(difference)")
            }
            checked += 1
        }
        return (checked, "it goes on")
    }
}

/// A machine alone on a host of its own.
private struct Run {
    let machine: Machine
    let console = Output()

    init(_ configuration: MachineConfiguration) throws {
        machine = try MachineHost(clock: .instructions).makeMachine(configuration, console: console)
    }

    func finish() {
        machine.stop()
        _ = machine.wait()
    }
}

/// What was printed since it was last taken.
private final class Output: ConsoleSink {
    private let bytes = Lock<[UInt8]>([])

    func write(_ buffer: UnsafeRawBufferPointer) {
        let copy = Array(buffer)
        bytes.withLock { $0 += copy }
    }

    func take() -> [UInt8] {
        bytes.withLock { bytes in
            defer { bytes = [] }
            return bytes
        }
    }
}
