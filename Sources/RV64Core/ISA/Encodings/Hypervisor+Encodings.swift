import Platform

extension InstructionTable {
    /// H ("Hypervisor Instructions"), and what Svinval adds to it.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let hypervisorRows: [InstructionRow] = [
        .init("hfence.vvma", "0010001 ----- ----- 000 00000 1110011", .translationFence, .h, .hfenceVvma, .system(.virtualSupervisorFence)),
        .init("hfence.gvma", "0110001 ----- ----- 000 00000 1110011", .translationFence, .h, .hfenceGvma, .system(.guestFence)),
        .init("hlv.b",       "0110000 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvB,       .hypervisorLoad(.byte, .signExtended)),
        .init("hlv.bu",      "0110000 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvBu,      .hypervisorLoad(.byte, .zeroExtended)),
        .init("hlv.h",       "0110010 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvH,       .hypervisorLoad(.half, .signExtended)),
        .init("hlv.hu",      "0110010 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvHu,      .hypervisorLoad(.half, .zeroExtended)),
        .init("hlv.w",       "0110100 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvW,       .hypervisorLoad(.word, .signExtended)),
        .init("hlv.wu",      "0110100 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvWu,      .hypervisorLoad(.word, .zeroExtended)),
        .init("hlv.d",       "0110110 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvD,       .hypervisorLoad(.double, .zeroExtended)),
        .init("hlvx.hu",     "0110010 00011 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvxHu,     .hypervisorLoad(.half, .executable)),
        .init("hlvx.wu",     "0110100 00011 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvxWu,     .hypervisorLoad(.word, .executable)),
        .init("hsv.b",       "0110001 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvB,       .hypervisorStore(.byte)),
        .init("hsv.h",       "0110011 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvH,       .hypervisorStore(.half)),
        .init("hsv.w",       "0110101 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvW,       .hypervisorStore(.word)),
        .init("hsv.d",       "0110111 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvD,       .hypervisorStore(.double)),

        .init("hinval.vvma", "0010011 ----- ----- 000 00000 1110011", .translationFence,
              anyOf: [[.h, .svinval]], .hinvalVvma,                                                       .system(.virtualSupervisorFence)),
        .init("hinval.gvma", "0110011 ----- ----- 000 00000 1110011", .translationFence,
              anyOf: [[.h, .svinval]], .hinvalGvma,                                                       .system(.guestFence)),
    ]
}
