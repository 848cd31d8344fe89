extension InstructionTable {
    /// M. Zmmul is the part without division.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let multiplyRows: [InstructionRow] = [
        .init("mul",    "0000001 ----- ----- 000 ----- 0110011", .r, .zmmul, .mul,    .loop),
        .init("mulh",   "0000001 ----- ----- 001 ----- 0110011", .r, .zmmul, .mulh,   .loop),
        .init("mulhsu", "0000001 ----- ----- 010 ----- 0110011", .r, .zmmul, .mulhsu, .loop),
        .init("mulhu",  "0000001 ----- ----- 011 ----- 0110011", .r, .zmmul, .mulhu,  .loop),
        .init("div",    "0000001 ----- ----- 100 ----- 0110011", .r, .m,     .div,    .loop),
        .init("divu",   "0000001 ----- ----- 101 ----- 0110011", .r, .m,     .divu,   .loop),
        .init("rem",    "0000001 ----- ----- 110 ----- 0110011", .r, .m,     .rem,    .loop),
        .init("remu",   "0000001 ----- ----- 111 ----- 0110011", .r, .m,     .remu,   .loop),
        .init("mulw",   "0000001 ----- ----- 000 ----- 0111011", .r, .zmmul, .mulw,   .loop),
        .init("divw",   "0000001 ----- ----- 100 ----- 0111011", .r, .m,     .divw,   .loop),
        .init("divuw",  "0000001 ----- ----- 101 ----- 0111011", .r, .m,     .divuw,  .loop),
        .init("remw",   "0000001 ----- ----- 110 ----- 0111011", .r, .m,     .remw,   .loop),
        .init("remuw",  "0000001 ----- ----- 111 ----- 0111011", .r, .m,     .remuw,  .loop),
    ]
}
