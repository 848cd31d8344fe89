import RV64Core

/// One case: the state that a mode starts in, and a run of instructions that only goes forward.
struct TestCase {
    let mode: PrivilegeMode
    var fields: [CaseField: UInt64] = [:]
    var x = [UInt64](repeating: 0, count: 32)
    var f = [UInt64](repeating: 0, count: 32)
    var code: [GeneratedInstruction] = []

    /// What the code takes, with the breakpoints that end it.
    var codeSize: UInt64 { UInt64(code.reduce(0) { $0 + $1.length }) + 8 }

    /// Writes the instructions at `address`, jumps resolved.
    func writeCode(to image: inout MemoryImage, at address: UInt64) {
        var starts: [Int] = []
        var offset = 0
        for instruction in code {
            starts.append(offset)
            offset += instruction.length
        }
        starts.append(offset)
        var bytes: [UInt8] = []
        for (index, instruction) in code.enumerated() {
            let origin = instruction.displacementBase.map { starts[max(0, index - $0)] } ?? starts[index]
            var word = instruction.word
            if let skip = instruction.skip {
                var target = min(index + skip, code.count)
                while skip > 0, target < code.count, code[target].continues { target += 1 }
                word = Displacement.encode(starts[target] - origin, into: word)
            }
            for byte in 0..<instruction.length { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * byte))) }
        }
        for _ in 0..<4 { bytes += [0x02, 0x90] }  // c.ebreak
        image.write(bytes, at: address)
    }
}

/// Fills in where a jump goes, or what an address computation adds.
enum Displacement {
    static func encode(_ distance: Int, into word: UInt32) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: distance)
        func bits(_ from: UInt32, _ count: UInt32, at place: UInt32) -> UInt32 {
            (value >> from & ((1 << count) - 1)) << place
        }
        if word & 3 != 3 {
            if word >> 13 & 7 == 5 {  // c.j
                return word & 0xE003 | bits(5, 1, at: 2) | bits(1, 3, at: 3) | bits(7, 1, at: 6) | bits(6, 1, at: 7)
                    | bits(10, 1, at: 8) | bits(8, 2, at: 9) | bits(4, 1, at: 11) | bits(11, 1, at: 12)
            }
            return word & 0xE383 | bits(5, 1, at: 2) | bits(1, 2, at: 3) | bits(6, 2, at: 5) | bits(3, 2, at: 10)
                | bits(8, 1, at: 12)
        }
        switch word & 0x7F {
        case 0x63:
            return word & 0x01FF_F07F | bits(11, 1, at: 7) | bits(1, 4, at: 8) | bits(5, 6, at: 25)
                | bits(12, 1, at: 31)
        case 0x6F:
            return word & 0xFFF | bits(12, 8, at: 12) | bits(11, 1, at: 20) | bits(1, 10, at: 21) | bits(20, 1, at: 31)
        default: return word & 0xF_FFFF | bits(0, 12, at: 20)
        }
    }
}

/// A program: what a seed stands for.
struct TestProgram {
    let seed: UInt64
    var cases: [TestCase]
    /// Data and page tables.
    let background: MemoryImage

    /// Where each case's instructions lie.
    var codeAddresses: [UInt64] {
        var next = Layout.code
        return cases.map { test in
            defer { next += (test.codeSize + 15) & ~15 }
            return next
        }
    }

    /// The whole memory that both machines start with.
    func image(runtime: [UInt8]) -> MemoryImage {
        var image = background
        image.write(runtime, at: Layout.base)
        image.write(UInt64(cases.count), at: Layout.cases + CaseField.count)
        for (index, (test, address)) in zip(cases, codeAddresses).enumerated() {
            test.writeCode(to: &image, at: address)
            let base = Layout.cases + UInt64(index) * Layout.caseSize
            for (field, value) in test.fields { image.write(value, at: base + field.rawValue) }
            let alias = test.fields[.entry] ?? 0
            image.write(alias + (address - Layout.base), at: base + CaseField.entry.rawValue)
            for number in 1..<32 { image.write(test.x[number], at: base + CaseField.x + 8 * UInt64(number)) }
            for number in 0..<32 { image.write(test.f[number], at: base + CaseField.f + 8 * UInt64(number)) }
        }
        return image
    }
}
