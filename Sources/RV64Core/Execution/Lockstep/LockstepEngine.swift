import Glibc
import Platform
import Synchronization

/// Executes everything twice, on the interpreter and on the engine that is to be checked, and compares what they did.
///
/// Each call of `run` is a *round*, or several:
///
/// 1. The interpreter runs a hart of its own beside the real one, the *reference*: with the real one's registers and
///    memory, but its own TLB and blocks. Before it first stores into a page, the page is copied (``StoreJournal``).
///    Translated code goes on behind a trap by itself (`Hart.goOn`), and so does the reference; a trap to Swift ends the
///    round.
/// 2. What it has stored is undone.
/// 3. The other engine runs the real hart with the same budget, as it does when nobody looks: nothing is noted, its TLB,
///    its code and the jumps between its blocks are as it left them.
/// 4. Both must have stopped at the same place, with the same registers, CSRs and counts, for the same reason, and every
///    page that the interpreter stored into must hold the same bytes.
///
/// A device cannot be asked twice. In a round all devices are out of reach: the access raises a fault in both engines,
/// which so have to arrive at the same access with the same registers. Then the fault is taken back, and the interpreter
/// executes that one instruction, with the devices, and what is left of its block for both; another round follows. Time
/// is no device: the clock follows instructions, and what else comes from outside (wires, timers) changes only between
/// two rounds. So a run that is compared is, instruction by instruction, the run that is not.
///
/// After a round that differs everything is put back and done again block by block, to say where it begins. `run` then
/// leaves a ``Disagreement``, and the run is over.
///
/// Not seen is a store of the checked engine into a page that the interpreter does not touch in that round, unless
/// another store is missing for it.
package final class LockstepEngine: Engine {
    private let checked: any Engine
    private var reference: Hart?
    /// The reference's, and no longer there than it.
    private var journal = StoreJournal()
    private let outside = ClosedBus()
    /// Of the real hart's translations, at the end of the last round.
    private var generations: UInt64 = 0

    package init(checking engine: any Engine) { checked = engine }

    package func run(_ hart: Hart, budget: Int) {
        let reference = reference ?? makeReference(of: hart)
        // A fence from outside, by the owner or another hart: more than it asked for is allowed.
        if hart.area.tlb.generations != generations { reference.flushTranslations() }
        defer { generations = hart.area.tlb.generations }
        var left = budget
        while left > 0 {
            reference.copyWires(of: hart)
            let start = Moment(of: hart)
            let differences = round(hart, reference, from: start, budget: left)
            guard differences.isEmpty else {
                guard reference.hasWires(of: hart) else {
                    // Another thread has asked for something in the middle: once more, with that.
                    rewind(hart, to: start)
                    reference.flushTranslations()
                    continue
                }
                hart.disagreement = explain(differences, hart, reference, from: start)
                hart.runState.pointee.exit = .disagreement
                return
            }
            guard outside.wasDeviceReached, accessDevice(hart, reference, from: start) == .edge else { return }
            left = min(hart.runState.pointee.slice, hart.runState.pointee.left) &- hart.unaccounted
        }
    }

    package func step(_ hart: Hart) { hart.interpreter.step(hart) }

    package func startFetchEpoch(_ hart: Hart) {
        checked.startFetchEpoch(hart)
        reference?.synchronizeInstructionFetch()
    }

    package func forgetCode(_ hart: Hart) {
        checked.forgetCode(hart)
        reference = nil
    }

    private func makeReference(of hart: Hart) -> Hart {
        outside.replace(hart.bus)
        journal = StoreJournal()
        var configuration = hart.configuration
        configuration.makeEngine = nil
        configuration.observer = nil
        configuration.journal = journal
        configuration.entropy = outside.entropy
        // It is alone whenever it asks, and so is the real one: harts take turns.
        if configuration.soleTurn != nil { configuration.soleTurn = SoleTurn(harts: Int(configuration.id) + 1) }
        let reference = Hart(configuration: configuration, memory: hart.memory, bus: outside.bus, clock: hart.clock)
        self.reference = reference
        return reference
    }

    // MARK: - Rounds

    /// Runs both, or only the interpreter where the reference asks for random numbers.
    ///
    /// - Returns: how they differ.
    private func round(_ hart: Hart, _ reference: Hart, from start: Moment, budget: Int) -> [Difference] {
        outside.begin(reference)
        start.restore(to: reference)
        journal.begin()
        Self.run(reference, on: reference.interpreter, budget: budget)
        journal.undo()
        guard !outside.wasEntropyAsked else {
            // Random numbers cannot be had twice either.
            outside.begin(hart)
            hart.interpreter.run(hart, budget: budget)
            return []
        }
        let (bus, software) = (hart.bus, hart.hostedSoftware)
        (hart.bus, hart.hostedSoftware) = (outside.bus, nil)
        outside.hart = hart
        Self.run(hart, on: checked, budget: budget)
        (hart.bus, hart.hostedSoftware) = (bus, software)
        return differences(hart, reference)
    }

    /// Goes on behind traps, whether or not the engine does so by itself.
    private static func run(_ hart: Hart, on engine: any Engine, budget: Int) {
        var left = budget
        repeat {
            engine.run(hart, budget: left)
            left = hart.goOn()
        } while left > 0
    }

    /// Puts memory and a hart back to where a round began. Translations may be those of page tables that are no more.
    private func rewind(_ hart: Hart, to start: Moment) {
        journal.putBack()
        hart.flushTranslations()
        if hart.runState.pointee.isAlone { hart.endSoleTurn() }
        start.restore(to: hart)
    }

    /// Executes the access to a device that a round has ended at, and its block up to the end.
    private func accessDevice(_ hart: Hart, _ reference: Hart, from start: Moment) -> InterpreterEnd {
        // The fault has not retired: all before it have.
        let end = reference.state.pointee.retired
        rewind(reference, to: start)
        var walk = BlockWalk()
        while reference.state.pointee.retired < end {
            if walk.step(reference, of: reference) == .event, reference.goOn() == 0 { break }
        }
        Moment(of: reference).restore(to: hart)
        repeat {
            guard walk.step(hart, of: reference) == .edge else { return .event }
        } while walk.isInside
        return .edge
    }

    // MARK: - Comparison

    private func differences(_ hart: Hart, _ reference: Hart) -> [Difference] {
        var result: [Difference] = []
        if !hart.hasState(of: reference) {
            result += Difference.mode(reference, hart)
            result += Difference.fields(reference, hart)
        }
        let (mine, other) = (reference.runState, hart.runState)
        if mine.pointee.exit != other.pointee.exit {
            result.append(Difference("the exit", mine.pointee.exit, other.pointee.exit))
        }
        if mine.pointee.reservationAddress != other.pointee.reservationAddress
            || mine.pointee.reservationValue != other.pointee.reservationValue
        {
            let both = [mine, other].map { ($0.pointee.reservationAddress, $0.pointee.reservationValue) }
            result.append(Difference("the reservation", both[0], both[1]))
        }
        let accounts = [mine, other].map { [UInt64(bitPattern: Int64($0.pointee.slice)), $0.pointee.accountedAt] }
        if accounts[0] != accounts[1] { result.append(Difference("the account", accounts[0], accounts[1])) }
        journal.forEachDifference { place, interpreted, found in
            let address = hart.memory.address(ofHost: place) ?? 0
            result.append(Difference("memory at \(hexadecimal(address))", numbers: interpreted, found))
        }
        return result
    }

    // MARK: - Where it begins

    /// Repeats a round block by block, up to the first that differs.
    private func explain(
        _ whole: [Difference],
        _ hart: Hart,
        _ reference: Hart,
        from start: Moment
    ) -> Disagreement {
        let count = reference.state.pointee.retired &- start.state.retired
        // A round is to end at each block and each trap.
        var moment = start.alone
        rewind(hart, to: moment)
        reference.flushTranslations()
        while true {
            let found = round(hart, reference, from: moment, budget: 1)
            if !found.isEmpty { return locate(found, hart, reference, from: moment) }
            let isOver = moment.state.retired &- start.state.retired >= count
            if isOver || hart.runState.pointee.exit != nil || outside.wasDeviceReached { break }
            moment = Moment(of: hart)
        }
        // No block alone is wrong, only how they follow each other.
        return Disagreement(start.state, .blocks(instructions: count), whole)
    }

    /// Begins a block that differs later and later: it is up to the last instruction from which on it still does.
    private func locate(
        _ differences: [Difference],
        _ hart: Hart,
        _ reference: Hart,
        from start: Moment
    ) -> Disagreement {
        let end = reference.state.pointee.retired
        var (moment, found) = (start, differences)
        var isBlock = true
        while moment.state.retired < end {
            rewind(reference, to: moment)
            reference.interpreter.step(reference)
            let next = Moment(of: reference)
            guard next.state.retired > moment.state.retired else { break }
            next.restore(to: hart)
            let rest = round(hart, reference, from: next, budget: 1)
            if rest.isEmpty { break }
            (moment, found, isBlock) = (next, rest, false)
        }
        guard !isBlock else { return Disagreement(start.state, .block, differences) }
        // Once more, to have it decoded.
        moment.restore(to: reference)
        reference.interpreter.step(reference)
        let raw = reference.interpreter.blocks.scratch.operations.pointee.raw
        return Disagreement(moment.state, .instruction(disassemble(raw, at: moment.state.pc)), found)
    }
}

/// What a hart is to go on from, whatever it has executed since.
private struct Moment {
    let state: HartState
    private(set) var runState: RunState

    init(of hart: Hart) {
        state = hart.state.pointee
        runState = hart.runState.pointee
    }

    /// The same, but that nothing goes on behind a trap.
    var alone: Moment {
        var result = self
        result.runState.accountedAt = state.retired &+ UInt64(Int.max)
        return result
    }

    func restore(to hart: Hart) {
        hart.state.pointee = state
        let native = hart.runState.pointee.native
        hart.runState.pointee = runState
        hart.runState.pointee.native = native
        hart.updateContext()
    }
}

extension Hart {
    fileprivate func copyWires(of other: Hart) {
        lines.pointee.store(other.lines.pointee.load(ordering: .relaxed), ordering: .relaxed)
        guestExternalLines.pointee.store(other.guestExternalLines.pointee.load(ordering: .relaxed), ordering: .relaxed)
        nonMaskableLines.store(other.nonMaskableLines.load(ordering: .relaxed), ordering: .relaxed)
        machineTimer.store(other.machineTimer.load(ordering: .relaxed), ordering: .relaxed)
        requests.store(other.requests.load(ordering: .relaxed), ordering: .relaxed)
    }

    fileprivate func hasWires(of other: Hart) -> Bool {
        lines.pointee.load(ordering: .relaxed) == other.lines.pointee.load(ordering: .relaxed)
            && guestExternalLines.pointee.load(ordering: .relaxed)
                == other.guestExternalLines.pointee.load(ordering: .relaxed)
            && nonMaskableLines.load(ordering: .relaxed) == other.nonMaskableLines.load(ordering: .relaxed)
            && machineTimer.load(ordering: .relaxed) == other.machineTimer.load(ordering: .relaxed)
            && requests.load(ordering: .relaxed) == other.requests.load(ordering: .relaxed)
    }

    /// Whether two states are the same, bit for bit: what instructions with rd = x0 write is nobody's.
    fileprivate func hasState(of other: Hart) -> Bool {
        let rest = MemoryLayout<HartState>.distance(of: \.f)
        let size = MemoryLayout<HartState>.size - rest
        return memcmp(x, other.x, 32 * MemoryLayout<UInt64>.stride) == 0 && memcmp(f, other.f, size) == 0
    }
}

/// Single steps of the interpreter that know where its blocks begin and end.
private struct BlockWalk {
    private var next: UnsafeMutablePointer<BlockOperation>?

    /// Whether the instruction at pc belongs to the block of the one before.
    var isInside: Bool { next != nil }

    /// Executes one instruction of `hart`, by the blocks that `owner` has decoded.
    mutating func step(_ hart: Hart, of owner: Hart) -> InterpreterEnd {
        do throws(Trap) {
            let pc = hart.state.pointee.pc
            if next == nil {
                let block = try owner.findBlock(pc)
                // One of a single instruction is not kept.
                next = block == owner.interpreter.blocks.scratch ? nil : block.operations
            }
            let leaves = next.map { Self.leaves($0.pointee, hart) } ?? true
            let end = hart.interpret(1, from: try hart.singleBlock(pc, hart.fetchLocation(pc)))
            next = leaves || end == .event ? nil : next.map(\.next).flatMap { $0.isEnd ? nil : $0 }
            return end
        } catch {
            next = nil
            hart.deliver(error, raisedBy: nil)
            return .event
        }
    }

    /// Whether a jump leaves its block, which may go on at the target.
    private static func leaves(_ operation: BlockOperation, _ hart: Hart) -> Bool {
        guard case .jump(let condition) = operation.opcode.execution, !operation.isFollowed else { return false }
        return condition.holds(hart.x[operation.rs1], hart.x[operation.rs2])
    }
}
