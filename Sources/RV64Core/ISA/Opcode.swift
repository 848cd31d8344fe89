/// Every operation the hart can execute, one case per base-form instruction of the manual.
///
/// Names are the assembler mnemonic in lower camel case, each piece after a dot capitalised (`amoadd.d` is
/// ``amoaddD``). Compressed forms have no cases: they expand to these (see ``Decoder/baseEncoding(of:)``).
/// Raw values are dense, so that a `switch` over them compiles to one jump table.
package enum Opcode: UInt16, CaseIterable, Sendable, BitwiseCopyable {
    /// No instruction, or one that this hart does not have: executing it raises illegal-instruction.
    case illegal

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

    // Zba, Zbb, Zbc, Zbs
    case addUw, sh1add, sh1addUw, sh2add, sh2addUw, sh3add, sh3addUw, slliUw
    case andn, orn, xnor, clz, clzw, ctz, ctzw, cpop, cpopw
    case max, maxu, min, minu, sextB, sextH, zextH
    case rol, rolw, ror, rori, roriw, rorw, orcB, rev8
    case clmul, clmulh, clmulr
    case bclr, bclri, bext, bexti, binv, binvi, bset, bseti

    // Zbkb, Zbkx, Zknd, Zkne, Zknh
    case pack, packh, packw, brev8, xperm4, xperm8
    case aes64ds, aes64dsm, aes64es, aes64esm, aes64im, aes64ks1i, aes64ks2
    case sha256sig0, sha256sig1, sha256sum0, sha256sum1
    case sha512sig0, sha512sig1, sha512sum0, sha512sum1

    // Zicond, Zimop, Zicbom, Zicboz, Zawrs
    case czeroEqz, czeroNez
    case mopR, mopRr
    case cboInval, cboClean, cboFlush, cboZero
    case wrsNto, wrsSto

    // Zabha, Zacas
    case amoswapB, amoaddB, amoxorB, amoandB, amoorB, amominB, amomaxB, amominuB, amomaxuB
    case amoswapH, amoaddH, amoxorH, amoandH, amoorH, amominH, amomaxH, amominuH, amomaxuH
    case amocasB, amocasH, amocasW, amocasD, amocasQ

    // Zalasr
    case lbAq, lhAq, lwAq, ldAq, sbRl, shRl, swRl, sdRl

    // Zfhmin, Zfh
    case flh, fsh, fmvXH, fmvHX
    case fcvtSH, fcvtHS, fcvtDH, fcvtHD
    case fmaddH, fmsubH, fnmsubH, fnmaddH
    case faddH, fsubH, fmulH, fdivH, fsqrtH
    case fsgnjH, fsgnjnH, fsgnjxH, fminH, fmaxH
    case feqH, fltH, fleH, fclassH
    case fcvtWH, fcvtWuH, fcvtLH, fcvtLuH
    case fcvtHW, fcvtHWu, fcvtHL, fcvtHLu

    // Zfa
    case fliH, fminmH, fmaxmH, froundH, froundnxH, fleqH, fltqH
    case fliS, fminmS, fmaxmS, froundS, froundnxS, fleqS, fltqS
    case fliD, fminmD, fmaxmD, froundD, froundnxD, fleqD, fltqD
    case fcvtmodWD
}
