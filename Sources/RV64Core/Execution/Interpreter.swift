import Platform
import Synchronization

extension UnsafeMutablePointer where Pointee == UInt64 {
    /// A register by its decoded index. SAFETY: the decoder produces indices below 32, or the write sink.
    @inline(__always)
    subscript(register: UInt8) -> UInt64 {
        get { self[Int(register)] }
        nonmutating set { self[Int(register)] = newValue }
    }
}

extension DecodedInstruction {
    /// The immediate as an operand.
    @inline(__always) var operand: UInt64 { UInt64(bitPattern: Int64(immediate)) }
}

/// How control leaves a block.
private enum BlockEdge {
    /// The instruction trapped; the trap is in `context`.
    case trap
    /// A taken branch or JAL: the target is relative to the pc of the instruction.
    case taken
    /// Past the last instruction.
    case next
    /// JALR: `pc` already holds the target.
    case indirect
    /// A system instruction, to be executed outside the loop.
    case system
}

extension Hart {
    /// The interpreter: runs blocks until the budget is used up, a trap was delivered, or a system instruction ran.
    ///
    /// One dense `switch` over decoded operations. It holds no semantics of its own that take more than a line, and
    /// touches neither reference counts nor class fields that change.
    ///
    /// - Parameter budget: instructions to run at most, give or take one block.
    @inline(never)
    func interpret(_ budget: Int) {
        let x = self.x
        let f = self.f
        var remaining = budget
        var pc = state.pointee.pc
        let epoch = blocks.epoch.pointee
        guard var block = nextBlock(at: pc, retired: 0) else { return }

        while true {
            remaining &-= Int(block.pointee.count)
            var cursor = block.instructions
            var edge = BlockEdge.trap
            body: while true {
                let i = cursor.pointee
                switch i.opcode {
                case .lui: x[i.rd] = i.operand
                case .auipc: x[i.rd] = pc &+ UInt64(i.offset) &+ i.operand
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

                case .lb:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt8.self) else { break body }
                    x[i.rd] = UInt64(bitPattern: Int64(Int8(bitPattern: value)))
                case .lh:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt16.self) else { break body }
                    x[i.rd] = UInt64(bitPattern: Int64(Int16(bitPattern: value)))
                case .lw:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt32.self) else { break body }
                    x[i.rd] = UInt64(bitPattern: Int64(Int32(bitPattern: value)))
                case .ld:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt64.self) else { break body }
                    x[i.rd] = value
                case .lbu:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt8.self) else { break body }
                    x[i.rd] = UInt64(value)
                case .lhu:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt16.self) else { break body }
                    x[i.rd] = UInt64(value)
                case .lwu:
                    guard let value = load(x[i.rs1] &+ i.operand, UInt32.self) else { break body }
                    x[i.rd] = UInt64(value)
                case .sb: guard store(x[i.rs1] &+ i.operand, UInt8(truncatingIfNeeded: x[i.rs2])) else { break body }
                case .sh: guard store(x[i.rs1] &+ i.operand, UInt16(truncatingIfNeeded: x[i.rs2])) else { break body }
                case .sw: guard store(x[i.rs1] &+ i.operand, UInt32(truncatingIfNeeded: x[i.rs2])) else { break body }
                case .sd: guard store(x[i.rs1] &+ i.operand, UInt64(truncatingIfNeeded: x[i.rs2])) else { break body }

                case .beq:
                    if x[i.rs1] == x[i.rs2] {
                        edge = .taken
                        break body
                    }
                case .bne:
                    if x[i.rs1] != x[i.rs2] {
                        edge = .taken
                        break body
                    }
                case .blt:
                    if Integer.isLess(x[i.rs1], x[i.rs2]) {
                        edge = .taken
                        break body
                    }
                case .bge:
                    if !Integer.isLess(x[i.rs1], x[i.rs2]) {
                        edge = .taken
                        break body
                    }
                case .bltu:
                    if x[i.rs1] < x[i.rs2] {
                        edge = .taken
                        break body
                    }
                case .bgeu:
                    if x[i.rs1] >= x[i.rs2] {
                        edge = .taken
                        break body
                    }
                case .jal:
                    x[i.rd] = pc &+ UInt64(i.offset) &+ UInt64(i.length)
                    edge = .taken
                    break body
                case .jalr:
                    let target = (x[i.rs1] &+ i.operand) & ~1
                    x[i.rd] = pc &+ UInt64(i.offset) &+ UInt64(i.length)
                    pc = target
                    edge = .indirect
                    break body

                case .flw:
                    guard floatingPointIsOn(i), let value = load(x[i.rs1] &+ i.operand, UInt32.self) else { break body }
                    f[i.rd] = 0xFFFF_FFFF_0000_0000 | UInt64(value)
                    if context.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
                case .fld:
                    guard floatingPointIsOn(i), let value = load(x[i.rs1] &+ i.operand, UInt64.self) else { break body }
                    f[i.rd] = value
                    if context.pointee.floatingPoint != .dirty { dirtyFloatingPoint() }
                case .fsw:
                    guard floatingPointIsOn(i), store(x[i.rs1] &+ i.operand, UInt32(truncatingIfNeeded: f[i.rs2]))
                    else { break body }
                case .fsd:
                    guard floatingPointIsOn(i), store(x[i.rs1] &+ i.operand, f[i.rs2]) else { break body }
                case .fmaddS, .fmsubS, .fnmsubS, .fnmaddS, .faddS, .fsubS, .fmulS, .fdivS, .fsqrtS, .fsgnjS, .fsgnjnS,
                    .fsgnjxS, .fminS, .fmaxS, .feqS, .fltS, .fleS, .fclassS, .fcvtWS, .fcvtWuS, .fcvtLS, .fcvtLuS,
                    .fcvtSW, .fcvtSWu, .fcvtSL, .fcvtSLu, .fmvXW, .fmvWX, .fmaddD, .fmsubD, .fnmsubD, .fnmaddD, .faddD,
                    .fsubD, .fmulD, .fdivD, .fsqrtD, .fsgnjD, .fsgnjnD, .fsgnjxD, .fminD, .fmaxD, .feqD, .fltD, .fleD,
                    .fclassD, .fcvtWD, .fcvtWuD, .fcvtLD, .fcvtLuD, .fcvtDW, .fcvtDWu, .fcvtDL, .fcvtDLu, .fcvtSD,
                    .fcvtDS, .fmvXD, .fmvDX:
                    guard executeFloatingPoint(i) else { break body }

                case .lrW, .scW, .amoswapW, .amoaddW, .amoxorW, .amoandW, .amoorW, .amominW, .amomaxW, .amominuW,
                    .amomaxuW, .lrD, .scD, .amoswapD, .amoaddD, .amoxorD, .amoandD, .amoorD, .amominD, .amomaxD,
                    .amominuD, .amomaxuD:
                    guard executeAtomic(i) else { break body }
                case .fence: atomicMemoryFence(ordering: .sequentiallyConsistent)

                case .illegal, .ecall, .ebreak, .fenceI, .csrrw, .csrrs, .csrrc, .csrrwi, .csrrsi, .csrrci, .mret,
                    .sret, .mnret, .wfi, .sfenceVma, .sinvalVma, .sfenceWInval, .sfenceInvalIr, .hinvalVvma,
                    .hinvalGvma,
                    .hfenceVvma, .hfenceGvma, .hlvB, .hlvBu, .hlvH, .hlvHu, .hlvW, .hlvWu, .hlvD, .hlvxHu, .hlvxWu,
                    .hsvB, .hsvH, .hsvW, .hsvD:
                    edge = .system
                    break body
                case .endOfBlock:
                    edge = .next
                    break body
                }
                cursor += 1
            }

            let last = cursor.pointee
            let origin = pc
            var link = block.pointee.next
            switch edge {
            case .taken:
                link = block.pointee.taken
                pc = pc &+ UInt64(last.offset) &+ last.operand
            case .next: pc = pc &+ UInt64(last.offset)
            case .indirect:
                let jump = context.pointee.jumps + TranslationBank.jumpIndex(pc)
                link = jump.pointee.pc == pc ? jump.pointee.block : nil
            case .trap:
                // The instructions from this one on have not retired.
                remaining &+= Int(block.pointee.count) &- (cursor - block.instructions)
                writeBack(pc &+ UInt64(last.offset), retired: budget &- remaining)
                deliver(context.pointee.trap, raisedBy: last)
                return
            case .system:
                writeBack(pc &+ UInt64(last.offset), retired: budget &- remaining &- 1)
                if executeSystem(last) { state.pointee.retired &+= 1 }
                return
            }
            if let link, link.pointee.epoch == epoch, remaining > 0 {
                block = link
                continue
            }
            guard remaining > 0 else {
                writeBack(pc, retired: budget &- remaining)
                return
            }
            guard let found = nextBlock(at: pc, retired: budget &- remaining) else { return }
            guard blocks.epoch.pointee == epoch else {
                // The cache was emptied to make room: `block` is no more.
                writeBack(pc, retired: budget &- remaining)
                return
            }
            if origin & ~Page.offsetMask == pc & ~Page.offsetMask { self.link(block, edge, to: found) }
            block = found
        }
    }

    @inline(__always)
    private func writeBack(_ pc: UInt64, retired: Int) {
        state.pointee.pc = pc
        state.pointee.retired &+= UInt64(bitPattern: Int64(retired))
    }

    /// The block at `pc`, or nil after its fetch trapped and the trap was delivered.
    @inline(never)
    private func nextBlock(at pc: UInt64, retired: Int) -> UnsafeMutablePointer<Block>? {
        do throws(Trap) {
            return try findBlock(pc)
        } catch {
            writeBack(pc, retired: retired)
            deliver(error, raisedBy: nil)
            return nil
        }
    }

    /// Remembers where control went inside a virtual page that is one physical page too: true in every context.
    @inline(__always)
    private func link(
        _ block: UnsafeMutablePointer<Block>,
        _ edge: BlockEdge,
        to target: UnsafeMutablePointer<Block>
    ) {
        guard block.pointee.source & ~Page.offsetMask == target.pointee.source & ~Page.offsetMask else { return }
        switch edge {
        case .taken: block.pointee.taken = target
        case .next: block.pointee.next = target
        case .indirect, .trap, .system: break
        }
    }

    /// Loads through the TLB; nil with the trap in `context`.
    ///
    /// The tag of the last byte is compared: an access that crosses into another page misses by itself.
    @inline(__always)
    private func load<T: FixedWidthInteger & UnsignedInteger>(_ address: UInt64, _ type: T.Type) -> T? {
        let entry = context.pointee.data + TranslationBank.index(address)
        let last = address &+ UInt64(T.bitWidth / 8 - 1)
        if entry.pointee.readTag == last & ~Page.offsetMask {
            // SAFETY: a matching tag means that the addend leads into a page of RAM.
            let host = UnsafeRawPointer(bitPattern: UInt(address &+ entry.pointee.addend)).unsafelyUnwrapped
            return T(littleEndian: host.loadUnaligned(as: T.self))
        }
        return loadSlow(address, AccessWidth(of: type)).map { T(truncatingIfNeeded: $0) }
    }

    /// Stores through the TLB; false with the trap in `context`.
    @inline(__always)
    private func store<T: FixedWidthInteger & UnsignedInteger>(_ address: UInt64, _ value: T) -> Bool {
        let entry = context.pointee.data + TranslationBank.index(address)
        let last = address &+ UInt64(T.bitWidth / 8 - 1)
        if entry.pointee.writeTag == last & ~Page.offsetMask {
            // SAFETY: as in `load`; the write tag also says that the guest may write the page.
            let host = UnsafeMutableRawPointer(bitPattern: UInt(address &+ entry.pointee.addend)).unsafelyUnwrapped
            host.storeBytes(of: value.littleEndian, as: T.self)
            return true
        }
        return storeSlow(address, AccessWidth(of: T.self), UInt64(value))
    }
}
