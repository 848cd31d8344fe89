/// How the text of an option's value is read. Each throws what `UsageError.invalidValue` needs to say.
enum OptionValue {
    /// Why a value was refused, before the option's name is known.
    struct Refusal: Error, Equatable {
        var reason: String
    }

    /// `256M`: bytes with an optional suffix K, M or G (powers of 1024).
    static func size(_ text: String) throws(Refusal) -> UInt64 {
        var digits = text[...]
        var shift: UInt64 = 0
        switch text.last {
        case "K", "k": shift = 10
        case "M", "m": shift = 20
        case "G", "g": shift = 30
        default: break
        }
        if shift != 0 { digits = digits.dropLast() }
        guard isDecimal(digits) else { throw Refusal(reason: "not a size such as 256M (suffixes K, M, G)") }
        guard let number = UInt64(digits), number <= UInt64.max >> shift else {
            throw Refusal(reason: "too large a number")
        }
        return number << shift
    }

    /// A guest's RAM: a size within `Limits.memory`, in whole pages.
    static func memory(_ text: String) throws(Refusal) -> UInt64 {
        let bytes = try size(text)
        guard Limits.memory.contains(bytes) else {
            let range = "from \(sizeText(Limits.memory.lowerBound)) to \(sizeText(Limits.memory.upperBound))"
            throw Refusal(reason: "memory is \(range); a number without K, M or G counts bytes")
        }
        guard bytes % 4096 == 0 else { throw Refusal(reason: "not a multiple of the page size, 4K") }
        return bytes
    }

    /// `0x100000000,1G`: whole pages from an address on.
    static func block(_ text: String) throws(Refusal) -> Range<UInt64> {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Refusal(reason: "an address and a size, such as 0x100000000,1G") }
        let base = try number(String(parts[0]), in: 0...Limits.lastAddress)
        let bytes = try size(String(parts[1]))
        guard base % 4096 == 0, bytes % 4096 == 0, bytes > 0 else {
            throw Refusal(reason: "RAM begins and ends at multiples of the page size, 4K")
        }
        guard bytes <= Limits.memory.upperBound, bytes - 1 <= Limits.lastAddress - base else {
            throw Refusal(reason: "RAM has at most \(sizeText(Limits.memory.upperBound)), below address 2^56")
        }
        return base..<base + bytes
    }

    /// `fw.bin@0x80000000`. The file's name may have an @ too.
    static func placedFile(_ text: String) throws(Refusal) -> PlacedFile {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex else {
            throw Refusal(reason: "a file and an address, such as fw.bin@0x80000000")
        }
        let address = try number(String(text[text.index(after: at)...]), in: 0...Limits.lastAddress)
        return PlacedFile(path: String(text[..<at]), address: address)
    }

    /// A whole number in `range`, in decimal or as `0x...`.
    static func number(_ text: String, in range: ClosedRange<UInt64>) throws(Refusal) -> UInt64 {
        let hexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
        let digits = hexadecimal ? text.dropFirst(2) : text[...]
        let wellFormed = hexadecimal ? digits.allSatisfy(\.isHexDigit) && !digits.isEmpty : isDecimal(digits)
        guard wellFormed else { throw Refusal(reason: "not a whole number") }
        guard let number = UInt64(digits, radix: hexadecimal ? 16 : 10), range.contains(number) else {
            let last = range.upperBound == .max ? "2^64 - 1" : "\(range.upperBound)"
            throw Refusal(reason: "the range is \(range.lowerBound) to \(last)")
        }
        return number
    }

    /// One of the words of `Choice`.
    static func choice<Choice: ChoiceValue>(_ text: String, of _: Choice.Type) throws(Refusal) -> Choice {
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        throw Refusal(reason: words.count == 1 ? "only \(words[0])" : "one of " + words.joined(separator: ", "))
    }

    /// A file's path or a text that says something only when it is not empty.
    static func nonEmpty(_ text: String) throws(Refusal) -> String {
        guard !text.isEmpty else { throw Refusal(reason: "is empty") }
        return text
    }

    /// A guest's name: short, printable, without spaces, because it starts each of the guest's lines.
    static func name(_ text: String) throws(Refusal) -> String {
        guard !text.isEmpty else { throw Refusal(reason: "a name is not empty") }
        guard text.unicodeScalars.count <= Limits.nameLength else {
            throw Refusal(reason: "a name has at most \(Limits.nameLength) characters")
        }
        guard text.unicodeScalars.allSatisfy(isNameScalar) else {
            throw Refusal(reason: "a name has letters, digits, '-', '_', '.', '+' and '@' only")
        }
        return text
    }

    static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".", "+", "@": true
        default: false
        }
    }

    /// `256M` again from its bytes, in the largest unit that says it exactly.
    static func sizeText(_ bytes: UInt64) -> String {
        for (shift, suffix) in [(30, "G"), (20, "M"), (10, "K")] as [(UInt64, String)]
        where bytes != 0 && bytes & ((1 << shift) - 1) == 0 {
            return "\(bytes >> shift)\(suffix)"
        }
        return "\(bytes)"
    }

    private static func isDecimal(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
