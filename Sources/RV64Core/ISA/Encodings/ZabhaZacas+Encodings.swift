extension InstructionTable {
    /// Zabha and Zacas. Bits 26 and 25 are aq and rl.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let extendedAtomicRows: [InstructionRow] = [
        .init("amoswap.b", "00001 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoswapB),
        .init("amoadd.b",  "00000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoaddB),
        .init("amoxor.b",  "00100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoxorB),
        .init("amoand.b",  "01100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoandB),
        .init("amoor.b",   "01000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoorB),
        .init("amomin.b",  "10000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amominB),
        .init("amomax.b",  "10100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amomaxB),
        .init("amominu.b", "11000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amominuB),
        .init("amomaxu.b", "11100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amomaxuB),
        .init("amoswap.h", "00001 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoswapH),
        .init("amoadd.h",  "00000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoaddH),
        .init("amoxor.h",  "00100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoxorH),
        .init("amoand.h",  "01100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoandH),
        .init("amoor.h",   "01000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoorH),
        .init("amomin.h",  "10000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amominH),
        .init("amomax.h",  "10100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amomaxH),
        .init("amominu.h", "11000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amominuH),
        .init("amomaxu.h", "11100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amomaxuH),
        .init("amocas.b",  "00101 -- ----- ----- 000 ----- 0101111", .atomic,     anyOf: both, .amocasB),
        .init("amocas.h",  "00101 -- ----- ----- 001 ----- 0101111", .atomic,     anyOf: both, .amocasH),
        .init("amocas.w",  "00101 -- ----- ----- 010 ----- 0101111", .atomic,     .zacas,      .amocasW),
        .init("amocas.d",  "00101 -- ----- ----- 011 ----- 0101111", .atomic,     .zacas,      .amocasD),
        .init("amocas.q",  "00101 -- ----- ----- 100 ----- 0101111", .atomicPair, .zacas,      .amocasQ),
    ]

    private static let both: [ExtensionSet] = [[.zabha, .zacas]]
}
