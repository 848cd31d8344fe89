extension InstructionTable {
    /// Zfhmin, and what Zfh adds to it.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let halfFloatRows: [InstructionRow] = [
        .init("flh",       "------------ ----- 001 ----- 0000111",   .floatLoad,             .zfhmin,      .flh),
        .init("fsh",       "------- ----- ----- 001 ----- 0100111",  .floatStore,            .zfhmin,      .fsh),
        .init("fmv.x.h",   "1110010 00000 ----- 000 ----- 1010011",  .floatToInteger,        .zfhmin,      .fmvXH),
        .init("fmv.h.x",   "1111010 00000 ----- 000 ----- 1010011",  .integerToFloat,        .zfhmin,      .fmvHX),
        .init("fcvt.s.h",  "0100000 00010 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfhmin,      .fcvtSH),
        .init("fcvt.h.s",  "0100010 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfhmin,      .fcvtHS),
        .init("fcvt.d.h",  "0100001 00010 ----- --- ----- 1010011",  .floatUnaryRounded,     anyOf: withD, .fcvtDH),
        .init("fcvt.h.d",  "0100010 00001 ----- --- ----- 1010011",  .floatUnaryRounded,     anyOf: withD, .fcvtHD),
        .init("fmadd.h",   "----- 10 ----- ----- --- ----- 1000011", .fused,                 .zfh,         .fmaddH),
        .init("fmsub.h",   "----- 10 ----- ----- --- ----- 1000111", .fused,                 .zfh,         .fmsubH),
        .init("fnmsub.h",  "----- 10 ----- ----- --- ----- 1001011", .fused,                 .zfh,         .fnmsubH),
        .init("fnmadd.h",  "----- 10 ----- ----- --- ----- 1001111", .fused,                 .zfh,         .fnmaddH),
        .init("fadd.h",    "0000010 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .faddH),
        .init("fsub.h",    "0000110 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fsubH),
        .init("fmul.h",    "0001010 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fmulH),
        .init("fdiv.h",    "0001110 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fdivH),
        .init("fsqrt.h",   "0101110 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfh,         .fsqrtH),
        .init("fsgnj.h",   "0010010 ----- ----- 000 ----- 1010011",  .float,                 .zfh,         .fsgnjH),
        .init("fsgnjn.h",  "0010010 ----- ----- 001 ----- 1010011",  .float,                 .zfh,         .fsgnjnH),
        .init("fsgnjx.h",  "0010010 ----- ----- 010 ----- 1010011",  .float,                 .zfh,         .fsgnjxH),
        .init("fmin.h",    "0010110 ----- ----- 000 ----- 1010011",  .float,                 .zfh,         .fminH),
        .init("fmax.h",    "0010110 ----- ----- 001 ----- 1010011",  .float,                 .zfh,         .fmaxH),
        .init("feq.h",     "1010010 ----- ----- 010 ----- 1010011",  .floatCompare,          .zfh,         .feqH),
        .init("flt.h",     "1010010 ----- ----- 001 ----- 1010011",  .floatCompare,          .zfh,         .fltH),
        .init("fle.h",     "1010010 ----- ----- 000 ----- 1010011",  .floatCompare,          .zfh,         .fleH),
        .init("fclass.h",  "1110010 00000 ----- 001 ----- 1010011",  .floatToInteger,        .zfh,         .fclassH),
        .init("fcvt.w.h",  "1100010 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtWH),
        .init("fcvt.wu.h", "1100010 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtWuH),
        .init("fcvt.l.h",  "1100010 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtLH),
        .init("fcvt.lu.h", "1100010 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtLuH),
        .init("fcvt.h.w",  "1101010 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHW),
        .init("fcvt.h.wu", "1101010 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHWu),
        .init("fcvt.h.l",  "1101010 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHL),
        .init("fcvt.h.lu", "1101010 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHLu),
    ]

    private static let withD: [ExtensionSet] = [[.zfhmin, .d]]
}
