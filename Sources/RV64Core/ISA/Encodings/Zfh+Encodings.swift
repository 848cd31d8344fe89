extension InstructionTable {
    /// Zfhmin, and what Zfh adds to it.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let halfFloatRows: [InstructionRow] = [
        .init("flh",       "------------ ----- 001 ----- 0000111",   .floatLoad,             .zfhmin,      .flh,     .floatLoad(.half)),
        .init("fsh",       "------- ----- ----- 001 ----- 0100111",  .floatStore,            .zfhmin,      .fsh,     .floatStore(.half)),
        .init("fmv.x.h",   "1110010 00000 ----- 000 ----- 1010011",  .floatToInteger,        .zfhmin,      .fmvXH,   .float(.moveToInteger, .half)),
        .init("fmv.h.x",   "1111010 00000 ----- 000 ----- 1010011",  .integerToFloat,        .zfhmin,      .fmvHX,   .float(.moveFromInteger, .half)),
        .init("fcvt.s.h",  "0100000 00010 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfhmin,      .fcvtSH,  .float(.fromHalf, .single)),
        .init("fcvt.h.s",  "0100010 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfhmin,      .fcvtHS,  .float(.fromSingle, .half)),
        .init("fcvt.d.h",  "0100001 00010 ----- --- ----- 1010011",  .floatUnaryRounded,     anyOf: withD, .fcvtDH,  .float(.fromHalf, .double)),
        .init("fcvt.h.d",  "0100010 00001 ----- --- ----- 1010011",  .floatUnaryRounded,     anyOf: withD, .fcvtHD,  .float(.fromDouble, .half)),
        .init("fmadd.h",   "----- 10 ----- ----- --- ----- 1000011", .fused,                 .zfh,         .fmaddH,  .float(.multiplyAdd, .half)),
        .init("fmsub.h",   "----- 10 ----- ----- --- ----- 1000111", .fused,                 .zfh,         .fmsubH,  .float(.multiplySubtract, .half)),
        .init("fnmsub.h",  "----- 10 ----- ----- --- ----- 1001011", .fused,                 .zfh,         .fnmsubH, .float(.negatedMultiplySubtract, .half)),
        .init("fnmadd.h",  "----- 10 ----- ----- --- ----- 1001111", .fused,                 .zfh,         .fnmaddH, .float(.negatedMultiplyAdd, .half)),
        .init("fadd.h",    "0000010 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .faddH,   .float(.add, .half)),
        .init("fsub.h",    "0000110 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fsubH,   .float(.subtract, .half)),
        .init("fmul.h",    "0001010 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fmulH,   .float(.multiply, .half)),
        .init("fdiv.h",    "0001110 ----- ----- --- ----- 1010011",  .floatRounded,          .zfh,         .fdivH,   .float(.divide, .half)),
        .init("fsqrt.h",   "0101110 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .zfh,         .fsqrtH,  .float(.squareRoot, .half)),
        .init("fsgnj.h",   "0010010 ----- ----- 000 ----- 1010011",  .float,                 .zfh,         .fsgnjH,  .float(.sign, .half)),
        .init("fsgnjn.h",  "0010010 ----- ----- 001 ----- 1010011",  .float,                 .zfh,         .fsgnjnH, .float(.negatedSign, .half)),
        .init("fsgnjx.h",  "0010010 ----- ----- 010 ----- 1010011",  .float,                 .zfh,         .fsgnjxH, .float(.exclusiveOrSign, .half)),
        .init("fmin.h",    "0010110 ----- ----- 000 ----- 1010011",  .float,                 .zfh,         .fminH,   .float(.minimum, .half)),
        .init("fmax.h",    "0010110 ----- ----- 001 ----- 1010011",  .float,                 .zfh,         .fmaxH,   .float(.maximum, .half)),
        .init("feq.h",     "1010010 ----- ----- 010 ----- 1010011",  .floatCompare,          .zfh,         .feqH,    .float(.equal, .half)),
        .init("flt.h",     "1010010 ----- ----- 001 ----- 1010011",  .floatCompare,          .zfh,         .fltH,    .float(.less, .half)),
        .init("fle.h",     "1010010 ----- ----- 000 ----- 1010011",  .floatCompare,          .zfh,         .fleH,    .float(.lessOrEqual, .half)),
        .init("fclass.h",  "1110010 00000 ----- 001 ----- 1010011",  .floatToInteger,        .zfh,         .fclassH, .float(.classify, .half)),
        .init("fcvt.w.h",  "1100010 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtWH,  .float(.toInt32, .half)),
        .init("fcvt.wu.h", "1100010 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtWuH, .float(.toUInt32, .half)),
        .init("fcvt.l.h",  "1100010 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtLH,  .float(.toInt64, .half)),
        .init("fcvt.lu.h", "1100010 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .zfh,         .fcvtLuH, .float(.toUInt64, .half)),
        .init("fcvt.h.w",  "1101010 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHW,  .float(.fromInt32, .half)),
        .init("fcvt.h.wu", "1101010 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHWu, .float(.fromUInt32, .half)),
        .init("fcvt.h.l",  "1101010 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHL,  .float(.fromInt64, .half)),
        .init("fcvt.h.lu", "1101010 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .zfh,         .fcvtHLu, .float(.fromUInt64, .half)),
    ]

    private static let withD: [ExtensionSet] = [[.zfhmin, .d]]
}
