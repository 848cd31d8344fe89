import Platform
import Synchronization

/// The A extension, on memory that harts share: every operation is one host atomic.
///
/// All are sequentially consistent, which satisfies every combination of aq and rl.
extension Hart {
    /// Executes LR, SC or an AMO; false with the trap in `context`.
    @inline(never)
    func executeAtomic(_ instruction: DecodedInstruction) -> Bool {
        do throws(Trap) {
            switch instruction.opcode {
            case .lrW: try loadReserved(instruction, .word)
            case .lrD: try loadReserved(instruction, .double)
            case .scW: try storeConditional(instruction, UInt32.self)
            case .scD: try storeConditional(instruction, UInt64.self)
            default:
                if isWord(instruction) {
                    try modifyWord(instruction)
                } else {
                    try modifyDouble(instruction)
                }
            }
            return true
        } catch {
            context.pointee.trap = error
            return false
        }
    }

    private func isWord(_ instruction: DecodedInstruction) -> Bool { instruction.raw &>> 12 & 7 == 2 }

    /// The naturally aligned RAM cell of an atomic. Atomics on devices, which have no such cells, are access faults.
    private func cell(_ address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap) -> UnsafeMutableRawPointer {
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

    private func loadReserved(_ instruction: DecodedInstruction, _ width: AccessWidth) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], width.bytes, .load)
        let value: UInt64
        if width == .word {
            value = UInt64(
                pointer.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.load(ordering: .sequentiallyConsistent)
            )
        } else {
            value = pointer.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.load(ordering: .sequentiallyConsistent)
        }
        state.pointee.reservationAddress = Self.reservation(of: pointer, width)
        state.pointee.reservationValue = value
        x[instruction.rd] = width == .word ? Integer.word(value) : value
    }

    /// An SC of another width than its LR fails: the low bits of an aligned address have room for the width.
    private static func reservation(of pointer: UnsafeMutableRawPointer, _ width: AccessWidth) -> UInt64 {
        UInt64(UInt(bitPattern: pointer)) | (width == .double ? 1 : 0)
    }

    /// SC succeeds if the reserved cell still holds the value that LR saw. norm:sc_op
    private func storeConditional<Cell: FixedWidthInteger>(
        _ instruction: DecodedInstruction,
        _ type: Cell.Type
    ) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        let isReserved = state.pointee.reservationAddress == Self.reservation(of: pointer, AccessWidth(of: type))
        let expected = state.pointee.reservationValue
        state.pointee.reservationAddress = 0
        let value = x[instruction.rs2]
        var isStored = false
        if isReserved, Cell.bitWidth == 32 {
            isStored =
                pointer.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.compareExchange(
                    expected: UInt32(truncatingIfNeeded: expected),
                    desired: UInt32(truncatingIfNeeded: value),
                    ordering: .sequentiallyConsistent
                ).exchanged
        } else if isReserved {
            isStored =
                pointer.assumingMemoryBound(to: Atomic<UInt64>.self).pointee.compareExchange(
                    expected: expected,
                    desired: value,
                    ordering: .sequentiallyConsistent
                ).exchanged
        }
        x[instruction.rd] = isStored ? 0 : 1
    }

    private func modifyWord(_ instruction: DecodedInstruction) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], 4, .store)
        let operand = UInt32(truncatingIfNeeded: x[instruction.rs2])
        let cell = pointer.assumingMemoryBound(to: Atomic<UInt32>.self)
        var old = cell.pointee.load(ordering: .relaxed)
        while true {
            let new = Self.combine(instruction.opcode, old, operand)
            let result = cell.pointee.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent)
            if result.exchanged { break }
            old = result.original
        }
        x[instruction.rd] = Integer.word(UInt64(old))
    }

    private func modifyDouble(_ instruction: DecodedInstruction) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], 8, .store)
        let operand = x[instruction.rs2]
        let cell = pointer.assumingMemoryBound(to: Atomic<UInt64>.self)
        var old = cell.pointee.load(ordering: .relaxed)
        while true {
            let new = Self.combine(instruction.opcode, old, operand)
            let result = cell.pointee.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent)
            if result.exchanged { break }
            old = result.original
        }
        x[instruction.rd] = old
    }

    /// What an AMO stores.
    @inline(__always)
    private static func combine<T: FixedWidthInteger & UnsignedInteger>(_ opcode: Opcode, _ a: T, _ b: T) -> T {
        // Adding half the range turns signed order into unsigned order.
        let half = T(1) &<< T(T.bitWidth - 1)
        switch opcode {
        case .amoaddW, .amoaddD: return a &+ b
        case .amoxorW, .amoxorD: return a ^ b
        case .amoandW, .amoandD: return a & b
        case .amoorW, .amoorD: return a | b
        case .amominW, .amominD: return a &+ half < b &+ half ? a : b
        case .amomaxW, .amomaxD: return a &+ half > b &+ half ? a : b
        case .amominuW, .amominuD: return min(a, b)
        case .amomaxuW, .amomaxuD: return max(a, b)
        default: return b  // AMOSWAP
        }
    }
}
