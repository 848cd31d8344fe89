import Platform
import RV64Core

/// F and D by the host's unit, in the guest's rounding mode, its flags gathered in MXCSR until somebody wants them.
///
/// What RISC-V defines otherwise is left to the interpreter's function: a result that is a NaN, an operand that is not
/// boxed, a rounding mode that the host has not, a conversion out of range. Until then the host has raised no flag that
/// RISC-V would not. F registers are in memory.
extension Emitter {
    mutating func emitFloatAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        let isOff = requireDirty()
        switch decoded.opcode.execution {
        case .floatLoad(let format):
            let isDouble = format == .double
            let (miss, source) = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .read)
            assembler.emit(.movR, .rax, source, isDouble ? .quad : .double)
            assembler.emit(.movM, .rax, Layout.f(i.rd), isDouble ? .quad : .double)
            if !isDouble { box(i.rd) }
            leave([isOff], miss, place)
        case .floatStore(let format):
            let isDouble = format == .double
            let (miss, target) = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .write)
            assembler.emit(.movR, .rdx, Layout.f(i.rs2), isDouble ? .quad : .double)
            assembler.emit(.movM, .rdx, target, isDouble ? .quad : .double)
            leave([isOff], miss, place)
        default: preconditionFailure("\(decoded.opcode) is no access")
        }
    }

    mutating func emitFloat(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        guard case .float(let operation, let format) = decoded.opcode.execution else { return }
        let isDouble = format == .double
        switch operation {
        case .add: emitArithmetic(i, decoded, isDouble ? .addsd : .addss, isDouble, place)
        case .subtract: emitArithmetic(i, decoded, isDouble ? .subsd : .subss, isDouble, place)
        case .multiply: emitArithmetic(i, decoded, isDouble ? .mulsd : .mulss, isDouble, place)
        case .divide: emitArithmetic(i, decoded, isDouble ? .divsd : .divss, isDouble, place)
        case .squareRoot: emitSquareRoot(i, decoded, isDouble, place)
        case .multiplyAdd: emitFused(i, decoded, isDouble ? .vfmadd231sd : .vfmadd231ss, isDouble, place)
        case .multiplySubtract: emitFused(i, decoded, isDouble ? .vfmsub231sd : .vfmsub231ss, isDouble, place)
        case .negatedMultiplySubtract: emitFused(i, decoded, isDouble ? .vfnmadd231sd : .vfnmadd231ss, isDouble, place)
        case .negatedMultiplyAdd: emitFused(i, decoded, isDouble ? .vfnmsub231sd : .vfnmsub231ss, isDouble, place)
        case .sign, .negatedSign, .exclusiveOrSign: emitSign(i, operation, isDouble, place)
        case .equal: emitEquality(i, isDouble, place)
        case .less: emitOrder(i, .above, isDouble, place)
        case .lessOrEqual: emitOrder(i, .aboveOrEqual, isDouble, place)
        case .toInt32: emitToInteger(i, decoded, isDouble, .double, place)
        case .toInt64: emitToInteger(i, decoded, isDouble, .quad, place)
        case .fromInt32, .fromUInt32, .fromInt64: emitFromInteger(i, decoded, operation, isDouble, place)
        case .fromSingle where isDouble: emitWidening(i, place)
        case .fromDouble where !isDouble: emitNarrowing(i, decoded, place)
        case .moveToInteger: emitMoveToInteger(i, isDouble, place)
        case .moveFromInteger: emitMoveFromInteger(i, isDouble, place)
        case .minimum, .maximum: emitExtreme(i, operation == .minimum ? .below : .above, isDouble, place)
        case .minimumPropagatingNaN, .maximumPropagatingNaN, .lessQuiet, .lessOrEqualQuiet, .classify, .constant,
            .round, .roundExact, .toUInt32, .toUInt64, .toInt32Modulo, .fromUInt64, .fromHalf, .fromSingle, .fromDouble:
            call(thunks.execute, place)
        }
    }

    // MARK: - Conditions

    /// FS is dirty: nothing is to be checked, and nothing to be marked.
    private mutating func requireDirty() -> Fixup {
        assembler.emit(.cmpI8, Layout.floatingPoint, immediate: Int32(FloatingPointStatus.dirty.rawValue))
        return assembler.jump(.notEqual)
    }

    /// The host's unit is the guest's.
    private mutating func requireUnit() -> Fixup {
        assembler.emit(.cmpI, Layout.isFloating, immediate: 0, .double)
        return assembler.jump(.equal)
    }

    /// And rounds as the instruction wants it.
    private mutating func requireRounding(_ decoded: DecodedInstruction) -> Fixup {
        let field = decoded.roundingModeField
        if field == 7 { return requireUnit() }
        assembler.emit(.cmpI, Layout.isFloating, immediate: Int32(field) + 1, .double)
        return assembler.jump(.notEqual)
    }

    /// Singles have ones above them.
    private mutating func requireBoxed(_ registers: [UInt8], _ isDouble: Bool) -> [Fixup] {
        guard !isDouble else { return [] }
        return registers.map { register in
            assembler.emit(.cmpI, Layout.fUpper(register), immediate: -1, .double)
            return assembler.jump(.notEqual)
        }
    }

    private mutating func requireNumber(_ isDouble: Bool) -> Fixup {
        assembler.emit(isDouble ? .ucomisd : .ucomiss, .xmm0, .vector(.xmm0))
        return assembler.jump(.parity)
    }

    private mutating func box(_ rd: UInt8) { assembler.emit(.movImmediate, Layout.fUpper(rd), immediate: -1, .double) }

    // MARK: - Operations

    private mutating func emitArithmetic(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ place: Int
    ) {
        var slow = [requireRounding(decoded)] + requireBoxed([i.rs1, i.rs2], isDouble)
        // All 64 bits: a single's ones above it stay.
        assembler.emit(.movsdR, .xmm0, Layout.f(i.rs1))
        assembler.emit(instruction, .xmm0, Layout.f(i.rs2))
        slow.append(requireNumber(isDouble))
        assembler.emit(.movsdM, .xmm0, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    private mutating func emitSquareRoot(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ isDouble: Bool,
        _ place: Int
    ) {
        var slow = [requireRounding(decoded)] + requireBoxed([i.rs1], isDouble)
        assembler.emit(.movsdR, .xmm0, Layout.f(i.rs1))
        assembler.emit(isDouble ? .sqrtsd : .sqrtss, .xmm0, .vector(.xmm0))
        slow.append(requireNumber(isDouble))
        assembler.emit(.movsdM, .xmm0, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    private mutating func emitFused(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ place: Int
    ) {
        var slow = [requireRounding(decoded)] + requireBoxed([i.rs1, i.rs2, decoded.rs3], isDouble)
        assembler.emit(.movsdR, .xmm0, Layout.f(decoded.rs3))
        assembler.emit(.movsdR, .xmm1, Layout.f(i.rs1))
        assembler.emit(vex: instruction, HostVector.xmm0.rawValue, Layout.f(i.rs2), second: HostVector.xmm1.rawValue)
        slow.append(requireNumber(isDouble))
        assembler.emit(.movsdM, .xmm0, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    private mutating func emitSign(_ i: MicroInstruction, _ operation: FloatOperation, _ isDouble: Bool, _ place: Int) {
        let slow = [requireDirty()] + requireBoxed([i.rs1, i.rs2], isDouble)
        let sign: Int32 = isDouble ? 63 : 31
        assembler.emit(.movR, .rax, Layout.f(i.rs1))
        if i.rs1 == i.rs2 {
            switch operation {
            case .negatedSign: assembler.emit(.btcI, .register(.rax), immediate: sign)
            case .exclusiveOrSign: assembler.emit(.btrI, .register(.rax), immediate: sign)
            default: break
            }
        } else {
            assembler.emit(.movR, .rcx, Layout.f(i.rs2))
            if operation == .negatedSign { assembler.emit(.notM, .register(.rcx)) }
            // The sign bit of the second, alone.
            assembler.emit(.shrI, .register(.rcx), immediate: sign)
            assembler.emit(.andI, .register(.rcx), immediate: 1, .double)
            assembler.emit(.shlI, .register(.rcx), immediate: sign)
            if operation == .exclusiveOrSign {
                assembler.emit(.xorR, .rax, .rcx)
            } else {
                assembler.emit(.btrI, .register(.rax), immediate: sign)
                assembler.emit(.orR, .rax, .rcx)
            }
        }
        assembler.emit(.movM, .rax, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    /// Quiet: only signalling NaNs are invalid.
    private mutating func emitEquality(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        assembler.emit(.movsdR, .xmm0, Layout.f(i.rs1))
        assembler.emit(isDouble ? .ucomisd : .ucomiss, .xmm0, Layout.f(i.rs2))
        assembler.set(.noParity, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        assembler.emit(.movImmediate, .register(.rcx), immediate: 0, .double)
        assembler.move(.notEqual, .rax, .register(.rcx), .double)
        store(.rax, to: i.rd)
        leave(slow, nil, place)
    }

    /// Signalling: the second is compared with the first, so that unordered is neither above nor equal.
    private mutating func emitOrder(_ i: MicroInstruction, _ condition: HostCondition, _ isDouble: Bool, _ place: Int) {
        let slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        assembler.emit(.movsdR, .xmm0, Layout.f(i.rs2))
        assembler.emit(isDouble ? .comisd : .comiss, .xmm0, Layout.f(i.rs1))
        assembler.set(condition, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        store(.rax, to: i.rd)
        leave(slow, nil, place)
    }

    /// Equal numbers may be zeros of two signs.
    private mutating func emitExtreme(_ i: MicroInstruction, _ condition: HostCondition, _ isDouble: Bool, _ place: Int)
    {
        var slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        assembler.emit(.movsdR, .xmm0, Layout.f(i.rs1))
        assembler.emit(isDouble ? .ucomisd : .ucomiss, .xmm0, Layout.f(i.rs2))
        slow.append(assembler.jump(.parity))
        slow.append(assembler.jump(.equal))
        assembler.emit(.movR, .rax, Layout.f(i.rs2))
        assembler.move(condition, .rax, Layout.f(i.rs1))
        assembler.emit(.movM, .rax, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    // MARK: - Conversions

    private mutating func emitToInteger(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ isDouble: Bool,
        _ size: HostSize,
        _ place: Int
    ) {
        let truncates = decoded.roundingModeField == RoundingMode.rtz.rawValue
        var slow = [truncates ? requireUnit() : requireRounding(decoded)] + requireBoxed([i.rs1], isDouble)
        let instruction: HostInstruction =
            isDouble ? (truncates ? .cvttsd2si : .cvtsd2si) : (truncates ? .cvttss2si : .cvtss2si)
        assembler.emit(instruction, .rax, Layout.f(i.rs1), size)
        // The least integer is also what the host makes of anything out of range.
        assembler.emit(.cmpI, .register(.rax), immediate: 1, size)
        slow.append(assembler.jump(.overflow))
        if !i.writesNothing { size == .quad ? store(.rax, to: i.rd) : storeWord(.rax, to: i.rd) }
        leave(slow, nil, place)
    }

    private mutating func emitFromInteger(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ operation: FloatOperation,
        _ isDouble: Bool,
        _ place: Int
    ) {
        // A double holds every 32-bit integer.
        let isExact = isDouble && operation != .fromInt64
        let slow = [isExact ? requireUnit() : requireRounding(decoded)]
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        let instruction: HostInstruction = isDouble ? .cvtsi2sd : .cvtsi2ss
        if operation == .fromUInt32 {
            assembler.emit(.movR, .rax, operand(i.rs1), .double)
            assembler.emit(instruction, .xmm0, .register(.rax))
        } else {
            assembler.emit(instruction, .xmm0, operand(i.rs1), operation == .fromInt32 ? .double : .quad)
        }
        if isDouble {
            assembler.emit(.movsdM, .xmm0, Layout.f(i.rd))
        } else {
            assembler.emit(.movssM, .xmm0, Layout.f(i.rd))
            box(i.rd)
        }
        leave(slow, nil, place)
    }

    private mutating func emitWidening(_ i: MicroInstruction, _ place: Int) {
        var slow = [requireUnit()] + requireBoxed([i.rs1], false)
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtss2sd, .xmm0, Layout.f(i.rs1))
        slow.append(requireNumber(true))
        assembler.emit(.movsdM, .xmm0, Layout.f(i.rd))
        leave(slow, nil, place)
    }

    private mutating func emitNarrowing(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        var slow = [requireRounding(decoded)]
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtsd2ss, .xmm0, Layout.f(i.rs1))
        slow.append(requireNumber(false))
        assembler.emit(.movssM, .xmm0, Layout.f(i.rd))
        box(i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitMoveToInteger(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = requireDirty()
        if !i.writesNothing {
            let target = host(i.rd) ?? .rax
            assembler.emit(isDouble ? .movR : .movsxd, target, Layout.f(i.rs1))
            store(target, to: i.rd)
        }
        leave([slow], nil, place)
    }

    private mutating func emitMoveFromInteger(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = requireDirty()
        let source = value(i.rs1, in: .rax)
        assembler.emit(.movM, source, Layout.f(i.rd), isDouble ? .quad : .double)
        if !isDouble { box(i.rd) }
        leave([slow], nil, place)
    }
}
