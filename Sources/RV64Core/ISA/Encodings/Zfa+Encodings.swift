extension InstructionTable {
    /// Zfa.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let additionalFloatRows: [InstructionRow] = [
        .init("fli.h",       "1111010 00001 ----- 000 ----- 1010011", .floatConstant,     anyOf: half,   .fliH),
        .init("fminm.h",     "0010110 ----- ----- 010 ----- 1010011", .float,             anyOf: half,   .fminmH),
        .init("fmaxm.h",     "0010110 ----- ----- 011 ----- 1010011", .float,             anyOf: half,   .fmaxmH),
        .init("fround.h",    "0100010 00100 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: half,   .froundH),
        .init("froundnx.h",  "0100010 00101 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: half,   .froundnxH),
        .init("fleq.h",      "1010010 ----- ----- 100 ----- 1010011", .floatCompare,      anyOf: half,   .fleqH),
        .init("fltq.h",      "1010010 ----- ----- 101 ----- 1010011", .floatCompare,      anyOf: half,   .fltqH),
        .init("fli.s",       "1111000 00001 ----- 000 ----- 1010011", .floatConstant,     .zfa,          .fliS),
        .init("fminm.s",     "0010100 ----- ----- 010 ----- 1010011", .float,             .zfa,          .fminmS),
        .init("fmaxm.s",     "0010100 ----- ----- 011 ----- 1010011", .float,             .zfa,          .fmaxmS),
        .init("fround.s",    "0100000 00100 ----- --- ----- 1010011", .floatUnaryRounded, .zfa,          .froundS),
        .init("froundnx.s",  "0100000 00101 ----- --- ----- 1010011", .floatUnaryRounded, .zfa,          .froundnxS),
        .init("fleq.s",      "1010000 ----- ----- 100 ----- 1010011", .floatCompare,      .zfa,          .fleqS),
        .init("fltq.s",      "1010000 ----- ----- 101 ----- 1010011", .floatCompare,      .zfa,          .fltqS),
        .init("fli.d",       "1111001 00001 ----- 000 ----- 1010011", .floatConstant,     anyOf: double, .fliD),
        .init("fminm.d",     "0010101 ----- ----- 010 ----- 1010011", .float,             anyOf: double, .fminmD),
        .init("fmaxm.d",     "0010101 ----- ----- 011 ----- 1010011", .float,             anyOf: double, .fmaxmD),
        .init("fround.d",    "0100001 00100 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: double, .froundD),
        .init("froundnx.d",  "0100001 00101 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: double, .froundnxD),
        .init("fleq.d",      "1010001 ----- ----- 100 ----- 1010011", .floatCompare,      anyOf: double, .fleqD),
        .init("fltq.d",      "1010001 ----- ----- 101 ----- 1010011", .floatCompare,      anyOf: double, .fltqD),
        .init("fcvtmod.w.d", "1100001 01000 ----- 001 ----- 1010011", .floatTruncated,    anyOf: double, .fcvtmodWD),
    ]

    private static let half: [ExtensionSet] = [[.zfa, .zfh]]
    private static let double: [ExtensionSet] = [[.zfa, .d]]
}
