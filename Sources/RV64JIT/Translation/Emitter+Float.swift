import Platform
import RV64Core

extension Emitter {
    /// F registers stay in memory; what is loaded or stored goes through a general register.
    mutating func emitFloatAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        let isOff = requireDirty()
        switch decoded.opcode.execution {
        case .floatLoad(let format):
            let isDouble = format == .double
            let miss = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .read)
            assembler.emit(.movR, .rcx, .memory(.rax), isDouble ? .quad : .double)
            assembler.emit(.movM, .rcx, Layout.f(i.rd), isDouble ? .quad : .double)
            if !isDouble { assembler.emit(.movImmediate, Layout.fUpper(i.rd), immediate: -1, .double) }
            leave([isOff, miss], place)
        case .floatStore(let format):
            let isDouble = format == .double
            let miss = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .write)
            assembler.emit(.movR, .rcx, Layout.f(i.rs2), isDouble ? .quad : .double)
            assembler.emit(.movM, .rcx, .memory(.rax), isDouble ? .quad : .double)
            leave([isOff, miss], place)
        default: preconditionFailure("\(decoded.opcode) is no access")
        }
    }

    /// FS is dirty: nothing is to be checked, and nothing to be marked.
    private mutating func requireDirty() -> Fixup {
        assembler.emit(.cmpI8, Layout.floatingPoint, immediate: Int32(FloatingPointStatus.dirty.rawValue))
        return assembler.jump(.notEqual)
    }

    mutating func emitFloat(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        call(thunks.execute, place)
    }
}
