/// What the interpreter's loop does with a place in a block: one case of its switch each.
///
/// Opcodes are the ISA's, handlers the interpreter's own: a handler may stand for several opcodes, or for two
/// instructions at once. The opcode stays beside it in the block.
///
/// Raw values are dense, so that the switch compiles to one jump table.
enum Handler: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Left to `Hart.execute`.
    case outOfLine
    /// Left to `Hart.executeSystem`, with pc and counters written back.
    case system
    case endOfBlock
    /// A jump that the block follows: its link register is all that is left of it.
    case followedJump

    case nop, fence, zero
    case lui, auipc
    case addi, xori, ori, andi, slti, sltiu, slli, srli, srai
    case add, sub, xor, or, and, sll, srl, sra, slt, sltu
    case addiw, slliw, srliw, sraiw, addw, subw, sllw, srlw, sraw
    case mul, mulh, mulhsu, mulhu, div, divu, rem, remu, divw, divuw, remw, remuw, mulw
    case addUw, sh1add, sh2add, sh3add, sh1addUw, sh2addUw, sh3addUw, slliUw
    case andn, orn, xnor, max, maxu, min, minu, sextB, sextH, zextH
    case rori, roriw, rol, rolw, ror, rorw, rev8, orcB
    case clz, clzw, ctz, ctzw, cpop, cpopw
    case bclr, bclri, bext, bexti, binv, binvi, bset, bseti
    case czeroEqz, czeroNez
    case lb, lh, lw, ld, lbu, lhu, lwu, sb, sh, sw, sd
    case beq, bne, blt, bge, bltu, bgeu, jal, jalr
    case flw, fld, fsw, fsd
    case faddD, fsubD, fmulD, fdivD, faddS, fsubS, fmulS, fdivS
    case feqD, fltD, fleD, fsgnjD, fmvXD, fmvDX, fcvtDW

    // Pairs: this instruction and the next.
    case addAdd, addBltu, addLd, addiAdd, addiAddi, addiBne, addiSd
    case ldAddi, ldLd, sdAddi, sdSd, slliAdd, slliSrli

    /// The handler of an opcode by itself.
    @inline(__always)
    init(_ opcode: Opcode) { self = Self.byOpcode[Int(opcode.rawValue)] }

    /// Has a link behind it: control may go on elsewhere in the same page.
    @inline(__always)
    var hasLink: Bool {
        self == .endOfBlock || rawValue &- Self.beq.rawValue <= Self.jal.rawValue &- Self.beq.rawValue
    }

    private static let byOpcode: [Handler] = {
        var result: [Handler] = Opcode.allCases.map { $0.execution.isSystem ? .system : .outOfLine }
        for (opcode, handler) in inLoop { result[Int(opcode.rawValue)] = handler }
        return result
    }()
}

extension Handler {
    /// The opcodes with a case of their own in the loop.
    // One row for each group of `Opcode`.
    // swift-format-ignore
    private static let inLoop: [(Opcode, Handler)] = [
        (.fence, .fence), (.lui, .lui), (.auipc, .auipc), (.addi, .addi), (.xori, .xori), (.ori, .ori),
        (.andi, .andi), (.slti, .slti), (.sltiu, .sltiu), (.slli, .slli), (.srli, .srli), (.srai, .srai),
        (.add, .add), (.sub, .sub), (.xor, .xor), (.or, .or), (.and, .and), (.sll, .sll), (.srl, .srl), (.sra, .sra),
        (.slt, .slt), (.sltu, .sltu), (.addiw, .addiw), (.slliw, .slliw), (.srliw, .srliw), (.sraiw, .sraiw),
        (.addw, .addw), (.subw, .subw), (.sllw, .sllw), (.srlw, .srlw), (.sraw, .sraw), (.mul, .mul), (.mulh, .mulh),
        (.mulhsu, .mulhsu), (.mulhu, .mulhu), (.div, .div), (.divu, .divu), (.rem, .rem), (.remu, .remu),
        (.divw, .divw), (.divuw, .divuw), (.remw, .remw), (.remuw, .remuw), (.mulw, .mulw), (.addUw, .addUw),
        (.sh1add, .sh1add), (.sh2add, .sh2add), (.sh3add, .sh3add), (.sh1addUw, .sh1addUw), (.sh2addUw, .sh2addUw),
        (.sh3addUw, .sh3addUw), (.slliUw, .slliUw), (.andn, .andn), (.orn, .orn), (.xnor, .xnor), (.max, .max),
        (.maxu, .maxu), (.min, .min), (.minu, .minu), (.sextB, .sextB), (.sextH, .sextH), (.zextH, .zextH),
        (.rori, .rori), (.roriw, .roriw), (.rol, .rol), (.rolw, .rolw), (.ror, .ror), (.rorw, .rorw), (.rev8, .rev8),
        (.orcB, .orcB), (.clz, .clz), (.clzw, .clzw), (.ctz, .ctz), (.ctzw, .ctzw), (.cpop, .cpop), (.cpopw, .cpopw),
        (.bclr, .bclr), (.bclri, .bclri), (.bext, .bext), (.bexti, .bexti), (.binv, .binv), (.binvi, .binvi),
        (.bset, .bset), (.bseti, .bseti), (.czeroEqz, .czeroEqz), (.czeroNez, .czeroNez), (.lb, .lb), (.lh, .lh),
        (.lw, .lw), (.ld, .ld), (.lbu, .lbu), (.lhu, .lhu), (.lwu, .lwu), (.sb, .sb), (.sh, .sh), (.sw, .sw),
        (.sd, .sd), (.beq, .beq), (.bne, .bne), (.blt, .blt), (.bge, .bge), (.bltu, .bltu), (.bgeu, .bgeu),
        (.jal, .jal), (.jalr, .jalr), (.flw, .flw), (.fld, .fld), (.fsw, .fsw), (.fsd, .fsd), (.faddD, .faddD),
        (.fsubD, .fsubD), (.fmulD, .fmulD), (.fdivD, .fdivD), (.faddS, .faddS), (.fsubS, .fsubS), (.fmulS, .fmulS),
        (.fdivS, .fdivS), (.feqD, .feqD), (.fltD, .fltD), (.fleD, .fleD), (.fsgnjD, .fsgnjD), (.fmvXD, .fmvXD),
        (.fmvDX, .fmvDX), (.fcvtDW, .fcvtDW),
        // May-be-operations write zero; a stall may end at once, before TW or VTW could bound it.
        // norm:Zawrs_stall_terminate
        (.mopR, .zero), (.mopRr, .zero), (.wrsNto, .nop), (.wrsSto, .nop),
    ]
}
