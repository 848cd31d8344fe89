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
    /// Leaves with the exit in rax.
    let leave: UnsafeMutablePointer<UInt8>
    /// A jump to the address in rax that the jump cache does not know, and one at the end of the budget.
    let jumpMissed: UnsafeMutablePointer<UInt8>
    let jumpAtBudget: UnsafeMutablePointer<UInt8>
    /// Behind all of them.
    let end: UnsafeMutablePointer<UInt8>

    /// Writes them.
    init(at start: UnsafeMutablePointer<UInt8>, map: RegisterMap) {
        var writer = ThunkWriter(assembler: Assembler(at: start), map: map)
        enter = writer.enter(isSerialized: false)
        enterSerialized = writer.enter(isSerialized: true)
        leave = writer.leave()
        let leaveQuietly = writer.finish()
        execute = writer.call(Layout.execute, leaveQuietly)
        system = writer.call(Layout.system, leaveQuietly)
        jumpMissed = writer.jump(.jumpMissed, leave)
        jumpAtBudget = writer.jump(.jumpAtBudget, leave)
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

    mutating func call(_ function: HostOperand, _ leave: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        spill()
        assembler.emit(.movR, .rdi, Layout.hart)
        assembler.emit(.movR, .rsi, .rax, .double)
        assembler.emit(.subI, .register(.rsp), immediate: 8)
        assembler.emit(.callM, function)
        assembler.emit(.addI, .register(.rsp), immediate: 8)
        assembler.emit(.testM, .rax, .rax, .double)
        let left = assembler.jump(.notEqual)
        reload()
        assembler.emit(.ret)
        assembler.bind(left)
        // Past the return address.
        assembler.emit(.addI, .register(.rsp), immediate: 8)
        assembler.emit(.movImmediate, .register(.rax), immediate: -1)
        assembler.jump(to: leave)
        return start
    }

    mutating func jump(_ exit: NativeExit.Jump, _ leave: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let start = assembler.cursor
        assembler.emit(.movM, .rax, Layout.pc)
        assembler.emit(.movImmediate, .register(.rax), immediate: exit.code)
        assembler.jump(to: leave)
        return start
    }
}
