/// The fixed bits of an encoding, written the way the manual draws it: most significant bit first, `0` and `1`
/// fixed, `-` an operand bit, spaces ignored.
///
/// A capital letter marks an operand field that must not be all zeros (the 16-bit forms reserve or reuse those
/// values): `D` is one such field, `I` another; the bits of a field need not be adjacent.
package struct BitPattern: Sendable, Equatable {
    package private(set) var match: UInt32 = 0
    package private(set) var mask: UInt32 = 0
    private var nonZeroD: UInt32 = 0
    private var nonZeroI: UInt32 = 0
    /// How many bits the text names: 16 or 32 in a well-formed row.
    package private(set) var width = 0
    /// Whether every character of the text has a meaning; a test holds all rows to it.
    package private(set) var isWellFormed = true

    package init(_ text: StaticString) {
        let characters = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        for character in characters where character != UInt8(ascii: " ") {
            match <<= 1
            mask <<= 1
            nonZeroD <<= 1
            nonZeroI <<= 1
            width += 1
            switch character {
            case UInt8(ascii: "0"): mask |= 1
            case UInt8(ascii: "1"):
                mask |= 1
                match |= 1
            case UInt8(ascii: "D"): nonZeroD |= 1
            case UInt8(ascii: "I"): nonZeroI |= 1
            case UInt8(ascii: "-"): break
            // Bytes of a text: no other says anything.
            default: isWellFormed = false
            }
        }
    }

    package func matches(_ bits: UInt32) -> Bool {
        bits & mask == match && (nonZeroD == 0 || bits & nonZeroD != 0) && (nonZeroI == 0 || bits & nonZeroI != 0)
    }
}
