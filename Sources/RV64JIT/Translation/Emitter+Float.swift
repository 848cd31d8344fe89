import Platform
import RV64Core

/// F and D by the host's unit, in the guest's rounding mode, its flags gathered in MXCSR until somebody wants them.
///
/// What RISC-V defines otherwise is left to the interpreter's function: a result that is a NaN, an operand that is not
/// boxed, a rounding mode that the host has not, a conversion out of range. Until then the host has raised no flag that
/// RISC-V would not.
///
/// While the unit is the guest's, some f registers are in the host's (see ``RegisterMap``); so whatever touches one of them
/// makes sure of the unit first.
extension Emitter {
    mutating func emitFloatAccess(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        let isOff = requireUnit()
        switch decoded.opcode.execution {
        case .floatLoad(let format):
            let isDouble = format == .double
            let (miss, source) = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .read)
            if isDouble, let target = vector(i.rd) {
                assembler.emit(.movsdR, target, source)
            } else {
                assembler.emit(.movR, .rax, source, isDouble ? .quad : .double)
                isDouble ? moveFloat(.rax, to: i.rd) : boxFloat(.rax, to: i.rd)
            }
            leave([isOff], miss, place)
        case .floatStore(let format):
            let isDouble = format == .double
            let (miss, target) = translate(i.rs1, i.immediate, bytes: isDouble ? 8 : 4, .write)
            if let source = vector(i.rs2) {
                assembler.emit(isDouble ? .movsdM : .movssM, source, target)
            } else {
                assembler.emit(.movR, .rdx, Layout.f(i.rs2), isDouble ? .quad : .double)
                assembler.emit(.movM, .rdx, target, isDouble ? .quad : .double)
            }
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

    /// The host's unit is the guest's, and so FS is dirty: nothing is to be checked, and nothing to be marked.
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
            if let host = vector(register) {
                assembler.emit(.pextrd, host, .register(.rax), immediate: 1)
                assembler.emit(.cmpI, .register(.rax), immediate: -1, .double)
            } else {
                assembler.emit(.cmpI, Layout.fUpper(register), immediate: -1, .double)
            }
            return assembler.jump(.notEqual)
        }
    }

    private mutating func requireNumber(_ isDouble: Bool) -> Fixup {
        assembler.emit(isDouble ? .ucomisd : .ucomiss, .xmm0, .vector(.xmm0))
        return assembler.jump(.parity)
    }

    // MARK: - Operands

    private func vector(_ register: UInt8) -> HostVector? { map.vectors[Int(register)] }

    private func floatOperand(_ register: UInt8) -> HostOperand {
        vector(register).map { .vector($0) } ?? Layout.f(register)
    }

    /// The host register that holds an f register: its own, or `temporary`, into which it is loaded.
    private mutating func floatValue(_ register: UInt8, in temporary: HostVector) -> HostVector {
        if let host = vector(register) { return host }
        assembler.emit(.movsdR, temporary, Layout.f(register))
        return temporary
    }

    /// All 64 bits: a single's ones above it too.
    private mutating func loadFloat(_ register: UInt8, into target: HostVector) {
        if let host = vector(register) {
            assembler.emit(.movaps, target, .vector(host))
        } else {
            assembler.emit(.movsdR, target, Layout.f(register))
        }
    }

    private mutating func storeFloat(_ source: HostVector, to register: UInt8) {
        if let host = vector(register) {
            assembler.emit(.movaps, host, .vector(source))
        } else {
            assembler.emit(.movsdM, source, Layout.f(register))
        }
    }

    /// A single without ones above it. Changes rax and rcx.
    private mutating func storeSingle(_ source: HostVector, to register: UInt8) {
        assembler.emit(.movdFromVector, source, .register(.rax))
        boxFloat(.rax, to: register)
    }

    /// Flags stay.
    private mutating func loadFloat(_ register: UInt8, into target: HostRegister) {
        if let host = vector(register) {
            assembler.emit(.movqFromVector, host, .register(target))
        } else {
            assembler.emit(.movR, target, Layout.f(register))
        }
    }

    private mutating func moveFloat(_ source: HostRegister, to register: UInt8) {
        if let host = vector(register) {
            assembler.emit(.movqToVector, host, .register(source))
        } else {
            assembler.emit(.movM, source, Layout.f(register))
        }
    }

    /// The lower half of a register, with ones above. `source` is rax or a guest's register; rcx changes.
    private mutating func boxFloat(_ source: HostRegister, to register: UInt8) {
        guard let host = vector(register) else {
            assembler.emit(.movM, source, Layout.f(register), .double)
            assembler.emit(.movImmediate, Layout.fUpper(register), immediate: -1, .double)
            return
        }
        assembler.emit(.movR, .rax, source, .double)
        assembler.load(.rcx, constant: 0xFFFF_FFFF_0000_0000)
        assembler.emit(.orR, .rax, .rcx)
        assembler.emit(.movqToVector, host, .register(.rax))
    }

    // MARK: - Operations

    private mutating func emitArithmetic(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ instruction: HostInstruction,
        _ isDouble: Bool,
        _ place: Int
    ) {
        var slow = [requireRounding(decoded)] + requireBoxed([i.rs1, i.rs2], isDouble)
        loadFloat(i.rs1, into: .xmm0)
        assembler.emit(instruction, .xmm0, floatOperand(i.rs2))
        slow.append(requireNumber(isDouble))
        storeFloat(.xmm0, to: i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitSquareRoot(
        _ i: MicroInstruction,
        _ decoded: DecodedInstruction,
        _ isDouble: Bool,
        _ place: Int
    ) {
        var slow = [requireRounding(decoded)] + requireBoxed([i.rs1], isDouble)
        loadFloat(i.rs1, into: .xmm0)
        assembler.emit(isDouble ? .sqrtsd : .sqrtss, .xmm0, .vector(.xmm0))
        slow.append(requireNumber(isDouble))
        storeFloat(.xmm0, to: i.rd)
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
        loadFloat(decoded.rs3, into: .xmm0)
        let factor = floatValue(i.rs1, in: .xmm1)
        assembler.emit(vex: instruction, HostVector.xmm0.rawValue, floatOperand(i.rs2), second: factor.rawValue)
        slow.append(requireNumber(isDouble))
        storeFloat(.xmm0, to: i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitSign(_ i: MicroInstruction, _ operation: FloatOperation, _ isDouble: Bool, _ place: Int) {
        let slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        let sign: Int32 = isDouble ? 63 : 31
        if i.rs1 == i.rs2, operation == .sign {
            // The manual's idiom for a move.
            storeFloat(floatValue(i.rs1, in: .xmm0), to: i.rd)
            return leave(slow, nil, place)
        }
        loadFloat(i.rs1, into: .rax)
        if i.rs1 == i.rs2 {
            switch operation {
            case .negatedSign: assembler.emit(.btcI, .register(.rax), immediate: sign)
            case .exclusiveOrSign: assembler.emit(.btrI, .register(.rax), immediate: sign)
            default: break
            }
        } else {
            loadFloat(i.rs2, into: .rcx)
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
        moveFloat(.rax, to: i.rd)
        leave(slow, nil, place)
    }

    /// Quiet: only signalling NaNs are invalid.
    private mutating func emitEquality(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        let first = floatValue(i.rs1, in: .xmm0)
        assembler.emit(isDouble ? .ucomisd : .ucomiss, first, floatOperand(i.rs2))
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
        let second = floatValue(i.rs2, in: .xmm0)
        assembler.emit(isDouble ? .comisd : .comiss, second, floatOperand(i.rs1))
        assembler.set(condition, .rax)
        assembler.emit(.movzx8, .rax, .rax, .double)
        store(.rax, to: i.rd)
        leave(slow, nil, place)
    }

    /// Equal numbers may be zeros of two signs.
    private mutating func emitExtreme(_ i: MicroInstruction, _ condition: HostCondition, _ isDouble: Bool, _ place: Int)
    {
        var slow = [requireUnit()] + requireBoxed([i.rs1, i.rs2], isDouble)
        let first = floatValue(i.rs1, in: .xmm0)
        assembler.emit(isDouble ? .ucomisd : .ucomiss, first, floatOperand(i.rs2))
        slow.append(assembler.jump(.parity))
        slow.append(assembler.jump(.equal))
        loadFloat(i.rs2, into: .rax)
        loadFloat(i.rs1, into: .rcx)
        assembler.move(condition, .rax, .register(.rcx))
        moveFloat(.rax, to: i.rd)
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
        assembler.emit(instruction, .rax, floatOperand(i.rs1), size)
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
        isDouble ? storeFloat(.xmm0, to: i.rd) : storeSingle(.xmm0, to: i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitWidening(_ i: MicroInstruction, _ place: Int) {
        var slow = [requireUnit()] + requireBoxed([i.rs1], false)
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtss2sd, .xmm0, floatOperand(i.rs1))
        slow.append(requireNumber(true))
        storeFloat(.xmm0, to: i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitNarrowing(_ i: MicroInstruction, _ decoded: DecodedInstruction, _ place: Int) {
        var slow = [requireRounding(decoded)]
        assembler.emit(.xorps, .xmm0, .vector(.xmm0))
        assembler.emit(.cvtsd2ss, .xmm0, floatOperand(i.rs1))
        slow.append(requireNumber(false))
        storeSingle(.xmm0, to: i.rd)
        leave(slow, nil, place)
    }

    private mutating func emitMoveToInteger(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = requireUnit()
        if !i.writesNothing {
            let target = host(i.rd) ?? .rax
            loadFloat(i.rs1, into: target)
            if !isDouble { assembler.emit(.movsxd, target, target) }
            store(target, to: i.rd)
        }
        leave([slow], nil, place)
    }

    private mutating func emitMoveFromInteger(_ i: MicroInstruction, _ isDouble: Bool, _ place: Int) {
        let slow = requireUnit()
        let source = value(i.rs1, in: .rax)
        isDouble ? moveFloat(source, to: i.rd) : boxFloat(source, to: i.rd)
        leave([slow], nil, place)
    }
}
