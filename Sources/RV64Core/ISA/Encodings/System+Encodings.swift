extension InstructionTable {
    /// The privileged instructions every hart with M, S and U has, Smrnmi and Svinval.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let systemRows: [InstructionRow] = [
        .init("mret",            "001100000010 00000 000 00000 1110011",  .none,             .i,       .mret,          .system(.machineReturn)),
        .init("sret",            "000100000010 00000 000 00000 1110011",  .none,             .i,       .sret,          .system(.supervisorReturn)),
        .init("mnret",           "011100000010 00000 000 00000 1110011",  .none,             .smrnmi,  .mnret,         .system(.nonMaskableReturn)),
        .init("wfi",             "000100000101 00000 000 00000 1110011",  .none,             .i,       .wfi,           .system(.waitForInterrupt)),
        .init("sfence.vma",      "0001001 ----- ----- 000 00000 1110011", .translationFence, .i,       .sfenceVma,     .system(.supervisorFence)),
        .init("sinval.vma",      "0001011 ----- ----- 000 00000 1110011", .translationFence, .svinval, .sinvalVma,     .system(.supervisorFence)),
        .init("sfence.w.inval",  "000110000000 00000 000 00000 1110011",  .none,             .svinval, .sfenceWInval,  .system(.invalidationOrder)),
        .init("sfence.inval.ir", "000110000001 00000 000 00000 1110011",  .none,             .svinval, .sfenceInvalIr, .system(.invalidationOrder)),
    ]
}
