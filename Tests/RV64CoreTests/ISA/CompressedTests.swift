import Testing

@testable import RV64Core

/// FNV-1a over 64-bit values.
private struct Checksum {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    mutating func add(_ element: UInt64) { value = (value ^ element) &* 0x100_0000_01B3 }
}

private let rv64gc = Decoder(extensions: [.i, .m, .a, .f, .d, .c, .zicsr, .zifencei])

@Suite("Compressed instructions")
struct CompressedTests {
    /// The set of legal 16-bit encodings was compared, all 49,152 of them, with `llvm-objdump` 21 for `rv64gch`
    /// without Zcb and Zcmop: no difference (LLVM names 0x0000 `unimp`, the manual's "defined illegal
    /// instruction"). The text of the expansions was compared too: it differs only in HINTs, which LLVM leaves
    /// unexpanded. The sums below stand for both sets.
    @Test("Every 16-bit encoding: which are legal, and what they expand to")
    func exhaustive() {
        let decoder = rv64gc
        var legal = Checksum()
        var expansions = Checksum()
        var count = 0
        for half in UInt16(0)...UInt16.max where half & 3 != 3 {
            let instruction = decoder.decode(UInt32(half))
            let word = rv64gc.baseEncoding(of: UInt32(half))
            if (word == nil) != (instruction.opcode == .illegal) { Issue.record("\(half) legal only in one place") }
            if instruction.length != 2 || instruction.raw != UInt32(half) { Issue.record("\(half): length or raw") }
            guard let word else { continue }
            var base = decoder.decode(word)
            base.raw = UInt32(half)
            if base != instruction { Issue.record("\(half) does not decode as its expansion") }
            count += 1
            legal.add(UInt64(half))
            expansions.add(UInt64(word))
        }
        #expect(count == 46_743)
        #expect(legal.value == 0xD575_478A_4603_A24B)
        #expect(expansions.value == 0xA084_BD8E_665A_5F60)
    }

    /// As above, compared with `llvm-objdump` 21 with Zcb, Zcmop, Zba, Zbb and the rest.
    @Test("Every 16-bit encoding with Zcb and Zcmop: which are legal")
    func exhaustiveExtensions() {
        let decoder = Decoder(extensions: .all)
        var legal = Checksum()
        var count = 0
        for half in UInt16(0)...UInt16.max where half & 3 != 3 && decoder.decode(UInt32(half)).opcode != .illegal {
            count += 1
            legal.add(UInt64(half))
        }
        #expect(count == 47_759)
        #expect(legal.value == 0x5577_710C_DEF0_31A7)
    }

    @Test("32-bit encodings are their own base form")
    func longEncodings() {
        #expect(rv64gc.baseEncoding(of: 0x0000_000B) == 0x0000_000B)
    }

    @Test(
        "Expansions of the manual",
        arguments: [
            (0x0001, 0x0000_0013), (0x1101, 0xFE01_0113), (0x0808, 0x0101_0513), (0x4501, 0x0000_0513),
            (0x6541, 0x0001_0537), (0x7179, 0xFD01_0113), (0x8082, 0x0000_8067), (0x9002, 0x0010_0073),
            (0x852E, 0x00B0_0533), (0x952E, 0x00B5_0533), (0xBFFD, 0xFFFF_F06F), (0xE406, 0x0011_3423),
        ] as [(UInt16, UInt32)]
    )
    func expansion(half: UInt16, word: UInt32) {
        #expect(rv64gc.baseEncoding(of: UInt32(half)) == word)
    }

    @Test(
        "Reserved 16-bit encodings",
        arguments: [
            ("the defined illegal instruction", 0x0000), ("c.addi4spn nzuimm=0", 0x0008),
            ("quadrant 0 funct3=4", 0x8000),
            ("c.addiw rd=0", 0x2005), ("c.lui imm=0", 0x6081), ("c.lui imm=0 of c.mop.1", 0x6081),
            ("c.addi16sp imm=0", 0x6101), ("c.lwsp rd=0", 0x4012), ("c.ldsp rd=0", 0x6012), ("c.jr rs1=0", 0x8002),
            ("100 1 11 .. 10", 0x9C41), ("100 1 11 .. 11", 0x9C61),
        ] as [(String, UInt16)]
    )
    func reserved(rule: String, half: UInt16) {
        #expect(rv64gc.baseEncoding(of: UInt32(half)) == nil, "\(rule)")
    }

    @Test(
        "HINTs are legal and write nothing",
        arguments: [
            ("c.nop imm!=0", 0x0005), ("c.li rd=0", 0x4005), ("c.lui rd=0", 0x6005), ("c.mv rd=0", 0x802E),
            ("c.add rd=0 (c.ntl.p1)", 0x900A), ("c.slli rd=0", 0x0006),
        ] as [(String, UInt16)]
    )
    func hints(name: String, half: UInt16) {
        let instruction = Decoder(extensions: [.i, .c]).decode(UInt32(half))
        #expect(instruction.opcode != .illegal, "\(name)")
        #expect(instruction.rd == DecodedInstruction.writeSink, "\(name)")
    }

    @Test("HINTs with a shift amount of zero, and c.addi with imm=0, change nothing")
    func zeroHints() {
        let decoder = Decoder(extensions: [.i, .c])
        for (half, opcode): (UInt32, Opcode) in [(0x0502, .slli), (0x8101, .srli), (0x8501, .srai), (0x0501, .addi)] {
            let instruction = decoder.decode(half)
            #expect(instruction.opcode == opcode)
            #expect(instruction.rd == instruction.rs1)
            #expect(instruction.immediate == 0)
        }
    }
}
