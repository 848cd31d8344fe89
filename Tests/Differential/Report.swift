import RV64Core

/// A disagreement in words.
enum Report {
    /// The first difference of each case, and of shared memory.
    static func summary(_ program: TestProgram, _ differences: [Difference]) -> String {
        var seen: Set<Int> = []
        var lines: [String] = []
        for difference in differences where seen.insert(difference.index ?? -1).inserted {
            let owner = difference.index.map { "case \($0) (\(program.cases[$0].mode))" } ?? "shared"
            lines.append(
                "  \(owner), \(difference.place)\(instruction(program, difference)): rvhv \(hex(difference.rvhv)), QEMU \(hex(difference.qemu))"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The instruction that a differing trap was about.
    private static func instruction(_ program: TestProgram, _ difference: Difference) -> String {
        guard let pc = difference.pc, pc & 0x1F_FFFF < Layout.codeEnd - Layout.base else { return "" }
        let address = Layout.base + pc & 0x1F_FFFF
        guard address >= Layout.code else { return "" }
        let word = UInt32(truncatingIfNeeded: program.image(runtime: []).bytes.word(at: address))
        return " at \(hex(pc)) [\(disassemble(word & 3 == 3 ? word : word & 0xFFFF, at: pc))]"
    }

    static func text(_ program: TestProgram, _ differences: [Difference]) -> String {
        var text = ""
        for (index, (test, address)) in zip(program.cases, program.codeAddresses).enumerated() {
            let alias = test.fields[.entry] ?? 0
            text += "case \(index), mode \(test.mode), entry \(hex(alias + (address - Layout.base)))\n  "
            text += CaseField.allCases.compactMap { field in
                guard field != .entry, let value = test.fields[field], value != 0 else { return nil }
                return "\(field) \(hex(value))"
            }.joined(separator: ", ")
            text += "\n" + listing(test, at: address)
        }
        for difference in differences.prefix(24) {
            text += difference.index.map { "  case \($0), " } ?? "  "
            text +=
                "\(difference.place)\(instruction(program, difference)): rvhv \(hex(difference.rvhv)), QEMU \(hex(difference.qemu))\n"
        }
        if differences.count > 24 { text += "  and \(differences.count - 24) more\n" }
        return text
    }

    /// The instructions that are not `nop`, and the registers they read.
    private static func listing(_ test: TestCase, at address: UInt64) -> String {
        var image = MemoryImage()
        test.writeCode(to: &image, at: address)
        var text = ""
        var place = address
        for instruction in test.code {
            let word = UInt32(truncatingIfNeeded: image.bytes.word(at: place))
            let raw = instruction.length == 2 ? word & 0xFFFF : word
            if raw != 0x13 && raw != 1 {
                let digits = String(raw, radix: 16)
                let padded = String(repeating: " ", count: max(0, 10 - digits.count)) + digits
                text += "    \(hex(place)) \(padded)  \(disassemble(raw, at: place))\n"
            }
            place += UInt64(instruction.length)
        }
        let integers = (1..<32).map { "\(RegisterNames.integer[$0]) \(hex(test.x[$0]))" }
        let floats = (0..<32).map { "\(RegisterNames.float[$0]) \(hex(test.f[$0]))" }
        return text + "    " + integers.joined(separator: " ") + "\n    " + floats.joined(separator: " ") + "\n"
    }
}
