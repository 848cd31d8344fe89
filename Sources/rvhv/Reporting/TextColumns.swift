extension String {
    /// The text with spaces after it, at least `width` characters wide.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }

    /// The text with spaces before it, at least `width` characters wide.
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}

/// Numbers as text, without the locale and the size of Foundation.
enum NumberText {
    /// `1234567` as `1,234,567`.
    static func grouped(_ number: UInt64) -> String {
        let digits = Array(String(number))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }

    /// A number rounded to `decimals` places; what is not finite, or beyond any measured time, reads as 0.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (value.magnitude * Double(scale)).rounded()
        guard scaled.isFinite, scaled < 1e18 else { return fixed(0, decimals: decimals) }
        let units = UInt64(scaled)
        let sign = value < 0 && units != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(units)" }
        let fraction = String(units % scale)
        return "\(sign)\(units / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// 16 hexadecimal digits.
    static func address(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// `value` as a share of `whole`, in percent.
    static func percent(_ value: Double, of whole: Double) -> String {
        whole > 0 ? fixed(value / whole * 100, decimals: 1) + " %" : "- %"
    }
}
