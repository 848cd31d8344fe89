extension InstructionTable {
    /// F.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let singleFloatRows: [InstructionRow] = [
        .init("flw",       "------------ ----- 010 ----- 0000111",   .floatLoad,             .f, .flw,     .floatLoad(.single)),
        .init("fsw",       "------- ----- ----- 010 ----- 0100111",  .floatStore,            .f, .fsw,     .floatStore(.single)),
        .init("fmadd.s",   "----- 00 ----- ----- --- ----- 1000011", .fused,                 .f, .fmaddS,  .float(.multiplyAdd, .single)),
        .init("fmsub.s",   "----- 00 ----- ----- --- ----- 1000111", .fused,                 .f, .fmsubS,  .float(.multiplySubtract, .single)),
        .init("fnmsub.s",  "----- 00 ----- ----- --- ----- 1001011", .fused,                 .f, .fnmsubS, .float(.negatedMultiplySubtract, .single)),
        .init("fnmadd.s",  "----- 00 ----- ----- --- ----- 1001111", .fused,                 .f, .fnmaddS, .float(.negatedMultiplyAdd, .single)),
        .init("fadd.s",    "0000000 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .faddS,   .float(.add, .single)),
        .init("fsub.s",    "0000100 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fsubS,   .float(.subtract, .single)),
        .init("fmul.s",    "0001000 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fmulS,   .float(.multiply, .single)),
        .init("fdiv.s",    "0001100 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fdivS,   .float(.divide, .single)),
        .init("fsqrt.s",   "0101100 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .f, .fsqrtS,  .float(.squareRoot, .single)),
        .init("fsgnj.s",   "0010000 ----- ----- 000 ----- 1010011",  .float,                 .f, .fsgnjS,  .float(.sign, .single)),
        .init("fsgnjn.s",  "0010000 ----- ----- 001 ----- 1010011",  .float,                 .f, .fsgnjnS, .float(.negatedSign, .single)),
        .init("fsgnjx.s",  "0010000 ----- ----- 010 ----- 1010011",  .float,                 .f, .fsgnjxS, .float(.exclusiveOrSign, .single)),
        .init("fmin.s",    "0010100 ----- ----- 000 ----- 1010011",  .float,                 .f, .fminS,   .float(.minimum, .single)),
        .init("fmax.s",    "0010100 ----- ----- 001 ----- 1010011",  .float,                 .f, .fmaxS,   .float(.maximum, .single)),
        .init("feq.s",     "1010000 ----- ----- 010 ----- 1010011",  .floatCompare,          .f, .feqS,    .float(.equal, .single)),
        .init("flt.s",     "1010000 ----- ----- 001 ----- 1010011",  .floatCompare,          .f, .fltS,    .float(.less, .single)),
        .init("fle.s",     "1010000 ----- ----- 000 ----- 1010011",  .floatCompare,          .f, .fleS,    .float(.lessOrEqual, .single)),
        .init("fclass.s",  "1110000 00000 ----- 001 ----- 1010011",  .floatToInteger,        .f, .fclassS, .float(.classify, .single)),
        .init("fcvt.w.s",  "1100000 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtWS,  .float(.toInt32, .single)),
        .init("fcvt.wu.s", "1100000 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtWuS, .float(.toUInt32, .single)),
        .init("fcvt.l.s",  "1100000 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtLS,  .float(.toInt64, .single)),
        .init("fcvt.lu.s", "1100000 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtLuS, .float(.toUInt64, .single)),
        .init("fcvt.s.w",  "1101000 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSW,  .float(.fromInt32, .single)),
        .init("fcvt.s.wu", "1101000 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSWu, .float(.fromUInt32, .single)),
        .init("fcvt.s.l",  "1101000 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSL,  .float(.fromInt64, .single)),
        .init("fcvt.s.lu", "1101000 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSLu, .float(.fromUInt64, .single)),
        .init("fmv.x.w",   "1110000 00000 ----- 000 ----- 1010011",  .floatToInteger,        .f, .fmvXW,   .float(.moveToInteger, .single)),
        .init("fmv.w.x",   "1111000 00000 ----- 000 ----- 1010011",  .integerToFloat,        .f, .fmvWX,   .float(.moveFromInteger, .single)),
    ]
}
