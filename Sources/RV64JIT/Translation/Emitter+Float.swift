import Platform
import RV64Core

/// F and D by the host's unit, in the guest's rounding mode, its flags gathered in MXCSR until somebody wants them.
///
/// What RISC-V defines otherwise is left to the interpreter's function: an operand that is not boxed, a rounding mode that
/// the host has not, a conversion out of range. Until then the host has raised no flag that RISC-V would not. A NaN that the
/// host has made stays what it is until somebody could tell (``FloatRegisters``).
extension Emitter {
    mutating func emitFloatAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ step: Int) {
        guard let access = Access(decoded) else { return }
        let isDouble = access.bytes == 8
        switch access.direction {
        case .read:
            let before = floats.now
            let slow = requireUnit()
            let (miss, source) = translate(access, step)
            emitFloatLoad(i.rd, source, isDouble)
            leave(slow, miss, step, before: before)
        case .write:
            prepare([i.rs2], isDouble, isSettled: true)
            let before = floats.now
            let slow = requireUnit()
            let (miss, target) = translate(access, step)
            if let source = floats.host(i.rs2) {
                assembler.emit(isDouble ? .movsdM : .movssM, source, target)
            } else {
                assembler.emit(.movR, .rdx, Layout.f(i.rs2), isDouble ? .quad : .double)
                assembler.emit(.movM, .rdx, target, isDouble ? .quad : .double)
            }
            leave(slow, miss, step, before: before)
        }
    }

    private mutating func emitFloatLoad(_ rd: UInt8, _ source: HostOperand, _ isDouble: Bool) {
        guard let target = floats.host(rd) else {
            assembler.emit(.movR, .rax, source, isDouble ? .quad : .double)
            return storeFloat(.rax, to: rd, isDouble)
        }
        if isDouble {
            assembler.emit(.movsdR, target, source)
        } else {
            // Ones above it.
            assembler.emit(.pcmpeqd, target, .vector(target))
            assembler.emit(.pinsrd, target, source, immediate: 0)
        }
        note(rd, isDouble)
    }

    mutating func emitFloat(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ step: Int, _ place: Int) {
        if decoded.isLeftToFunction { return execute(place) }
        guard case .float(let operation, let format) = decoded.opcode.execution else { return }
        let isDouble = format == .double
        switch operation {
        case .add: emitArithmetic(i, decoded, isDouble ? .vaddsd : .vaddss, isDouble, step)
        case .subtract: emitArithmetic(i, decoded, isDouble ? .vsubsd : .vsubss, isDouble, step)
        case .multiply: emitArithmetic(i, decoded, isDouble ? .vmulsd : .vmulss, isDouble, step)
        case .divide: emitArithmetic(i, decoded, isDouble ? .vdivsd : .vdivss, isDouble, step)
        case .squareRoot: emitSquareRoot(i, decoded, isDouble, step)
        case .multiplyAdd: emitFused(i, decoded, isDouble ? .vfmadd231sd : .vfmadd231ss, isDouble, step)
        case .multiplySubtract: emitFused(i, decoded, isDouble ? .vfmsub231sd : .vfmsub231ss, isDouble, step)
        case .negatedMultiplySubtract: emitFused(i, decoded, isDouble ? .vfnmadd231sd : .vfnmadd231ss, isDouble, step)
        case .negatedMultiplyAdd: emitFused(i, decoded, isDouble ? .vfnmsub231sd : .vfnmsub231ss, isDouble, step)
        case .sign where i.rs1 == i.rs2 && isDouble: emitCopy(i, step)
        case .sign, .negatedSign, .exclusiveOrSign: emitSign(i, operation, isDouble, step)
        case .equal: emitEquality(i, isDouble, step)
        case .less: emitOrder(i, .above, isDouble, step)
        case .lessOrEqual: emitOrder(i, .aboveOrEqual, isDouble, step)
        case .toInt32: emitToInteger(i, decoded, isDouble, .double, step)
        case .toInt64: emitToInteger(i, decoded, isDouble, .quad, step)
        case .fromInt32, .fromUInt32, .fromInt64: emitFromInteger(i, decoded, operation, isDouble, step)
        case .fromSingle: emitWidening(i, step)
        case .fromDouble: emitNarrowing(i, decoded, step)
        case .moveToInteger: emitMoveToInteger(i, isDouble, step)
        case .moveFromInteger: emitMoveFromInteger(i, isDouble, step)
        case .minimum: emitExtreme(i, isDouble ? .vminsd : .vminss, isDouble, step)
        case .maximum: emitExtreme(i, isDouble ? .vmaxsd : .vmaxss, isDouble, step)
        case .minimumPropagatingNaN, .maximumPropagatingNaN, .lessQuiet, .lessOrEqualQuiet, .classify, .constant,
            .round, .roundExact, .toUInt32, .toUInt64, .toInt32Modulo, .fromUInt64, .fromHalf:
            preconditionFailure("\(operation) is left to a function")
        }
    }

    // MARK: - Conditions

    /// The host's unit is the guest's, and so FS is dirty: nothing is to be checked, and nothing to be marked.
    private mutating func requireUnit() -> [Fixup] {
        guard !floats.now.isUnitReady else { return [] }
        // Plain code takes nothing for granted.
        floats.now.isUnitReady = floats.kept != 0
        assembler.emit(.cmpI, Layout.isFloating, immediate: 0, .double)
        return [assembler.jump(.equal)]
    }

    /// And rounds as the instruction wants it.
    private mutating func requireRounding(_ decoded: DecodedInstruction) -> [Fixup] {
        let field = decoded.roundingModeField
        if field == 7 { return requireUnit() }
        assembler.emit(.cmpI, Layout.isFloating, immediate: Int32(field) + 1, .double)
        return [assembler.jump(.notEqual)]
    }

    /// Singles have ones above them.
    private mutating func requireBoxed(_ registers: [UInt8], _ isDouble: Bool) -> [Fixup] {
        guard !isDouble else { return [] }
        return registers.compactMap { register in
            guard let host = floats.host(register) else {
                assembler.emit(.cmpI, Layout.fUpper(register), immediate: -1, .double)
                return assembler.jump(.notEqual)
            }
            guard floats.now.boxed & FloatRegisters.bit(register) == 0 else { return nil }
            floats.now.boxed |= FloatRegisters.bit(register)
            return isNotBoxed(host)
        }
    }

    mutating func isNotBoxed(_ host: HostVector) -> Fixup {
        assembler.emit(.pextrd, host, .register(.rax), immediate: 1)
        assembler.emit(.cmpI, .register(.rax), immediate: -1, .double)
        return assembler.jump(.notEqual)
    }

    private mutating func requireNumber(_ isDouble: Bool) -> Fixup {
        assembler.emit(isDouble ? .ucomisd : .ucomiss, .xmm0, .vector(.xmm0))
        return assembler.jump(.parity)
    }

    // MARK: - Operands

    /// Has operands in the host's registers, before anything of the instruction can fail.
    private mutating func prepare(_ registers: [UInt8], _ isDouble: Bool, isSettled: Bool = false) {
        var set: UInt32 = 0
        for register in registers { set |= FloatRegisters.bit(register) }
        loadFloats(set)
        // A double's NaN may look like a single.
        settle(isSettled ? set : isDouble ? 0 : set & floats.now.doubles)
    }

    private func floatOperand(_ register: UInt8) -> HostOperand {
        floats.host(register).map { .vector($0) } ?? Layout.f(register)
    }

    /// The host register that holds an f register: its own, or `temporary`, into which it is loaded.
    private mutating func floatValue(_ register: UInt8, in temporary: HostVector) -> HostVector {
        if let host = floats.host(register) { return host }
        assembler.emit(.movsdR, temporary, Layout.f(register))
        return temporary
    }

    /// All 64 bits: a single's ones above it too.
    private mutating func loadFloat(_ register: UInt8, into target: HostVector) {
        if let host = floats.host(register) {
            assembler.emit(.movaps, target, .vector(host))
        } else {
            assembler.emit(.movsdR, target, Layout.f(register))
        }
    }

    /// Where a result is best computed.
    private func floatTarget(_ rd: UInt8) -> HostVector { floats.host(rd) ?? .xmm0 }

    /// That a register of the host's has a new value.
    private mutating func note(_ rd: UInt8, _ isDouble: Bool) {
        let bit = FloatRegisters.bit(rd)
        floats.now.loaded |= bit
        floats.now.dirty |= bit
        floats.now.doubles &= ~bit
        floats.now.singles &= ~bit
        floats.now.boxed = isDouble ? floats.now.boxed & ~bit : floats.now.boxed | bit
    }

    /// A result that is no NaN, or RISC-V's.
    private mutating func storeFloat(_ source: HostVector, to rd: UInt8, _ isDouble: Bool) {
        guard let host = floats.host(rd) else { return assembler.emit(.movsdM, source, Layout.f(rd)) }
        if host != source { assembler.emit(.movaps, host, .vector(source)) }
        note(rd, isDouble)
    }

    /// A result that may be a NaN of the host's.
    private mutating func storeUnsettled(_ source: HostVector, to rd: UInt8, _ isDouble: Bool, _ slow: inout [Fixup]) {
        if !floats.keeps(rd) { slow.append(requireNumber(isDouble)) }
        storeFloat(source, to: rd, isDouble)
        guard floats.keeps(rd) else { return }
        if isDouble {
            floats.now.doubles |= FloatRegisters.bit(rd)
        } else {
            floats.now.singles |= FloatRegisters.bit(rd)
        }
    }

    /// Bits from a general register. A single has no ones above it yet.
    private mutating func storeFloat(_ source: HostRegister, to rd: UInt8, _ isDouble: Bool) {
        guard let host = floats.host(rd) else {
            assembler.emit(.movM, source, Layout.f(rd), isDouble ? .quad : .double)
            if !isDouble { assembler.emit(.movImmediate, Layout.fUpper(rd), immediate: -1, .double) }
            return
        }
        if isDouble {
            assembler.emit(.movqToVector, host, .register(source))
        } else {
            assembler.emit(.pcmpeqd, host, .vector(host))
            assembler.emit(.pinsrd, host, .register(source), immediate: 0)
        }
        note(rd, isDouble)
    }

    // MARK: - Operations

    private mutating func emitArithmetic(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ step: Int
    ) {
        prepare([i.rs1, i.rs2], isDouble)
        let before = floats.now
        var slow = requireRounding(decoded) + requireBoxed([i.rs1, i.rs2], isDouble)
        let first = floatValue(i.rs1, in: .xmm0)
        let target = floatTarget(i.rd)
        assembler.emit(vex: instruction, target.rawValue, floatOperand(i.rs2), second: first.rawValue)
        storeUnsettled(target, to: i.rd, isDouble, &slow)
        leave(slow, nil, step, before: before)
    }

    private mutating func emitSquareRoot(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ isDouble: Bool,
        _ step: Int
    ) {
        prepare([i.rs1], isDouble)
        let before = floats.now
        var slow = requireRounding(decoded) + requireBoxed([i.rs1], isDouble)
        let source = floatValue(i.rs1, in: .xmm0)
        let target = floatTarget(i.rd)
        // Above a single, the source's ones.
        let instruction: HostInstruction = isDouble ? .vsqrtsd : .vsqrtss
        assembler.emit(vex: instruction, target.rawValue, .vector(source), second: source.rawValue)
        storeUnsettled(target, to: i.rd, isDouble, &slow)
        leave(slow, nil, step, before: before)
    }

    /// A NaN is left to the interpreter's function at once: of infinity times zero the host forgets to tell where the third
    /// operand is a quiet NaN. norm:fma_nv_flag
    private mutating func emitFused(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ step: Int
    ) {
        prepare([i.rs1, i.rs2, decoded.rs3], isDouble)
        let before = floats.now
        var slow = requireRounding(decoded) + requireBoxed([i.rs1, i.rs2, decoded.rs3], isDouble)
        loadFloat(decoded.rs3, into: .xmm0)
        let factor = floatValue(i.rs1, in: .xmm1)
        assembler.emit(vex: instruction, HostVector.xmm0.rawValue, floatOperand(i.rs2), second: factor.rawValue)
        slow.append(requireNumber(isDouble))
        storeFloat(.xmm0, to: i.rd, isDouble)
        leave(slow, nil, step, before: before)
    }

    /// The manual's idiom for a move. What is known of the one is known of the other.
    private mutating func emitCopy(_ i: MicroInstruction, _ step: Int) {
        prepare([i.rs1], true, isSettled: !floats.keeps(i.rd))
        let before = floats.now
        let slow = requireUnit()
        storeFloat(floatValue(i.rs1, in: .xmm0), to: i.rd, true)
        if floats.keeps(i.rs1), floats.keeps(i.rd) {
            let bit = FloatRegisters.bit(i.rd)
            if before.doubles & FloatRegisters.bit(i.rs1) != 0 { floats.now.doubles |= bit }
            if before.singles & FloatRegisters.bit(i.rs1) != 0 { floats.now.singles |= bit }
            if before.boxed & FloatRegisters.bit(i.rs1) != 0 { floats.now.boxed |= bit }
        }
        leave(slow, nil, step, before: before)
    }

    private mutating func emitSign(_ i: MicroInstruction, _ operation: FloatOperation, _ isDouble: Bool, _ step: Int) {
        prepare([i.rs1, i.rs2], isDouble, isSettled: true)
        let before = floats.now
        let slow = requireUnit() + requireBoxed([i.rs1, i.rs2], isDouble)
        let target = floatTarget(i.rd)
        let (zero, one) = (HostVector.xmm0.rawValue, HostVector.xmm1.rawValue)
        assembler.emit(.movsdR, .xmm1, isDouble ? Layout.doubleSign : Layout.singleSign)
        let second = floatValue(i.rs2, in: .xmm0)
        if i.rs1 == i.rs2 {
            switch operation {
            case .negatedSign: assembler.emit(vex: .vxorpd, target.rawValue, .vector(.xmm1), second: second.rawValue)
            case .exclusiveOrSign: assembler.emit(vex: .vandnpd, target.rawValue, .vector(second), second: one)
            default: assembler.emit(.movaps, target, .vector(second))
            }
        } else if operation == .exclusiveOrSign {
            assembler.emit(vex: .vandpd, zero, .vector(.xmm1), second: second.rawValue)
            assembler.emit(vex: .vxorpd, target.rawValue, floatOperand(i.rs1), second: zero)
        } else {
            let instruction: HostInstruction = operation == .sign ? .vandpd : .vandnpd
            assembler.emit(vex: instruction, zero, .vector(.xmm1), second: second.rawValue)
            assembler.emit(vex: .vandnpd, one, floatOperand(i.rs1), second: one)
            assembler.emit(vex: .vorpd, target.rawValue, .vector(.xmm1), second: zero)
        }
        storeFloat(target, to: i.rd, isDouble)
        leave(slow, nil, step, before: before)
    }

    /// Quiet: only signalling NaNs are invalid.
    private mutating func emitEquality(_ i: MicroInstruction, _ isDouble: Bool, _ step: Int) {
        prepare([i.rs1, i.rs2], isDouble)
        let before = floats.now
        let slow = requireUnit() + requireBoxed([i.rs1, i.rs2], isDouble)
        let first = floatValue(i.rs1, in: .xmm0)
        assembler.emit(isDouble ? .ucomisd : .ucomiss, first, floatOperand(i.rs2))
        assembler.set(.noParity, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        assembler.emit(.movImmediate, .register(.rcx), immediate: 0, .double)
        assembler.move(.notEqual, .rax, .register(.rcx), .double)
        store(.rax, to: i.rd)
        leave(slow, nil, step, before: before)
    }

    /// Signalling: the second is compared with the first, so that unordered is neither above nor equal.
    private mutating func emitOrder(_ i: MicroInstruction, _ condition: HostCondition, _ isDouble: Bool, _ step: Int) {
        prepare([i.rs1, i.rs2], isDouble)
        let before = floats.now
        let slow = requireUnit() + requireBoxed([i.rs1, i.rs2], isDouble)
        let second = floatValue(i.rs2, in: .xmm0)
        assembler.emit(isDouble ? .comisd : .comiss, second, floatOperand(i.rs1))
        assembler.set(condition, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        store(.rax, to: i.rd)
        leave(slow, nil, step, before: before)
    }

    /// Equal numbers may be zeros of two signs.
    private mutating func emitExtreme(
        _ i: MicroInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ step: Int
    ) {
        prepare([i.rs1, i.rs2], isDouble)
        let before = floats.now
        var slow = requireUnit() + requireBoxed([i.rs1, i.rs2], isDouble)
        let first = floatValue(i.rs1, in: .xmm0)
        assembler.emit(isDouble ? .ucomisd : .ucomiss, first, floatOperand(i.rs2))
        slow.append(assembler.jump(.parity))
        slow.append(assembler.jump(.equal))
        let target = floatTarget(i.rd)
        assembler.emit(vex: instruction, target.rawValue, floatOperand(i.rs2), second: first.rawValue)
        storeFloat(target, to: i.rd, isDouble)
        leave(slow, nil, step, before: before)
    }

    // MARK: - Conversions

    private mutating func emitToInteger(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ isDouble: Bool,
        _ size: HostSize,
        _ step: Int
    ) {
        prepare([i.rs1], isDouble)
        let before = floats.now
        let truncates = decoded.roundingModeField == RoundingMode.rtz.rawValue
        var slow = (truncates ? requireUnit() : requireRounding(decoded)) + requireBoxed([i.rs1], isDouble)
        let instruction: HostInstruction =
            isDouble ? (truncates ? .cvttsd2si : .cvtsd2si) : (truncates ? .cvttss2si : .cvtss2si)
        assembler.emit(instruction, .rax, floatOperand(i.rs1), size)
        // The least integer is also what the host makes of anything out of range.
        assembler.emit(.cmpI, .register(.rax), immediate: 1, size)
        slow.append(assembler.jump(.overflow))
        if !i.writesNothing { size == .quad ? store(.rax, to: i.rd) : storeWord(.rax, to: i.rd) }
        leave(slow, nil, step, before: before)
    }

    private mutating func emitFromInteger(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ operation: FloatOperation,
        _ isDouble: Bool,
        _ step: Int
    ) {
        let before = floats.now
        // A double holds every 32-bit integer.
        let isExact = isDouble && operation != .fromInt64
        let slow = isExact ? requireUnit() : requireRounding(decoded)
        let target = floatTarget(i.rd)
        // The host leaves what is above its result: a single wants ones.
        assembler.emit(isDouble ? .xorps : .pcmpeqd, target, .vector(target))
        let instruction: HostInstruction = isDouble ? .cvtsi2sd : .cvtsi2ss
        if operation == .fromUInt32 {
            assembler.emit(.movR, .rax, operand(i.rs1), .double)
            assembler.emit(instruction, target, .register(.rax))
        } else {
            assembler.emit(instruction, target, operand(i.rs1), operation == .fromInt32 ? .double : .quad)
        }
        storeFloat(target, to: i.rd, isDouble)
        leave(slow, nil, step, before: before)
    }

    private mutating func emitWidening(_ i: MicroInstruction, _ step: Int) {
        prepare([i.rs1], false)
        let before = floats.now
        var slow = requireUnit() + requireBoxed([i.rs1], false)
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtss2sd, .xmm0, floatOperand(i.rs1))
        storeUnsettled(.xmm0, to: i.rd, true, &slow)
        leave(slow, nil, step, before: before)
    }

    private mutating func emitNarrowing(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ step: Int) {
        prepare([i.rs1], true)
        let before = floats.now
        var slow = requireRounding(decoded)
        assembler.emit(.pcmpeqd, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtsd2ss, .xmm0, floatOperand(i.rs1))
        storeUnsettled(.xmm0, to: i.rd, false, &slow)
        leave(slow, nil, step, before: before)
    }

    private mutating func emitMoveToInteger(_ i: MicroInstruction, _ isDouble: Bool, _ step: Int) {
        prepare([i.rs1], isDouble, isSettled: true)
        let before = floats.now
        let slow = requireUnit()
        if !i.writesNothing {
            let target = host(i.rd) ?? .rax
            if let host = floats.host(i.rs1) {
                assembler.emit(.movqFromVector, host, .register(target))
            } else {
                assembler.emit(.movR, target, Layout.f(i.rs1))
            }
            if !isDouble { assembler.emit(.movsxd, target, target) }
            store(target, to: i.rd)
        }
        leave(slow, nil, step, before: before)
    }

    private mutating func emitMoveFromInteger(_ i: MicroInstruction, _ isDouble: Bool, _ step: Int) {
        let before = floats.now
        let slow = requireUnit()
        let source = value(i.rs1, in: .rax)
        storeFloat(source, to: i.rd, isDouble)
        leave(slow, nil, step, before: before)
    }
}

extension DecodedInstruction {
    /// A computation of floating point for which the host has no instruction, or nobody any use.
    var isLeftToFunction: Bool {
        guard case .float(let operation, let format) = opcode.execution else { return false }
        switch operation {
        case .minimumPropagatingNaN, .maximumPropagatingNaN, .lessQuiet, .lessOrEqualQuiet, .classify, .constant,
            .round,
            .roundExact, .toUInt32, .toUInt64, .toInt32Modulo, .fromUInt64, .fromHalf:
            return true
        case .fromSingle: return format != .double
        case .fromDouble: return format != .single
        case .add, .subtract, .multiply, .divide, .squareRoot, .multiplyAdd, .multiplySubtract,
            .negatedMultiplySubtract, .negatedMultiplyAdd, .sign, .negatedSign, .exclusiveOrSign, .minimum, .maximum,
            .equal, .less, .lessOrEqual, .toInt32, .toInt64, .fromInt32, .fromUInt32, .fromInt64, .moveToInteger,
            .moveFromInteger:
            return false
        }
    }
}
