import Platform
import Synchronization

/// The A extension, on memory that harts share: every operation is one host atomic.
///
/// All are sequentially consistent, which satisfies every combination of aq and rl.
extension Hart {
    /// Executes LR, SC or an AMO.
    func executeAtomic(_ instruction: DecodedInstruction) throws(Trap) {
        switch instruction.opcode {
        case .lrW: try loadReserved(instruction, UInt32.self)
        case .lrD: try loadReserved(instruction, UInt64.self)
        case .scW: try storeConditional(instruction, UInt32.self)
        case .scD: try storeConditional(instruction, UInt64.self)
        case .amocasB: try compareAndSwap(instruction, UInt8.self)
        case .amocasH: try compareAndSwap(instruction, UInt16.self)
        case .amocasW: try compareAndSwap(instruction, UInt32.self)
        case .amocasD: try compareAndSwap(instruction, UInt64.self)
        case .amocasQ: try compareAndSwapPair(instruction)
        default:
            // funct3 is the width.
            switch instruction.raw &>> 12 & 3 {
            case 0: try modify(instruction, UInt8.self)
            case 1: try modify(instruction, UInt16.self)
            case 2: try modify(instruction, UInt32.self)
            default: try modify(instruction, UInt64.self)
            }
        }
    }

    /// The naturally aligned RAM cell of an atomic. Atomics on devices, which have no such cells, are access faults.
    func cell(_ address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap) -> UnsafeMutableRawPointer {
        guard address & (bytes &- 1) == 0 else {
            let access = dataContext
            throw accessTrap(.misaligned, kind, access.effectiveAddress(address), access)
        }
        let entry = context.pointee.data + TranslationBank.index(address)
        let tag = kind == .load ? entry.pointee.readTag : entry.pointee.writeTag
        if tag == address & ~Page.offsetMask,
            let pointer = UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.pointee.addend))
        {
            return pointer
        }
        let location = try locate(address, bytes, kind, dataContext, caching: context.pointee.data)
        guard case .memory(let pointer) = location else {
            let access = dataContext
            throw accessTrap(.access, kind, access.effectiveAddress(address), access)
        }
        return pointer
    }

    private func loadReserved<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .load)
        let value = Cell.load(pointer)
        state.pointee.reservationAddress = Self.reservation(of: pointer, type)
        state.pointee.reservationValue = UInt64(value)
        x[instruction.rd] = value.signExtended
    }

    /// An SC of another width than its LR fails: the low bits of an aligned address have room for the width.
    @inline(__always)
    private static func reservation<Cell: AtomicCell>(of pointer: UnsafeMutableRawPointer, _ type: Cell.Type) -> UInt64
    {
        UInt64(UInt(bitPattern: pointer)) | (Cell.bitWidth == 64 ? 1 : 0)
    }

    /// SC succeeds if the reserved cell still holds the value that LR saw. norm:sc_success_conditions
    private func storeConditional<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        let isReserved = state.pointee.reservationAddress == Self.reservation(of: pointer, type)
        state.pointee.reservationAddress = 0
        let isStored =
            isReserved
            && Cell.compareExchange(
                pointer,
                expected: Cell(truncatingIfNeeded: state.pointee.reservationValue),
                desired: Cell(truncatingIfNeeded: x[instruction.rs2])
            ).exchanged
        x[instruction.rd] = isStored ? 0 : 1
    }

    /// norm:Zabha_rd_sign_extension
    private func modify<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        let operand = Cell(truncatingIfNeeded: x[instruction.rs2])
        var old = Cell.load(pointer)
        while true {
            let new = Self.combine(instruction.opcode, old, operand)
            let result = Cell.compareExchange(pointer, expected: old, desired: new)
            if result.exchanged { break }
            old = result.original
        }
        x[instruction.rd] = old.signExtended
    }

    /// What an AMO stores.
    @inline(__always)
    private static func combine<T: FixedWidthInteger & UnsignedInteger>(_ opcode: Opcode, _ a: T, _ b: T) -> T {
        // Adding half the range turns signed order into unsigned order.
        let half = T(1) &<< T(T.bitWidth - 1)
        switch opcode {
        case .amoaddB, .amoaddH, .amoaddW, .amoaddD: return a &+ b
        case .amoxorB, .amoxorH, .amoxorW, .amoxorD: return a ^ b
        case .amoandB, .amoandH, .amoandW, .amoandD: return a & b
        case .amoorB, .amoorH, .amoorW, .amoorD: return a | b
        case .amominB, .amominH, .amominW, .amominD: return a &+ half < b &+ half ? a : b
        case .amomaxB, .amomaxH, .amomaxW, .amomaxD: return a &+ half > b &+ half ? a : b
        case .amominuB, .amominuH, .amominuW, .amominuD: return min(a, b)
        case .amomaxuB, .amomaxuH, .amomaxuW, .amomaxuD: return max(a, b)
        default: return b  // AMOSWAP
        }
    }
}
