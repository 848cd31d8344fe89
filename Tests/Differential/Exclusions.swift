/// What QEMU 7.2 does otherwise than the manual, or the manual leaves open: docs/Differential.md has a row for each.
enum Exclusions {
    /// The bits of a trap's logged register that are compared.
    static func mask(record: String) -> UInt64 { ~0 }

    /// The bits of a register at a case's end that are compared.
    static func mask(result: String) -> UInt64 { ~0 }
}
