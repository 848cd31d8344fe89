/// Every operation the hart can execute, one case per base-form instruction of the manual.
///
/// Names are the assembler mnemonic in lower camel case, each piece after a dot capitalised (`amoadd.d` is
/// ``amoaddD``). Compressed forms have no cases: they expand to these (see ``Decoder/expand(_:)``).
/// Raw values are dense, so that a `switch` over them compiles to one jump table.
package enum Opcode: UInt16, CaseIterable, Sendable, BitwiseCopyable {
    /// No instruction, or one that this hart does not have: executing it raises illegal-instruction.
    case illegal
    /// Marks the end of a decoded block in the block cache; no encoding produces it.
    case endOfBlock

    // RV64I
    case lui, auipc, jal, jalr
    case beq, bne, blt, bge, bltu, bgeu
    case lb, lh, lw, ld, lbu, lhu, lwu
    case sb, sh, sw, sd
    case addi, slti, sltiu, xori, ori, andi, slli, srli, srai
    case add, sub, sll, slt, sltu, xor, srl, sra, or, and
    case addiw, slliw, srliw, sraiw
    case addw, subw, sllw, srlw, sraw
    case fence, ecall, ebreak

    // Zifencei, Zicsr
    case fenceI
    case csrrw, csrrs, csrrc, csrrwi, csrrsi, csrrci

    // M
    case mul, mulh, mulhsu, mulhu, div, divu, rem, remu
    case mulw, divw, divuw, remw, remuw

    // A
    case lrW, scW
    case amoswapW, amoaddW, amoxorW, amoandW, amoorW, amominW, amomaxW, amominuW, amomaxuW
    case lrD, scD
    case amoswapD, amoaddD, amoxorD, amoandD, amoorD, amominD, amomaxD, amominuD, amomaxuD

    // F
    case flw, fsw
    case fmaddS, fmsubS, fnmsubS, fnmaddS
    case faddS, fsubS, fmulS, fdivS, fsqrtS
    case fsgnjS, fsgnjnS, fsgnjxS, fminS, fmaxS
    case feqS, fltS, fleS, fclassS
    case fcvtWS, fcvtWuS, fcvtLS, fcvtLuS
    case fcvtSW, fcvtSWu, fcvtSL, fcvtSLu
    case fmvXW, fmvWX

    // D
    case fld, fsd
    case fmaddD, fmsubD, fnmsubD, fnmaddD
    case faddD, fsubD, fmulD, fdivD, fsqrtD
    case fsgnjD, fsgnjnD, fsgnjxD, fminD, fmaxD
    case feqD, fltD, fleD, fclassD
    case fcvtWD, fcvtWuD, fcvtLD, fcvtLuD
    case fcvtDW, fcvtDWu, fcvtDL, fcvtDLu
    case fcvtSD, fcvtDS
    case fmvXD, fmvDX

    // Privileged: machine and supervisor levels, Svinval
    case mret, sret, mnret, wfi, sfenceVma
    case sinvalVma, sfenceWInval, sfenceInvalIr, hinvalVvma, hinvalGvma

    // H
    case hfenceVvma, hfenceGvma
    case hlvB, hlvBu, hlvH, hlvHu, hlvW, hlvWu, hlvD
    case hlvxHu, hlvxWu
    case hsvB, hsvH, hsvW, hsvD
}
