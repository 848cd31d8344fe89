import Platform
import RV64Core

/// Writes the host's code for micro-instructions.
struct Emitter {
    var assembler: Assembler
    let map: RegisterMap
    var plan: BlockPlan
    var floats: FloatRegisters
    /// What cannot go on in line: written behind the block.
    var stubs: [Stub] = []
    var settlings: [Settling] = []
    let thunks: Thunks
    /// Whether pages have been looked for before the loop.
    var isInStrip = false
    /// The number of the next site of an access.
    var nextSite: Int

    /// Accesses whose site does not know the page: the TLB may.
    struct Miss {
        let fixups: [Fixup]
        let site: Int
        let direction: Access.Direction
        let bytes: Int
        /// The guest's address: a register of the guest and a distance.
        let base: UInt8
        let distance: Int
        /// Behind the comparison.
        let resume: UnsafeMutablePointer<UInt8>
        /// Further accesses rely on it.
        let isShared: Bool
    }

    struct Stub {
        let fixups: [Fixup]
        let miss: Miss?
        let step: Int
        /// Where to go on.
        let back: UnsafeMutablePointer<UInt8>
        /// What was known before the instruction, and what the code behind it takes for granted.
        let before: FloatRegisters.Knowledge
        let after: FloatRegisters.Knowledge
    }

    /// A NaN of the host's, in one of some registers, to become RISC-V's.
    struct Settling {
        let fixup: Fixup
        let registers: UInt32
        let isDouble: Bool
        let back: UnsafeMutablePointer<UInt8>
    }

    init(at cursor: UnsafeMutablePointer<UInt8>, _ plan: BlockPlan, map: RegisterMap, thunks: Thunks, firstSite: Int) {
        nextSite = firstSite
        assembler = Assembler(at: cursor)
        self.map = map
        self.plan = plan
        floats = plan.floats
        self.thunks = thunks
    }

    // MARK: - Operands

    /// Where a guest register is.
    func operand(_ register: UInt8) -> HostOperand {
        if let host = map.hosts[Int(register)] { return .register(host) }
        return Layout.x(register)
    }

    func host(_ register: UInt8) -> HostRegister? { map.hosts[Int(register)] }

    /// The host register that holds a guest register: its own, or `temporary`, into which it is loaded.
    mutating func value(_ register: UInt8, in temporary: HostRegister) -> HostRegister {
        if let host = host(register) { return host }
        load(register, into: temporary)
        return temporary
    }

    mutating func load(_ register: UInt8, into target: HostRegister) {
        if register == 0 {
            assembler.emit(.xorR, target, target, .double)
        } else {
            assembler.emit(.movR, target, operand(register))
        }
    }

    mutating func store(_ source: HostRegister, to register: UInt8) {
        guard register != DecodedInstruction.writeSink else { return }
        let target = operand(register)
        if !target.isRegister(source) { assembler.emit(.movM, source, target) }
    }

    /// Where a result is best computed: the register that holds `rd`, unless it is also `other`.
    func target(_ rd: UInt8, unless other: UInt8? = nil) -> HostRegister {
        if rd == other { return .rax }
        return host(rd) ?? .rax
    }

    /// Sign-extends a 32-bit result into `rd`.
    mutating func storeWord(_ source: HostRegister, to rd: UInt8) {
        let target = host(rd) ?? .rax
        assembler.emit(.movsxd, target, source)
        store(target, to: rd)
    }

    // MARK: - One micro-instruction

    /// Writes one; `place` is the number under which the engine knows the instruction.
    mutating func emit(_ i: MicroInstruction, _ decoded: DecodedInstruction, step: Int, place: Int) {
        switch i.operation {
        case .constant:
            guard !i.writesNothing else { return }
            let target = host(i.rd) ?? .rax
            assembler.load(target, constant: UInt64(bitPattern: i.immediate))
            store(target, to: i.rd)
        case .move:
            guard !i.writesNothing else { return }
            let source = value(i.rs1, in: .rax)
            store(source, to: i.rd)
        case .add, .subtract, .and, .or, .exclusiveOr, .shiftLeft, .shiftRight, .shiftRightArithmetic, .rotateLeft,
            .rotateRight, .lessThan, .lessThanUnsigned, .multiply, .multiplyHigh, .multiplyHighUnsigned,
            .multiplyHighMixed, .divide, .divideUnsigned, .remainder, .remainderUnsigned, .shiftAdd, .shiftAddWord,
            .shiftLeftWord, .andNot, .orNot, .exclusiveNor, .minimum, .maximum, .minimumUnsigned, .maximumUnsigned,
            .signExtendByte, .signExtendHalf, .zeroExtendHalf, .leadingZeros, .trailingZeros, .population,
            .reverseBytes, .orCombine, .bitSet, .bitClear, .bitInvert, .bitExtract, .zeroIfZero, .zeroIfNotZero:
            if !i.writesNothing { emitComputation(i, decoded) }
        case .load, .store: emitAccess(i, decoded, step)
        case .floatLoad, .floatStore: emitFloatAccess(i, decoded, step)
        case .float: emitFloat(i, decoded, step, place)
        case .loadReserved, .storeConditional, .modify: emitAtomic(i, decoded, step, place)
        case .fence: break
        case .fullFence: assembler.emit(.mfence, .register(.rax))
        case .branch, .jump, .jumpRegister: preconditionFailure("the translator writes jumps")
        case .execute: execute(place)
        case .system: callOut(thunks.system, place)
        case .environmentCall: callOut(thunks.environmentCall, place)
        case .supervisorReturn: callOut(thunks.supervisorReturn, place)
        }
    }

    /// Calls the interpreter's function.
    mutating func execute(_ place: Int) {
        writeBackFloats()
        call(thunks.execute, place)
        floats.now = FloatRegisters.Knowledge(isUnitReady: floats.now.isUnitReady)
    }

    /// Calls a function behind which the unit may be anybody's.
    private mutating func callOut(_ thunk: UnsafeMutablePointer<UInt8>, _ place: Int) {
        writeBackFloats()
        call(thunk, place)
        floats.now = FloatRegisters.Knowledge()
    }

    mutating func call(_ thunk: UnsafeMutablePointer<UInt8>, _ place: Int) {
        assembler.load(.rax, constant: UInt64(place))
        assembler.call(thunk)
    }

    /// Goes on here once a function has executed the instruction, for the reasons that `fixups` jump.
    mutating func leave(
        _ fixups: [Fixup],
        _ miss: Miss? = nil,
        _ step: Int,
        before: FloatRegisters.Knowledge? = nil
    ) {
        guard !fixups.isEmpty || miss != nil else { return }
        let before = before ?? floats.now
        let stub = Stub(
            fixups: fixups,
            miss: miss,
            step: step,
            back: assembler.cursor,
            before: before,
            after: floats.now
        )
        stubs.append(stub)
    }

    /// Looks in the TLB for what a site does not know: `equal` says that it was there.
    mutating func refill(_ miss: Miss) {
        let base = value(miss.base, in: .rcx)
        assembler.emit(.lea, .rax, .memory(base, miss.distance))
        assembler.load(.rcx, constant: UInt64(miss.site * MemoryLayout<TLBSite>.stride))
        assembler.load(.rdx, constant: UInt64(miss.bytes - 1))
        assembler.call(miss.direction == .read ? thunks.refillRead : thunks.refillWrite)
    }
}
