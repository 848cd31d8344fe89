extension InstructionTable {
    /// A: Zalrsc and Zaamo. Bits 26 and 25 are aq and rl.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let atomicRows: [InstructionRow] = [
        .init("lr.w",      "00010 -- 00000 ----- 010 ----- 0101111", .loadReserved, .zalrsc, .lrW),
        .init("sc.w",      "00011 -- ----- ----- 010 ----- 0101111", .atomic,       .zalrsc, .scW),
        .init("amoswap.w", "00001 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoswapW),
        .init("amoadd.w",  "00000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoaddW),
        .init("amoxor.w",  "00100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoxorW),
        .init("amoand.w",  "01100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoandW),
        .init("amoor.w",   "01000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amoorW),
        .init("amomin.w",  "10000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amominW),
        .init("amomax.w",  "10100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amomaxW),
        .init("amominu.w", "11000 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amominuW),
        .init("amomaxu.w", "11100 -- ----- ----- 010 ----- 0101111", .atomic,       .zaamo,  .amomaxuW),
        .init("lr.d",      "00010 -- 00000 ----- 011 ----- 0101111", .loadReserved, .zalrsc, .lrD),
        .init("sc.d",      "00011 -- ----- ----- 011 ----- 0101111", .atomic,       .zalrsc, .scD),
        .init("amoswap.d", "00001 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoswapD),
        .init("amoadd.d",  "00000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoaddD),
        .init("amoxor.d",  "00100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoxorD),
        .init("amoand.d",  "01100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoandD),
        .init("amoor.d",   "01000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amoorD),
        .init("amomin.d",  "10000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amominD),
        .init("amomax.d",  "10100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amomaxD),
        .init("amominu.d", "11000 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amominuD),
        .init("amomaxu.d", "11100 -- ----- ----- 011 ----- 0101111", .atomic,       .zaamo,  .amomaxuD),
    ]
}
