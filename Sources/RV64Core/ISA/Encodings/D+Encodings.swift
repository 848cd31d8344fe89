extension InstructionTable {
    /// D.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let doubleFloatRows: [InstructionRow] = [
        .init("fld",       "------------ ----- 011 ----- 0000111",   .floatLoad,             .d, .fld,     .floatLoad(.double)),
        .init("fsd",       "------- ----- ----- 011 ----- 0100111",  .floatStore,            .d, .fsd,     .floatStore(.double)),
        .init("fmadd.d",   "----- 01 ----- ----- --- ----- 1000011", .fused,                 .d, .fmaddD,  .float(.multiplyAdd, .double)),
        .init("fmsub.d",   "----- 01 ----- ----- --- ----- 1000111", .fused,                 .d, .fmsubD,  .float(.multiplySubtract, .double)),
        .init("fnmsub.d",  "----- 01 ----- ----- --- ----- 1001011", .fused,                 .d, .fnmsubD, .float(.negatedMultiplySubtract, .double)),
        .init("fnmadd.d",  "----- 01 ----- ----- --- ----- 1001111", .fused,                 .d, .fnmaddD, .float(.negatedMultiplyAdd, .double)),
        .init("fadd.d",    "0000001 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .faddD,   .float(.add, .double)),
        .init("fsub.d",    "0000101 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fsubD,   .float(.subtract, .double)),
        .init("fmul.d",    "0001001 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fmulD,   .float(.multiply, .double)),
        .init("fdiv.d",    "0001101 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fdivD,   .float(.divide, .double)),
        .init("fsqrt.d",   "0101101 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fsqrtD,  .float(.squareRoot, .double)),
        .init("fsgnj.d",   "0010001 ----- ----- 000 ----- 1010011",  .float,                 .d, .fsgnjD,  .float(.sign, .double)),
        .init("fsgnjn.d",  "0010001 ----- ----- 001 ----- 1010011",  .float,                 .d, .fsgnjnD, .float(.negatedSign, .double)),
        .init("fsgnjx.d",  "0010001 ----- ----- 010 ----- 1010011",  .float,                 .d, .fsgnjxD, .float(.exclusiveOrSign, .double)),
        .init("fmin.d",    "0010101 ----- ----- 000 ----- 1010011",  .float,                 .d, .fminD,   .float(.minimum, .double)),
        .init("fmax.d",    "0010101 ----- ----- 001 ----- 1010011",  .float,                 .d, .fmaxD,   .float(.maximum, .double)),
        .init("feq.d",     "1010001 ----- ----- 010 ----- 1010011",  .floatCompare,          .d, .feqD,    .float(.equal, .double)),
        .init("flt.d",     "1010001 ----- ----- 001 ----- 1010011",  .floatCompare,          .d, .fltD,    .float(.less, .double)),
        .init("fle.d",     "1010001 ----- ----- 000 ----- 1010011",  .floatCompare,          .d, .fleD,    .float(.lessOrEqual, .double)),
        .init("fclass.d",  "1110001 00000 ----- 001 ----- 1010011",  .floatToInteger,        .d, .fclassD, .float(.classify, .double)),
        .init("fcvt.w.d",  "1100001 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtWD,  .float(.toInt32, .double)),
        .init("fcvt.wu.d", "1100001 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtWuD, .float(.toUInt32, .double)),
        .init("fcvt.l.d",  "1100001 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtLD,  .float(.toInt64, .double)),
        .init("fcvt.lu.d", "1100001 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtLuD, .float(.toUInt64, .double)),
        .init("fcvt.d.w",  "1101001 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDW,  .float(.fromInt32, .double)),
        .init("fcvt.d.wu", "1101001 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDWu, .float(.fromUInt32, .double)),
        .init("fcvt.d.l",  "1101001 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDL,  .float(.fromInt64, .double)),
        .init("fcvt.d.lu", "1101001 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDLu, .float(.fromUInt64, .double)),
        .init("fcvt.s.d",  "0100000 00001 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fcvtSD,  .float(.fromDouble, .single)),
        .init("fcvt.d.s",  "0100001 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fcvtDS,  .float(.fromSingle, .double)),
        .init("fmv.x.d",   "1110001 00000 ----- 000 ----- 1010011",  .floatToInteger,        .d, .fmvXD,   .float(.moveToInteger, .double)),
        .init("fmv.d.x",   "1111001 00000 ----- 000 ----- 1010011",  .integerToFloat,        .d, .fmvDX,   .float(.moveFromInteger, .double)),
    ]
}
