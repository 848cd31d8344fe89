import Platform

extension InstructionTable {
    /// A: Zalrsc and Zaamo. Bits 26 and 25 are aq and rl.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let atomicRows: [InstructionRow] = [
        .init("lr.w",      "00010 -- 00000 ----- 010 ----- 0101111", .loadReserved, .zalrsc, .lrW,      .atomic(.loadReserved, .word)),
        .init("sc.w",      "00011 -- ----- ----- 010 ----- 0101111", .atomic,       .zalrsc, .scW,      .atomic(.storeConditional, .word)),
        .init("amoswap.w", "00001 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoswapW, .modify(.swap, .word)),
        .init("amoadd.w",  "00000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoaddW,  .modify(.add, .word)),
        .init("amoxor.w",  "00100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoxorW,  .modify(.exclusiveOr, .word)),
        .init("amoand.w",  "01100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoandW,  .modify(.and, .word)),
        .init("amoor.w",   "01000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoorW,   .modify(.or, .word)),
        .init("amomin.w",  "10000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amominW,  .modify(.minimum, .word)),
        .init("amomax.w",  "10100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amomaxW,  .modify(.maximum, .word)),
        .init("amominu.w", "11000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amominuW, .modify(.minimumUnsigned, .word)),
        .init("amomaxu.w", "11100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amomaxuW, .modify(.maximumUnsigned, .word)),
        .init("lr.d",      "00010 -- 00000 ----- 011 ----- 0101111", .loadReserved, .zalrsc, .lrD,      .atomic(.loadReserved, .double)),
        .init("sc.d",      "00011 -- ----- ----- 011 ----- 0101111", .atomic,       .zalrsc, .scD,      .atomic(.storeConditional, .double)),
        .init("amoswap.d", "00001 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoswapD, .modify(.swap, .double)),
        .init("amoadd.d",  "00000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoaddD,  .modify(.add, .double)),
        .init("amoxor.d",  "00100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoxorD,  .modify(.exclusiveOr, .double)),
        .init("amoand.d",  "01100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoandD,  .modify(.and, .double)),
        .init("amoor.d",   "01000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoorD,   .modify(.or, .double)),
        .init("amomin.d",  "10000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amominD,  .modify(.minimum, .double)),
        .init("amomax.d",  "10100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amomaxD,  .modify(.maximum, .double)),
        .init("amominu.d", "11000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amominuD, .modify(.minimumUnsigned, .double)),
        .init("amomaxu.d", "11100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amomaxuD, .modify(.maximumUnsigned, .double)),
    ]
}
