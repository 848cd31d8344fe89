import Platform

extension InstructionTable {
    /// Zalasr. Of aq and rl, one is what makes the instruction; the other may be there too.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let orderedRows: [InstructionRow] = [
        .init("lb.aq", "00110 1- 00000 ----- 000 ----- 0101111", .loadAcquire,  .zalasr, .lbAq, .atomic(.loadAcquire, .byte)),
        .init("lh.aq", "00110 1- 00000 ----- 001 ----- 0101111", .loadAcquire,  .zalasr, .lhAq, .atomic(.loadAcquire, .half)),
        .init("lw.aq", "00110 1- 00000 ----- 010 ----- 0101111", .loadAcquire,  .zalasr, .lwAq, .atomic(.loadAcquire, .word)),
        .init("ld.aq", "00110 1- 00000 ----- 011 ----- 0101111", .loadAcquire,  .zalasr, .ldAq, .atomic(.loadAcquire, .double)),
        .init("sb.rl", "00111 -1 ----- ----- 000 00000 0101111", .storeRelease, .zalasr, .sbRl, .atomic(.storeRelease, .byte)),
        .init("sh.rl", "00111 -1 ----- ----- 001 00000 0101111", .storeRelease, .zalasr, .shRl, .atomic(.storeRelease, .half)),
        .init("sw.rl", "00111 -1 ----- ----- 010 00000 0101111", .storeRelease, .zalasr, .swRl, .atomic(.storeRelease, .word)),
        .init("sd.rl", "00111 -1 ----- ----- 011 00000 0101111", .storeRelease, .zalasr, .sdRl, .atomic(.storeRelease, .double)),
    ]
}
