import Platform
import RV64Core

/// Translates one block of the interpreter's: the same instructions, the same edges, the same counts.
struct BlockTranslator {
    let memory: NativeMemory
    let source: NativeBlock
    private let hart: Hart
    private let places: UnsafeBufferPointer<NativePlace>
    var emitter: Emitter
    private let entry: UnsafeMutablePointer<UInt8>
    var loop = Loop()
    /// Jumps out of the straight line, whose rest is written behind the block.
    private var exits: [Exit] = []

    private struct Exit {
        let fixup: Fixup
        let target: UInt64
        let retired: Int
        let floats: FloatRegisters.Knowledge
        let isInStrip: Bool
    }

    var pc: UInt64 { source.pc }

    /// Translates the block at `pc` for the mode that the hart is in.
    static func translate(
        _ block: UnsafeMutablePointer<Block>,
        at pc: UInt64,
        in memory: NativeMemory,
        of hart: Hart
    ) -> UnsafeMutablePointer<NativeBlock> {
        let firstPlace = memory.places.count
        var cursor = block.operations
        while !cursor.isEnd {
            let operation = cursor.pointee
            let address = pc &+ UInt64(operation.offset)
            memory.places.append(NativePlace(decoded: operation.decoded, pc: address, index: operation.index))
            cursor = cursor.next
        }
        let source = NativeBlock(
            source: block.pointee.source,
            pc: pc,
            mode: hart.state.pointee.mode,
            entry: memory.cursor,
            firstPlace: Int32(firstPlace),
            count: Int32(memory.places.count - firstPlace)
        )
        return translate(source, .assuming, in: memory, of: hart)
    }

    /// Translates what is left of a block from a step on, for where something does not hold that the block's own code takes
    /// for granted.
    static func translateRest(
        of block: NativeBlock,
        from step: Int32,
        in memory: NativeMemory,
        of hart: Hart
    ) -> UnsafeMutablePointer<NativeBlock> {
        let source = NativeBlock(
            source: block.source,
            pc: block.pc,
            mode: block.mode,
            entry: memory.cursor,
            firstPlace: block.firstPlace,
            count: block.count,
            firstStep: step
        )
        return translate(source, .plain, in: memory, of: hart)
    }

    private static func translate(
        _ source: NativeBlock,
        _ manner: BlockPlan.Manner,
        in memory: NativeMemory,
        of hart: Hart
    ) -> UnsafeMutablePointer<NativeBlock> {
        var translator = BlockTranslator(memory, source, manner, hart)
        translator.enterLoop()
        for step in Int(source.firstStep)..<translator.places.count {
            translator.translate(step)
            if step == translator.emitter.plan.strip?.end {
                translator.loop.behind = translator.emitter.assembler.cursor
            }
        }
        translator.leaveAtEnd()
        translator.writeStrip()
        translator.finish()
        memory.cursor = translator.emitter.assembler.cursor
        memory.nextSite = translator.emitter.nextSite
        hart.runState.pointee.native.isDirty = true
        if hart.isObserved(.translation) { translator.tellCode() }
        var block = source
        block.entry = translator.entry + memory.code.executableDistance
        return memory.insert(block)
    }

    private func tellCode() {
        let code = memory.code.executableDistance
        let range = UInt(bitPattern: entry + code)..<UInt(bitPattern: memory.cursor + code)
        hart.tell(.translation(TranslatedCode(pc: pc, code: range)))
    }

    private init(_ memory: NativeMemory, _ source: NativeBlock, _ manner: BlockPlan.Manner, _ hart: Hart) {
        self.memory = memory
        self.source = source
        self.hart = hart
        let places = UnsafeBufferPointer(
            start: memory.places.base + Int(source.firstPlace),
            count: Int(source.count)
        )
        self.places = places
        let plan = BlockPlan(places, manner, of: hart)
        let alignment = UInt(plan.isLoop ? 64 : 1)
        entry = memory.cursor + Int((0 &- UInt(bitPattern: memory.cursor)) & (alignment - 1))
        emitter = Emitter(at: entry, plan, map: memory.map, thunks: memory.thunks, firstSite: memory.nextSite)
    }

    private mutating func finish() {
        writeStubs()
        for pending in exits {
            emitter.assembler.bind(pending.fixup)
            emitter.floats.now = pending.floats
            emitter.isInStrip = pending.isInStrip
            exit(to: pending.target, retired: pending.retired)
        }
        emitter.writeSettlings()
    }

    mutating func translate(_ step: Int) {
        let place = places[step]
        let decoded = place.decoded
        let i = emitter.plan.steps[step].micro
        let next = place.pc &+ UInt64(decoded.length)
        let target = place.pc &+ UInt64(bitPattern: i.immediate)
        switch i.operation {
        case .branch: branch(i, decoded, to: target, retired: step + 1, from: place.pc)
        case .jump:
            writeLink(i.rd, next)
            // One that the block follows goes on behind it.
            if step + 1 == places.count { exit(to: target, retired: step + 1) }
        case .jumpRegister: jump(i, next, retired: step + 1)
        case .system:
            guard let access = PlainAccess(decoded, from: source.mode, of: hart) else { fallthrough }
            emitter.emit(access, i, place: Int(source.firstPlace) + step)
        default: emitter.emit(i, decoded, step: step, place: Int(source.firstPlace) + step)
        }
    }

    private mutating func leaveAtEnd() {
        guard let last = places.last else { return }
        switch emitter.plan.steps[places.count - 1].micro.operation {
        case .jump, .jumpRegister: break
        default: exit(to: last.pc &+ UInt64(last.decoded.length), retired: places.count)
        }
    }

    private mutating func writeLink(_ rd: UInt8, _ next: UInt64) {
        guard rd != DecodedInstruction.writeSink else { return }
        let target = emitter.host(rd) ?? .rax
        emitter.assembler.load(target, constant: next)
        emitter.store(target, to: rd)
    }

    // MARK: - Stubs

    /// Writes what cannot go on in line.
    private mutating func writeStubs() {
        for stub in emitter.stubs { write(stub) }
        writeStripStubs()
    }

    private mutating func write(_ stub: Emitter.Stub) {
        let (before, after) = (stub.before, stub.after)
        let start = emitter.assembler.cursor
        if let miss = stub.miss {
            for fixup in miss.fixups { emitter.assembler.bind(fixup) }
            emitter.refill(miss)
            // Where it was loaded, it has to be again. The flags stay.
            if emitter.host(miss.base) == nil { emitter.assembler.emit(.movR, .rcx, emitter.operand(miss.base)) }
            emitter.assembler.jump(.equal, to: miss.resume)
        }
        for fixup in stub.fixups { emitter.assembler.bind(fixup) }
        if emitter.plan.strip != nil {
            loop.stubs.append(Loop.Stub(step: stub.step, miss: start, function: emitter.assembler.cursor))
        }
        emitter.saveFloats(before)
        emitter.call(emitter.thunks.execute, Int(source.firstPlace) + stub.step)
        if let miss = stub.miss, miss.isShared {
            emitter.refill(miss)
            goOnPlainly(emitter.assembler.jump(.notEqual), from: stub.step + 1)
        }
        if after.isUnitReady, !before.isUnitReady {
            emitter.assembler.emit(.cmpI, Layout.isFloating, immediate: 0, .double)
            goOnPlainly(emitter.assembler.jump(.equal), from: stub.step + 1)
        }
        emitter.restoreFloats(after)
        FloatRegisters.forEach(after.boxed & ~before.boxed) { register in
            guard let host = emitter.floats.host(register) else { return }
            goOnPlainly(emitter.isNotBoxed(host), from: stub.step + 1)
        }
        emitter.assembler.jump(to: stub.back)
    }

    /// Where something does not hold that the rest of the block takes for granted. All f registers are in the hart's area.
    private mutating func goOnPlainly(_ site: Fixup, from step: Int) {
        let over = emitter.assembler.jump()
        let stub = emitter.assembler.cursor
        emitter.assembler.bind(site)
        let number = memory.links.count
        memory.links.append(
            NativeLink(
                target: pc,
                site: site.place,
                stub: stub,
                addend: nil,
                rest: NativeLink.Rest(block: Int32(memory.blocks.count), step: Int32(step))
            )
        )
        emitter.assembler.load(.rax, constant: UInt64(number) &<< 1)
        emitter.assembler.jump(to: memory.thunks.leave)
        emitter.assembler.bind(over)
    }

    // MARK: - Edges

    private mutating func branch(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        to target: UInt64,
        retired: Int,
        from address: UInt64
    ) {
        guard case .jump(let jump) = decoded.opcode.execution, let condition = jump.hostCondition else { return }
        emitter.compare(i)
        if target > address {
            exits.append(
                Exit(
                    fixup: emitter.assembler.jump(condition),
                    target: target,
                    retired: retired,
                    floats: emitter.floats.now,
                    isInStrip: emitter.isInStrip
                )
            )
        } else {
            // A loop: its way back is in line.
            let over = emitter.assembler.jump(condition.inverse)
            let floats = emitter.floats.now
            exit(to: target, retired: retired)
            emitter.floats.now = floats
            emitter.assembler.bind(over)
        }
    }

    /// Leaves the block for a known address.
    private mutating func exit(to target: UInt64, retired: Int) {
        if let start = loop.start, target == pc { return goAround(start, retired: retired) }
        emitter.writeBackFloats()
        leaveStrip()
        let number = memory.links.count
        emitter.assembler.emit(.subI, .register(Layout.budget), immediate: Int32(retired))
        if target & ~Page.offsetMask == pc & ~Page.offsetMask {
            // Every address space that has this page has the target.
            let site = emitter.assembler.jump(.greater)
            leave(number, isAtBudget: true)
            finishLink(site, target, addend: nil)
        } else {
            let atBudget = emitter.assembler.jump(.lessOrEqual)
            let (mismatches, addend) = checkPage(of: target)
            let site = emitter.assembler.jump()
            emitter.assembler.bind(atBudget)
            leave(number, isAtBudget: true)
            for mismatch in mismatches { emitter.assembler.bind(mismatch) }
            finishLink(site, target, addend: addend)
        }
    }

    /// Compares what the TLB says of the target's page now with what it said when the jump was patched.
    private mutating func checkPage(of target: UInt64) -> ([Fixup], UnsafeMutablePointer<UInt8>) {
        let entry = TLBBank.index(target) * MemoryLayout<TLBEntry>.stride
        emitter.assembler.emit(.movR, .rdx, Layout.fetchEntries)
        emitter.assembler.load(.rax, constant: TLBEntry.tag(target))
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, entry + Layout.fetchTag))
        let isOther = emitter.assembler.jump(.notEqual)
        let addend = emitter.assembler.load(.rax, word: 0)
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, entry + Layout.addend))
        return ([isOther, emitter.assembler.jump(.notEqual)], addend)
    }

    private mutating func finishLink(_ site: Fixup, _ target: UInt64, addend: UnsafeMutablePointer<UInt8>?) {
        let stub = emitter.assembler.cursor
        emitter.assembler.bind(site)
        let number = memory.links.count
        memory.links.append(NativeLink(target: target, site: site.place, stub: stub, addend: addend))
        leave(number, isAtBudget: false)
    }

    mutating func leave(_ link: Int, isAtBudget: Bool) {
        emitter.assembler.load(.rax, constant: UInt64(link) &<< 1 | (isAtBudget ? 1 : 0))
        emitter.assembler.jump(to: isAtBudget ? memory.thunks.leave : memory.thunks.leaveByLink)
    }

    /// Leaves the block for an address in a register, by the jump cache.
    private mutating func jump(_ i: MicroInstruction, _ next: UInt64, retired: Int) {
        emitter.writeBackFloats()
        let immediate = Int(truncatingIfNeeded: i.immediate)
        if let base = emitter.host(i.rs1) {
            emitter.assembler.emit(.lea, .rax, .memory(base, immediate))
        } else {
            emitter.load(i.rs1, into: .rax)
            if immediate != 0 { emitter.assembler.emit(.addI, .register(.rax), immediate: Int32(immediate)) }
        }
        emitter.assembler.emit(.andI, .register(.rax), immediate: -2)
        if i.rd != DecodedInstruction.writeSink {
            let target = emitter.host(i.rd) ?? .rcx
            emitter.assembler.load(target, constant: next)
            emitter.store(target, to: i.rd)
        }
        emitter.assembler.emit(.subI, .register(Layout.budget), immediate: Int32(retired))
        emitter.assembler.jump(.lessOrEqual, to: memory.thunks.jumpAtBudget)
        emitter.assembler.emit(.movR, .rcx, .rax, .double)
        emitter.assembler.emit(.lea, .rdx, .memory(.rax, 1))
        emitter.assembler.emit(.shlI, .register(.rcx), immediate: JumpCache.shift, .double)
        emitter.assembler.emit(.andI, .register(.rcx), immediate: JumpCache.mask, .double)
        emitter.assembler.emit(.cmpR, .rdx, Layout.jumpCache(source.mode, .rcx, JumpCache.key))
        emitter.assembler.jump(.notEqual, to: memory.thunks.jumpMissed)
        // The page still is what it was.
        emitter.assembler.emit(.movR, .rdx, Layout.fetchEntries)
        emitter.assembler.emit(.addR, .rdx, Layout.jumpCache(source.mode, .rcx, JumpCache.entry))
        emitter.assembler.emit(.orI, .register(.rax), immediate: 0xFFF)
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, Layout.fetchTag))
        let isOther = emitter.assembler.jump(.notEqual)
        emitter.assembler.emit(.movR, .rax, Layout.jumpCache(source.mode, .rcx, JumpCache.addend))
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, Layout.addend))
        let isElsewhere = emitter.assembler.jump(.notEqual)
        emitter.assembler.emit(.jmpM, Layout.jumpCache(source.mode, .rcx, JumpCache.code))
        emitter.assembler.bind(isOther)
        emitter.assembler.bind(isElsewhere)
        emitter.assembler.emit(.movR, .rax, Layout.jumpCache(source.mode, .rcx, JumpCache.key))
        emitter.assembler.emit(.subI, .register(.rax), immediate: 1)
        emitter.assembler.jump(to: memory.thunks.jumpMissed)
    }
}

extension JumpCondition {
    fileprivate var hostCondition: HostCondition? {
        switch self {
        case .always, .register: nil
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .greaterOrEqual: .greaterOrEqual
        case .lessUnsigned: .below
        case .greaterOrEqualUnsigned: .aboveOrEqual
        }
    }
}
