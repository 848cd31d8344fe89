import Platform
import RV64Core

/// Translates one block of the interpreter's: the same instructions, the same edges, the same counts.
struct BlockTranslator {
    private let memory: NativeMemory
    private let pc: UInt64
    private let mode: PrivilegeMode
    private let hart: Hart
    private var emitter: Emitter
    private let entry: UnsafeMutablePointer<UInt8>
    /// Where the next of what seldom runs goes: far away, so that what runs often lies close together.
    private var aside: UnsafeMutablePointer<UInt8>
    /// Jumps out of the straight line, whose rest is written behind the block.
    private var exits: [Exit] = []

    private struct Exit {
        let fixup: Fixup
        let target: UInt64
        let retired: Int
    }

    /// Translates the block at `pc` for the mode that the hart is in.
    static func translate(
        _ block: UnsafeMutablePointer<Block>,
        at pc: UInt64,
        in memory: NativeMemory,
        of hart: Hart
    ) -> UnsafeMutablePointer<NativeBlock> {
        var translator = BlockTranslator(memory, pc, hart)
        let firstPlace = memory.places.count
        var cursor = block.operations
        while !cursor.isEnd {
            translator.translate(cursor.pointee)
            cursor = cursor.next
        }
        translator.exit(to: pc &+ UInt64(cursor.pointee.offset), retired: cursor.pointee.index)
        translator.finish()
        let aside = memory.aside
        // The host fetches 32 bytes at a time.
        memory.cursor = translator.emitter.assembler.cursor
        memory.cursor += -Int(bitPattern: memory.cursor) & 31
        memory.aside = translator.aside
        memory.nextSite = translator.emitter.nextSite
        hart.runState.pointee.native.isDirty = true
        if hart.isObserved(.translation) {
            translator.tellCode(from: translator.entry, to: memory.cursor)
            translator.tellCode(from: aside, to: memory.aside)
        }
        return memory.insert(
            NativeBlock(
                source: block.pointee.source,
                pc: pc,
                mode: translator.mode,
                entry: translator.entry + memory.code.executableDistance,
                firstPlace: Int32(firstPlace),
                count: Int32(memory.places.count - firstPlace)
            )
        )
    }

    private func tellCode(from start: UnsafeMutablePointer<UInt8>, to end: UnsafeMutablePointer<UInt8>) {
        let code = memory.code.executableDistance
        let range = UInt(bitPattern: start + code)..<UInt(bitPattern: end + code)
        hart.tell(.translation(TranslatedCode(pc: pc, code: range)))
    }

    private init(_ memory: NativeMemory, _ pc: UInt64, _ hart: Hart) {
        self.memory = memory
        self.pc = pc
        self.hart = hart
        mode = hart.state.pointee.mode
        entry = memory.cursor
        aside = memory.aside
        emitter = Emitter(at: entry, map: memory.map, thunks: memory.thunks, firstSite: memory.nextSite)
    }

    /// Has `body` write aside.
    private mutating func writeAside(_ body: (inout Self) -> Void) {
        swap(&emitter.assembler.cursor, &aside)
        body(&self)
        swap(&emitter.assembler.cursor, &aside)
    }

    private mutating func finish() {
        writeAside { $0.emitter.writeStubs() }
        for pending in exits {
            emitter.assembler.bind(pending.fixup)
            exit(to: pending.target, retired: pending.retired)
        }
    }

    private mutating func translate(_ operation: BlockOperation) {
        let decoded = operation.decoded
        let address = pc &+ UInt64(operation.offset)
        let place = memory.places.count
        memory.places.append(NativePlace(decoded: decoded, pc: address, index: operation.index))
        let i = MicroInstruction(decoded, pc: address, isMisalignable: hart.mayMisalign(decoded))
        let next = address &+ UInt64(operation.length)
        let target = address &+ UInt64(bitPattern: i.immediate)
        switch i.operation {
        case .branch: branch(i, decoded, to: target, retired: operation.index + 1, from: address)
        case .jump:
            writeLink(i.rd, next)
            // One that the block follows goes on behind it.
            if !operation.isFollowed { exit(to: target, retired: operation.index + 1) }
        case .jumpRegister: jump(i, next, retired: operation.index + 1)
        case .system:
            guard let access = PlainAccess(decoded, from: mode, of: hart) else { fallthrough }
            emitter.emit(access, i)
        default: emitter.emit(i, decoded, place: place)
        }
    }

    private mutating func writeLink(_ rd: UInt8, _ next: UInt64) {
        guard rd != DecodedInstruction.writeSink else { return }
        let target = emitter.host(rd) ?? .rax
        emitter.assembler.load(target, constant: next)
        emitter.store(target, to: rd)
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
            exits.append(Exit(fixup: emitter.assembler.jump(condition), target: target, retired: retired))
        } else {
            // A loop: its way back is in line.
            let over = emitter.assembler.jump(condition.inverse)
            exit(to: target, retired: retired)
            emitter.assembler.bind(over)
        }
    }

    /// Leaves the block for a known address.
    private mutating func exit(to target: UInt64, retired: Int) {
        let number = memory.links.count
        emitter.assembler.emit(.subI, .register(Layout.budget), immediate: Int32(retired))
        if target & ~Page.offsetMask == pc & ~Page.offsetMask {
            // Every address space that has this page has the target.
            let site = emitter.assembler.jump(.greater)
            let atBudget = emitter.assembler.jump()
            writeAside { translator in
                translator.emitter.assembler.bind(atBudget)
                translator.leave(number, isAtBudget: true)
                translator.finishLink(site, target, addend: nil)
            }
        } else {
            let atBudget = emitter.assembler.jump(.lessOrEqual)
            let (mismatches, addend) = checkPage(of: target)
            let site = emitter.assembler.jump()
            writeAside { translator in
                translator.emitter.assembler.bind(atBudget)
                translator.leave(number, isAtBudget: true)
                for mismatch in mismatches { translator.emitter.assembler.bind(mismatch) }
                translator.finishLink(site, target, addend: addend)
            }
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

    private mutating func leave(_ link: Int, isAtBudget: Bool) {
        emitter.assembler.load(.rax, constant: UInt64(link) &<< 1 | (isAtBudget ? 1 : 0))
        emitter.assembler.jump(to: isAtBudget ? memory.thunks.leave : memory.thunks.leaveByLink)
    }

    /// Leaves the block for an address in a register, by the jump cache.
    private mutating func jump(_ i: MicroInstruction, _ next: UInt64, retired: Int) {
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
        emitter.assembler.emit(.cmpR, .rdx, Layout.jumpCache(mode, .rcx, JumpCache.key))
        emitter.assembler.jump(.notEqual, to: memory.thunks.jumpMissed)
        // The page still is what it was.
        emitter.assembler.emit(.movR, .rdx, Layout.fetchEntries)
        emitter.assembler.emit(.addR, .rdx, Layout.jumpCache(mode, .rcx, JumpCache.entry))
        emitter.assembler.emit(.orI, .register(.rax), immediate: 0xFFF)
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, Layout.fetchTag))
        let isOther = emitter.assembler.jump(.notEqual)
        emitter.assembler.emit(.movR, .rax, Layout.jumpCache(mode, .rcx, JumpCache.addend))
        emitter.assembler.emit(.cmpR, .rax, .memory(.rdx, Layout.addend))
        let isElsewhere = emitter.assembler.jump(.notEqual)
        emitter.assembler.emit(.jmpM, Layout.jumpCache(mode, .rcx, JumpCache.code))
        writeAside { translator in
            translator.emitter.assembler.bind(isOther)
            translator.emitter.assembler.bind(isElsewhere)
            let key = Layout.jumpCache(translator.mode, .rcx, JumpCache.key)
            translator.emitter.assembler.emit(.movR, .rax, key)
            translator.emitter.assembler.emit(.subI, .register(.rax), immediate: 1)
            translator.emitter.assembler.jump(to: translator.memory.thunks.jumpMissed)
        }
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
