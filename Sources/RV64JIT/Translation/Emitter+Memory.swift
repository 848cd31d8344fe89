import Platform
import RV64Core

/// Loads and stores: the check of the TLB's tag in line, everything else by the function that the interpreter calls.
extension Emitter {
    /// Finds the host's memory behind an access, as the site of its group found the page last.
    ///
    /// - Returns: what to do where it is another page, or an address is not aligned, if that is not known yet; and where
    ///   the bytes are. That uses rax, and rcx for a register that is in memory.
    mutating func translate(_ access: Access, _ step: Int) -> (miss: Miss?, memory: HostOperand) {
        let base = value(access.base, in: .rcx)
        let memory = HostOperand.indexed(.rax, base, access.distance)
        guard let number = plan.steps[step].group else { return (check(access, base), memory) }
        if plan.groups[number].first != step || isInStrip && plan.isHoisted(number) {
            assembler.emit(.movR, .rax, Layout.siteAddend(plan.groups[number].site))
            return (nil, memory)
        }
        // A strip that is left in the middle goes on with what the loop relies on.
        if !isInStrip { plan.setSite(takeSite(plan.groups[number].direction), of: number) }
        return (check(plan.groups[number], base), memory)
    }

    /// Sites are used again and again: even ones by loads alone, whose pages may be read-only.
    private mutating func takeSite(_ direction: Access.Direction) -> Int {
        let site = nextSite | (direction == .write ? 1 : 0)
        nextSite = (nextSite + 2) % TLBSite.count
        return site
    }

    private mutating func check(_ access: Access, _ base: HostRegister) -> Miss {
        var group = AccessGroup(access, first: 0)
        group.site = takeSite(access.direction)
        return check(group, base)
    }

    private mutating func check(_ group: AccessGroup, _ base: HostRegister) -> Miss {
        assembler.emit(.lea, .rdx, .memory(base, group.start))
        var fixups: [Fixup] = []
        if group.isWide { assembler.emit(.lea, .rax, .memory(base, group.end - 1)) }
        // The page, and the bits that an aligned address has not.
        assembler.emit(.andI, .register(.rdx), immediate: group.mask)
        if group.isWide {
            // The last byte is in the same page: where the address is not aligned, the tag will tell.
            assembler.emit(.subR, .rax, .rdx)
            assembler.emit(.cmpI, .register(.rax), immediate: Int32(Page.size))
            fixups.append(assembler.jump(.aboveOrEqual))
        }
        assembler.emit(.xorR, .rdx, Layout.generation)
        assembler.emit(.cmpR, .rdx, Layout.siteTag(group.site))
        fixups.append(assembler.jump(.notEqual))
        let resume = assembler.cursor
        assembler.emit(.movR, .rax, Layout.siteAddend(group.site))
        return Miss(
            fixups: fixups,
            site: group.site,
            direction: group.direction,
            bytes: group.end - group.start,
            base: group.base,
            distance: group.start,
            resume: resume,
            isShared: group.count > 1
        )
    }

    mutating func emitAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ step: Int) {
        guard let access = Access(decoded) else { return }
        let (miss, memory) = translate(access, step)
        switch decoded.opcode.execution {
        case .load(let width, let kind):
            let target = host(i.rd) ?? .rax
            emitLoad(target, memory, width, kind == .signExtended)
            store(target, to: i.rd)
        case .store(let width):
            let source = value(i.rs2, in: .rdx)
            emitStore(source, memory, width)
        default: preconditionFailure("\(decoded.opcode) is no access")
        }
        leave([], miss, step)
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

    mutating func emitAtomic(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ step: Int, _ place: Int) {
        switch decoded.opcode.execution {
        // The other harts stand still from the one to the other.
        case .atomic(.loadReserved, _) where decoded.hasAccessBetween,
            .atomic(.storeConditional, _) where decoded.hasAccessBetween:
            execute(place)
        case .atomic(.loadReserved, let width):
            if MemoryFence.isReleasing(decoded.raw) { assembler.emit(.mfence, .register(.rax)) }
            emitLoadReserved(i, width, step)
        case .atomic(.storeConditional, let width): emitStoreConditional(i, width, step)
        case .modify(let modification, let width): emitModification(i, modification, width, step, place)
        default: preconditionFailure("\(decoded.opcode) is no atomic")
        }
    }

    /// The host address of a naturally aligned cell.
    private mutating func cell(
        _ i: MicroInstruction,
        _ width: AccessWidth,
        _ direction: Access.Direction
    ) -> (Miss, Fixup) {
        let base = value(i.rs1, in: .rcx)
        let access = Access(base: i.rs1, distance: 0, bytes: Int(width.bytes), direction: direction)
        let miss = check(access, base)
        assembler.emit(.lea, .rax, .indexed(.rax, base))
        // A page is aligned in the host as in the guest.
        assembler.emit(.testI, .register(.rax), immediate: Int32(width.bytes - 1), .double)
        return (miss, assembler.jump(.notEqual))
    }

    private mutating func emitLoadReserved(_ i: MicroInstruction, _ width: AccessWidth, _ step: Int) {
        let size: HostSize = width == .double ? .quad : .double
        let (miss, isMisaligned) = cell(i, width, .read)
        assembler.emit(.movR, .rcx, .memory(.rax), size)
        if width == .double { assembler.emit(.orI, .register(.rax), immediate: 1) }
        assembler.emit(.movM, .rax, Layout.reservationAddress)
        assembler.emit(.movM, .rcx, Layout.reservationValue)
        width == .double ? store(.rcx, to: i.rd) : i.writesNothing ? () : storeWord(.rcx, to: i.rd)
        leave([isMisaligned], miss, step)
    }

    private mutating func emitStoreConditional(_ i: MicroInstruction, _ width: AccessWidth, _ step: Int) {
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
        leave([isMisaligned], miss, step)
    }

    private mutating func emitModification(
        _ i: MicroInstruction,
        _ modification: AtomicModification,
        _ width: AccessWidth,
        _ step: Int,
        _ place: Int
    ) {
        let size: HostSize = width == .double ? .quad : .double
        let isSimple: Bool
        switch modification {
        case .swap, .add: isSimple = true
        case .and, .or, .exclusiveOr: isSimple = i.writesNothing
        case .minimum, .maximum, .minimumUnsigned, .maximumUnsigned: return execute(place)
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
        leave([isMisaligned], miss, step)
    }
}
