extension InstructionTable {
    /// Zba, Zbb, Zbc and Zbs; some of Zbb and Zbc is in Zbkb and Zbkc too ("Bit Manipulation", the table of
    /// instructions by extension). `zext.h` is the part of `packw` that Zbb has.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let bitManipulationRows: [InstructionRow] = [
        .init("add.uw",    "0000100 ----- ----- 000 ----- 0111011", .r,         .zba,       .addUw,    .loop),
        .init("sh1add",    "0010000 ----- ----- 010 ----- 0110011", .r,         .zba,       .sh1add,   .loop),
        .init("sh1add.uw", "0010000 ----- ----- 010 ----- 0111011", .r,         .zba,       .sh1addUw, .loop),
        .init("sh2add",    "0010000 ----- ----- 100 ----- 0110011", .r,         .zba,       .sh2add,   .loop),
        .init("sh2add.uw", "0010000 ----- ----- 100 ----- 0111011", .r,         .zba,       .sh2addUw, .loop),
        .init("sh3add",    "0010000 ----- ----- 110 ----- 0110011", .r,         .zba,       .sh3add,   .loop),
        .init("sh3add.uw", "0010000 ----- ----- 110 ----- 0111011", .r,         .zba,       .sh3addUw, .loop),
        .init("slli.uw",   "000010 ------ ----- 001 ----- 0011011", .shift,     .zba,       .slliUw,   .loop),
        .init("andn",      "0100000 ----- ----- 111 ----- 0110011", .r,         anyOf: zbb, .andn,     .loop),
        .init("orn",       "0100000 ----- ----- 110 ----- 0110011", .r,         anyOf: zbb, .orn,      .loop),
        .init("xnor",      "0100000 ----- ----- 100 ----- 0110011", .r,         anyOf: zbb, .xnor,     .loop),
        .init("clz",       "0110000 00000 ----- 001 ----- 0010011", .unary,     .zbb,       .clz,      .loop),
        .init("clzw",      "0110000 00000 ----- 001 ----- 0011011", .unary,     .zbb,       .clzw,     .loop),
        .init("ctz",       "0110000 00001 ----- 001 ----- 0010011", .unary,     .zbb,       .ctz,      .loop),
        .init("ctzw",      "0110000 00001 ----- 001 ----- 0011011", .unary,     .zbb,       .ctzw,     .loop),
        .init("cpop",      "0110000 00010 ----- 001 ----- 0010011", .unary,     .zbb,       .cpop,     .loop),
        .init("cpopw",     "0110000 00010 ----- 001 ----- 0011011", .unary,     .zbb,       .cpopw,    .loop),
        .init("min",       "0000101 ----- ----- 100 ----- 0110011", .r,         .zbb,       .min,      .loop),
        .init("minu",      "0000101 ----- ----- 101 ----- 0110011", .r,         .zbb,       .minu,     .loop),
        .init("max",       "0000101 ----- ----- 110 ----- 0110011", .r,         .zbb,       .max,      .loop),
        .init("maxu",      "0000101 ----- ----- 111 ----- 0110011", .r,         .zbb,       .maxu,     .loop),
        .init("sext.b",    "0110000 00100 ----- 001 ----- 0010011", .unary,     .zbb,       .sextB,    .loop),
        .init("sext.h",    "0110000 00101 ----- 001 ----- 0010011", .unary,     .zbb,       .sextH,    .loop),
        .init("zext.h",    "0000100 00000 ----- 100 ----- 0111011", .unary,     anyOf: zbb, .zextH,    .loop),
        .init("rol",       "0110000 ----- ----- 001 ----- 0110011", .r,         anyOf: zbb, .rol,      .loop),
        .init("rolw",      "0110000 ----- ----- 001 ----- 0111011", .r,         anyOf: zbb, .rolw,     .loop),
        .init("ror",       "0110000 ----- ----- 101 ----- 0110011", .r,         anyOf: zbb, .ror,      .loop),
        .init("rorw",      "0110000 ----- ----- 101 ----- 0111011", .r,         anyOf: zbb, .rorw,     .loop),
        .init("rori",      "011000 ------ ----- 101 ----- 0010011", .shift,     anyOf: zbb, .rori,     .loop),
        .init("roriw",     "0110000 ----- ----- 101 ----- 0011011", .shiftWord, anyOf: zbb, .roriw,    .loop),
        .init("orc.b",     "0010100 00111 ----- 101 ----- 0010011", .unary,     .zbb,       .orcB,     .loop),
        .init("rev8",      "0110101 11000 ----- 101 ----- 0010011", .unary,     anyOf: zbb, .rev8,     .loop),
        .init("clmul",     "0000101 ----- ----- 001 ----- 0110011", .r,         anyOf: zbc, .clmul,    .scalar(.clmul)),
        .init("clmulh",    "0000101 ----- ----- 011 ----- 0110011", .r,         anyOf: zbc, .clmulh,   .scalar(.clmulh)),
        .init("clmulr",    "0000101 ----- ----- 010 ----- 0110011", .r,         .zbc,       .clmulr,   .scalar(.clmulr)),
        .init("bclr",      "0100100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .bclr,     .loop),
        .init("bclri",     "010010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .bclri,    .loop),
        .init("bext",      "0100100 ----- ----- 101 ----- 0110011", .r,         .zbs,       .bext,     .loop),
        .init("bexti",     "010010 ------ ----- 101 ----- 0010011", .shift,     .zbs,       .bexti,    .loop),
        .init("binv",      "0110100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .binv,     .loop),
        .init("binvi",     "011010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .binvi,    .loop),
        .init("bset",      "0010100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .bset,     .loop),
        .init("bseti",     "001010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .bseti,    .loop),
    ]

    private static let zbb: [ExtensionSet] = [[.zbb], [.zbkb]]
    private static let zbc: [ExtensionSet] = [[.zbc], [.zbkc]]
}
