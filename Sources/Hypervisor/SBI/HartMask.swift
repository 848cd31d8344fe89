/// The hart list parameter. SBI 3.0, "Hart list parameter".
enum HartMask {
    /// The two arguments.
    static let parameters = [SBIParameter("hart_mask", .hartMask), SBIParameter("hart_mask_base", .hartMaskBase)]

    /// The harts that a mask and its base name.
    ///
    /// - Parameters:
    ///   - mask: one bit for each hart from `base` on; ignored when `base` is -1.
    ///   - base: the hartid of bit 0, which need not exist unless that bit is set; -1 for all harts.
    ///   - hartCount: how many harts the guest has.
    /// - Returns: their indices, in ascending order.
    /// - Throws: `invalidParameter` if one of the harts does not exist.
    static func harts(_ mask: UInt64, base: UInt64, hartCount: Int) throws(SBIError) -> [Int] {
        if base == .max { return Array(0..<hartCount) }
        var harts: [Int] = []
        var rest = mask
        while rest != 0 {
            let (hart, overflow) = base.addingReportingOverflow(UInt64(rest.trailingZeroBitCount))
            guard !overflow, let index = index(hart, hartCount: hartCount) else { throw .invalidParameter }
            harts.append(index)
            rest &= rest &- 1
        }
        return harts
    }

    /// The index of a hartid, or nil if there is no such hart.
    static func index(_ hartID: UInt64, hartCount: Int) -> Int? {
        hartID < UInt64(hartCount) ? Int(hartID) : nil
    }
}
