import Platform

extension InstructionTable {
    /// Zabha and Zacas. Bits 26 and 25 are aq and rl.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let extendedAtomicRows: [InstructionRow] = [
        .init("amoswap.b", "00001 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoswapB, .modify(.swap, .byte)),
        .init("amoadd.b",  "00000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoaddB,  .modify(.add, .byte)),
        .init("amoxor.b",  "00100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoxorB,  .modify(.exclusiveOr, .byte)),
        .init("amoand.b",  "01100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoandB,  .modify(.and, .byte)),
        .init("amoor.b",   "01000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amoorB,   .modify(.or, .byte)),
        .init("amomin.b",  "10000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amominB,  .modify(.minimum, .byte)),
        .init("amomax.b",  "10100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amomaxB,  .modify(.maximum, .byte)),
        .init("amominu.b", "11000 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amominuB, .modify(.minimumUnsigned, .byte)),
        .init("amomaxu.b", "11100 -- ----- ----- 000 ----- 0101111", .atomic,     .zabha,      .amomaxuB, .modify(.maximumUnsigned, .byte)),
        .init("amoswap.h", "00001 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoswapH, .modify(.swap, .half)),
        .init("amoadd.h",  "00000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoaddH,  .modify(.add, .half)),
        .init("amoxor.h",  "00100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoxorH,  .modify(.exclusiveOr, .half)),
        .init("amoand.h",  "01100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoandH,  .modify(.and, .half)),
        .init("amoor.h",   "01000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amoorH,   .modify(.or, .half)),
        .init("amomin.h",  "10000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amominH,  .modify(.minimum, .half)),
        .init("amomax.h",  "10100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amomaxH,  .modify(.maximum, .half)),
        .init("amominu.h", "11000 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amominuH, .modify(.minimumUnsigned, .half)),
        .init("amomaxu.h", "11100 -- ----- ----- 001 ----- 0101111", .atomic,     .zabha,      .amomaxuH, .modify(.maximumUnsigned, .half)),
        .init("amocas.b",  "00101 -- ----- ----- 000 ----- 0101111", .atomic,     anyOf: both, .amocasB,  .atomic(.compareAndSwap, .byte)),
        .init("amocas.h",  "00101 -- ----- ----- 001 ----- 0101111", .atomic,     anyOf: both, .amocasH,  .atomic(.compareAndSwap, .half)),
        .init("amocas.w",  "00101 -- ----- ----- 010 ----- 0101111", .atomic,     .zacas,      .amocasW,  .atomic(.compareAndSwap, .word)),
        .init("amocas.d",  "00101 -- ----- ----- 011 ----- 0101111", .atomic,     .zacas,      .amocasD,  .atomic(.compareAndSwap, .double)),
        .init("amocas.q",  "00101 -- ----- ----- 100 ----- 0101111", .atomicPair, .zacas,      .amocasQ,  .atomic(.compareAndSwapPair, .double)),
    ]

    private static let both: [ExtensionSet] = [[.zabha, .zacas]]
}
