import RV64Core

/// Code that all blocks share: the way in, the ways out, and calls of functions.
struct Thunks {
    /// Runs code: `(area + bias, code) -> exit`, by the host's calling convention.
    let enter: UnsafeMutablePointer<UInt8>
    /// As `enter`, once what has been written since is certain to be fetched.
    let enterSerialized: UnsafeMutablePointer<UInt8>
    /// Calls the function that executes the instruction whose place is in eax, and goes on.
    let execute: UnsafeMutablePointer<UInt8>
    let system: UnsafeMutablePointer<UInt8>
    let environmentCall: UnsafeMutablePointer<UInt8>
    let supervisorReturn: UnsafeMutablePointer<UInt8>
    /// Leaves with the exit in rax.
    let leave: UnsafeMutablePointer<UInt8>
    /// Leaves with a link in rax, if that leads nowhere yet.
    let leaveByLink: UnsafeMutablePointer<UInt8>
    /// A jump to the address in rax that the jump cache does not know, and one at the end of the budget.
    let jumpMissed: UnsafeMutablePointer<UInt8>
    let jumpAtBudget: UnsafeMutablePointer<UInt8>
    /// Looks in the TLB for the page of the address in rax, for the site in rcx; `equal` says that it was there.
    let refillRead: UnsafeMutablePointer<UInt8>
    let refillWrite: UnsafeMutablePointer<UInt8>
    /// Behind all of them.
    let end: UnsafeMutablePointer<UInt8>

    /// Writes them.
    init(at start: UnsafeMutablePointer<UInt8>, map: RegisterMap) {
        let flags = ThunkWriter.writeFlags(at: start)
        var writer = ThunkWriter(assembler: Assembler(at: start + 64), map: map, flags: flags)
        enter = writer.enter(isSerialized: false)
        enterSerialized = writer.enter(isSerialized: true)
        leave = writer.leave()
        let leaveQuietly = writer.finish()
        execute = writer.call(Layout.execute, leaveQuietly, staysFloating: true)
        system = writer.call(Layout.system, leaveQuietly, staysFloating: false)
        environmentCall = writer.call(Layout.environmentCall, leaveQuietly, staysFloating: false)
        supervisorReturn = writer.call(Layout.supervisorReturn, leaveQuietly, staysFloating: false)
        leaveByLink = writer.leaveByLink(leave)
        jumpMissed = writer.jump(.jumpMissed, leave)
        jumpAtBudget = writer.jump(.jumpAtBudget, leave)
        refillRead = writer.refill(Layout.readTag)
        refillWrite = writer.refill(Layout.writeTag)
        end = writer.assembler.cursor
    }
}

/// Why generated code has returned: what is in rax.
enum NativeExit {
    /// pc and `retired` have been written back, and the run loop has to look.
    static let event: UInt64 = ~0
    /// pc holds the target of an indirect jump.
    static let jumpMissed: UInt64 = ~1
    static let jumpAtBudget: UInt64 = ~2

    enum Jump {
        case jumpMissed, jumpAtBudget

        var code: Int32 {
            switch self {
            case .jumpMissed: -2
            case .jumpAtBudget: -3
            }
        }
    }
}

private struct ThunkWriter {
    var assembler: Assembler
    let map: RegisterMap
    /// What each value of MXCSR's six flags is in `fflags`.
    let flags: UnsafeMutablePointer<UInt8>

    /// IE, DE, ZE, OE, UE, PE to NX, UF, OF, DZ, NV.
    static func writeFlags(at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        for host in 0..<64 {
            let flags: [(from: Int, to: Int)] = [(0, 4), (2, 3), (3, 2), (4, 1), (5, 0)]
            start[host] = flags.reduce(0) { $0 | UInt8(host >> $1.from & 1) << UInt8($1.to) }
        }
        return start
    }

    private static let saved: [HostRegister] = [.rbx, .rbp, .r12, .r13, .r14, .r15]

    mutating func enter(isSerialized: Bool) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        for register in Self.saved { assembler.emit(.push, register) }
        // The stack is aligned at calls.
        assembler.emit(.subI, .register(.rsp), immediate: 8)
        if isSerialized { serialize() }
        assembler.emit(.movR, Layout.base, .rdi)
        assembler.emit(.movR, .rax, .rsi)
        assembler.emit(.movR, Layout.budget, Layout.remaining)
        reload()
        assembler.emit(.jmpM, .register(.rax))
        return start
    }

    /// Returns from an interrupt that never was: the manuals ask for a serializing instruction where code has been
    /// written through another mapping, and this one is no business of a hypervisor's.
    private mutating func serialize() {
        assembler.emit(.movR, .rax, .rsp)
        assembler.emitStackSegment()
        assembler.emit(.push, .rax)
        assembler.emit(.pushfq)
        assembler.emitCodeSegment()
        let place = assembler.load(.rax, relative: ())
        assembler.emit(.push, .rax)
        assembler.emit(.iretq)
        assembler.bind(place)
    }

    private mutating func reload() {
        assembler.emit(.movR, Layout.data, Layout.dataEntries)
        for (guest, host) in map.pinned { assembler.emit(.movR, host, Layout.x(guest)) }
    }

    private mutating func spill() {
        for (guest, host) in map.pinned { assembler.emit(.movM, host, Layout.x(guest)) }
        assembler.emit(.movM, Layout.budget, Layout.remaining)
    }

    mutating func leave() -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        spill()
        assembler.emit(.cmpI, Layout.isFloating, immediate: 0, .double)
        let isQuiet = assembler.jump(.equal)
        stopFloating()
        assembler.bind(isQuiet)
        // `finish` follows.
        return start
    }

    /// The end of `leave`, for those who have nothing to write back.
    mutating func finish() -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        assembler.emit(.addI, .register(.rsp), immediate: 8)
        for register in Self.saved.reversed() { assembler.emit(.pop, register) }
        assembler.emit(.ret)
        return start
    }

    /// Gives the unit back to Swift, with rax as it was.
    private mutating func stopFloating() {
        assembler.emit(.stmxcsr, Layout.scratch)
        assembler.emit(.ldmxcsr, Layout.hostControl)
        assembler.emit(.movR, .rcx, Layout.scratch, .double)
        assembler.emit(.andI, .register(.rcx), immediate: 63, .double)
        let table = assembler.load(.rdx, relative: ())
        assembler.bind(table, to: flags)
        assembler.emit(.movzx8, .rcx, .indexed(.rdx, .rcx), .double)
        assembler.emit(.orM, .rcx, Layout.fflags)
        assembler.emit(.movImmediate, Layout.isFloating, immediate: 0)
    }

    mutating func call(
        _ function: HostOperand,
        _ leave: UnsafeMutablePointer<UInt8>,
        staysFloating: Bool
    ) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        spill()
        assembler.emit(.movR, .rcx, Layout.isFloating)
        if staysFloating {
            assembler.emit(.movM, .rcx, Layout.wasFloating)
        } else {
            assembler.emit(.movImmediate, Layout.wasFloating, immediate: 0)
        }
        assembler.emit(.testM, .rcx, .rcx, .double)
        let isQuiet = assembler.jump(.equal)
        stopFloating()
        assembler.bind(isQuiet)
        assembler.emit(.movR, .rdi, Layout.hart)
        assembler.emit(.movR, .rsi, .rax, .double)
        assembler.emit(.subI, .register(.rsp), immediate: 8)
        assembler.emit(.callM, function)
        assembler.emit(.addI, .register(.rsp), immediate: 8)
        assembler.emit(.testM, .rax, .rax)
        let left = assembler.jump(.notEqual)
        assembler.emit(.movR, .rcx, Layout.wasFloating)
        assembler.emit(.testM, .rcx, .rcx, .double)
        let staysQuiet = assembler.jump(.equal)
        assembler.emit(.ldmxcsr, Layout.guestControl)
        assembler.emit(.movM, .rcx, Layout.isFloating)
        assembler.bind(staysQuiet)
        reload()
        assembler.emit(.ret)
        assembler.bind(left)
        // Past the return address.
        assembler.emit(.addI, .register(.rsp), immediate: 8)
        assembler.emit(.cmpI, .register(.rax), immediate: Int32(NativeReturn.elsewhere))
        let hasCode = assembler.jump(.above)
        // `event` and `jumpMissed`.
        assembler.emit(.negM, .register(.rax))
        assembler.jump(to: leave)
        assembler.bind(hasCode)
        assembler.emit(.movR, Layout.budget, Layout.remaining)
        reload()
        assembler.emit(.jmpM, .register(.rax))
        return start
    }

    /// As ``TLBBank/index(_:)`` and ``TLBEntry/tag(_:)`` find it. In rdx is how far the last byte is.
    mutating func refill(_ tag: Int) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        let (index, other, word) = (HostRegister.rbx, HostRegister.rsi, HostRegister.rdi)
        assembler.emit(.push, index)
        assembler.emit(.push, other)
        bankIndex(index, other)
        // The tag of the last byte: an access over two pages misses.
        assembler.emit(.addR, .rdx, .rax)
        assembler.emit(.orI, .register(.rdx), immediate: 0xFFF)
        assembler.emit(.cmpR, .rdx, .indexed(Layout.data, index, tag))
        let isElsewhere = assembler.jump(.notEqual)
        let learn = assembler.cursor
        assembler.emit(.movR, index, .indexed(Layout.data, index, Layout.addend))
        assembler.emit(.movM, index, .indexed(Layout.data, .rcx, TLBBank.sitesOffset + 8))
        assembler.emit(.andI, .register(.rdx), immediate: -4096)
        assembler.emit(.xorR, .rdx, Layout.generation)
        assembler.emit(.movM, .rdx, .indexed(Layout.data, .rcx, TLBBank.sitesOffset))
        assembler.emit(.cmpR, .rax, .rax)
        let end = assembler.cursor
        assembler.emit(.pop, other)
        assembler.emit(.pop, index)
        assembler.emit(.ret)
        assembler.bind(isElsewhere)
        assembler.emit(.movR, other, .rax)
        assembler.emit(.orI, .register(other), immediate: 0xFFF)
        assembler.emit(.cmpR, .rdx, other)
        assembler.jump(.notEqual, to: end)
        assembler.emit(.push, word)
        recall(tag, in: Layout.data, index: index, place: other, word: word)
        assembler.emit(.pop, word)
        assembler.jump(.equal, to: learn)
        assembler.jump(to: end)
        return start
    }

    /// As `TLBBank.recall` does: brings the page of the address in rax back into the entry at distance `index` of a bank,
    /// from `place`, which this finds. In rdx is the tag that an access needs; `equal` says that it is there now.
    private mutating func recall(
        _ tag: Int,
        in bank: HostRegister,
        index: HostRegister,
        place: HostRegister,
        word: HostRegister
    ) {
        let translationKey = HostOperand.memory(bank, TLBBank.translationKeyOffset)
        let storeKey = HostOperand.memory(bank, TLBBank.storeKeyOffset)
        assembler.emit(vex: .rorx, place.rawValue, .register(.rax), .double, immediate: 12)
        assembler.emit(vex: .rorx, word.rawValue, .register(.rax), .quad, immediate: 26)
        assembler.emit(.addR, place, word, .double)
        assembler.emit(.addR, place, .memory(bank, TLBBank.saltOffset), .double)
        assembler.emit(.andI, .register(place), immediate: Int32(TLBBank.secondLevelCount - 1), .double)
        assembler.emit(.shlI, .register(place), immediate: 5, .double)
        assembler.emit(.addR, place, .memory(bank, TLBBank.tableOffset))

        assembler.emit(.movR, word, .memory(place, tag))
        assembler.emit(.xorR, word, tag == Layout.writeTag ? storeKey : translationKey)
        assembler.emit(.cmpR, word, .rdx)
        let isNowhere = assembler.jump(.notEqual)
        for tag in [Layout.readTag, Layout.fetchTag] {
            assembler.emit(.movR, word, .memory(place, tag))
            assembler.emit(.xorR, word, translationKey)
            assembler.emit(.movM, word, .indexed(bank, index, tag))
        }
        assembler.emit(.movR, word, .memory(place, Layout.writeTag))
        assembler.emit(.xorR, word, storeKey)
        assembler.emit(.movR, place, .memory(place, Layout.addend))
        assembler.emit(.cmpR, word, .rdx)
        let isWritable = assembler.jump(.equal)
        assembler.emit(.xorR, word, word)
        assembler.bind(isWritable)
        assembler.emit(.movM, word, .indexed(bank, index, Layout.writeTag))
        // The page's size lies in the low bits of the addend.
        assembler.emit(.movR, word, index, .double)
        assembler.emit(.shrI, .register(word), immediate: 5, .double)
        assembler.emit(.movM8, place, .indexed(bank, word, TLBBank.shiftsOffset))
        assembler.emit(.andI, .register(place), immediate: -4096)
        assembler.emit(.movM, place, .indexed(bank, index, Layout.addend))
        assembler.emit(.cmpR, .rax, .rax)
        assembler.bind(isNowhere)
    }

    mutating func jump(_ exit: NativeExit.Jump, _ leave: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        if exit == .jumpMissed { dispatch() }
        assembler.emit(.movM, .rax, Layout.pc)
        assembler.emit(.movImmediate, .register(.rax), immediate: exit.code)
        assembler.jump(to: leave)
        return start
    }

    /// Leaves a block by the link whose number, twice, is in rax. One that has been patched only lacks the page in the
    /// TLB, or finds another one there: it goes on as a jump does.
    mutating func leaveByLink(_ leave: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        assembler.emit(.imulI, .rcx, .register(.rax), immediate: Int32(MemoryLayout<NativeLink>.stride / 2))
        assembler.emit(.addR, .rcx, Layout.links)
        assembler.emit(.cmpI, .memory(.rcx, Layout.linkBlock), immediate: 0, .double)
        let isNew = assembler.jump(.equal)
        assembler.emit(.movM, .rax, Layout.scratch)
        assembler.emit(.movR, .rax, .memory(.rcx, Layout.linkTarget))
        dispatch()
        assembler.emit(.movR, .rax, Layout.scratch)
        assembler.bind(isNew)
        assembler.jump(to: leave)
        return start
    }

    /// Goes on at the address in rax if there is code for it and its page is in the second level at least, and puts the code
    /// into the jump cache. As `NativeEngine.next` does.
    private mutating func dispatch() {
        let bank = HostRegister.rcx
        let (index, place, word, mode) = (HostRegister.rbx, HostRegister.rsi, HostRegister.rdi, HostRegister.r8)
        let pushed = [index, place, word, mode]
        for register in pushed { assembler.emit(.push, register) }
        assembler.emit(.movzx8, mode, Layout.isDirty, .double)
        assembler.emit(.testM, mode, .register(mode), .double)
        let isDirty = assembler.jump(.notEqual)
        assembler.emit(.movR, bank, Layout.fetchEntries)
        bankIndex(index, word)
        assembler.emit(.movR, .rdx, .rax)
        assembler.emit(.orI, .register(.rdx), immediate: 0xFFF)
        assembler.emit(.cmpR, .rdx, .indexed(bank, index, Layout.fetchTag))
        let isThere = assembler.jump(.equal)
        recall(Layout.fetchTag, in: bank, index: index, place: place, word: word)
        let isNowhere = assembler.jump(.notEqual)
        assembler.bind(isThere)

        let (addend, source, block) = (place, word, HostRegister.rdx)
        assembler.emit(.movR, addend, .indexed(bank, index, Layout.addend))
        assembler.emit(.lea, source, .indexed(.rax, addend, 0))
        assembler.emit(.movzx8, mode, Layout.mode, .double)
        findBlock(block, source: source, mode: mode, other: .rcx)
        let isUnknown = assembler.jump(.equal)
        remember(block, addend: addend, entry: index, mode: mode, place: .rcx, word: word)
        for register in pushed.reversed() { assembler.emit(.pop, register) }
        assembler.emit(.jmpM, Layout.jumpCache(.user, .rcx, JumpCache.code))
        for fixup in [isDirty, isNowhere, isUnknown] { assembler.bind(fixup) }
        for register in pushed.reversed() { assembler.emit(.pop, register) }
    }

    /// As `NativeMemory.find`, for the pc in rax; `equal` says that there is none.
    private mutating func findBlock(
        _ block: HostRegister,
        source: HostRegister,
        mode: HostRegister,
        other: HostRegister
    ) {
        assembler.emit(vex: .rorx, block.rawValue, .register(source), .quad, immediate: 1)
        assembler.emit(vex: .rorx, other.rawValue, .register(source), .quad, immediate: 17)
        assembler.emit(.xorR, block, other)
        assembler.emit(vex: .rorx, other.rawValue, .register(.rax), .quad, immediate: 12)
        assembler.emit(.xorR, block, other)
        assembler.emit(.andI, .register(block), immediate: Int32(NativeMemory.tableSize - 1), .double)
        assembler.emit(.shlI, .register(block), immediate: 2, .double)
        assembler.emit(.addR, block, Layout.blockTable)
        assembler.emit(.movR, block, .memory(block), .double)
        let again = assembler.cursor
        assembler.emit(.testM, block, .register(block), .double)
        let isNone = assembler.jump(.equal)
        assembler.emit(.imulI, block, .register(block), immediate: Int32(MemoryLayout<NativeBlock>.stride))
        assembler.emit(.addR, block, Layout.blocks)
        assembler.emit(.cmpR, source, .memory(block, Layout.block(\.source)))
        let isOther = assembler.jump(.notEqual)
        assembler.emit(.cmpR, .rax, .memory(block, Layout.block(\.pc)))
        let isElsewhere = assembler.jump(.notEqual)
        assembler.emit(.movzx8, other, .memory(block, Layout.block(\.mode)), .double)
        assembler.emit(.cmpR, other, mode, .double)
        let isOfOtherMode = assembler.jump(.notEqual)
        assembler.emit(.cmpI, .memory(block, Layout.block(\.firstStep)), immediate: 0, .double)
        let isFound = assembler.jump(.equal)
        for fixup in [isOther, isElsewhere, isOfOtherMode] { assembler.bind(fixup) }
        assembler.emit(.movR, block, .memory(block, Layout.block(\.next)), .double)
        assembler.jump(to: again)
        assembler.bind(isFound)
        // A block is not at address zero.
        assembler.emit(.testM, block, .register(block))
        assembler.bind(isNone)
    }

    /// As ``JumpCache/remember(_:in:)``.
    private mutating func remember(
        _ block: HostRegister,
        addend: HostRegister,
        entry: HostRegister,
        mode: HostRegister,
        place: HostRegister,
        word: HostRegister
    ) {
        func cache(_ offset: Int) -> HostOperand { Layout.jumpCache(.user, place, offset) }
        assembler.emit(.imulI, mode, .register(mode), immediate: Int32(JumpCache.bytesOfMode), .double)
        assembler.emit(.movR, place, .rax, .double)
        assembler.emit(.shlI, .register(place), immediate: JumpCache.shift, .double)
        assembler.emit(.andI, .register(place), immediate: JumpCache.mask, .double)
        assembler.emit(.addR, place, mode, .double)
        assembler.emit(.lea, word, .memory(.rax, 1))
        assembler.emit(.movM, word, cache(JumpCache.key))
        assembler.emit(.movM, addend, cache(JumpCache.addend))
        assembler.emit(.movM, entry, cache(JumpCache.entry))
        assembler.emit(.movR, word, .memory(block, Layout.block(\.entry)))
        assembler.emit(.movM, word, cache(JumpCache.code))
    }

    /// The distance of the TLB entry for the address in rax, as ``TLBBank/index(_:)`` finds it.
    private mutating func bankIndex(_ index: HostRegister, _ other: HostRegister) {
        // Only the lower 32 bits of the address count.
        assembler.emit(vex: .rorx, index.rawValue, .register(.rax), .double, immediate: 12)
        assembler.emit(vex: .rorx, other.rawValue, .register(.rax), .double, immediate: 22)
        assembler.emit(.addR, index, other, .double)
        assembler.emit(.andI, .register(index), immediate: Int32(TLBBank.entryCount - 1), .double)
        assembler.emit(.shlI, .register(index), immediate: 5, .double)
    }

}
