/// The 32 constants of `fli` (norm:fli-s_op).
enum FloatingPointConstants {
    /// As assembly language writes them.
    static let names = [
        "-1.0", "min", "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125", "0.0625", "0.125",
        "0.25", "0.3125", "0.375", "0.4375", "0.5", "0.625", "0.75", "0.875",
        "1.0", "1.25", "1.5", "1.75", "2.0", "2.5", "3.0", "4.0",
        "8.0", "16.0", "128.0", "256.0", "32768.0", "65536.0", "inf", "nan",
    ]

    /// The second stands for the smallest normal number of the format at hand.
    private static let values: [Float] = [
        -1.0, 0x1p-126, 0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,
        0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
        1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0,
        8.0, 16.0, 128.0, 256.0, 32768.0, 65536.0, .infinity, .nan,
    ]

    /// The constant with that number in a format. All are exact, or overflow to infinity as 2^16 does in half
    /// precision (norm:fli-h_op).
    static func value<Format: BinaryFormat>(_ number: UInt8, _: Format.Type) -> UInt64 {
        if number == 1 { return Format.implicitBit }
        var flags: UInt64 = 0
        return SoftFloat<Binary32>.convert(UInt64(values[Int(number & 31)].bitPattern), to: Format.self, .rne, &flags)
    }
}
