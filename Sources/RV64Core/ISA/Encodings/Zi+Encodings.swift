extension InstructionTable {
    /// Zicond, Zimop, Zicbom, Zicboz and Zawrs. The prefetches of Zicbop, and the hints, are base instructions.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let userSystemRows: [InstructionRow] = [
        .init("czero.eqz", "0000111 ----- ----- 101 ----- 0110011", .r,           .zicond, .czeroEqz, .loop),
        .init("czero.nez", "0000111 ----- ----- 111 ----- 0110011", .r,           .zicond, .czeroNez, .loop),
        .init("mop.r",     "1-00--0111-- ----- 100 ----- 1110011",  .mayBe,       .zimop,  .mopR,     .loop),
        .init("mop.rr",    "1-00--1 ----- ----- 100 ----- 1110011", .mayBeBinary, .zimop,  .mopRr,    .loop),
        .init("cbo.inval", "000000000000 ----- 010 00000 0001111",  .cacheBlock,  .zicbom, .cboInval, .cacheBlock(.invalidate)),
        .init("cbo.clean", "000000000001 ----- 010 00000 0001111",  .cacheBlock,  .zicbom, .cboClean, .cacheBlock(.clean)),
        .init("cbo.flush", "000000000010 ----- 010 00000 0001111",  .cacheBlock,  .zicbom, .cboFlush, .cacheBlock(.flush)),
        .init("cbo.zero",  "000000000100 ----- 010 00000 0001111",  .cacheBlock,  .zicboz, .cboZero,  .cacheBlock(.zero)),
        .init("wrs.nto",   "000000001101 00000 000 00000 1110011",  .none,        .zawrs,  .wrsNto,   .loop),
        .init("wrs.sto",   "000000011101 00000 000 00000 1110011",  .none,        .zawrs,  .wrsSto,   .loop),
    ]
}
