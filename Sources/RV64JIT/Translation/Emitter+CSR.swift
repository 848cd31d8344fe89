import RV64Core

/// An access to a CSR that translated code makes itself.
enum PlainAccess {
    case word(PlainRegister, CSROperation, CSROperand)
    /// A read of a status register, which may clear the interrupt enable.
    case status(StatusWord, clears: Bool)

    /// Nil where the function for CSR instructions is needed.
    init?(_ i: DecodedInstruction, from mode: PrivilegeMode, of hart: Hart) {
        guard case .csr(let operation, let operand) = i.opcode.execution else { return nil }
        let address = CSRAddress(UInt16(truncatingIfNeeded: i.immediate))
        if let register = hart.plainRegister(at: address, from: mode) {
            self = .word(register, operation, operand)
        } else if let status = hart.statusWord(at: address, from: mode), operation != .replace {
            // norm:csrrs_csrrc_rs1_x0 norm:csrrsi_csrrci_uimm_zero
            if i.rs1 == 0 {
                self = .status(status, clears: false)
            } else if operation == .clear, operand == .immediate, UInt64(i.rs1) == StatusWord.interruptEnable {
                self = .status(status, clears: true)
            } else {
                return nil
            }
        } else {
            return nil
        }
    }
}

extension Emitter {
    mutating func emit(_ access: PlainAccess, _ i: MicroInstruction) {
        switch access {
        case .word(let register, let operation, let operand): emit(register, operation, operand, i)
        case .status(let status, let clears): emit(status, clears: clears, i)
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
            if register.writable != ~0 {
                assembler.emit(.andI, .register(.rcx), immediate: Int32(truncatingIfNeeded: register.writable))
            }
            assembler.emit(.movM, .rcx, word)
        }
        store(.rax, to: i.rd)
    }

    private mutating func emit(_ status: StatusWord, clears: Bool, _ i: MicroInstruction) {
        let word = Layout.state(at: status.offset)
        if !i.writesNothing {
            assembler.load(.rax, constant: status.view)
            assembler.emit(.andR, .rax, word)
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
        }
        if clears {
            assembler.emit(.andI, word, immediate: Int32(truncatingIfNeeded: ~StatusWord.interruptEnable))
        }
        store(.rax, to: i.rd)
    }
}
