extension InstructionTable {
    /// Zfa.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let additionalFloatRows: [InstructionRow] = [
        .init("fli.h",       "1111010 00001 ----- 000 ----- 1010011", .floatConstant,     anyOf: half,   .fliH,      .float(.constant, .half)),
        .init("fminm.h",     "0010110 ----- ----- 010 ----- 1010011", .float,             anyOf: half,   .fminmH,    .float(.minimumPropagatingNaN, .half)),
        .init("fmaxm.h",     "0010110 ----- ----- 011 ----- 1010011", .float,             anyOf: half,   .fmaxmH,    .float(.maximumPropagatingNaN, .half)),
        .init("fround.h",    "0100010 00100 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: half,   .froundH,   .float(.round, .half)),
        .init("froundnx.h",  "0100010 00101 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: half,   .froundnxH, .float(.roundExact, .half)),
        .init("fleq.h",      "1010010 ----- ----- 100 ----- 1010011", .floatCompare,      anyOf: half,   .fleqH,     .float(.lessOrEqualQuiet, .half)),
        .init("fltq.h",      "1010010 ----- ----- 101 ----- 1010011", .floatCompare,      anyOf: half,   .fltqH,     .float(.lessQuiet, .half)),
        .init("fli.s",       "1111000 00001 ----- 000 ----- 1010011", .floatConstant,     .zfa,          .fliS,      .float(.constant, .single)),
        .init("fminm.s",     "0010100 ----- ----- 010 ----- 1010011", .float,             .zfa,          .fminmS,    .float(.minimumPropagatingNaN, .single)),
        .init("fmaxm.s",     "0010100 ----- ----- 011 ----- 1010011", .float,             .zfa,          .fmaxmS,    .float(.maximumPropagatingNaN, .single)),
        .init("fround.s",    "0100000 00100 ----- --- ----- 1010011", .floatUnaryRounded, .zfa,          .froundS,   .float(.round, .single)),
        .init("froundnx.s",  "0100000 00101 ----- --- ----- 1010011", .floatUnaryRounded, .zfa,          .froundnxS, .float(.roundExact, .single)),
        .init("fleq.s",      "1010000 ----- ----- 100 ----- 1010011", .floatCompare,      .zfa,          .fleqS,     .float(.lessOrEqualQuiet, .single)),
        .init("fltq.s",      "1010000 ----- ----- 101 ----- 1010011", .floatCompare,      .zfa,          .fltqS,     .float(.lessQuiet, .single)),
        .init("fli.d",       "1111001 00001 ----- 000 ----- 1010011", .floatConstant,     anyOf: double, .fliD,      .float(.constant, .double)),
        .init("fminm.d",     "0010101 ----- ----- 010 ----- 1010011", .float,             anyOf: double, .fminmD,    .float(.minimumPropagatingNaN, .double)),
        .init("fmaxm.d",     "0010101 ----- ----- 011 ----- 1010011", .float,             anyOf: double, .fmaxmD,    .float(.maximumPropagatingNaN, .double)),
        .init("fround.d",    "0100001 00100 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: double, .froundD,   .float(.round, .double)),
        .init("froundnx.d",  "0100001 00101 ----- --- ----- 1010011", .floatUnaryRounded, anyOf: double, .froundnxD, .float(.roundExact, .double)),
        .init("fleq.d",      "1010001 ----- ----- 100 ----- 1010011", .floatCompare,      anyOf: double, .fleqD,     .float(.lessOrEqualQuiet, .double)),
        .init("fltq.d",      "1010001 ----- ----- 101 ----- 1010011", .floatCompare,      anyOf: double, .fltqD,     .float(.lessQuiet, .double)),
        .init("fcvtmod.w.d", "1100001 01000 ----- 001 ----- 1010011", .floatTruncated,    anyOf: double, .fcvtmodWD, .float(.toInt32Modulo, .double)),
    ]

    private static let half: [ExtensionSet] = [[.zfa, .zfh]]
    private static let double: [ExtensionSet] = [[.zfa, .d]]
}
