import RV64Core

extension Emitter {
    mutating func emitComputation(_ i: MicroInstruction, _ decoded: DecodedInstruction) {
        switch i.operation {
        case .add where i.usesImmediate || host(i.rs1) != nil && host(i.rs2) != nil: emitAddition(i)
        case .add: emitBinary(i, .addR, .addM, .addI, isCommutative: true)
        case .subtract: emitBinary(i, .subR, .subM, .subI, isCommutative: false)
        case .and: emitBinary(i, .andR, .andM, .andI, isCommutative: true)
        case .or: emitBinary(i, .orR, .orM, .orI, isCommutative: true)
        case .exclusiveOr: emitBinary(i, .xorR, .xorM, .xorI, isCommutative: true)
        case .shiftLeft: emitShift(i, .shlI, .shlx)
        case .shiftRight: emitShift(i, .shrI, .shrx)
        case .shiftRightArithmetic: emitShift(i, .sarI, .sarx)
        case .rotateLeft: emitRotation(i, .rolI, .rolCL)
        case .rotateRight: emitRotation(i, .rorI, .rorCL)
        case .lessThan: emitComparison(i, .less)
        case .lessThanUnsigned: emitComparison(i, .below)
        case .multiply: emitProduct(i)
        case .multiplyHigh: emitHighProduct(i, .imulM)
        case .multiplyHighUnsigned: emitHighProduct(i, .mulM)
        case .multiplyHighMixed: emitMixedProduct(i)
        case .divide, .divideUnsigned, .remainder, .remainderUnsigned: emitDivision(i)
        case .shiftAdd: emitShiftedAddition(i, decoded.shiftAddAmount, ofWord: false)
        case .shiftAddWord: emitShiftedAddition(i, decoded.shiftAddAmount, ofWord: true)
        case .shiftLeftWord:
            assembler.emit(.movR, .rax, operand(i.rs1), .double)
            assembler.emit(.shlI, .register(.rax), immediate: Int32(i.immediate & 63))
            store(.rax, to: i.rd)
        case .andNot, .orNot, .exclusiveNor: emitNegated(i)
        case .minimum: emitChoice(i, .greater)
        case .maximum: emitChoice(i, .less)
        case .minimumUnsigned: emitChoice(i, .above)
        case .maximumUnsigned: emitChoice(i, .below)
        case .signExtendByte: emitExtension(i, .movsx8, .quad)
        case .signExtendHalf: emitExtension(i, .movsx16, .quad)
        case .zeroExtendHalf: emitExtension(i, .movzx16, .double)
        case .leadingZeros: emitExtension(i, .lzcnt, i.isWord ? .double : .quad)
        case .trailingZeros: emitExtension(i, .tzcnt, i.isWord ? .double : .quad)
        case .population: emitExtension(i, .popcnt, i.isWord ? .double : .quad)
        case .reverseBytes:
            load(i.rs1, into: .rax)
            assembler.emit(.bswap, .rax)
            store(.rax, to: i.rd)
        case .orCombine: emitOrCombine(i)
        case .bitSet: emitBit(i, .bts, .btsI)
        case .bitClear: emitBit(i, .btr, .btrI)
        case .bitInvert: emitBit(i, .btc, .btcI)
        case .bitExtract: emitBitExtraction(i)
        case .zeroIfZero: emitConditionalZero(i, .equal)
        case .zeroIfNotZero: emitConditionalZero(i, .notEqual)
        default: preconditionFailure("\(i.operation) is no computation")
        }
    }

    /// With `lea`, which needs no move before it.
    private mutating func emitAddition(_ i: MicroInstruction) {
        let target = host(i.rd) ?? .rax
        guard i.usesImmediate else {
            guard let a = host(i.rs1), let b = host(i.rs2) else { return }
            if i.isWord {
                assembler.emit(.lea, .rax, .indexed(a, b), .double)
                return storeWord(.rax, to: i.rd)
            }
            if target == a {
                assembler.emit(.addR, target, b)
            } else if target == b {
                assembler.emit(.addR, target, a)
            } else {
                assembler.emit(.lea, target, .indexed(a, b))
            }
            return store(target, to: i.rd)
        }
        let immediate = Int32(truncatingIfNeeded: i.immediate)
        if i.isWord {
            if immediate == 0 {
                // sext.w
                assembler.emit(.movsxd, target, operand(i.rs1))
                return store(target, to: i.rd)
            }
            if let a = host(i.rs1) {
                assembler.emit(.lea, .rax, .memory(a, Int(immediate)), .double)
            } else {
                assembler.emit(.movR, .rax, operand(i.rs1), .double)
                assembler.emit(.addI, .register(.rax), immediate: immediate, .double)
            }
            return storeWord(.rax, to: i.rd)
        }
        if i.rd == i.rs1 {
            return assembler.emit(.addI, operand(i.rd), immediate: immediate)
        }
        if let a = host(i.rs1) {
            assembler.emit(.lea, target, .memory(a, Int(immediate)))
        } else {
            load(i.rs1, into: target)
            assembler.emit(.addI, .register(target), immediate: immediate)
        }
        store(target, to: i.rd)
    }

    private mutating func emitBinary(
        _ i: MicroInstruction,
        _ inRegister: HostInstruction,
        _ inMemory: HostInstruction,
        _ immediate: HostInstruction,
        isCommutative: Bool
    ) {
        let size: HostSize = i.isWord ? .double : .quad
        let value = Int32(truncatingIfNeeded: i.immediate)
        if i.rd == i.rs1, !i.isWord {
            if i.usesImmediate {
                return assembler.emit(immediate, operand(i.rd), immediate: value)
            }
            if let target = host(i.rd) { return assembler.emit(inRegister, target, operand(i.rs2)) }
            let source = self.value(i.rs2, in: .rax)
            return assembler.emit(inMemory, source, operand(i.rd))
        }
        if isCommutative, !i.usesImmediate, i.rd == i.rs2, !i.isWord, let target = host(i.rd) {
            return assembler.emit(inRegister, target, operand(i.rs1))
        }
        // The second operand is read after the first has been moved.
        let target = i.isWord ? .rax : target(i.rd, unless: i.usesImmediate ? nil : i.rs2)
        if i.rs1 == 0 {
            assembler.emit(.xorR, target, target, .double)
        } else {
            assembler.emit(.movR, target, operand(i.rs1), size)
        }
        if i.usesImmediate {
            assembler.emit(immediate, .register(target), immediate: value, size)
        } else {
            assembler.emit(inRegister, target, operand(i.rs2), size)
        }
        i.isWord ? storeWord(target, to: i.rd) : store(target, to: i.rd)
    }

    private mutating func emitShift(_ i: MicroInstruction, _ byConstant: HostInstruction, _ byRegister: HostInstruction)
    {
        let size: HostSize = i.isWord ? .double : .quad
        guard i.usesImmediate else {
            let amount = value(i.rs2, in: .rcx)
            let target = i.isWord ? .rax : host(i.rd) ?? .rax
            assembler.emit(vex: byRegister, target.rawValue, operand(i.rs1), second: amount.rawValue, size)
            return i.isWord ? storeWord(target, to: i.rd) : store(target, to: i.rd)
        }
        let amount = Int32(truncatingIfNeeded: i.immediate & (i.isWord ? 31 : 63))
        if i.rd == i.rs1, !i.isWord {
            return assembler.emit(byConstant, operand(i.rd), immediate: amount)
        }
        let target = i.isWord ? .rax : host(i.rd) ?? .rax
        assembler.emit(.movR, target, operand(i.rs1), size)
        assembler.emit(byConstant, .register(target), immediate: amount, size)
        i.isWord ? storeWord(target, to: i.rd) : store(target, to: i.rd)
    }

    private mutating func emitRotation(
        _ i: MicroInstruction,
        _ byConstant: HostInstruction,
        _ byRegister: HostInstruction
    ) {
        let size: HostSize = i.isWord ? .double : .quad
        if !i.usesImmediate { load(i.rs2, into: .rcx) }
        load(i.rs1, into: .rax)
        if i.usesImmediate {
            let amount = Int32(truncatingIfNeeded: i.immediate & (i.isWord ? 31 : 63))
            assembler.emit(byConstant, .register(.rax), immediate: amount, size)
        } else {
            assembler.emit(byRegister, .register(.rax), size)
        }
        i.isWord ? storeWord(.rax, to: i.rd) : store(.rax, to: i.rd)
    }

    /// Sets the flags as rs1 compares with the second operand.
    mutating func compare(_ i: MicroInstruction) {
        if i.usesImmediate {
            assembler.emit(.cmpI, operand(i.rs1), immediate: Int32(truncatingIfNeeded: i.immediate))
        } else if i.rs2 == 0, let a = host(i.rs1) {
            assembler.emit(.testM, a, a)
        } else if i.rs2 == 0 {
            assembler.emit(.cmpI, operand(i.rs1), immediate: 0)
        } else if let b = host(i.rs2), host(i.rs1) == nil, i.rs1 != 0 {
            assembler.emit(.cmpM, b, operand(i.rs1))
        } else {
            let a = value(i.rs1, in: .rax)
            assembler.emit(.cmpR, a, operand(i.rs2))
        }
    }

    private mutating func emitComparison(_ i: MicroInstruction, _ condition: HostCondition) {
        compare(i)
        assembler.set(condition, .rax)
        let target = host(i.rd) ?? .rax
        assembler.emit(.movzx8, target, .rax, .double)
        store(target, to: i.rd)
    }

    private mutating func emitProduct(_ i: MicroInstruction) {
        if i.isWord {
            assembler.emit(.movR, .rax, operand(i.rs1), .double)
            assembler.emit(.imulR, .rax, operand(i.rs2), .double)
            return storeWord(.rax, to: i.rd)
        }
        let target = target(i.rd, unless: i.rd == i.rs1 ? nil : i.rs2)
        if !operand(i.rs1).isRegister(target) { load(i.rs1, into: target) }
        assembler.emit(.imulR, target, operand(i.rs2))
        store(target, to: i.rd)
    }

    private mutating func emitHighProduct(_ i: MicroInstruction, _ instruction: HostInstruction) {
        load(i.rs1, into: .rax)
        assembler.emit(instruction, operand(i.rs2))
        store(.rdx, to: i.rd)
    }

    /// The unsigned product, less rs2 where rs1 is negative.
    private mutating func emitMixedProduct(_ i: MicroInstruction) {
        load(i.rs1, into: .rax)
        assembler.emit(.movR, .rcx, .rax)
        assembler.emit(.sarI, .register(.rcx), immediate: 63)
        assembler.emit(.andR, .rcx, operand(i.rs2))
        assembler.emit(.mulM, operand(i.rs2))
        assembler.emit(.subR, .rdx, .rcx)
        store(.rdx, to: i.rd)
    }

    /// The host traps where RISC-V has a result. norm:div_by_zero
    private mutating func emitDivision(_ i: MicroInstruction) {
        let size: HostSize = i.isWord ? .double : .quad
        let isSigned = i.operation == .divide || i.operation == .remainder
        let isRemainder = i.operation == .remainder || i.operation == .remainderUnsigned
        load(i.rs2, into: .rcx)
        load(i.rs1, into: .rax)
        assembler.emit(.testM, .rcx, .rcx, size)
        let byZero = assembler.jump(.equal)
        var byMinusOne: Fixup?
        if isSigned {
            assembler.emit(.cmpI, .register(.rcx), immediate: -1, size)
            byMinusOne = assembler.jump(.equal)
            assembler.emit(.cqo, size: size)
            assembler.emit(.idivM, .register(.rcx), size)
        } else {
            assembler.emit(.xorR, .rdx, .rdx, .double)
            assembler.emit(.divM, .register(.rcx), size)
        }
        if isRemainder { assembler.emit(.movR, .rax, .rdx, size) }
        let done = assembler.jump()
        assembler.bind(byZero)
        if !isRemainder { assembler.emit(.movImmediate, .register(.rax), immediate: -1) }
        let doneByZero = assembler.jump()
        if let byMinusOne {
            assembler.bind(byMinusOne)
            if isRemainder {
                assembler.emit(.xorR, .rax, .rax, .double)
            } else {
                assembler.emit(.negM, .register(.rax), size)
            }
        }
        assembler.bind(done)
        assembler.bind(doneByZero)
        i.isWord ? storeWord(.rax, to: i.rd) : store(.rax, to: i.rd)
    }

    private mutating func emitShiftedAddition(_ i: MicroInstruction, _ amount: UInt8, ofWord: Bool) {
        if ofWord {
            assembler.emit(.movR, .rax, operand(i.rs1), .double)
        } else {
            load(i.rs1, into: .rax)
        }
        let second = value(i.rs2, in: .rcx)
        let target = host(i.rd) ?? .rax
        assembler.emit(.lea, target, .indexed(second, .rax, scale: amount))
        store(target, to: i.rd)
    }

    private mutating func emitNegated(_ i: MicroInstruction) {
        switch i.operation {
        case .andNot:
            let negated = value(i.rs2, in: .rcx)
            let target = host(i.rd) ?? .rax
            assembler.emit(vex: .andn, target.rawValue, operand(i.rs1), second: negated.rawValue)
            store(target, to: i.rd)
        case .orNot:
            load(i.rs2, into: .rax)
            assembler.emit(.notM, .register(.rax))
            assembler.emit(.orR, .rax, operand(i.rs1))
            store(.rax, to: i.rd)
        default:
            load(i.rs2, into: .rax)
            assembler.emit(.notM, .register(.rax))
            assembler.emit(.xorR, .rax, operand(i.rs1))
            store(.rax, to: i.rd)
        }
    }

    /// rs1, or rs2 where rs1 compares so with it.
    private mutating func emitChoice(_ i: MicroInstruction, _ condition: HostCondition) {
        load(i.rs1, into: .rax)
        assembler.emit(.cmpR, .rax, operand(i.rs2))
        assembler.move(condition, .rax, operand(i.rs2))
        store(.rax, to: i.rd)
    }

    private mutating func emitExtension(_ i: MicroInstruction, _ instruction: HostInstruction, _ size: HostSize) {
        let target = host(i.rd) ?? .rax
        assembler.emit(instruction, target, operand(i.rs1), size)
        store(target, to: i.rd)
    }

    /// norm:orc_b_op: as `BitManipulation.orCombinedBytes`.
    private mutating func emitOrCombine(_ i: MicroInstruction) {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        load(i.rs1, into: .rax)
        assembler.load(.rdx, constant: low)
        assembler.emit(.movR, .rcx, .rax)
        assembler.emit(.andR, .rcx, .rdx)
        assembler.emit(.addR, .rcx, .rdx)
        assembler.emit(.orR, .rcx, .rax)
        assembler.emit(.notM, .register(.rdx))
        assembler.emit(.andR, .rcx, .rdx)
        assembler.emit(.shrI, .register(.rcx), immediate: 7)
        assembler.emit(.imulI, .rax, .register(.rcx), immediate: 0xFF)
        store(.rax, to: i.rd)
    }

    private mutating func emitBit(_ i: MicroInstruction, _ byRegister: HostInstruction, _ byConstant: HostInstruction) {
        if !i.usesImmediate { load(i.rs2, into: .rcx) }
        load(i.rs1, into: .rax)
        if i.usesImmediate {
            assembler.emit(byConstant, .register(.rax), immediate: Int32(i.immediate & 63))
        } else {
            assembler.emit(byRegister, .rcx, .rax)
        }
        store(.rax, to: i.rd)
    }

    private mutating func emitBitExtraction(_ i: MicroInstruction) {
        if i.usesImmediate {
            load(i.rs1, into: .rax)
            assembler.emit(.shrI, .register(.rax), immediate: Int32(i.immediate & 63))
        } else {
            let amount = value(i.rs2, in: .rcx)
            assembler.emit(vex: .shrx, HostRegister.rax.rawValue, operand(i.rs1), second: amount.rawValue)
        }
        assembler.emit(.andI, .register(.rax), immediate: 1, .double)
        store(.rax, to: i.rd)
    }

    private mutating func emitConditionalZero(_ i: MicroInstruction, _ condition: HostCondition) {
        assembler.emit(.xorR, .rcx, .rcx, .double)
        load(i.rs1, into: .rax)
        assembler.emit(.cmpI, operand(i.rs2), immediate: 0)
        assembler.move(condition, .rax, .register(.rcx))
        store(.rax, to: i.rd)
    }
}
