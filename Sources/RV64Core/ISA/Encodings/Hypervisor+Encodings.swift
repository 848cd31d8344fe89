extension InstructionTable {
    /// H ("Hypervisor Instructions"), and what Svinval adds to it.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let hypervisorRows: [InstructionRow] = [
        .init("hfence.vvma", "0010001 ----- ----- 000 00000 1110011", .translationFence, .h, .hfenceVvma),
        .init("hfence.gvma", "0110001 ----- ----- 000 00000 1110011", .translationFence, .h, .hfenceGvma),
        .init("hlv.b",       "0110000 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvB),
        .init("hlv.bu",      "0110000 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvBu),
        .init("hlv.h",       "0110010 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvH),
        .init("hlv.hu",      "0110010 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvHu),
        .init("hlv.w",       "0110100 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvW),
        .init("hlv.wu",      "0110100 00001 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvWu),
        .init("hlv.d",       "0110110 00000 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvD),
        .init("hlvx.hu",     "0110010 00011 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvxHu),
        .init("hlvx.wu",     "0110100 00011 ----- 100 ----- 1110011", .hypervisorLoad,   .h, .hlvxWu),
        .init("hsv.b",       "0110001 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvB),
        .init("hsv.h",       "0110011 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvH),
        .init("hsv.w",       "0110101 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvW),
        .init("hsv.d",       "0110111 ----- ----- 100 00000 1110011", .hypervisorStore,  .h, .hsvD),

        .init("hinval.vvma", "0010011 ----- ----- 000 00000 1110011", .translationFence,
              anyOf: [[.h, .svinval]], .hinvalVvma),
        .init("hinval.gvma", "0110011 ----- ----- 000 00000 1110011", .translationFence,
              anyOf: [[.h, .svinval]], .hinvalGvma),
    ]
}
