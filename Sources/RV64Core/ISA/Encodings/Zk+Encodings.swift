extension InstructionTable {
    /// The rest of Zbkb, Zbkx, and Zknd, Zkne and Zknh. `packw` with rs2 = x0 is `zext.h`.
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let cryptographyRows: [InstructionRow] = [
        .init("pack",       "0000100 ----- ----- 100 ----- 0110011", .r,           .zbkb,      .pack,       .scalar(.pack)),
        .init("packh",      "0000100 ----- ----- 111 ----- 0110011", .r,           .zbkb,      .packh,      .scalar(.packh)),
        .init("packw",      "0000100 DDDDD ----- 100 ----- 0111011", .r,           .zbkb,      .packw,      .scalar(.packw)),
        .init("brev8",      "0110100 00111 ----- 101 ----- 0010011", .unary,       .zbkb,      .brev8,      .scalar(.brev8)),
        .init("xperm4",     "0010100 ----- ----- 010 ----- 0110011", .r,           .zbkx,      .xperm4,     .scalar(.xperm4)),
        .init("xperm8",     "0010100 ----- ----- 100 ----- 0110011", .r,           .zbkx,      .xperm8,     .scalar(.xperm8)),
        .init("aes64ds",    "0011101 ----- ----- 000 ----- 0110011", .r,           .zknd,      .aes64ds,    .scalar(.aes64ds)),
        .init("aes64dsm",   "0011111 ----- ----- 000 ----- 0110011", .r,           .zknd,      .aes64dsm,   .scalar(.aes64dsm)),
        .init("aes64es",    "0011001 ----- ----- 000 ----- 0110011", .r,           .zkne,      .aes64es,    .scalar(.aes64es)),
        .init("aes64esm",   "0011011 ----- ----- 000 ----- 0110011", .r,           .zkne,      .aes64esm,   .scalar(.aes64esm)),
        .init("aes64im",    "0011000 00000 ----- 001 ----- 0010011", .unary,       .zknd,      .aes64im,    .scalar(.aes64im)),
        .init("aes64ks1i",  "0011000 1---- ----- 001 ----- 0010011", .roundNumber, anyOf: aes, .aes64ks1i,  .scalar(.aes64ks1i)),
        .init("aes64ks2",   "0111111 ----- ----- 000 ----- 0110011", .r,           anyOf: aes, .aes64ks2,   .scalar(.aes64ks2)),
        .init("sha256sum0", "0001000 00000 ----- 001 ----- 0010011", .unary,       .zknh,      .sha256sum0, .scalar(.sha256sum0)),
        .init("sha256sum1", "0001000 00001 ----- 001 ----- 0010011", .unary,       .zknh,      .sha256sum1, .scalar(.sha256sum1)),
        .init("sha256sig0", "0001000 00010 ----- 001 ----- 0010011", .unary,       .zknh,      .sha256sig0, .scalar(.sha256sig0)),
        .init("sha256sig1", "0001000 00011 ----- 001 ----- 0010011", .unary,       .zknh,      .sha256sig1, .scalar(.sha256sig1)),
        .init("sha512sum0", "0001000 00100 ----- 001 ----- 0010011", .unary,       .zknh,      .sha512sum0, .scalar(.sha512sum0)),
        .init("sha512sum1", "0001000 00101 ----- 001 ----- 0010011", .unary,       .zknh,      .sha512sum1, .scalar(.sha512sum1)),
        .init("sha512sig0", "0001000 00110 ----- 001 ----- 0010011", .unary,       .zknh,      .sha512sig0, .scalar(.sha512sig0)),
        .init("sha512sig1", "0001000 00111 ----- 001 ----- 0010011", .unary,       .zknh,      .sha512sig1, .scalar(.sha512sig1)),
    ]

    /// The key schedule serves both directions.
    private static let aes: [ExtensionSet] = [[.zknd], [.zkne]]
}
