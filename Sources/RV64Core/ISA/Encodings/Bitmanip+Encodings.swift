extension InstructionTable {
    /// Zba, Zbb, Zbc and Zbs; some of Zbb and Zbc is in Zbkb and Zbkc too ("Bit Manipulation", the table of
    /// instructions by extension). `zext.h` is the part of `packw` that Zbb has.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let bitManipulationRows: [InstructionRow] = [
        .init("add.uw",    "0000100 ----- ----- 000 ----- 0111011", .r,         .zba,       .addUw),
        .init("sh1add",    "0010000 ----- ----- 010 ----- 0110011", .r,         .zba,       .sh1add),
        .init("sh1add.uw", "0010000 ----- ----- 010 ----- 0111011", .r,         .zba,       .sh1addUw),
        .init("sh2add",    "0010000 ----- ----- 100 ----- 0110011", .r,         .zba,       .sh2add),
        .init("sh2add.uw", "0010000 ----- ----- 100 ----- 0111011", .r,         .zba,       .sh2addUw),
        .init("sh3add",    "0010000 ----- ----- 110 ----- 0110011", .r,         .zba,       .sh3add),
        .init("sh3add.uw", "0010000 ----- ----- 110 ----- 0111011", .r,         .zba,       .sh3addUw),
        .init("slli.uw",   "000010 ------ ----- 001 ----- 0011011", .shift,     .zba,       .slliUw),
        .init("andn",      "0100000 ----- ----- 111 ----- 0110011", .r,         anyOf: zbb, .andn),
        .init("orn",       "0100000 ----- ----- 110 ----- 0110011", .r,         anyOf: zbb, .orn),
        .init("xnor",      "0100000 ----- ----- 100 ----- 0110011", .r,         anyOf: zbb, .xnor),
        .init("clz",       "0110000 00000 ----- 001 ----- 0010011", .unary,     .zbb,       .clz),
        .init("clzw",      "0110000 00000 ----- 001 ----- 0011011", .unary,     .zbb,       .clzw),
        .init("ctz",       "0110000 00001 ----- 001 ----- 0010011", .unary,     .zbb,       .ctz),
        .init("ctzw",      "0110000 00001 ----- 001 ----- 0011011", .unary,     .zbb,       .ctzw),
        .init("cpop",      "0110000 00010 ----- 001 ----- 0010011", .unary,     .zbb,       .cpop),
        .init("cpopw",     "0110000 00010 ----- 001 ----- 0011011", .unary,     .zbb,       .cpopw),
        .init("min",       "0000101 ----- ----- 100 ----- 0110011", .r,         .zbb,       .min),
        .init("minu",      "0000101 ----- ----- 101 ----- 0110011", .r,         .zbb,       .minu),
        .init("max",       "0000101 ----- ----- 110 ----- 0110011", .r,         .zbb,       .max),
        .init("maxu",      "0000101 ----- ----- 111 ----- 0110011", .r,         .zbb,       .maxu),
        .init("sext.b",    "0110000 00100 ----- 001 ----- 0010011", .unary,     .zbb,       .sextB),
        .init("sext.h",    "0110000 00101 ----- 001 ----- 0010011", .unary,     .zbb,       .sextH),
        .init("zext.h",    "0000100 00000 ----- 100 ----- 0111011", .unary,     anyOf: zbb, .zextH),
        .init("rol",       "0110000 ----- ----- 001 ----- 0110011", .r,         anyOf: zbb, .rol),
        .init("rolw",      "0110000 ----- ----- 001 ----- 0111011", .r,         anyOf: zbb, .rolw),
        .init("ror",       "0110000 ----- ----- 101 ----- 0110011", .r,         anyOf: zbb, .ror),
        .init("rorw",      "0110000 ----- ----- 101 ----- 0111011", .r,         anyOf: zbb, .rorw),
        .init("rori",      "011000 ------ ----- 101 ----- 0010011", .shift,     anyOf: zbb, .rori),
        .init("roriw",     "0110000 ----- ----- 101 ----- 0011011", .shiftWord, anyOf: zbb, .roriw),
        .init("orc.b",     "0010100 00111 ----- 101 ----- 0010011", .unary,     .zbb,       .orcB),
        .init("rev8",      "0110101 11000 ----- 101 ----- 0010011", .unary,     anyOf: zbb, .rev8),
        .init("clmul",     "0000101 ----- ----- 001 ----- 0110011", .r,         anyOf: zbc, .clmul),
        .init("clmulh",    "0000101 ----- ----- 011 ----- 0110011", .r,         anyOf: zbc, .clmulh),
        .init("clmulr",    "0000101 ----- ----- 010 ----- 0110011", .r,         .zbc,       .clmulr),
        .init("bclr",      "0100100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .bclr),
        .init("bclri",     "010010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .bclri),
        .init("bext",      "0100100 ----- ----- 101 ----- 0110011", .r,         .zbs,       .bext),
        .init("bexti",     "010010 ------ ----- 101 ----- 0010011", .shift,     .zbs,       .bexti),
        .init("binv",      "0110100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .binv),
        .init("binvi",     "011010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .binvi),
        .init("bset",      "0010100 ----- ----- 001 ----- 0110011", .r,         .zbs,       .bset),
        .init("bseti",     "001010 ------ ----- 001 ----- 0010011", .shift,     .zbs,       .bseti),
    ]

    private static let zbb: [ExtensionSet] = [[.zbb], [.zbkb]]
    private static let zbc: [ExtensionSet] = [[.zbc], [.zbkc]]
}
