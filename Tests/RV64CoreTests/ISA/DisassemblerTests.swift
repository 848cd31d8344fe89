import Testing

@testable import RV64Core

@Suite("Disassembler")
struct DisassemblerTests {
    @Test(
        "The text is LLVM's",
        arguments: integerReferenceEncodings + floatReferenceEncodings + aliasReferenceEncodings
            + compressedReferenceEncodings + extensionReferenceEncodings + extensionCompressedReferenceEncodings
    )
    func reference(encoding: ReferenceEncoding) {
        #expect(disassemble(encoding.raw, at: ReferenceEncoding.pc) == encoding.text)
    }

    @Test("Every instruction has a reference encoding")
    func coverage() {
        let covered = Set(
            (integerReferenceEncodings + floatReferenceEncodings + aliasReferenceEncodings
                + extensionReferenceEncodings).map(\.opcode)
        )
        #expect(covered.symmetricDifference(InstructionTable.rows.map(\.opcode)) == [])
    }

    @Test("Targets carry their symbol")
    func symbols() {
        let text = disassemble(0x0080_006F, at: 0x1000) { $0 == 0x1008 ? "main+0x8" : nil }
        #expect(text == "j 0x1008 <main+0x8>")
        #expect(disassemble(0x0080_006F, at: 0x1000) == "j 0x1008")
        #expect(disassemble(0xFFDF_F06F, at: 0) == "j 0xfffffffffffffffc")
    }

    @Test("What is not an instruction is an .insn directive; the defined illegal one has a name")
    func illegal() {
        #expect(disassemble(0x0000_000B) == ".insn 4, 0xb")
        #expect(disassemble(0xFFFF_FFFF) == ".insn 4, 0xffffffff")
        #expect(disassemble(0x9C79) == ".insn 2, 0x9c79")
        #expect(disassemble(0x0000) == "unimp")
        #expect(disassemble(0xABCD_0001) == "nop", "only the low half counts")
    }

    @Test("The forms where LLVM's text was not followed")
    func chosenForms() {
        // LLVM writes `mv` only for c.mv; the 32-bit form does the same.
        #expect(disassemble(0x0040_0233) == "mv tp, tp")
        // LLVM refuses fences with reserved fields; the manual says to ignore them.
        #expect(disassemble(0x0D01_000F) == "fence iow, 0")
        // LLVM leaves HINTs unexpanded (`c.nop 1`, `c.slli zero, 1`).
        #expect(disassemble(0x0005) == "li zero, 1")
        #expect(disassemble(0x0006) == "slli zero, zero, 1")
    }

    @Test("CSRs without a name are numbers")
    func csrNumbers() {
        #expect(disassemble(0x7C00_2573) == "csrr a0, 0x7c0")
        #expect(disassemble(0x6800_2573) == "csrr a0, hgatp")
    }

    @Test("Any word has a text")
    func total() {
        var word: UInt32 = 1
        for _ in 0..<50_000 {
            word = word &* 1_664_525 &+ 1_013_904_223
            if disassemble(word, at: UInt64(word) << 31).isEmpty { Issue.record("\(word) has no text") }
        }
    }
}

@Suite("CSR names")
struct CSRNameTests {
    @Test(
        "Names of the CSR listing",
        arguments: [
            (0x001, "fflags"), (0xC00, "cycle"), (0xC03, "hpmcounter3"), (0xC1F, "hpmcounter31"), (0x100, "sstatus"),
            (0x14D, "stimecmp"), (0x10C, "sstateen0"), (0x180, "satp"), (0xDA0, "scountovf"), (0x600, "hstatus"),
            (0x605, "htimedelta"), (0x64A, "htinst"), (0x643, "htval"), (0x60F, "hstateen3"), (0xE12, "hgeip"),
            (0x200, "vsstatus"), (0x24D, "vstimecmp"), (0x280, "vsatp"), (0x300, "mstatus"), (0x30C, "mstateen0"),
            (0x34A, "mtinst"), (0x34B, "mtval2"), (0x3A0, "pmpcfg0"), (0x3AE, "pmpcfg14"), (0x3B0, "pmpaddr0"),
            (0x3EF, "pmpaddr63"), (0x323, "mhpmevent3"), (0x33F, "mhpmevent31"), (0xB03, "mhpmcounter3"),
            (0xB1F, "mhpmcounter31"), (0x741, "mnepc"), (0x35C, "mtopei"), (0xEB0, "vstopi"), (0xF14, "mhartid"),
        ] as [(UInt16, String)]
    )
    func names(number: UInt16, name: String) {
        #expect(CSRAddress(number).name == name)
    }

    @Test("Names are distinct, and there is none for custom and unused numbers")
    func distinct() {
        let names = (UInt16(0)..<4096).compactMap { CSRAddress($0).name }
        #expect(Set(names).count == names.count)
        for number: UInt16 in [0x000, 0x5C0, 0x7C0, 0xBC0, 0xFC0, 0xFFF, 0x1000, 0xFFFF] {
            #expect(CSRAddress(number).name == nil)
        }
    }
}
