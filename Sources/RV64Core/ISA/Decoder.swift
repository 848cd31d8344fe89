/// Turns encodings into ``DecodedInstruction``s for one set of extensions.
///
/// Two-level lookup, built from ``InstructionTable`` once for each set that a process meets: the major opcode (bits
/// 6:2) chooses which field of the encoding tells its instructions apart best, that field's value chooses a short list of
/// candidates.
package struct Decoder: Sendable {
    /// One row as the lookup needs it: 16 bytes.
    private struct Candidate {
        var mask: UInt32
        var match: UInt32
        var opcode: Opcode
        var layout: OperandLayout

        init(_ row: InstructionRow) {
            mask = row.pattern.mask
            match = row.pattern.match
            opcode = row.opcode
            layout = row.format.layout
        }

        /// Calls `body` with every value that an encoding of the row may have in a field.
        @inline(__always)
        func forEachValue(in field: Selector, _ body: (Int) -> Void) {
            let all: UInt32 = 1 &<< field.width &- 1
            let fixed = match &>> field.shift & all
            let free = ~(mask &>> field.shift) & all
            // Through all subsets of the bits that are not fixed.
            var subset: UInt32 = 0
            repeat {
                body(Int(fixed | subset))
                subset = (subset &- free) & free
            } while subset != 0
        }
    }

    /// Where a major opcode's lists start, and which field selects among them.
    private struct Major {
        var firstList = 0
        var shift: UInt32 = 0
        var mask: UInt32 = 0
    }

    /// A field of the encoding.
    private typealias Selector = (shift: UInt32, width: UInt32)

    /// The fields worth selecting by: funct3, funct7, funct5 and funct12 without its low bits.
    private static let selectors: [Selector] = [(12, 3), (25, 7), (27, 5), (20, 5)]

    private let majors: [Major]
    /// `lists[n]..<lists[n + 1]` are the candidates of list n.
    private let lists: [UInt16]
    private let candidates: [Candidate]
    private let compressed: CompressedTable

    /// Knows every instruction, whatever a hart has.
    package static let complete = Decoder(extensions: .all)

    private static let made = PerExtensionSet { Decoder(enabled: $0) }

    /// The decoder for `extensions` and what they imply.
    package init(extensions: ExtensionSet) { self = Self.made[extensions.closure] }

    private init(enabled: ExtensionSet) {
        var all = [[Candidate]](repeating: [], count: 32)
        for row in InstructionTable.rows where row.isAvailable(in: enabled) {
            let candidate = Candidate(row)
            all[Int(candidate.match >> 2 & 31)].append(candidate)
        }
        var majors: [Major] = []
        var lists: [UInt16] = [0]
        var candidates: [Candidate] = []
        for members in all {
            let (selector, lengths) = Self.bestSelector(for: members)
            majors.append(Major(firstList: lists.count - 1, shift: selector.shift, mask: 1 << selector.width - 1))
            // Where the next member of each list goes.
            var places = lengths
            var end = candidates.count
            for (value, length) in lengths.enumerated() {
                places[value] = end
                end += length
                lists.append(UInt16(end))
            }
            guard let first = members.first else { continue }
            candidates += repeatElement(first, count: end - candidates.count)
            for member in members {
                member.forEachValue(in: selector) { value in
                    candidates[places[value]] = member
                    places[value] += 1
                }
            }
        }
        self.majors = majors
        self.lists = lists
        self.candidates = candidates
        compressed = CompressedTable(rows: CompressedTable.allRows.filter { enabled.isSuperset(of: $0.needed) })
    }

    /// The selector whose longest list is shortest, and how long its lists are.
    private static func bestSelector(for members: [Candidate]) -> (selector: Selector, lengths: [Int]) {
        var best = (selector: selectors[0], lengths: [Int](repeating: 0, count: 1 << selectors[0].width))
        var bestLength = Int.max
        for selector in selectors {
            var lengths = [Int](repeating: 0, count: 1 << selector.width)
            for member in members { member.forEachValue(in: selector) { lengths[$0] += 1 } }
            let longest = lengths.max() ?? 0
            if longest < bestLength {
                bestLength = longest
                best = (selector, lengths)
            }
            // No other can be better.
            if longest <= 1 { break }
        }
        return best
    }

    /// Decodes the instruction at the start of `raw`: all of it, or its low half when bits 1:0 are not 11.
    ///
    /// What this hart does not have, and every reserved encoding, is ``Opcode/illegal``.
    package func decode(_ raw: UInt32) -> DecodedInstruction {
        if raw & 3 == 3 { return decodeWord(raw) }
        let half = UInt16(truncatingIfNeeded: raw)
        guard let word = compressed.expand(half) else {
            return DecodedInstruction(opcode: .illegal, raw: UInt32(half))
        }
        var instruction = decodeWord(word)
        if instruction.opcode == .illegal { instruction = DecodedInstruction(opcode: .illegal, raw: 0) }
        instruction.raw = UInt32(half)
        return instruction
    }

    /// The base-form encoding of the instruction at the start of `raw`: what a 16-bit one stands for with this
    /// decoder's extensions (`nil` when it stands for nothing), a 32-bit one itself, whether legal or not.
    ///
    /// Hints expand to base instructions that change nothing, as the manual's "Expands to" columns say.
    package func baseEncoding(of raw: UInt32) -> UInt32? {
        raw & 3 == 3 ? raw : compressed.expand(UInt16(truncatingIfNeeded: raw))
    }

    private func decodeWord(_ word: UInt32) -> DecodedInstruction {
        var instruction = DecodedInstruction(opcode: .illegal, raw: word)
        let major = majors[Int(word >> 2 & 31)]
        let list = major.firstList &+ Int(word >> major.shift & major.mask)
        var index = Int(lists[list])
        let end = Int(lists[list &+ 1])
        while index < end {
            let candidate = candidates[index]
            if word & candidate.mask == candidate.match {
                if candidate.layout.hasReservedOperands && candidate.layout.isReserved(word) { break }
                instruction.opcode = candidate.opcode
                candidate.layout.extract(from: word, into: &instruction)
                break
            }
            index &+= 1
        }
        return instruction
    }
}
