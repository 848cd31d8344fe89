import Platform

/// What architectural tests leave behind: memory from `begin_signature` to `end_signature`, in text.
package enum Signature {
    /// More than any test suite writes.
    private static let limit: UInt64 = 64 << 20

    /// One little-endian value of `granularity` bytes per line, in lower-case hexadecimal.
    ///
    /// - Returns: nil if the program lacks one of the symbols, or they make no sense.
    package static func text(of machine: Machine, granularity: Int) -> String? {
        guard let begin = machine.image.address(of: "begin_signature"),
            let end = machine.image.address(of: "end_signature"), begin <= end, end - begin <= limit,
            let buffer = machine.memory.bytes(at: GuestPhysicalAddress(begin), count: Int(end - begin))
        else { return nil }
        var text = ""
        for start in stride(from: 0, to: buffer.count, by: granularity) {
            for index in stride(from: start + granularity - 1, through: start, by: -1) {
                let byte = index < buffer.count ? buffer[index] : 0
                text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            text += "\n"
        }
        return text
    }
}
