import Platform
import RV64Core

/// What is known of a loop while it is translated.
struct Loop {
    struct Stub {
        let step: Int
        let miss: UnsafeMutablePointer<UInt8>
        let function: UnsafeMutablePointer<UInt8>
    }

    /// Where it goes on, with its f registers in the host's.
    var start: UnsafeMutablePointer<UInt8>?
    /// Behind its way back.
    var behind: UnsafeMutablePointer<UInt8>?
    /// What a turn finds at its beginning.
    var floats = FloatRegisters.Knowledge()
    /// Jumps to where pages are looked for.
    var waysToStrip: [Fixup] = []
    var stripSetup: UnsafeMutablePointer<UInt8>?
    var stripStart: UnsafeMutablePointer<UInt8>?
    var stripStubs: [Emitter.Stub] = []
    /// Where each step's failures lead.
    var stubs: [Stub] = []
}

/// Loops: blocks that jump to their own start.
///
/// From one turn to the next f registers stay in the host's. And where the bases of accesses change by constants, or not at
/// all, pages are looked for once for as many turns as stay in them: a *strip*, which has part of the budget. What
/// fails in a strip goes on in the loop as it was written first.
extension BlockTranslator {
    mutating func enterLoop() {
        guard emitter.plan.isLoop else { return }
        emitter.loadFloats(emitter.floats.kept)
        emitter.floats.now.dirty = emitter.floats.written
        loop.floats = emitter.floats.now
        loop.start = emitter.assembler.cursor
    }

    mutating func goAround(_ start: UnsafeMutablePointer<UInt8>, retired: Int) {
        emitter.settle(emitter.floats.now.unsettled)
        emitter.loadFloats(emitter.floats.kept)
        emitter.assembler.emit(.subI, .register(Layout.budget), immediate: Int32(retired))
        if emitter.isInStrip, let stripStart = loop.stripStart, let stripSetup = loop.stripSetup {
            emitter.assembler.jump(.greater, to: stripStart)
            emitter.assembler.emit(.addR, Layout.budget, Layout.rest)
            emitter.assembler.jump(.greater, to: stripSetup)
        } else if emitter.plan.strip != nil {
            loop.waysToStrip.append(emitter.assembler.jump(.greater))
        } else {
            emitter.assembler.jump(.greater, to: start)
        }
        emitter.writeBackFloats()
        let number = memory.links.count
        // Never patched: it is left at the budget alone.
        let place = emitter.assembler.cursor
        memory.links.append(NativeLink(target: pc, site: place, stub: place, addend: nil))
        leave(number, isAtBudget: true)
    }

    // MARK: - Strips

    /// Turns below which looking for pages costs more than it saves.
    private static let leastTurns: Int32 = 6
    private static let mostTurns: UInt64 = 4096

    mutating func writeStrip() {
        guard let strip = emitter.plan.strip, let start = loop.start else { return }
        let stubs = emitter.stubs
        emitter.stubs = []
        writeSetup(strip, otherwise: start)
        emitter.floats.now = loop.floats
        emitter.isInStrip = true
        loop.stripStart = emitter.assembler.cursor
        for step in 0...strip.end { translate(step) }
        leaveStrip()
        if let behind = loop.behind { emitter.assembler.jump(to: behind) }
        emitter.isInStrip = false
        loop.stripStubs = emitter.stubs
        emitter.stubs = stubs
    }

    /// The budget is whole again.
    mutating func leaveStrip() {
        if emitter.isInStrip { emitter.assembler.emit(.addR, Layout.budget, Layout.rest) }
    }

    /// Finds how many turns stay in the pages that sites know, and puts aside what is left of the budget behind them.
    private mutating func writeSetup(_ strip: BlockPlan.Strip, otherwise start: UnsafeMutablePointer<UInt8>) {
        loop.stripSetup = emitter.assembler.cursor
        for fixup in loop.waysToStrip { emitter.assembler.bind(fixup) }
        if let goal = strip.goal { passBy(goal, otherwise: start) }
        emitter.assembler.load(.rcx, constant: Self.mostTurns)
        for pace in strip.paces { limitTurns(pace, otherwise: start) }
        emitter.assembler.emit(.cmpI, .register(.rcx), immediate: Self.leastTurns, .double)
        emitter.assembler.jump(.below, to: start)
        emitter.assembler.emit(.imulI, .rcx, .register(.rcx), immediate: Int32(strip.end + 1))
        emitter.assembler.emit(.movR, .rax, Layout.budget)
        emitter.assembler.emit(.xorR, .rdx, .rdx, .double)
        emitter.assembler.emit(.subR, .rax, .rcx)
        emitter.assembler.move(.less, .rax, .register(.rdx))
        emitter.assembler.emit(.movM, .rax, Layout.rest)
        emitter.assembler.emit(.subR, Layout.budget, .rax)
    }

    /// A loop that is about to end anyway goes on as it is.
    private mutating func passBy(_ goal: BlockPlan.Goal, otherwise start: UnsafeMutablePointer<UInt8>) {
        let (from, to) = goal.stride > 0 ? (goal.counter, goal.bound) : (goal.bound, goal.counter)
        emitter.load(to, into: .rax)
        emitter.assembler.emit(.subR, .rax, emitter.operand(from))
        let least = Int(Self.leastTurns) * Int(goal.stride.magnitude)
        emitter.assembler.emit(.cmpI, .register(.rax), immediate: Int32(truncatingIfNeeded: least))
        emitter.assembler.jump(.below, to: start)
    }

    /// Has in rcx no more turns than the accesses of one group stay in their page.
    private mutating func limitTurns(_ pace: BlockPlan.Pace, otherwise start: UnsafeMutablePointer<UInt8>) {
        let group = emitter.plan.groups[pace.group]
        let base = emitter.value(group.base, in: .rax)
        emitter.assembler.emit(.lea, .rdx, .memory(base, group.start + pace.shift))
        emitter.assembler.emit(.movR, .rax, .rdx, .double)
        emitter.assembler.emit(.andI, .register(.rdx), immediate: group.mask)
        emitter.assembler.emit(.xorR, .rdx, Layout.generation)
        emitter.assembler.emit(.cmpR, .rdx, Layout.siteTag(group.site))
        emitter.assembler.jump(.notEqual, to: start)
        // What is before the first byte in the page, and what is behind the last one.
        emitter.assembler.emit(.andI, .register(.rax), immediate: Int32(Page.offsetMask), .double)
        let room = Int32(Int(Page.size) - (group.end - group.start))
        emitter.assembler.load(.rdx, constant: UInt64(room))
        emitter.assembler.emit(.subR, .rdx, .rax, .double)
        emitter.assembler.jump(.below, to: start)
        guard pace.stride != 0 else { return }
        let left: HostRegister = pace.stride > 0 ? .rdx : .rax
        // A power of two that is not less: fewer turns are right, too.
        let shift = Int.bitWidth - (pace.stride.magnitude - 1).leadingZeroBitCount
        emitter.assembler.emit(.shrI, .register(left), immediate: Int32(shift), .double)
        emitter.assembler.emit(.addI, .register(left), immediate: 1, .double)
        emitter.assembler.emit(.cmpR, left, .rcx, .double)
        emitter.assembler.move(.below, .rcx, .register(left), .double)
    }

    /// What fails in a strip fails as it does in the loop.
    mutating func writeStripStubs() {
        for stub in loop.stripStubs {
            guard let known = loop.stubs.first(where: { $0.step == stub.step }) else { continue }
            if let miss = stub.miss { lead(miss.fixups, to: known.miss) }
            lead(stub.fixups, to: known.function)
        }
    }

    private mutating func lead(_ fixups: [Fixup], to target: UnsafeMutablePointer<UInt8>) {
        guard !fixups.isEmpty else { return }
        for fixup in fixups { emitter.assembler.bind(fixup) }
        emitter.assembler.emit(.addR, Layout.budget, Layout.rest)
        emitter.assembler.jump(to: target)
    }
}
