/// How wide an instruction's operands are, where it has a choice.
package enum HostSize: Sendable { case double, quad }

/// Writes instructions one after the other, from the rows of ``HostEncoding``.
///
/// The caller sees to it that there is room: what it writes for a guest instruction has a limit.
package struct Assembler {
    /// Where the next byte goes.
    package var cursor: UnsafeMutablePointer<UInt8>
    private let encodings: UnsafePointer<HostEncoding>

    package init(at cursor: UnsafeMutablePointer<UInt8>) {
        self.cursor = cursor
        encodings = Self.table.encodings
    }

    /// A pointer, because every use of a global asks whether it is the first. Never let go of.
    private static let table = Table()

    private struct Table: @unchecked Sendable {
        // @unchecked: written in `init` and never after.
        let encodings: UnsafePointer<HostEncoding>

        init() {
            let rows = HostEncoding.all
            let table = UnsafeMutablePointer<HostEncoding>.allocate(capacity: rows.count)
            table.initialize(from: rows, count: rows.count)
            encodings = UnsafePointer(table)
        }
    }

    // MARK: - By operands

    /// `instruction reg, rm` or `instruction rm, reg`, as the row has it.
    package mutating func emit(
        _ instruction: HostInstruction,
        _ reg: HostRegister,
        _ rm: HostOperand,
        _ size: HostSize = .quad
    ) {
        encode(instruction, reg: reg.rawValue, rm, size, immediate: 0)
    }

    package mutating func emit(
        _ instruction: HostInstruction,
        _ reg: HostRegister,
        _ rm: HostRegister,
        _ size: HostSize = .quad
    ) {
        encode(instruction, reg: reg.rawValue, .register(rm), size, immediate: 0)
    }

    /// With one operand, the reg field being the opcode's.
    package mutating func emit(_ instruction: HostInstruction, _ rm: HostOperand, _ size: HostSize = .quad) {
        encode(instruction, reg: encodings[Int(instruction.rawValue)].digit, rm, size, immediate: 0)
    }

    /// With an immediate operand.
    package mutating func emit(
        _ instruction: HostInstruction,
        _ rm: HostOperand,
        immediate: Int32,
        _ size: HostSize = .quad
    ) {
        encode(instruction, reg: encodings[Int(instruction.rawValue)].digit, rm, size, immediate: immediate)
    }

    /// `instruction reg, rm, immediate`.
    package mutating func emit(
        _ instruction: HostInstruction,
        _ reg: HostRegister,
        _ rm: HostOperand,
        immediate: Int32,
        _ size: HostSize = .quad
    ) {
        encode(instruction, reg: reg.rawValue, rm, size, immediate: immediate)
    }

    /// A vector register and something else.
    package mutating func emit(
        _ instruction: HostInstruction,
        _ reg: HostVector,
        _ rm: HostOperand,
        _ size: HostSize = .quad
    ) {
        encode(instruction, reg: reg.rawValue, rm, size, immediate: 0)
    }

    package mutating func emit(_ instruction: HostInstruction, _ reg: HostVector, _ rm: HostOperand, immediate: Int32) {
        encode(instruction, reg: reg.rawValue, rm, .double, immediate: immediate)
    }

    /// Without operands, or with the register in the opcode.
    package mutating func emit(_ instruction: HostInstruction, _ register: HostRegister = .rax, size: HostSize = .quad)
    {
        let encoding = encodings[Int(instruction.rawValue)]
        let isWide = encoding.isWide(size)
        let isShort = encoding.form == .short
        let rex = 0x40 | (isWide ? 8 : 0) | (isShort ? register.rawValue &>> 3 : 0)
        if rex != 0x40 { byte(rex) }
        map(encoding.map)
        byte(encoding.opcode | (isShort ? register.rawValue & 7 : 0))
    }

    /// VEX: `instruction reg, rm, second` for shifts by a register, `instruction reg, second, rm` for the others.
    package mutating func emit(
        vex instruction: HostInstruction,
        _ reg: UInt8,
        _ rm: HostOperand,
        second: UInt8 = 0,
        _ size: HostSize = .quad,
        immediate: Int32 = 0
    ) {
        let encoding = encodings[Int(instruction.rawValue)]
        let isWide = encoding.isWide(size)
        let inverted = ((reg &>> 3) &<< 7) | ((rm.index &>> 3) &<< 6) | ((rm.base &>> 3) &<< 5)
        byte(0xC4)
        byte((inverted ^ 0xE0) | encoding.map.rawValue)
        byte((isWide ? 0x80 : 0) | ((~second & 15) &<< 3) | encoding.prefix.rawValue)
        byte(encoding.opcode)
        modRM(reg, rm)
        if encoding.immediate == .byte { byte(UInt8(truncatingIfNeeded: immediate)) }
    }

    private mutating func encode(
        _ instruction: HostInstruction,
        reg: UInt8,
        _ rm: HostOperand,
        _ size: HostSize,
        immediate: Int32
    ) {
        let encoding = encodings[Int(instruction.rawValue)]
        if encoding.isLocked { byte(0xF0) }
        switch encoding.prefix {
        case .none: break
        case .x66: byte(0x66)
        case .xF3: byte(0xF3)
        case .xF2: byte(0xF2)
        }
        let isWide = encoding.isWide(size)
        let rex: UInt8 = 0x40 | (isWide ? 8 : 0) | ((reg &>> 3) &<< 2) | ((rm.index &>> 3) &<< 1) | (rm.base &>> 3)
        if rex != 0x40 || encoding.needsREX(reg, rm) { byte(rex) }
        map(encoding.map)
        let isByte =
            encoding.immediate == .signedByteOrDouble && Int32(Int8(truncatingIfNeeded: immediate)) == immediate
        byte(isByte ? encoding.opcode | 2 : encoding.opcode)
        modRM(reg, rm)
        switch encoding.immediate {
        case .none: break
        case .byte: byte(UInt8(truncatingIfNeeded: immediate))
        case .double: int32(immediate)
        case .signedByteOrDouble: isByte ? byte(UInt8(truncatingIfNeeded: immediate)) : int32(immediate)
        }
    }

    private mutating func map(_ map: HostEncoding.Map) {
        switch map {
        case .one: break
        case .x0F: byte(0x0F)
        case .x0F38:
            byte(0x0F)
            byte(0x38)
        case .x0F3A:
            byte(0x0F)
            byte(0x3A)
        }
    }

    private mutating func modRM(_ reg: UInt8, _ rm: HostOperand) {
        let reg = (reg & 7) &<< 3
        guard rm.isMemory else { return byte(0xC0 | reg | (rm.base & 7)) }
        let hasSIB = rm.index != HostOperand.noIndex || rm.base & 7 == 4
        // Without a displacement, base 5 means something else.
        let displacement = rm.displacement
        let isShort = Int32(Int8(truncatingIfNeeded: displacement)) == displacement
        let mode: UInt8 = displacement == 0 && rm.base & 7 != 5 ? 0 : isShort ? 0x40 : 0x80
        byte(mode | reg | (hasSIB ? 4 : rm.base & 7))
        if hasSIB { byte((rm.scale &<< 6) | ((rm.index & 7) &<< 3) | (rm.base & 7)) }
        switch mode {
        case 0x40: byte(UInt8(truncatingIfNeeded: displacement))
        case 0x80: int32(displacement)
        default: break
        }
    }

    // MARK: - Special forms

    /// Loads a constant in the shortest way. Flags stay.
    package mutating func load(_ register: HostRegister, constant: UInt64) {
        if constant <= 0xFFFF_FFFF {
            if register.rawValue >= 8 { byte(0x41) }
            byte(0xB8 | (register.rawValue & 7))
            int32(Int32(truncatingIfNeeded: constant))
        } else if Int64(Int32(truncatingIfNeeded: constant)) == Int64(bitPattern: constant) {
            emit(.movImmediate, .register(register), immediate: Int32(truncatingIfNeeded: constant))
        } else {
            load(register, word: constant)
        }
    }

    /// Loads 64 bits, which can be patched.
    ///
    /// - Returns: where they are.
    @discardableResult
    package mutating func load(_ register: HostRegister, word: UInt64) -> UnsafeMutablePointer<UInt8> {
        byte(0x48 | (register.rawValue &>> 3))
        byte(0xB8 | (register.rawValue & 7))
        let place = cursor
        UnsafeMutableRawPointer(cursor).storeBytes(of: word, as: UInt64.self)
        cursor += 8
        return place
    }

    package mutating func set(_ condition: HostCondition, _ register: HostRegister) {
        if register.rawValue >= 4 { byte(0x40 | (register.rawValue &>> 3)) }
        byte(0x0F)
        byte(0x90 | condition.rawValue)
        byte(0xC0 | (register.rawValue & 7))
    }

    package mutating func move(
        _ condition: HostCondition,
        _ register: HostRegister,
        _ rm: HostOperand,
        _ size: HostSize = .quad
    ) {
        let rex: UInt8 =
            0x40 | (size == .quad ? 8 : 0) | ((register.rawValue &>> 3) &<< 2) | ((rm.index &>> 3) &<< 1)
            | (rm.base &>> 3)
        if rex != 0x40 { byte(rex) }
        byte(0x0F)
        byte(0x40 | condition.rawValue)
        modRM(register.rawValue, rm)
    }

    /// A jump whose distance is filled in by `bind`.
    package mutating func jump(_ condition: HostCondition? = nil) -> Fixup {
        if let condition {
            byte(0x0F)
            byte(0x80 | condition.rawValue)
        } else {
            byte(0xE9)
        }
        return distance()
    }

    package mutating func jump(_ condition: HostCondition? = nil, to target: UnsafeMutablePointer<UInt8>) {
        bind(jump(condition), to: target)
    }

    package mutating func call(_ target: UnsafeMutablePointer<UInt8>) {
        byte(0xE8)
        bind(distance(), to: target)
    }

    /// `lea register, [rip + distance]`, the distance being filled in by `bind`.
    package mutating func load(_ register: HostRegister, relative: Void) -> Fixup {
        byte(0x48 | ((register.rawValue &>> 3) &<< 2))
        byte(0x8D)
        byte(0x05 | ((register.rawValue & 7) &<< 3))
        return distance()
    }

    /// Pushes rsp as it was in rax, under the stack segment: the first half of what `iretq` takes.
    mutating func emitStackSegment() {
        // mov ecx, ss; push rcx
        byte(0x8C)
        byte(0xD1)
        emit(.push, .rcx)
    }

    mutating func emitCodeSegment() {
        // mov ecx, cs; push rcx
        byte(0x8C)
        byte(0xC9)
        emit(.push, .rcx)
    }

    private mutating func distance() -> Fixup {
        let fixup = Fixup(place: cursor)
        cursor += 4
        return fixup
    }

    package func bind(_ fixup: Fixup) { bind(fixup, to: cursor) }

    package func bind(_ fixup: Fixup, to target: UnsafeMutablePointer<UInt8>) {
        fixup.lead(to: target)
    }

    private mutating func byte(_ value: UInt8) {
        cursor.pointee = value
        cursor += 1
    }

    private mutating func int32(_ value: Int32) {
        UnsafeMutableRawPointer(cursor).storeBytes(of: value.littleEndian, as: Int32.self)
        cursor += 4
    }
}

/// The 32-bit distance of a jump, from its own end.
package struct Fixup {
    package let place: UnsafeMutablePointer<UInt8>

    func lead(to target: UnsafeMutablePointer<UInt8>) {
        let distance = Int32(truncatingIfNeeded: target - place - 4)
        UnsafeMutableRawPointer(place).storeBytes(of: distance.littleEndian, as: Int32.self)
    }
}
