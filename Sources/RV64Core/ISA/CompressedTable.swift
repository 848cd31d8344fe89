/// One 16-bit instruction: which base instruction it stands for, and where that one's operands come from.
package struct CompressedRow: Sendable {
    package let mnemonic: String
    package let pattern: BitPattern
    package let operands: CompressedOperands
    /// What must be enabled, all of it.
    package let needed: ExtensionSet
    /// The base instruction; it has no semantics of its own.
    package let expandsTo: Opcode

    package init(
        _ mnemonic: String,
        _ pattern: StaticString,
        _ operands: CompressedOperands,
        _ brought: ISAExtension,
        _ expandsTo: Opcode,
        also others: ExtensionSet = []
    ) {
        self.mnemonic = mnemonic
        self.pattern = BitPattern(pattern)
        self.operands = operands
        needed = others.union([brought])
        self.expandsTo = expandsTo
    }
}

/// The 16-bit rows, by quadrant and funct3.
package struct CompressedTable: Sendable {
    private struct Candidate {
        var pattern: BitPattern
        var operands: CompressedOperands
        var base: UInt32
    }

    private var lists: [[Candidate]]

    init(rows: [CompressedRow]) {
        lists = Array(repeating: [], count: 32)
        for row in rows {
            guard let base = InstructionTable.rowByOpcode[Int(row.expandsTo.rawValue)] else { continue }
            lists[Self.list(of: row.pattern.match)].append(
                Candidate(pattern: row.pattern, operands: row.operands, base: base.pattern.match)
            )
        }
    }

    /// n of `c.mop.`n; `nil` for other encodings.
    static func mayBeOperation(_ half: UInt32) -> UInt32? {
        guard let row = allRows.first(where: { $0.needed == [.zcmop] }), row.pattern.matches(half & 0xFFFF)
        else { return nil }
        return half >> 7 & 15
    }

    private static func list(of half: UInt32) -> Int { Int(half & 3 | half >> 11 & 0x1C) }

    /// The base encoding that `half` stands for; `nil` when no row has it.
    func expand(_ half: UInt16) -> UInt32? {
        let bits = UInt32(half)
        for candidate in lists[Self.list(of: bits)] where candidate.pattern.matches(bits) {
            return candidate.base | candidate.operands.expanded(from: bits)
        }
        return nil
    }
}

extension CompressedTable {
    /// Zca and Zcd ("RVC Instruction Set Listings"), Zcb and Zcmop. No encoding matches two rows. Zero values of the
    /// fields marked with capitals are reserved or belong to another row; the remaining "HINT" rows of the manual are
    /// legal and come out as base instructions that write x0 or change nothing. The May-Be-Operations write nothing.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    package static let allRows: [CompressedRow] = [
        .init("c.addi4spn", "000 IIIIIIII --- 00",    .addi4spn,         .zca, .addi),
        .init("c.fld",      "001 --- --- -- --- 00",  .loadDouble,       .zcd, .fld),
        .init("c.lw",       "010 --- --- -- --- 00",  .loadWord,         .zca, .lw),
        .init("c.ld",       "011 --- --- -- --- 00",  .loadDouble,       .zca, .ld),
        .init("c.fsd",      "101 --- --- -- --- 00",  .storeDouble,      .zcd, .fsd),
        .init("c.sw",       "110 --- --- -- --- 00",  .storeWord,        .zca, .sw),
        .init("c.sd",       "111 --- --- -- --- 00",  .storeDouble,      .zca, .sd),

        .init("c.nop",      "000 - 00000 ----- 01",   .immediate,        .zca, .addi),
        .init("c.addi",     "000 - DDDDD ----- 01",   .immediate,        .zca, .addi),
        .init("c.addiw",    "001 - DDDDD ----- 01",   .immediate,        .zca, .addiw),
        .init("c.li",       "010 - ----- ----- 01",   .loadImmediate,    .zca, .addi),
        .init("c.addi16sp", "011 I 00010 IIIII 01",   .addi16sp,         .zca, .addi),
        .init("c.lui",      "011 I ---0- IIIII 01",   .upper,            .zca, .lui),
        .init("c.lui",      "011 I ---11 IIIII 01",   .upper,            .zca, .lui),
        .init("c.lui",      "011 I DDD10 IIIII 01",   .upper,            .zca, .lui),
        .init("c.srli",     "100 - 00 --- ----- 01",  .shiftPrime,       .zca, .srli),
        .init("c.srai",     "100 - 01 --- ----- 01",  .shiftPrime,       .zca, .srai),
        .init("c.andi",     "100 - 10 --- ----- 01",  .immediatePrime,   .zca, .andi),
        .init("c.sub",      "100 0 11 --- 00 --- 01", .registersPrime,   .zca, .sub),
        .init("c.xor",      "100 0 11 --- 01 --- 01", .registersPrime,   .zca, .xor),
        .init("c.or",       "100 0 11 --- 10 --- 01", .registersPrime,   .zca, .or),
        .init("c.and",      "100 0 11 --- 11 --- 01", .registersPrime,   .zca, .and),
        .init("c.subw",     "100 1 11 --- 00 --- 01", .registersPrime,   .zca, .subw),
        .init("c.addw",     "100 1 11 --- 01 --- 01", .registersPrime,   .zca, .addw),
        .init("c.j",        "101 ----------- 01",     .jump,             .zca, .jal),
        .init("c.beqz",     "110 --- --- ----- 01",   .branch,           .zca, .beq),
        .init("c.bnez",     "111 --- --- ----- 01",   .branch,           .zca, .bne),

        .init("c.slli",     "000 - ----- ----- 10",   .shift,            .zca, .slli),
        .init("c.fldsp",    "001 - ----- ----- 10",   .loadDoubleStack,  .zcd, .fld),
        .init("c.lwsp",     "010 - DDDDD ----- 10",   .loadWordStack,    .zca, .lw),
        .init("c.ldsp",     "011 - DDDDD ----- 10",   .loadDoubleStack,  .zca, .ld),
        .init("c.jr",       "100 0 DDDDD 00000 10",   .jumpRegister,     .zca, .jalr),
        .init("c.mv",       "100 0 ----- IIIII 10",   .move,             .zca, .add),
        .init("c.ebreak",   "100 1 00000 00000 10",   .none,             .zca, .ebreak),
        .init("c.jalr",     "100 1 DDDDD 00000 10",   .jumpLinkRegister, .zca, .jalr),
        .init("c.add",      "100 1 ----- IIIII 10",   .registers,        .zca, .add),
        .init("c.fsdsp",    "101 ------ ----- 10",    .storeDoubleStack, .zcd, .fsd),
        .init("c.swsp",     "110 ------ ----- 10",    .storeWordStack,   .zca, .sw),
        .init("c.sdsp",     "111 ------ ----- 10",    .storeDoubleStack, .zca, .sd),

        .init("c.lbu",      "100 000 --- -- --- 00",  .loadByte,         .zcb, .lbu),
        .init("c.lhu",      "100 001 --- 0- --- 00",  .loadHalf,         .zcb, .lhu),
        .init("c.lh",       "100 001 --- 1- --- 00",  .loadHalf,         .zcb, .lh),
        .init("c.sb",       "100 010 --- -- --- 00",  .storeByte,        .zcb, .sb),
        .init("c.sh",       "100 011 --- 0- --- 00",  .storeHalf,        .zcb, .sh),
        .init("c.mul",      "100 111 --- 10 --- 01",  .registersPrime,   .zcb, .mul, also: [.zmmul]),
        .init("c.zext.b",   "100 111 --- 11 000 01",  .zeroExtendByte,   .zcb, .andi),
        .init("c.sext.b",   "100 111 --- 11 001 01",  .unaryPrime,       .zcb, .sextB, also: [.zbb]),
        .init("c.zext.h",   "100 111 --- 11 010 01",  .unaryPrime,       .zcb, .zextH, also: [.zbb]),
        .init("c.sext.h",   "100 111 --- 11 011 01",  .unaryPrime,       .zcb, .sextH, also: [.zbb]),
        .init("c.zext.w",   "100 111 --- 11 100 01",  .unaryPrime,       .zcb, .addUw, also: [.zba]),
        .init("c.not",      "100 111 --- 11 101 01",  .not,              .zcb, .xori),
        .init("c.mop",      "011 0 0---1 00000 01",   .none,             .zcmop, .addi),
    ]
}
