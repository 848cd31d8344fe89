import Platform
import Synchronization

/// The A extension, on memory that harts share: every operation is one host atomic.
///
/// All are sequentially consistent, which satisfies every combination of aq and rl.
extension Hart {
    /// Executes LR, SC or an AMO.
    func executeAtomic(
        _ operation: AtomicOperation,
        _ width: AccessWidth,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        switch width {
        case .byte: try executeAtomic(operation, instruction, UInt8.self)
        case .half: try executeAtomic(operation, instruction, UInt16.self)
        case .word: try executeAtomic(operation, instruction, UInt32.self)
        case .double: try executeAtomic(operation, instruction, UInt64.self)
        }
    }

    @inline(__always)
    private func executeAtomic<Cell: AtomicCell>(
        _ operation: AtomicOperation,
        _ instruction: DecodedInstruction,
        _ type: Cell.Type
    ) throws(Trap) {
        switch operation {
        case .loadReserved: try loadReserved(instruction, type)
        case .storeConditional: try storeConditional(instruction, type)
        case .swap: try modify(instruction, type) { _, operand in operand }
        case .add: try modify(instruction, type) { $0 &+ $1 }
        case .exclusiveOr: try modify(instruction, type) { $0 ^ $1 }
        case .and: try modify(instruction, type) { $0 & $1 }
        case .or: try modify(instruction, type) { $0 | $1 }
        case .minimum: try modify(instruction, type) { $0.isSignedLess($1) ? $0 : $1 }
        case .maximum: try modify(instruction, type) { $1.isSignedLess($0) ? $0 : $1 }
        case .minimumUnsigned: try modify(instruction, type) { min($0, $1) }
        case .maximumUnsigned: try modify(instruction, type) { max($0, $1) }
        case .compareAndSwap: try compareAndSwap(instruction, type)
        case .compareAndSwapPair: try compareAndSwapPair(instruction)
        }
    }

    /// The naturally aligned RAM cell of an atomic. Atomics on devices, which have no such cells, are access faults.
    func cell(_ address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap) -> UnsafeMutableRawPointer {
        let bank = runState.pointee.data
        guard address & (bytes &- 1) == 0 else {
            throw accessTrap(.misaligned, kind, bank.context.effectiveAddress(address), bank.context)
        }
        if let pointer = bank.location(of: address, kind) { return pointer }
        guard case .memory(let pointer) = try locate(address, bytes, kind, bank) else {
            throw accessTrap(.access, kind, bank.context.effectiveAddress(address), bank.context)
        }
        return pointer
    }

    private func loadReserved<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .load)
        let value = Cell.load(pointer)
        runState.pointee.reservationAddress = Self.reservation(of: pointer, type)
        runState.pointee.reservationValue = UInt64(value)
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
        let isReserved = runState.pointee.reservationAddress == Self.reservation(of: pointer, type)
        runState.pointee.reservationAddress = 0
        let isStored =
            isReserved
            && Cell.compareExchange(
                pointer,
                expected: Cell(truncatingIfNeeded: runState.pointee.reservationValue),
                desired: Cell(truncatingIfNeeded: x[instruction.rs2])
            ).exchanged
        x[instruction.rd] = isStored ? 0 : 1
    }

    /// norm:Zabha_rd_sign_extension
    @inline(__always)
    private func modify<Cell: AtomicCell>(
        _ instruction: DecodedInstruction,
        _ type: Cell.Type,
        _ combine: (Cell, Cell) -> Cell
    ) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        let operand = Cell(truncatingIfNeeded: x[instruction.rs2])
        var old = Cell.load(pointer)
        while true {
            let result = Cell.compareExchange(pointer, expected: old, desired: combine(old, operand))
            if result.exchanged { break }
            old = result.original
        }
        x[instruction.rd] = old.signExtended
    }
}
