extension InstructionTable {
    /// D.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let doubleFloatRows: [InstructionRow] = [
        .init("fld",       "------------ ----- 011 ----- 0000111",   .floatLoad,             .d, .fld),
        .init("fsd",       "------- ----- ----- 011 ----- 0100111",  .floatStore,            .d, .fsd),
        .init("fmadd.d",   "----- 01 ----- ----- --- ----- 1000011", .fused,                 .d, .fmaddD),
        .init("fmsub.d",   "----- 01 ----- ----- --- ----- 1000111", .fused,                 .d, .fmsubD),
        .init("fnmsub.d",  "----- 01 ----- ----- --- ----- 1001011", .fused,                 .d, .fnmsubD),
        .init("fnmadd.d",  "----- 01 ----- ----- --- ----- 1001111", .fused,                 .d, .fnmaddD),
        .init("fadd.d",    "0000001 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .faddD),
        .init("fsub.d",    "0000101 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fsubD),
        .init("fmul.d",    "0001001 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fmulD),
        .init("fdiv.d",    "0001101 ----- ----- --- ----- 1010011",  .floatRounded,          .d, .fdivD),
        .init("fsqrt.d",   "0101101 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fsqrtD),
        .init("fsgnj.d",   "0010001 ----- ----- 000 ----- 1010011",  .float,                 .d, .fsgnjD),
        .init("fsgnjn.d",  "0010001 ----- ----- 001 ----- 1010011",  .float,                 .d, .fsgnjnD),
        .init("fsgnjx.d",  "0010001 ----- ----- 010 ----- 1010011",  .float,                 .d, .fsgnjxD),
        .init("fmin.d",    "0010101 ----- ----- 000 ----- 1010011",  .float,                 .d, .fminD),
        .init("fmax.d",    "0010101 ----- ----- 001 ----- 1010011",  .float,                 .d, .fmaxD),
        .init("feq.d",     "1010001 ----- ----- 010 ----- 1010011",  .floatCompare,          .d, .feqD),
        .init("flt.d",     "1010001 ----- ----- 001 ----- 1010011",  .floatCompare,          .d, .fltD),
        .init("fle.d",     "1010001 ----- ----- 000 ----- 1010011",  .floatCompare,          .d, .fleD),
        .init("fclass.d",  "1110001 00000 ----- 001 ----- 1010011",  .floatToInteger,        .d, .fclassD),
        .init("fcvt.w.d",  "1100001 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtWD),
        .init("fcvt.wu.d", "1100001 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtWuD),
        .init("fcvt.l.d",  "1100001 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtLD),
        .init("fcvt.lu.d", "1100001 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .d, .fcvtLuD),
        .init("fcvt.d.w",  "1101001 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDW),
        .init("fcvt.d.wu", "1101001 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDWu),
        .init("fcvt.d.l",  "1101001 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDL),
        .init("fcvt.d.lu", "1101001 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .d, .fcvtDLu),
        .init("fcvt.s.d",  "0100000 00001 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fcvtSD),
        .init("fcvt.d.s",  "0100001 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .d, .fcvtDS),
        .init("fmv.x.d",   "1110001 00000 ----- 000 ----- 1010011",  .floatToInteger,        .d, .fmvXD),
        .init("fmv.d.x",   "1111001 00000 ----- 000 ----- 1010011",  .integerToFloat,        .d, .fmvDX),
    ]
}
