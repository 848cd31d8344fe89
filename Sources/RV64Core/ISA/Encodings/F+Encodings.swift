extension InstructionTable {
    /// F.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let singleFloatRows: [InstructionRow] = [
        .init("flw",       "------------ ----- 010 ----- 0000111",   .floatLoad,             .f, .flw),
        .init("fsw",       "------- ----- ----- 010 ----- 0100111",  .floatStore,            .f, .fsw),
        .init("fmadd.s",   "----- 00 ----- ----- --- ----- 1000011", .fused,                 .f, .fmaddS),
        .init("fmsub.s",   "----- 00 ----- ----- --- ----- 1000111", .fused,                 .f, .fmsubS),
        .init("fnmsub.s",  "----- 00 ----- ----- --- ----- 1001011", .fused,                 .f, .fnmsubS),
        .init("fnmadd.s",  "----- 00 ----- ----- --- ----- 1001111", .fused,                 .f, .fnmaddS),
        .init("fadd.s",    "0000000 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .faddS),
        .init("fsub.s",    "0000100 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fsubS),
        .init("fmul.s",    "0001000 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fmulS),
        .init("fdiv.s",    "0001100 ----- ----- --- ----- 1010011",  .floatRounded,          .f, .fdivS),
        .init("fsqrt.s",   "0101100 00000 ----- --- ----- 1010011",  .floatUnaryRounded,     .f, .fsqrtS),
        .init("fsgnj.s",   "0010000 ----- ----- 000 ----- 1010011",  .float,                 .f, .fsgnjS),
        .init("fsgnjn.s",  "0010000 ----- ----- 001 ----- 1010011",  .float,                 .f, .fsgnjnS),
        .init("fsgnjx.s",  "0010000 ----- ----- 010 ----- 1010011",  .float,                 .f, .fsgnjxS),
        .init("fmin.s",    "0010100 ----- ----- 000 ----- 1010011",  .float,                 .f, .fminS),
        .init("fmax.s",    "0010100 ----- ----- 001 ----- 1010011",  .float,                 .f, .fmaxS),
        .init("feq.s",     "1010000 ----- ----- 010 ----- 1010011",  .floatCompare,          .f, .feqS),
        .init("flt.s",     "1010000 ----- ----- 001 ----- 1010011",  .floatCompare,          .f, .fltS),
        .init("fle.s",     "1010000 ----- ----- 000 ----- 1010011",  .floatCompare,          .f, .fleS),
        .init("fclass.s",  "1110000 00000 ----- 001 ----- 1010011",  .floatToInteger,        .f, .fclassS),
        .init("fcvt.w.s",  "1100000 00000 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtWS),
        .init("fcvt.wu.s", "1100000 00001 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtWuS),
        .init("fcvt.l.s",  "1100000 00010 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtLS),
        .init("fcvt.lu.s", "1100000 00011 ----- --- ----- 1010011",  .floatToIntegerRounded, .f, .fcvtLuS),
        .init("fcvt.s.w",  "1101000 00000 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSW),
        .init("fcvt.s.wu", "1101000 00001 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSWu),
        .init("fcvt.s.l",  "1101000 00010 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSL),
        .init("fcvt.s.lu", "1101000 00011 ----- --- ----- 1010011",  .integerToFloatRounded, .f, .fcvtSLu),
        .init("fmv.x.w",   "1110000 00000 ----- 000 ----- 1010011",  .floatToInteger,        .f, .fmvXW),
        .init("fmv.w.x",   "1111000 00000 ----- 000 ----- 1010011",  .integerToFloat,        .f, .fmvWX),
    ]
}
