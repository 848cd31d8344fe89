import Platform
import RV64Core

/// Loads and stores: the check of the TLB's tag in line, everything else by the function that the interpreter calls.
extension Emitter {
    /// Finds the host's memory behind `bytes` bytes at `rs1 + immediate`, as this place found the page last.
    ///
    /// - Returns: what to do where it is another page, or the address is not aligned; and where the bytes are. That uses
    ///   rax, and rcx for a register that is in memory.
    mutating func translate(
        _ rs1: UInt8,
        _ immediate: Int64,
        bytes: Int,
        _ direction: Direction
    ) -> (miss: Miss, memory: HostOperand) {
        let distance = Int(truncatingIfNeeded: immediate)
        let base = value(rs1, in: .rcx)
        assembler.emit(.lea, .rdx, .memory(base, distance))
        // The page, and the bits that an aligned address has not.
        assembler.emit(.andI, .register(.rdx), immediate: Int32(bytes - 1 - Int(Page.size)))
        assembler.emit(.xorR, .rdx, Layout.generation)
        // Sites are used again and again: even ones by loads alone, whose pages may be read-only.
        let site = nextSite(of: rs1) | (direction == .write ? 1 : 0)
        assembler.emit(.cmpR, .rdx, Layout.siteTag(site))
        let fixup = assembler.jump(.notEqual)
        let resume = assembler.cursor
        assembler.emit(.movR, .rax, Layout.siteAddend(site))
        let miss = Miss(
            fixup: fixup,
            site: site,
            direction: direction,
            bytes: bytes,
            base: rs1,
            distance: distance,
            resume: resume
        )
        return (miss, .indexed(.rax, base, distance))
    }

    /// The stack is one page, or two, wherever it is accessed: accesses through sp share a site, and so do those through tp
    /// and gp. All others take turns.
    private mutating func nextSite(of base: UInt8) -> Int {
        let shared: ClosedRange<UInt8> = 2...4
        guard !shared.contains(base) else { return 2 * Int(base - shared.lowerBound) }
        let first = 2 * shared.count
        nextSite = nextSite + 2 < TLBSite.count ? max(nextSite + 2, first) : first
        return nextSite
    }

    mutating func emitAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        switch decoded.opcode.execution {
        case .load(let width, let kind):
            let (miss, source) = translate(i.rs1, i.immediate, bytes: Int(width.bytes), .read)
            let target = host(i.rd) ?? .rax
            emitLoad(target, source, width, kind == .signExtended)
            store(target, to: i.rd)
            leave([], miss, place)
        case .store(let width):
            let (miss, target) = translate(i.rs1, i.immediate, bytes: Int(width.bytes), .write)
            let source = value(i.rs2, in: .rdx)
            emitStore(source, target, width)
            leave([], miss, place)
        default: preconditionFailure("\(decoded.opcode) is no access")
        }
    }

    private mutating func emitLoad(
        _ target: HostRegister,
        _ source: HostOperand,
        _ width: AccessWidth,
        _ isSigned: Bool
    ) {
        switch (width, isSigned) {
        case (.byte, true): assembler.emit(.movsx8, target, source)
        case (.byte, false): assembler.emit(.movzx8, target, source, .double)
        case (.half, true): assembler.emit(.movsx16, target, source)
        case (.half, false): assembler.emit(.movzx16, target, source, .double)
        case (.word, true): assembler.emit(.movsxd, target, source)
        case (.word, false): assembler.emit(.movR, target, source, .double)
        case (.double, _): assembler.emit(.movR, target, source)
        }
    }

    private mutating func emitStore(_ source: HostRegister, _ target: HostOperand, _ width: AccessWidth) {
        switch width {
        case .byte: assembler.emit(.movM8, source, target)
        case .half: assembler.emit(.movM16, source, target)
        case .word: assembler.emit(.movM, source, target, .double)
        case .double: assembler.emit(.movM, source, target)
        }
    }

    // MARK: - Atomics

    mutating func emitAtomic(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        switch decoded.opcode.execution {
        // The other harts stand still from the one to the other.
        case .atomic(.loadReserved, _) where decoded.hasAccessBetween,
            .atomic(.storeConditional, _) where decoded.hasAccessBetween:
            call(thunks.execute, place)
        case .atomic(.loadReserved, let width):
            if MemoryFence.isReleasing(decoded.raw) { assembler.emit(.mfence, .register(.rax)) }
            emitLoadReserved(i, width, place)
        case .atomic(.storeConditional, let width): emitStoreConditional(i, width, place)
        case .modify(let modification, let width): emitModification(i, modification, width, place)
        default: preconditionFailure("\(decoded.opcode) is no atomic")
        }
    }

    /// The host address of a naturally aligned cell.
    private mutating func cell(_ i: MicroInstruction, _ width: AccessWidth, _ direction: Direction) -> (Miss, Fixup) {
        let (miss, memory) = translate(i.rs1, 0, bytes: Int(width.bytes), direction)
        assembler.emit(.lea, .rax, memory)
        // A page is aligned in the host as in the guest.
        assembler.emit(.testI, .register(.rax), immediate: Int32(width.bytes - 1), .double)
        return (miss, assembler.jump(.notEqual))
    }

    private mutating func emitLoadReserved(_ i: MicroInstruction, _ width: AccessWidth, _ place: Int) {
        let size: HostSize = width == .double ? .quad : .double
        let (miss, isMisaligned) = cell(i, width, .read)
        assembler.emit(.movR, .rcx, .memory(.rax), size)
        if width == .double { assembler.emit(.orI, .register(.rax), immediate: 1) }
        assembler.emit(.movM, .rax, Layout.reservationAddress)
        assembler.emit(.movM, .rcx, Layout.reservationValue)
        width == .double ? store(.rcx, to: i.rd) : i.writesNothing ? () : storeWord(.rcx, to: i.rd)
        leave([isMisaligned], miss, place)
    }

    private mutating func emitStoreConditional(_ i: MicroInstruction, _ width: AccessWidth, _ place: Int) {
        let size: HostSize = width == .double ? .quad : .double
        let (miss, isMisaligned) = cell(i, width, .write)
        assembler.emit(.lea, .rdx, .memory(.rax, width == .double ? 1 : 0))
        assembler.emit(.cmpR, .rdx, Layout.reservationAddress)
        assembler.emit(.movImmediate, Layout.reservationAddress, immediate: 0)
        let isOther = assembler.jump(.notEqual)
        assembler.emit(.movR, .rdx, .rax)
        assembler.emit(.movR, .rax, Layout.reservationValue)
        let source = value(i.rs2, in: .rcx)
        assembler.emit(.lockCmpxchg, source, .memory(.rdx), size)
        assembler.bind(isOther)
        // Both ways, `equal` says that it was stored.
        assembler.set(.notEqual, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        store(.rax, to: i.rd)
        leave([isMisaligned], miss, place)
    }

    private mutating func emitModification(
        _ i: MicroInstruction,
        _ modification: AtomicModification,
        _ width: AccessWidth,
        _ place: Int
    ) {
        let size: HostSize = width == .double ? .quad : .double
        let isSimple: Bool
        switch modification {
        case .swap, .add: isSimple = true
        case .and, .or, .exclusiveOr: isSimple = i.writesNothing
        case .minimum, .maximum, .minimumUnsigned, .maximumUnsigned: return call(thunks.execute, place)
        }
        let (miss, isMisaligned) = cell(i, width, .write)
        let target = HostOperand.memory(isSimple ? .rax : .rdx)
        if isSimple { load(i.rs2, into: .rcx) }
        switch modification {
        case .swap: assembler.emit(.xchgM, .rcx, target, size)
        case .add: assembler.emit(.lockXadd, .rcx, target, size)
        case .and where isSimple: assembler.emit(.lockAnd, .rcx, target, size)
        case .or where isSimple: assembler.emit(.lockOr, .rcx, target, size)
        case .exclusiveOr where isSimple: assembler.emit(.lockXor, .rcx, target, size)
        default:
            assembler.emit(.movR, .rdx, .rax)
            assembler.emit(.movR, .rax, target, size)
            let again = assembler.cursor
            assembler.emit(.movR, .rcx, .rax, size)
            let combine: HostInstruction =
                modification == .and ? .andR : modification == .or ? .orR : .xorR
            assembler.emit(combine, .rcx, operand(i.rs2), size)
            assembler.emit(.lockCmpxchg, .rcx, target, size)
            assembler.jump(.notEqual, to: again)
            assembler.emit(.movR, .rcx, .rax, size)
        }
        if !i.writesNothing { width == .double ? store(.rcx, to: i.rd) : storeWord(.rcx, to: i.rd) }
        leave([isMisaligned], miss, place)
    }
}
