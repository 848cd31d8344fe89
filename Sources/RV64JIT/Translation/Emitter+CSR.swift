import RV64Core

/// An access to a CSR that translated code makes itself.
enum PlainAccess {
    case word(PlainRegister, CSROperation, CSROperand)
    case status(StatusWord)
    case statusChange(StatusWord, StatusChange)

    /// Nil where the function for CSR instructions is needed.
    init?(_ i: DecodedInstruction, from mode: PrivilegeMode, of hart: Hart) {
        guard case .csr(let operation, let operand) = i.opcode.execution else { return nil }
        let address = CSRAddress(UInt16(truncatingIfNeeded: i.immediate))
        // norm:csrrs_csrrc_rs1_x0 norm:csrrsi_csrrci_uimm_zero
        let writes = operation == .replace || i.rs1 != 0
        if let register = hart.plainRegister(at: address, from: mode) {
            guard !writes || register.writable != nil else { return nil }
            self = .word(register, operation, operand)
        } else if let status = hart.statusWord(at: address, from: mode) {
            let change = StatusChange(operation: operation, operand: operand, immediate: UInt64(i.rs1))
            self = writes ? .statusChange(status, change) : .status(status)
        } else {
            return nil
        }
    }
}

/// A write of a status register.
struct StatusChange {
    let operation: CSROperation
    let operand: CSROperand
    let immediate: UInt64

    /// The bits that it may change.
    func bits(of status: StatusWord) -> UInt64 {
        switch (operation, operand) {
        case (.replace, _), (.set, .register), (.clear, .register): status.writable
        case (.set, .immediate), (.clear, .immediate): status.writable & immediate
        }
    }
}

extension Emitter {
    mutating func emit(_ access: PlainAccess, _ i: MicroInstruction, place: Int) {
        switch access {
        case .word(let register, let operation, let operand): emit(register, operation, operand, i)
        case .status(let status): emit(status, i)
        case .statusChange(let status, let change):
            writeBackFloats()
            emit(status, change, i, place)
            floats.now = FloatRegisters.Knowledge()
        }
    }

    private mutating func emit(
        _ register: PlainRegister,
        _ operation: CSROperation,
        _ operand: CSROperand,
        _ i: MicroInstruction
    ) {
        let word = Layout.state(at: register.offset)
        let writes = operation == .replace || i.rs1 != 0
        if writes {
            switch operand {
            case .register: load(i.rs1, into: .rcx)
            case .immediate: assembler.load(.rcx, constant: UInt64(i.rs1))
            }
        }
        if !(operation == .replace && i.writesNothing) { assembler.emit(.movR, .rax, word) }
        if writes {
            switch operation {
            case .replace: break
            case .set: assembler.emit(.orR, .rcx, .rax)
            case .clear:
                assembler.emit(.notM, .register(.rcx))
                assembler.emit(.andR, .rcx, .rax)
            }
            if let writable = register.writable, writable != ~0 {
                assembler.emit(.andI, .register(.rcx), immediate: Int32(truncatingIfNeeded: writable))
            }
            assembler.emit(.movM, .rcx, word)
        }
        store(.rax, to: i.rd)
    }

    private mutating func emit(_ status: StatusWord, _ i: MicroInstruction) {
        guard !i.writesNothing else { return }
        assembler.emit(.movR, .rax, Layout.state(at: status.offset))
        emitView(of: status, i)
    }

    /// Where something has to be looked at, nothing has happened yet, and the function does it all.
    private mutating func emit(_ status: StatusWord, _ change: StatusChange, _ i: MicroInstruction, _ place: Int) {
        let word = Layout.state(at: status.offset)
        let changeable = change.bits(of: status)
        switch change.operand {
        case .register: load(i.rs1, into: .rcx)
        case .immediate: assembler.load(.rcx, constant: UInt64(i.rs1))
        }
        assembler.emit(.movR, .rax, word)
        // What changes.
        switch change.operation {
        case .replace:
            assembler.emit(.movR, .rdx, .rcx, .double)
            assembler.emit(.xorR, .rdx, .rax, .double)
        case .set: andNot(.rax, .rcx, into: .rdx)
        case .clear:
            assembler.emit(.movR, .rdx, .rcx, .double)
            assembler.emit(.andR, .rdx, .rax, .double)
        }
        assembler.emit(.andI, .register(.rdx), immediate: Int32(truncatingIfNeeded: changeable), .double)
        var exits: [Fixup] = []
        if changeable & ~status.simple != 0 {
            exits.append(jump(ifAnyOf: changeable & ~status.simple, in: .rdx))
        }
        if status.trapDisable != 0 { exits.append(jump(ifAnyOf: status.trapDisable, in: .rax)) }
        exits += emitDecisions(of: status, change)
        assembler.emit(.xorR, .rdx, .rax)
        assembler.emit(.movM, .rdx, word)
        if !i.writesNothing { emitView(of: status, i) }
        guard !exits.isEmpty else { return }
        let done = assembler.jump()
        for exit in exits { assembler.bind(exit) }
        call(thunks.system, place)
        assembler.bind(done)
    }

    /// What else follows from the change in rdx of the register in rax.
    private mutating func emitDecisions(of status: StatusWord, _ change: StatusChange) -> [Fixup] {
        var exits: [Fixup] = []
        let other: Int?
        switch status.decides {
        case .nothing: return []
        case .all: other = nil
        case .allBeside(let offset): other = offset
        }
        let changeable = change.bits(of: status)
        if changeable & StatusWord.interruptEnable != 0, change.operation != .clear {
            andNot(.rax, .rdx, into: .rcx)
            let isNotSet = jump(ifNoneOf: StatusWord.interruptEnable, in: .rcx)
            // One of any level, and whether it is enabled by others, is for the function to tell.
            assembler.emit(.movR, .rcx, Layout.mip)
            assembler.emit(.orR, .rcx, Layout.timerPending)
            assembler.emit(.orR, .rcx, Layout.lines)
            assembler.emit(.andR, .rcx, Layout.mie)
            exits.append(assembler.jump(.notEqual))
            assembler.emit(.cmpI, Layout.guestExternalLines, immediate: 0)
            exits.append(assembler.jump(.notEqual))
            assembler.bind(isNotSet)
        }
        if changeable & StatusWord.fs != 0 {
            let isSame = jump(ifNoneOf: StatusWord.fs, in: .rdx)
            // The unit goes back to Swift first.
            assembler.emit(.cmpI, Layout.isFloating, immediate: 0, .double)
            exits.append(assembler.jump(.notEqual))
            if let other {
                assembler.emit(.movR, .rcx, Layout.state(at: other), .double)
                assembler.emit(.notM, .register(.rcx), .double)
                exits.append(jump(ifAnyOf: StatusWord.fs, in: .rcx))
            }
            // Off, Initial, Clean and Dirty as `FloatingPointStatus` has them.
            assembler.emit(.movR, .rcx, .rax, .double)
            assembler.emit(.xorR, .rcx, .rdx, .double)
            assembler.emit(.andI, .register(.rcx), immediate: Int32(truncatingIfNeeded: StatusWord.fs), .double)
            let shift = Int32(StatusWord.fs.trailingZeroBitCount)
            assembler.emit(.shrI, .register(.rcx), immediate: shift, .double)
            assembler.emit(.addI, .register(.rcx), immediate: 1, .double)
            assembler.emit(.shrI, .register(.rcx), immediate: 1, .double)
            assembler.emit(.movM8, .rcx, Layout.floatingPoint)
            assembler.bind(isSame)
        }
        return exits
    }

    private mutating func andNot(_ negated: HostRegister, _ other: HostRegister, into target: HostRegister) {
        assembler.emit(vex: .andn, target.rawValue, .register(other), second: negated.rawValue, .double)
    }

    private mutating func jump(ifAnyOf bits: UInt64, in register: HostRegister) -> Fixup {
        assembler.emit(.testI, .register(register), immediate: Int32(truncatingIfNeeded: bits), .double)
        return assembler.jump(.notEqual)
    }

    private mutating func jump(ifNoneOf bits: UInt64, in register: HostRegister) -> Fixup {
        assembler.emit(.testI, .register(register), immediate: Int32(truncatingIfNeeded: bits), .double)
        return assembler.jump(.equal)
    }

    /// What a read shows of the word in rax.
    private mutating func emitView(of status: StatusWord, _ i: MicroInstruction) {
        assembler.load(.rcx, constant: status.view)
        assembler.emit(.andR, .rax, .rcx)
        // SD says that FS is 3: adding one then carries out of the field.
        let field = StatusWord.fs
        let lowest = field & (0 &- field)
        assembler.emit(.movR, .rcx, .rax, .double)
        assembler.emit(.andI, .register(.rcx), immediate: Int32(truncatingIfNeeded: field), .double)
        assembler.emit(.addI, .register(.rcx), immediate: Int32(truncatingIfNeeded: lowest), .double)
        assembler.emit(.andI, .register(.rcx), immediate: Int32(truncatingIfNeeded: field &+ lowest), .double)
        let distance = StatusWord.sd.trailingZeroBitCount - (field &+ lowest).trailingZeroBitCount
        assembler.emit(.shlI, .register(.rcx), immediate: Int32(distance))
        assembler.emit(.orR, .rax, .rcx)
        store(.rax, to: i.rd)
    }
}
