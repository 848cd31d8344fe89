/// The select registers of indirect access. "Indirect CSR Access".
enum IndirectAccess {
    /// The select values that the registers hold, of which few name something. norm:siselect_min_range
    /// norm:vsiselect_min_range norm:miselect_WARL
    static let selectMask: UInt64 = 0xFFF
}
