/// A pseudo-instruction: a narrower pattern of a row, under the name a reader expects ("RISC-V Assembly
/// Programmer's Handbook").
struct AliasRow: Sendable {
    let mnemonic: String
    let pattern: BitPattern
    let operands: [Operand]
    /// Whether the alias also asks for rs1 == rs2.
    let sourcesAreEqual: Bool

    init(_ mnemonic: String, _ pattern: StaticString, _ operands: [Operand], sourcesAreEqual: Bool = false) {
        self.mnemonic = mnemonic
        self.pattern = BitPattern(pattern)
        self.operands = operands
        self.sourcesAreEqual = sourcesAreEqual
    }

    func matches(_ word: UInt32) -> Bool {
        pattern.matches(word) && (!sourcesAreEqual || word >> 15 & 31 == word >> 20 & 31)
    }
}

/// The aliases the disassembler uses, most specific first: the first match wins.
enum AliasTable {
    static let rows: [AliasRow] =
        bitManipulationRows + integerRows + controlRows + systemRows + csrRows + floatRows

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let integerRows: [AliasRow] = [
        .init("nop",    "000000000000 00000 000 00000 0010011",  []),
        .init("li",     "------------ 00000 000 ----- 0010011",  [.rd, .immediate]),
        .init("mv",     "000000000000 ----- 000 ----- 0010011",  [.rd, .rs1]),
        .init("mv",     "0000000 ----- 00000 000 ----- 0110011", [.rd, .rs2]),
        .init("not",    "111111111111 ----- 100 ----- 0010011",  [.rd, .rs1]),
        .init("zext.b", "000011111111 ----- 111 ----- 0010011",  [.rd, .rs1]),
        .init("seqz",   "000000000001 ----- 011 ----- 0010011",  [.rd, .rs1]),
        .init("sext.w", "000000000000 ----- 000 ----- 0011011",  [.rd, .rs1]),
        .init("neg",    "0100000 ----- 00000 000 ----- 0110011", [.rd, .rs2]),
        .init("negw",   "0100000 ----- 00000 000 ----- 0111011", [.rd, .rs2]),
        .init("snez",   "0000000 ----- 00000 011 ----- 0110011", [.rd, .rs2]),
        .init("sltz",   "0000000 00000 ----- 010 ----- 0110011", [.rd, .rs1]),
        .init("sgtz",   "0000000 ----- 00000 010 ----- 0110011", [.rd, .rs2]),
    ]

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let bitManipulationRows: [AliasRow] = [
        .init("zext.w",     "0000100 00000 ----- 000 ----- 0111011", [.rd, .rs1]),
        .init("ntl.p1",     "0000000 00010 00000 000 00000 0110011", []),
        .init("ntl.pall",   "0000000 00011 00000 000 00000 0110011", []),
        .init("ntl.s1",     "0000000 00100 00000 000 00000 0110011", []),
        .init("ntl.all",    "0000000 00101 00000 000 00000 0110011", []),
        .init("prefetch.i", "------- 00000 ----- 110 00000 0010011", [.storeAddress]),
        .init("prefetch.r", "------- 00001 ----- 110 00000 0010011", [.storeAddress]),
        .init("prefetch.w", "------- 00011 ----- 110 00000 0010011", [.storeAddress]),
    ]

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let controlRows: [AliasRow] = [
        .init("j",    "-------------------- 00000 1101111",    [.jumpTarget]),
        .init("jal",  "-------------------- 00001 1101111",    [.jumpTarget]),
        .init("ret",  "000000000000 00001 000 00000 1100111",  []),
        .init("jr",   "000000000000 ----- 000 00000 1100111",  [.rs1]),
        .init("jr",   "------------ ----- 000 00000 1100111",  [.loadAddress]),
        .init("jalr", "000000000000 ----- 000 00001 1100111",  [.rs1]),
        .init("jalr", "------------ ----- 000 00001 1100111",  [.loadAddress]),
        .init("jalr", "000000000000 ----- 000 ----- 1100111",  [.rd, .rs1]),
        .init("beqz", "------- 00000 ----- 000 ----- 1100011", [.rs1, .branchTarget]),
        .init("bnez", "------- 00000 ----- 001 ----- 1100011", [.rs1, .branchTarget]),
        .init("bltz", "------- 00000 ----- 100 ----- 1100011", [.rs1, .branchTarget]),
        .init("bgtz", "------- ----- 00000 100 ----- 1100011", [.rs2, .branchTarget]),
        .init("blez", "------- ----- 00000 101 ----- 1100011", [.rs2, .branchTarget]),
        .init("bgez", "------- 00000 ----- 101 ----- 1100011", [.rs1, .branchTarget]),
    ]

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let systemRows: [AliasRow] = [
        .init("fence",       "000011111111 00000 000 00000 0001111",  []),
        .init("fence.tso",   "100000110011 ----- 000 ----- 0001111",  []),
        .init("pause",       "000000010000 00000 000 00000 0001111",  []),
        .init("sfence.vma",  "0001001 00000 00000 000 00000 1110011", []),
        .init("sfence.vma",  "0001001 00000 ----- 000 00000 1110011", [.rs1]),
        .init("hfence.vvma", "0010001 00000 00000 000 00000 1110011", []),
        .init("hfence.vvma", "0010001 00000 ----- 000 00000 1110011", [.rs1]),
        .init("hfence.gvma", "0110001 00000 00000 000 00000 1110011", []),
        .init("hfence.gvma", "0110001 00000 ----- 000 00000 1110011", [.rs1]),
    ]

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let csrRows: [AliasRow] = [
        .init("unimp",     "110000000000 00000 001 00000 1110011", []),
        .init("frflags",   "000000000001 00000 010 ----- 1110011", [.rd]),
        .init("frrm",      "000000000010 00000 010 ----- 1110011", [.rd]),
        .init("frcsr",     "000000000011 00000 010 ----- 1110011", [.rd]),
        .init("fsflags",   "000000000001 ----- 001 00000 1110011", [.rs1]),
        .init("fsflags",   "000000000001 ----- 001 ----- 1110011", [.rd, .rs1]),
        .init("fsrm",      "000000000010 ----- 001 00000 1110011", [.rs1]),
        .init("fsrm",      "000000000010 ----- 001 ----- 1110011", [.rd, .rs1]),
        .init("fscsr",     "000000000011 ----- 001 00000 1110011", [.rs1]),
        .init("fscsr",     "000000000011 ----- 001 ----- 1110011", [.rd, .rs1]),
        .init("fsflagsi",  "000000000001 ----- 101 00000 1110011", [.csrImmediate]),
        .init("fsflagsi",  "000000000001 ----- 101 ----- 1110011", [.rd, .csrImmediate]),
        .init("fsrmi",     "000000000010 ----- 101 00000 1110011", [.csrImmediate]),
        .init("fsrmi",     "000000000010 ----- 101 ----- 1110011", [.rd, .csrImmediate]),
        .init("rdcycle",   "110000000000 00000 010 ----- 1110011", [.rd]),
        .init("rdtime",    "110000000001 00000 010 ----- 1110011", [.rd]),
        .init("rdinstret", "110000000010 00000 010 ----- 1110011", [.rd]),
        .init("csrr",      "------------ 00000 010 ----- 1110011", [.rd, .csr]),
        .init("csrw",      "------------ ----- 001 00000 1110011", [.csr, .rs1]),
        .init("csrs",      "------------ ----- 010 00000 1110011", [.csr, .rs1]),
        .init("csrc",      "------------ ----- 011 00000 1110011", [.csr, .rs1]),
        .init("csrwi",     "------------ ----- 101 00000 1110011", [.csr, .csrImmediate]),
        .init("csrsi",     "------------ ----- 110 00000 1110011", [.csr, .csrImmediate]),
        .init("csrci",     "------------ ----- 111 00000 1110011", [.csr, .csrImmediate]),
    ]

    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let floatRows: [AliasRow] = [
        .init("fmv.s",  "0010000 ----- ----- 000 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fneg.s", "0010000 ----- ----- 001 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fabs.s", "0010000 ----- ----- 010 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fmv.h",  "0010010 ----- ----- 000 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fneg.h", "0010010 ----- ----- 001 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fabs.h", "0010010 ----- ----- 010 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fmv.d",  "0010001 ----- ----- 000 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fneg.d", "0010001 ----- ----- 001 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
        .init("fabs.d", "0010001 ----- ----- 010 ----- 1010011", [.floatRd, .floatRs1], sourcesAreEqual: true),
    ]
}
