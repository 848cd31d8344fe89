import Devices
import Hypervisor
import Platform
import RV64Core
import Synchronization

/// Saving and restoring a whole machine. Saving is a fence, in the original too: see
/// docs/decisions/0012-saving-is-a-fence.md.
extension Machine {
    /// Everything that the machine's future depends on and that was not given to it.
    ///
    /// A machine that goes on after this, and one that is restored from it, do the same from here, as far as time is the
    /// machine's own (an instruction clock) and nothing comes from outside.
    ///
    /// - Throws: `StateRequestRefused` unless the machine is paused, or was only made.
    package func save() throws(StateRequestRefused) -> [UInt8] {
        let saved = try hold(to: .save, in: [.created, .paused])
        var writer = StateWriter()
        writer.section("configuration") { writer in
            for (_, value) in shape { writer.write(value) }
        }
        writer.section("machine") { saveLife(saved, to: &$0) }
        for part in parts(in: saved) { writer.section(part.name, part.object) }
        let archive = writer.finish()
        // The state that it is in does not change with it.
        endHold(.created)
        return archive
    }

    /// Takes over what was saved of a machine of the same configuration: this one, which was only made, is in the state
    /// then that the other one was in, paused or made, and goes on from there when it is resumed.
    ///
    /// - Throws: `StateRequestRefused` if it is not in that state; `StateError` for an archive that does not fit or is
    ///   damaged, and the machine has ended then.
    package func restore(_ archive: [UInt8]) throws {
        try hold(to: .restore, in: [.created])
        do throws(StateError) {
            var reader = try StateReader(archive)
            try reader.section("configuration") { reader throws(StateError) in
                for (what, here) in shape {
                    let saved = try reader.read(String.self, limit: Self.textLimit)
                    try reader.requireSame(what, saved: saved, here: here)
                }
            }
            let next = try reader.section("machine") { reader throws(StateError) in try restoreLife(from: &reader) }
            for part in parts(in: next) { try reader.section(part.name, into: part.object) }
            try reader.finish()
            endHold(next)
        } catch {
            end(.failed(error.description))
            endHold(.stopped)
            throw error
        }
    }

    /// Keeps everything else from the machine, which is at rest.
    ///
    /// - Returns: the state that it is in.
    @discardableResult
    private func hold(
        to request: StateRequestRefused.Request,
        in states: Set<MachineState>
    ) throws(StateRequestRefused) -> MachineState {
        let (state, isHeld) = life.withLock { ($0.state, $0.hold(in: states)) }
        if !isHeld { throw StateRequestRefused(machine: name, request: request, state: state) }
        return state
    }

    private func endHold(_ next: MachineState) {
        life.withLock { $0.endHold(next) }
        changed()
    }

    // MARK: - Parts

    /// What can be saved of what the machine is made of. The order is that in which they are restored: what other parts
    /// look at comes first, and harts last, because devices drive their wires when they are restored.
    var parts: [(name: String, object: any Savable & AnyObject)] {
        var parts: [(name: String, object: any Savable & AnyObject)] = [("clock", clock), ("random", random)]
        if let work { parts.append(("work", work)) }
        if let guest = (profile as? GuestProfile)?.guest { parts.append(("hart-states", guest.hartStates)) }
        parts.append(("memory", profile.memory))
        parts += (board?.devices ?? []).map { ($0.name, $0.device) }
        parts.append(("input", input))
        parts += drivers.enumerated().map { ("hart-\($0)", $1) }
        return parts
    }

    /// What two machines have in common that can take each other's state.
    private var shape: [(what: String, value: String)] {
        [
            ("the profile", "\(configuration.profile)"),
            ("the number of harts", "\(configuration.hartCount)"),
            ("the ISA", configuration.isa.extensionNames.joined(separator: " ")),
            ("the widest page table", "\(configuration.pagingLimit)"),
            ("RAM", ([configuration.ram] + configuration.furtherRAM).map(PlainMemory.text).joined(separator: " ")),
            ("the clock", clock.followsInstructions ? "instructions" : "host"),
            ("the random source", configuration.seed == nil ? "host" : "seeded"),
            ("the devices", (board?.devices ?? []).map(\.name).joined(separator: " ")),
        ]
    }

    private static let textLimit = 1 << 14

    /// One that was never powered on has nothing in it.
    private func parts(in state: MachineState) -> [(name: String, object: any Savable & AnyObject)] {
        state == .created ? [("random", random), ("input", input)] : parts
    }

    /// What the machine itself keeps.
    private func saveLife(_ state: MachineState, to writer: inout StateWriter) {
        let account = account.withLock { $0 }
        writer.write(state != .created)
        writer.write(UInt64(life.withLock { $0.resets }))
        writer.write(pastNanoseconds.load(ordering: .relaxed))
        writer.write(account.debt)
        writer.write(UInt64(account.next))
        writer.write(deviceTree)
    }

    /// - Returns: the state that it was saved in.
    private func restoreLife(from reader: inout StateReader) throws(StateError) -> MachineState {
        let isPaused = try reader.read(Bool.self)
        let resets = try reader.read(UInt64.self)
        try reader.require(resets < 1 << 32, "it was reset \(resets) times")
        pastNanoseconds.store(try reader.read(), ordering: .relaxed)
        let debt = try reader.read(UInt64.self)
        try reader.require(debt < 1 << 32, "its turns are used up for ever")
        let next = try reader.read(UInt64.self)
        try reader.require(next < UInt64(drivers.count), "the next turn is of hart \(next)")
        let tree: [UInt8] = try reader.read(limit: .max)
        self.tree.withLock { $0 = tree }
        account.withLock { $0 = TurnAccount(debt: debt, next: Int(next)) }
        life.withLock { $0.resets = Int(resets) }
        return isPaused ? .paused : .created
    }

    // MARK: - Running to a place

    /// Lets a machine that is paused run until its harts have retired `target` instructions together, and waits until it
    /// is paused again, or has ended. What it printed has been read then.
    ///
    /// Where it stops is the end of the block in which it got there, which depends on nothing but the machine, if an
    /// instruction clock runs it.
    ///
    /// - Returns: the state then.
    /// - Throws: `MachineRequestRefused` if the machine is not paused.
    package func run(toInstruction target: UInt64) throws(MachineRequestRefused) -> MachineState {
        pauseTarget.store(target, ordering: .relaxed)
        defer { pauseTarget.store(.max, ordering: .relaxed) }
        try perform(.resume(.skipped))
        let state = waitUntilPaused()
        console.drain()
        return state
    }

    /// Called after each turn.
    func pauseAtTarget() {
        let target = pauseTarget.load(ordering: .relaxed)
        guard target != .max, instructions >= target else { return }
        let isFirst = life.withLock { life in
            defer { life.requestPause() }
            return life.state == .running
        }
        if isFirst { changed() }
    }
}

/// A machine cannot be saved or restored now.
package struct StateRequestRefused: Error, Equatable, CustomStringConvertible {
    package enum Request: Sendable {
        case save
        case restore
    }

    package let machine: String
    package let request: Request
    package let state: MachineState

    /// One line for the user.
    package var description: String {
        switch request {
        case .save: "\(machine): cannot save a machine that is \(state); pause it first"
        case .restore: "\(machine): cannot restore into a machine that is \(state); make a new one"
        }
    }
}
