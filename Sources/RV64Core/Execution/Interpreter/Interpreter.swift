import Platform

extension UnsafeMutablePointer where Pointee == UInt64 {
    /// A register by its decoded index. SAFETY: the decoder produces indices below 32, or the write sink.
    @inline(__always)
    subscript(register: UInt8) -> UInt64 {
        get { self[Int(register)] }
        nonmutating set { self[Int(register)] = newValue }
    }
}

/// How control leaves the straight line.
private enum BlockEdge {
    /// A taken branch or JAL: the target is relative to the pc of the instruction.
    case taken
    /// Past the last instruction.
    case next
    /// JALR: `pc` already holds the target.
    case indirect
    /// Not at all: an instruction that the switch leaves to a function, or whose fast case did not apply.
    case outOfLine
    /// A system instruction.
    case system
}

/// Where the interpreter has stopped.
package enum InterpreterEnd: Sendable {
    /// Between two blocks, because the budget is used up or the cache of blocks was emptied.
    case edge
    /// Behind something that only the run loop looks at: a trap that was delivered, or a system instruction.
    case event
}

extension Hart {
    private var blocks: BlockCache { interpreter.blocks }

    /// The interpreter: runs blocks until the budget is used up, a trap was delivered, or a system instruction ran.
    ///
    /// One dense `switch` over decoded operations. It holds no semantics of its own that take more than a line, and
    /// touches neither reference counts nor class fields that change. All calls are outside the innermost loop, so
    /// that its state stays in registers.
    ///
    /// - Parameters:
    ///   - limit: the budget, of which `remaining` is what is left at the start of the current block (see ``Engine``).
    ///   - first: the block at pc.
    /// - Returns: where it has stopped.
    @inline(never)
    package func interpret(_ limit: Int, from first: UnsafeMutablePointer<Block>) -> InterpreterEnd {
        let x = self.x
        let f = self.f
        // Only a system instruction or a trap selects other banks, and both leave this function.
        guard let data = runState.pointee.data.entries, let fetch = runState.pointee.fetch.entries else {
            return .event
        }
        let (arena, table) = (blocks.base, blocks.table)
        var floats = FloatingPointSpeed(self)
        var budget = limit
        var remaining = budget
        var pc = state.pointee.pc
        let epoch = blocks.epoch
        var i = first.operations

        while true {
            var edge = BlockEdge.outOfLine
            straight: while true {
                switch i.pointee.handler {
                case .lui: x[i.rd] = i.operand
                case .auipc: x[i.rd] = pc &+ i.offset &+ i.operand
                case .addi: x[i.rd] = x[i.rs1] &+ i.operand
                case .xori: x[i.rd] = x[i.rs1] ^ i.operand
                case .ori: x[i.rd] = x[i.rs1] | i.operand
                case .andi: x[i.rd] = x[i.rs1] & i.operand
                case .slti: x[i.rd] = Integer.isLess(x[i.rs1], i.operand) ? 1 : 0
                case .sltiu: x[i.rd] = x[i.rs1] < i.operand ? 1 : 0
                case .slli: x[i.rd] = x[i.rs1] &<< i.operand
                case .srli: x[i.rd] = x[i.rs1] &>> i.operand
                case .srai: x[i.rd] = Integer.shiftRightArithmetic(x[i.rs1], i.operand)
                case .add: x[i.rd] = x[i.rs1] &+ x[i.rs2]
                case .sub: x[i.rd] = x[i.rs1] &- x[i.rs2]
                case .xor: x[i.rd] = x[i.rs1] ^ x[i.rs2]
                case .or: x[i.rd] = x[i.rs1] | x[i.rs2]
                case .and: x[i.rd] = x[i.rs1] & x[i.rs2]
                case .sll: x[i.rd] = x[i.rs1] &<< x[i.rs2]
                case .srl: x[i.rd] = x[i.rs1] &>> x[i.rs2]
                case .sra: x[i.rd] = Integer.shiftRightArithmetic(x[i.rs1], x[i.rs2])
                case .slt: x[i.rd] = Integer.isLess(x[i.rs1], x[i.rs2]) ? 1 : 0
                case .sltu: x[i.rd] = x[i.rs1] < x[i.rs2] ? 1 : 0
                case .addiw: x[i.rd] = Integer.word(x[i.rs1] &+ i.operand)
                case .slliw: x[i.rd] = Integer.wordShiftLeft(x[i.rs1], i.operand)
                case .srliw: x[i.rd] = Integer.wordShiftRight(x[i.rs1], i.operand)
                case .sraiw: x[i.rd] = Integer.wordShiftRightArithmetic(x[i.rs1], i.operand)
                case .addw: x[i.rd] = Integer.word(x[i.rs1] &+ x[i.rs2])
                case .subw: x[i.rd] = Integer.word(x[i.rs1] &- x[i.rs2])
                case .sllw: x[i.rd] = Integer.wordShiftLeft(x[i.rs1], x[i.rs2])
                case .srlw: x[i.rd] = Integer.wordShiftRight(x[i.rs1], x[i.rs2])
                case .sraw: x[i.rd] = Integer.wordShiftRightArithmetic(x[i.rs1], x[i.rs2])

                case .mul: x[i.rd] = x[i.rs1] &* x[i.rs2]
                case .mulh: x[i.rd] = Multiply.high(x[i.rs1], x[i.rs2])
                case .mulhsu: x[i.rd] = Multiply.highSignedUnsigned(x[i.rs1], x[i.rs2])
                case .mulhu: x[i.rd] = Multiply.highUnsigned(x[i.rs1], x[i.rs2])
                case .div: x[i.rd] = Multiply.divide(x[i.rs1], x[i.rs2])
                case .divu: x[i.rd] = Multiply.divideUnsigned(x[i.rs1], x[i.rs2])
                case .rem: x[i.rd] = Multiply.remainder(x[i.rs1], x[i.rs2])
                case .remu: x[i.rd] = Multiply.remainderUnsigned(x[i.rs1], x[i.rs2])
                case .divw: x[i.rd] = Multiply.divideWord(x[i.rs1], x[i.rs2])
                case .divuw: x[i.rd] = Multiply.divideUnsignedWord(x[i.rs1], x[i.rs2])
                case .remw: x[i.rd] = Multiply.remainderWord(x[i.rs1], x[i.rs2])
                case .remuw: x[i.rd] = Multiply.remainderUnsignedWord(x[i.rs1], x[i.rs2])
                case .mulw: x[i.rd] = Integer.word(x[i.rs1] &* x[i.rs2])

                case .addUw: x[i.rd] = BitManipulation.zeroExtendedWord(x[i.rs1]) &+ x[i.rs2]
                case .sh1add: x[i.rd] = x[i.rs1] &<< 1 &+ x[i.rs2]
                case .sh2add: x[i.rd] = x[i.rs1] &<< 2 &+ x[i.rs2]
                case .sh3add: x[i.rd] = x[i.rs1] &<< 3 &+ x[i.rs2]
                case .sh1addUw: x[i.rd] = BitManipulation.zeroExtendedWord(x[i.rs1]) &<< 1 &+ x[i.rs2]
                case .sh2addUw: x[i.rd] = BitManipulation.zeroExtendedWord(x[i.rs1]) &<< 2 &+ x[i.rs2]
                case .sh3addUw: x[i.rd] = BitManipulation.zeroExtendedWord(x[i.rs1]) &<< 3 &+ x[i.rs2]
                case .slliUw: x[i.rd] = BitManipulation.zeroExtendedWord(x[i.rs1]) &<< i.operand
                case .andn: x[i.rd] = x[i.rs1] & ~x[i.rs2]
                case .orn: x[i.rd] = x[i.rs1] | ~x[i.rs2]
                case .xnor: x[i.rd] = x[i.rs1] ^ ~x[i.rs2]
                case .max: x[i.rd] = BitManipulation.maximum(x[i.rs1], x[i.rs2])
                case .maxu: x[i.rd] = max(x[i.rs1], x[i.rs2])
                case .min: x[i.rd] = BitManipulation.minimum(x[i.rs1], x[i.rs2])
                case .minu: x[i.rd] = min(x[i.rs1], x[i.rs2])
                case .sextB: x[i.rd] = BitManipulation.signExtendedByte(x[i.rs1])
                case .sextH: x[i.rd] = BitManipulation.signExtendedHalf(x[i.rs1])
                case .zextH: x[i.rd] = x[i.rs1] & 0xFFFF
                case .rori: x[i.rd] = BitManipulation.rotateRight(x[i.rs1], i.operand)
                case .roriw: x[i.rd] = BitManipulation.rotateRightWord(x[i.rs1], i.operand)
                case .rol: x[i.rd] = BitManipulation.rotateLeft(x[i.rs1], x[i.rs2])
                case .rolw: x[i.rd] = BitManipulation.rotateLeftWord(x[i.rs1], x[i.rs2])
                case .ror: x[i.rd] = BitManipulation.rotateRight(x[i.rs1], x[i.rs2])
                case .rorw: x[i.rd] = BitManipulation.rotateRightWord(x[i.rs1], x[i.rs2])
                case .rev8: x[i.rd] = x[i.rs1].byteSwapped
                case .orcB: x[i.rd] = BitManipulation.orCombinedBytes(x[i.rs1])
                case .clz: x[i.rd] = BitManipulation.leadingZeros(x[i.rs1], UInt64.self)
                case .clzw: x[i.rd] = BitManipulation.leadingZeros(x[i.rs1], UInt32.self)
                case .ctz: x[i.rd] = BitManipulation.trailingZeros(x[i.rs1], UInt64.self)
                case .ctzw: x[i.rd] = BitManipulation.trailingZeros(x[i.rs1], UInt32.self)
                case .cpop: x[i.rd] = BitManipulation.population(x[i.rs1], UInt64.self)
                case .cpopw: x[i.rd] = BitManipulation.population(x[i.rs1], UInt32.self)
                case .bclr: x[i.rd] = x[i.rs1] & ~BitManipulation.bit(x[i.rs2])
                case .bclri: x[i.rd] = x[i.rs1] & ~BitManipulation.bit(i.operand)
                case .bext: x[i.rd] = x[i.rs1] &>> x[i.rs2] & 1
                case .bexti: x[i.rd] = x[i.rs1] &>> i.operand & 1
                case .binv: x[i.rd] = x[i.rs1] ^ BitManipulation.bit(x[i.rs2])
                case .binvi: x[i.rd] = x[i.rs1] ^ BitManipulation.bit(i.operand)
                case .bset: x[i.rd] = x[i.rs1] | BitManipulation.bit(x[i.rs2])
                case .bseti: x[i.rd] = x[i.rs1] | BitManipulation.bit(i.operand)
                case .czeroEqz: x[i.rd] = x[i.rs2] == 0 ? 0 : x[i.rs1]
                case .czeroNez: x[i.rd] = x[i.rs2] != 0 ? 0 : x[i.rs1]
                case .zero: x[i.rd] = 0

                case .lb:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt8.self) else { break straight }
                    x[i.rd] = UInt64(bitPattern: Int64(Int8(bitPattern: value)))
                case .lh:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt16.self) else { break straight }
                    x[i.rd] = UInt64(bitPattern: Int64(Int16(bitPattern: value)))
                case .lw:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt32.self) else { break straight }
                    x[i.rd] = UInt64(bitPattern: Int64(Int32(bitPattern: value)))
                case .ld:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt64.self) else { break straight }
                    x[i.rd] = value
                case .lbu:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt8.self) else { break straight }
                    x[i.rd] = UInt64(value)
                case .lhu:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt16.self) else { break straight }
                    x[i.rd] = UInt64(value)
                case .lwu:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt32.self) else { break straight }
                    x[i.rd] = UInt64(value)
                case .sb:
                    guard data.store(x[i.rs1] &+ i.operand, UInt8(truncatingIfNeeded: x[i.rs2])) else { break straight }
                case .sh:
                    guard data.store(x[i.rs1] &+ i.operand, UInt16(truncatingIfNeeded: x[i.rs2])) else {
                        break straight
                    }
                case .sw:
                    guard data.store(x[i.rs1] &+ i.operand, UInt32(truncatingIfNeeded: x[i.rs2])) else {
                        break straight
                    }
                case .sd:
                    guard data.store(x[i.rs1] &+ i.operand, UInt64(truncatingIfNeeded: x[i.rs2])) else {
                        break straight
                    }

                case .beq:
                    if x[i.rs1] == x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .bne:
                    if x[i.rs1] != x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .blt:
                    if Integer.isLess(x[i.rs1], x[i.rs2]) {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .bge:
                    if !Integer.isLess(x[i.rs1], x[i.rs2]) {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .bltu:
                    if x[i.rs1] < x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .bgeu:
                    if x[i.rs1] >= x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .jal:
                    x[i.rd] = pc &+ i.nextOffset
                    edge = .taken
                    break straight
                case .jalr:
                    let target = (x[i.rs1] &+ i.operand) & ~1
                    x[i.rd] = pc &+ i.nextOffset
                    pc = target
                    edge = .indirect
                    break straight

                // Pairs. `i` moves on with every instruction that is done.
                case .addAdd:
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                    i += 1
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                case .addBltu:
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                    i += 1
                    if x[i.rs1] < x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .addLd:
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                    i += 1
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt64.self) else { break straight }
                    x[i.rd] = value
                case .addiAdd:
                    x[i.rd] = x[i.rs1] &+ i.operand
                    i += 1
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                case .addiAddi:
                    x[i.rd] = x[i.rs1] &+ i.operand
                    i += 1
                    x[i.rd] = x[i.rs1] &+ i.operand
                case .addiBne:
                    x[i.rd] = x[i.rs1] &+ i.operand
                    i += 1
                    if x[i.rs1] != x[i.rs2] {
                        edge = .taken
                        break straight
                    }
                    i += 1
                case .addiSd:
                    x[i.rd] = x[i.rs1] &+ i.operand
                    i += 1
                    guard data.store(x[i.rs1] &+ i.operand, x[i.rs2]) else { break straight }
                case .ldAddi:
                    guard let value = data.load(x[i.rs1] &+ i.operand, UInt64.self) else { break straight }
                    x[i.rd] = value
                    i += 1
                    x[i.rd] = x[i.rs1] &+ i.operand
                case .ldLd:
                    guard let first = data.load(x[i.rs1] &+ i.operand, UInt64.self) else { break straight }
                    x[i.rd] = first
                    i += 1
                    guard let second = data.load(x[i.rs1] &+ i.operand, UInt64.self) else { break straight }
                    x[i.rd] = second
                case .sdAddi:
                    guard data.store(x[i.rs1] &+ i.operand, x[i.rs2]) else { break straight }
                    i += 1
                    x[i.rd] = x[i.rs1] &+ i.operand
                case .sdSd:
                    guard data.store(x[i.rs1] &+ i.operand, x[i.rs2]) else { break straight }
                    i += 1
                    guard data.store(x[i.rs1] &+ i.operand, x[i.rs2]) else { break straight }
                case .slliAdd:
                    x[i.rd] = x[i.rs1] &<< i.operand
                    i += 1
                    x[i.rd] = x[i.rs1] &+ x[i.rs2]
                case .slliSrli:
                    x[i.rd] = x[i.rs1] &<< i.operand
                    i += 1
                    x[i.rd] = x[i.rs1] &>> i.operand

                case .flw:
                    guard floats.isDirty, let value = data.load(x[i.rs1] &+ i.operand, UInt32.self) else {
                        break straight
                    }
                    f[i.rd] = Binary32.boxed(UInt64(value))
                case .fld:
                    guard floats.isDirty, let value = data.load(x[i.rs1] &+ i.operand, UInt64.self) else {
                        break straight
                    }
                    f[i.rd] = value
                case .fsw:
                    guard floats.isDirty, data.store(x[i.rs1] &+ i.operand, UInt32(truncatingIfNeeded: f[i.rs2])) else {
                        break straight
                    }
                case .fsd:
                    guard floats.isDirty, data.store(x[i.rs1] &+ i.operand, f[i.rs2]) else { break straight }
                case .faddD:
                    guard let sum = floats.double(i.pointee, f[i.rs1], f[i.rs2], Host64.certainSum) else {
                        break straight
                    }
                    f[i.rd] = sum
                case .fsubD:
                    guard let difference = floats.double(i.pointee, f[i.rs1], f[i.rs2], Host64.certainDifference) else {
                        break straight
                    }
                    f[i.rd] = difference
                case .fmulD:
                    guard let product = floats.double(i.pointee, f[i.rs1], f[i.rs2], Host64.certainProduct) else {
                        break straight
                    }
                    f[i.rd] = product
                case .fdivD:
                    guard let quotient = floats.double(i.pointee, f[i.rs1], f[i.rs2], Host64.certainQuotient) else {
                        break straight
                    }
                    f[i.rd] = quotient
                case .faddS:
                    guard let sum = floats.single(i.pointee, f[i.rs1], f[i.rs2], Host32.certainSum) else {
                        break straight
                    }
                    f[i.rd] = sum
                case .fsubS:
                    guard let difference = floats.single(i.pointee, f[i.rs1], f[i.rs2], Host32.certainDifference) else {
                        break straight
                    }
                    f[i.rd] = difference
                case .fmulS:
                    guard let product = floats.single(i.pointee, f[i.rs1], f[i.rs2], Host32.certainProduct) else {
                        break straight
                    }
                    f[i.rd] = product
                case .fdivS:
                    guard let quotient = floats.single(i.pointee, f[i.rs1], f[i.rs2], Host32.certainQuotient) else {
                        break straight
                    }
                    f[i.rd] = quotient
                case .feqD:
                    guard let outcome = floats.compare(f[i.rs1], f[i.rs2], ==) else { break straight }
                    x[i.rd] = outcome
                case .fltD:
                    guard let outcome = floats.compare(f[i.rs1], f[i.rs2], <) else { break straight }
                    x[i.rd] = outcome
                case .fleD:
                    guard let outcome = floats.compare(f[i.rs1], f[i.rs2], <=) else { break straight }
                    x[i.rd] = outcome
                case .fsgnjD:
                    guard floats.isDirty else { break straight }
                    f[i.rd] = Binary64.magnitude(f[i.rs1]) | f[i.rs2] & Binary64.signBit
                case .fmvXD:
                    guard floats.isDirty else { break straight }
                    x[i.rd] = f[i.rs1]
                case .fmvDX:
                    guard floats.isDirty else { break straight }
                    f[i.rd] = x[i.rs1]
                case .fcvtDW:
                    guard floats.isSettled else { break straight }
                    f[i.rd] = Binary64.bits(Double(Int32(truncatingIfNeeded: x[i.rs1])))

                case .fence: MemoryFence.execute(i.pointee.raw)
                case .nop: break
                case .followedJump: x[i.rd] = pc &+ i.nextOffset
                case .outOfLine: break straight
                case .system:
                    edge = .system
                    break straight
                case .endOfBlock:
                    edge = .next
                    break straight
                }
                i += 1
            }

            var link: UnsafeMutablePointer<BlockLink>?
            switch edge {
            case .taken:
                remaining &-= i.index &+ 1
                pc = pc &+ i.offset &+ i.operand
                link = i.link
            case .next:
                remaining &-= i.index
                pc = pc &+ i.offset
                link = i.link
            case .indirect: remaining &-= i.index &+ 1
            case .outOfLine:
                if execute(i.pointee.decoded) {
                    i += 1
                    floats = FloatingPointSpeed(self)
                    continue
                }
                // The instructions from this one on have not retired.
                writeBack(pc &+ i.offset, retired: budget &- remaining &+ i.index)
                deliver(runState.pointee.trap, raisedBy: i.pointee.decoded)
                return .event
            case .system:
                writeBack(pc &+ i.offset, retired: budget &- remaining &+ i.index)
                guard executeSystem(i.pointee.decoded) else { return .event }
                // What has been written back need not be again.
                budget = remaining &- i.index &- 1
                i += 1
                floats = FloatingPointSpeed(self)
                continue
            }
            if remaining <= 0 { break }
            if let target = link?.pointee.target, target.pointee.epoch == epoch {
                i = target.operations
                continue
            }
            let translation = fetch + TLBBank.index(pc)
            let source = pc &+ translation.pointee.addend
            var target = (arena + Int(table[BlockCache.index(source)])).assumingMemoryBound(to: Block.self)
            if translation.pointee.fetchTag != TLBEntry.tag(pc) || target.pointee.source != source
                || target.pointee.epoch != epoch
            {
                guard let found = block(at: pc, retired: budget &- remaining) else { return .event }
                // If the cache was emptied to make room, `link` is no more.
                if blocks.epoch != epoch { break }
                // A single instruction overwrites the one before it, and with it a link of that one.
                if found == blocks.scratch { link = nil }
                target = found
            }
            if let link, link.pointee.page == target.pointee.source & ~Page.offsetMask { link.pointee.target = target }
            i = target.operations
        }
        writeBack(pc, retired: budget &- remaining)
        return .edge
    }

    @inline(__always)
    package func writeBack(_ pc: UInt64, retired: Int) {
        state.pointee.pc = pc
        state.pointee.retired &+= UInt64(bitPattern: Int64(retired))
    }

    /// The block at `pc`, or nil after its fetch trapped and the trap was delivered.
    @inline(never)
    package func block(at pc: UInt64, retired: Int) -> UnsafeMutablePointer<Block>? {
        do throws(Trap) {
            return try findBlock(pc)
        } catch {
            writeBack(pc, retired: retired)
            deliver(error, raisedBy: nil)
            return nil
        }
    }
}
