import Platform
import Synchronization

/// The A extension, on memory that harts share: every operation is one host atomic.
///
/// All are sequentially consistent, which satisfies every combination of aq and rl but one: of a load with rl, which
/// ordinary stores before it must precede.
extension Hart {
    /// Executes LR, SC, a compare-and-swap, or a load or store with an order.
    @inline(__always)
    func executeAtomic(
        _ operation: AtomicOperation,
        _ width: AccessWidth,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        switch (operation, width) {
        case (.loadReserved, .double): try loadReserved(instruction, UInt64.self)
        case (.loadReserved, _): try loadReserved(instruction, UInt32.self)
        case (.storeConditional, .double): try storeConditional(instruction, UInt64.self)
        case (.storeConditional, _): try storeConditional(instruction, UInt32.self)
        case (.compareAndSwap, .byte): try compareAndSwap(instruction, UInt8.self)
        case (.compareAndSwap, .half): try compareAndSwap(instruction, UInt16.self)
        case (.compareAndSwap, .word): try compareAndSwap(instruction, UInt32.self)
        case (.compareAndSwap, .double): try compareAndSwap(instruction, UInt64.self)
        case (.compareAndSwapPair, _): try compareAndSwapPair(instruction)
        case (.loadAcquire, .byte): try loadAcquire(instruction, UInt8.self)
        case (.loadAcquire, .half): try loadAcquire(instruction, UInt16.self)
        case (.loadAcquire, .word): try loadAcquire(instruction, UInt32.self)
        case (.loadAcquire, .double): try loadAcquire(instruction, UInt64.self)
        case (.storeRelease, .byte): try storeRelease(instruction, UInt8.self)
        case (.storeRelease, .half): try storeRelease(instruction, UInt16.self)
        case (.storeRelease, .word): try storeRelease(instruction, UInt32.self)
        case (.storeRelease, .double): try storeRelease(instruction, UInt64.self)
        }
    }

    /// Executes an AMO.
    @inline(__always)
    func executeModification(
        _ modification: AtomicModification,
        _ width: AccessWidth,
        _ instruction: DecodedInstruction
    ) throws(Trap) {
        switch width {
        case .byte: try modify(modification, instruction, UInt8.self)
        case .half: try modify(modification, instruction, UInt16.self)
        case .word: try modify(modification, instruction, UInt32.self)
        case .double: try modify(modification, instruction, UInt64.self)
        }
    }

    /// The naturally aligned RAM cell of an atomic. Atomics on devices, which have no such cells, are access faults.
    @inline(__always)
    func cell(_ address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap) -> UnsafeMutableRawPointer {
        if address & (bytes &- 1) == 0, let pointer = runState.pointee.data.location(of: address, kind) {
            return pointer
        }
        return try distantCell(address, bytes, kind)
    }

    @inline(never)
    private func distantCell(
        _ address: UInt64,
        _ bytes: UInt64,
        _ kind: AccessKind
    ) throws(Trap) -> UnsafeMutableRawPointer {
        guard address & (bytes &- 1) == 0 else {
            let access = runState.pointee.data.context
            throw accessTrap(.misaligned, kind, access.effectiveAddress(address), access)
        }
        return try operand(at: address, bytes, kind)
    }

    /// The RAM of an operand, however it is aligned.
    func operand(at address: UInt64, _ bytes: UInt64, _ kind: AccessKind) throws(Trap) -> UnsafeMutableRawPointer {
        let bank = runState.pointee.data
        if let pointer = bank.location(of: address, kind) { return pointer }
        guard case .memory(let pointer) = try locate(address, bytes, kind, bank) else {
            throw accessTrap(.access, kind, bank.context.effectiveAddress(address), bank.context)
        }
        return pointer
    }

    private func loadReserved<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .load)
        MemoryFence.beginLoad(instruction.raw)
        guard !instruction.hasAccessBetween || beginSoleTurn() else {
            // The others could not be had: the SC fails, and the program tries again.
            runState.pointee.reservationAddress = 0
            x[instruction.rd] = Cell.load(pointer).signExtended
            return
        }
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

    /// Has no other hart of the machine run until the SC, or the end of the slice.
    @inline(never)
    private func beginSoleTurn() -> Bool {
        guard let soleTurn, !runState.pointee.isAlone else { return true }
        runState.pointee.isAlone = configuration.soleTurn?.begin(soleTurn) ?? false
        return runState.pointee.isAlone
    }

    /// Lets the others run. What is still reserved is no longer.
    func endSoleTurn() {
        runState.pointee.isAlone = false
        runState.pointee.reservationAddress = 0
        soleTurn?.end()
    }

    /// SC succeeds if the reserved cell still holds the value that LR saw. norm:sc_success_conditions
    ///
    /// Nobody can tell whether it was another in between, unless the hart has accessed memory between LR and SC. Then it
    /// has been alone since, so that it was not. norm:sc_other_hart_store_fail norm:lr_sc_atomicity_axiom
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
        if runState.pointee.isAlone { endSoleTurn() }
        x[instruction.rd] = isStored ? 0 : 1
    }

    /// norm:ldaq_atomic_load_op norm:ldaq_signext_rule norm:ldaq_rcsc_semantics
    private func loadAcquire<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let address = x[instruction.rs1]
        let bytes = UInt64(Cell.bitWidth / 8)
        // norm:zalasr_misaligned_single_op: one access of the host, in its place among those before and after it.
        if let pointer = try misalignedOperand(at: address, bytes, .load) {
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            let value = pointer.loadUnaligned(as: Cell.self)
            atomicMemoryFence(ordering: .sequentiallyConsistent)
            x[instruction.rd] = Cell(littleEndian: value).signExtended
        } else {
            let pointer = try cell(address, bytes, .load)
            MemoryFence.beginLoad(instruction.raw)
            x[instruction.rd] = Cell.load(pointer).signExtended
        }
    }

    /// norm:sdrl_atomic_store_op norm:sdrl_rcsc_semantics
    private func storeRelease<Cell: AtomicCell>(_ instruction: DecodedInstruction, _ type: Cell.Type) throws(Trap) {
        let value = Cell(truncatingIfNeeded: x[instruction.rs2])
        if let granule = try granule(at: x[instruction.rs1], type) {
            _ = granule.update { _ in value }
        } else {
            Cell.store(value, try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store))
        }
    }

    /// norm:Zabha_rd_sign_extension
    private func modify<Cell: AtomicCell>(
        _ modification: AtomicModification,
        _ instruction: DecodedInstruction,
        _ type: Cell.Type
    ) throws(Trap) {
        let operand = Cell(truncatingIfNeeded: x[instruction.rs2])
        if let granule = try granule(at: x[instruction.rs1], type) {
            x[instruction.rd] = granule.update { modification.result($0, operand) }.signExtended
            return
        }
        let pointer = try cell(x[instruction.rs1], UInt64(Cell.bitWidth / 8), .store)
        var old = Cell.load(pointer)
        while true {
            let new = modification.result(old, operand)
            let result = Cell.compareExchange(pointer, expected: old, desired: new)
            if result.exchanged { break }
            old = result.original
        }
        x[instruction.rd] = old.signExtended
    }
}

extension AtomicModification {
    @inline(__always)
    fileprivate func result<Cell: AtomicCell>(_ a: Cell, _ b: Cell) -> Cell {
        switch self {
        case .swap: b
        case .add: a &+ b
        case .exclusiveOr: a ^ b
        case .and: a & b
        case .or: a | b
        case .minimum: a.isSignedLess(b) ? a : b
        case .maximum: b.isSignedLess(a) ? a : b
        case .minimumUnsigned: min(a, b)
        case .maximumUnsigned: max(a, b)
        }
    }
}

extension DecodedInstruction {
    /// LR and SC have no immediate. In a block it says whether memory is accessed between the two.
    @inline(__always)
    package var hasAccessBetween: Bool { immediate != 0 }
}
