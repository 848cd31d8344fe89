import Devices
import Hypervisor
import Machine
import Platform

/// One run, saved at many places, each of which a fresh machine goes on from to the next.
///
/// The original is saved at a place, which is a fence for it too, and goes on. A machine that was restored from what was
/// saved runs to the next place and is saved there: then both archives must be the same, byte for byte, and so must be
/// what both have printed meanwhile. So two runs' worth of time checks every place.
package struct SaveChain {
    /// Makes the machine, on a host that has an instruction clock and no other machines.
    let make: (any ConsoleSink) throws -> Machine
    let input: [UInt8]
    /// Instructions after which the run ends if it does not by itself.
    let limit: UInt64

    package init(input: [UInt8] = [], limit: UInt64 = .max - 1, make: @escaping (any ConsoleSink) throws -> Machine) {
        self.make = make
        self.input = input
        self.limit = limit
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// What a chain came to.
    package struct Outcome: Sendable {
        /// How many places were checked.
        package var places = 0
        /// Nil for a run that reached its limit.
        package var ending: StopReason?
        package var console: [UInt8] = []
        /// The archive at the last place.
        package var archive: [UInt8]
    }

    /// How long the run is, in instructions: places are chosen below that.
    package func length() throws -> UInt64 {
        let run = try Run(make)
        defer { run.finish() }
        run.machine.input.preload(input)
        try run.machine.boot()
        _ = try run.machine.run(toInstruction: limit)
        return run.machine.instructions
    }

    /// - Throws: `Failure`: between which places which bytes came to differ.
    package func check(_ places: [UInt64]) throws -> Outcome {
        let original = try Run(make)
        defer { original.finish() }
        original.machine.input.preload(input)
        try original.machine.boot()
        var outcome = Outcome(archive: try original.machine.save())
        for place in places + [limit] {
            let state = try original.machine.run(toInstruction: place)
            let copy = try Run(make)
            defer { copy.finish() }
            try copy.machine.restore(outcome.archive)
            let name = "from instruction \(copy.machine.instructions) to \(place)"
            let copied = try copy.machine.run(toInstruction: place)
            guard state == copied, original.machine.instructions == copy.machine.instructions else {
                throw Failure(
                    "\(name): \(state) at \(original.machine.instructions) and \(copied) at "
                        + "\(copy.machine.instructions)"
                )
            }
            let printed = original.console.take()
            guard printed == copy.console.take() else { throw Failure("\(name): they print different things") }
            outcome.console += printed
            guard state == .paused else {
                let endings = [original.machine.wait(), copy.machine.wait()]
                guard endings[0] == endings[1] else { throw Failure("\(name): they end as \(endings)") }
                outcome.ending = endings[0]
                return outcome
            }
            outcome.archive = try original.machine.save()
            let other = try copy.machine.save()
            guard outcome.archive == other else {
                let difference = SavedArchive(outcome.archive).difference(from: SavedArchive(other))
                throw Failure("\(name): \(difference ?? "in no section")")
            }
            outcome.places += 1
        }
        return outcome
    }
}

/// A machine alone on a host of its own.
private struct Run {
    let machine: Machine
    let console = Output()

    init(_ make: (any ConsoleSink) throws -> Machine) throws { machine = try make(console) }

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
