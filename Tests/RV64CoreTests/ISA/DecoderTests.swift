import Testing

@testable import RV64Core

private let decoder = Decoder(extensions: .all)

/// Marsaglia's xorshift64: the same words in every run.
private struct WordSource {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    mutating func next() -> UInt32 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt32(truncatingIfNeeded: state >> 16)
    }
}

@Suite("Decoder")
struct DecoderTests {
    @Test("The record is 16 bytes")
    func layout() {
        #expect(MemoryLayout<DecodedInstruction>.size == 16)
        #expect(MemoryLayout<DecodedInstruction>.stride == 16)
    }

    /// norm:add_uw_enc norm:andn_enc norm:bclr_enc norm:bclri_rv64_enc norm:bext_enc norm:bexti_rv64_enc
    /// norm:binv_enc norm:binvi_rv64_enc norm:bset_enc norm:bseti_rv64_enc norm:clmul_enc norm:clmulh_enc
    /// norm:clmulr_enc norm:clz_enc norm:clzw_enc norm:cpop_enc norm:cpopw_enc norm:ctz_enc norm:ctzw_enc
    /// norm:max_enc norm:maxu_enc norm:min_enc norm:minu_enc norm:orc_b_enc norm:orn_enc norm:pack_enc norm:packh_enc
    /// norm:packw_enc norm:rev8_rv64_enc norm:brev8_enc norm:rol_enc norm:rolw_enc norm:ror_enc norm:rori_rv64_enc
    /// norm:roriw_enc norm:rorw_enc norm:sext_b_enc norm:sext_h_enc norm:sh1add_enc norm:sh1add_uw_enc
    /// norm:sh2add_enc norm:sh2add_uw_enc norm:sh3add_enc norm:sh3add_uw_enc norm:slli_uw_enc norm:xnor_enc
    /// norm:xperm8_enc norm:xperm4_enc norm:zext_h_rv64_enc norm:aes64ds_enc norm:aes64dsm_enc norm:aes64es_enc
    /// norm:aes64esm_enc norm:aes64im_enc norm:aes64ks1i_enc norm:aes64ks2_enc norm:sha256sig0_enc
    /// norm:sha256sig1_enc norm:sha256sum0_enc norm:sha256sum1_enc norm:sha512sig0_enc norm:sha512sig1_enc
    /// norm:sha512sum0_enc norm:sha512sum1_enc
    @Test(
        "LLVM's encodings decode to their opcode",
        arguments: integerReferenceEncodings + floatReferenceEncodings + aliasReferenceEncodings
            + compressedReferenceEncodings + extensionReferenceEncodings + extensionCompressedReferenceEncodings
    )
    func reference(encoding: ReferenceEncoding) {
        let instruction = decoder.decode(encoding.raw)
        #expect(instruction.opcode == encoding.opcode)
        #expect(instruction.raw == encoding.raw)
        #expect(instruction.length == (encoding.raw & 3 == 3 ? 4 : 2))
    }

    @Test("Operands come back as they were encoded", arguments: InstructionTable.rows)
    func roundTrip(row: InstructionRow) {
        let base = row.pattern.match
        let registers: [(UInt32, UInt32, UInt32)] = [
            (0, 0, 0), (1, 2, 3), (31, 30, 29), (16, 8, 4), (0, 31, 1), (30, 7, 2),
        ]
        for (rd, rs1, rs2) in registers {
            for immediate in row.format.sampleImmediates {
                let fields = EncodedOperands(rd: rd, rs1: rs1, rs2: rs2, immediate: immediate)
                let word = base | row.format.encode(fields)
                guard row.pattern.matches(word), !row.format.isReserved(word) else { continue }
                let instruction = decoder.decode(word)
                #expect(instruction == row.format.expected(fields, opcode: row.opcode, raw: word))
            }
        }
    }

    @Test("The lookup finds what a search through all rows finds")
    func matchesLinearSearch() {
        var random = WordSource()
        for _ in 0..<40_000 {
            // Half of the words are a row with a few bits changed, so that near misses are frequent.
            var word = random.next() | 3
            if word & 0x80 != 0 {
                let row = InstructionTable.rows[Int(random.next()) % InstructionTable.rows.count]
                word = row.pattern.match | random.next() & ~row.pattern.mask
                if random.next() & 1 == 0 { word ^= 1 << (random.next() % 25 + 7) }
            }
            let row = InstructionTable.rows.first { $0.pattern.matches(word) }
            let reserved = row.map { $0.format.isReserved(word) } ?? true
            let expected = reserved ? .illegal : row?.opcode
            let found = decoder.decode(word).opcode
            if found != expected { Issue.record("\(String(word, radix: 16)): \(found)") }
        }
    }

    @Test("What is not an instruction keeps its bits and length, and nothing else")
    func illegal() {
        #expect(decoder.decode(0) == DecodedInstruction(opcode: .illegal, raw: 0))
        #expect(decoder.decode(0xFFFF_FFFF) == DecodedInstruction(opcode: .illegal, raw: 0xFFFF_FFFF))
        #expect(decoder.decode(0xDEAD_0000) == DecodedInstruction(opcode: .illegal, raw: 0))
        #expect(decoder.decode(0x1234_0001).raw == 1, "the high half is the next instruction's")
    }

    @Test("x0 as a destination becomes the write sink, f0 stays f0")
    func writeSink() {
        #expect(decoder.decode(0x0000_0013).rd == DecodedInstruction.writeSink)
        #expect(decoder.decode(0x0000_006F).rd == DecodedInstruction.writeSink)
        #expect(decoder.decode(0x0000_0001).rd == DecodedInstruction.writeSink, "c.nop")
        #expect(decoder.decode(0x0005_A007).rd == 0, "flw ft0")
        #expect(decoder.decode(0x00B5_0063).rd == 0, "branches have no destination")
    }
}

@Suite("Reserved encodings")
struct ReservedEncodingTests {
    /// Reserved encodings by the rule that reserves them.
    static let reserved: [(rule: String, word: UInt32)] = [
        ("LR.W with rs2 != 0", 0x1015_A52F), ("LR.D with rs2 != 0", 0x1025_B52F),
        ("AMO width 4", 0x00B6_452F), ("AMO funct5 = 6", 0x30B6_252F), ("AMO width 5", 0x28C6_552F),
        ("amocas.q with odd rd", 0x28C7_45AF), ("amocas.q with odd rs2", 0x28D7_452F),
        ("aes64ks1i with round 11", 0x31BD_9513), ("aes64ks1i with round 15", 0x31FD_9513),
        ("clz with rs2 = 3", 0x6035_9513), ("rev8 of RV32", 0x6985_D513),
        ("sext.b's word form", 0x6045_951B), ("orc.b with another constant", 0x2885_D513),
        ("brev8 with another constant", 0x6865_D513), ("bclri's word form", 0x4805_951B),
        ("sha256sig0 with rs2 = 8", 0x1085_9513), ("sm4ed", 0x30B5_0533), ("sm3p0", 0x1085_1513),
        ("aes32esi of RV32", 0x22B5_0533), ("cbo with operation 3", 0x0035_200F),
        ("cbo.zero with rd != 0", 0x0045_208F), ("wrs.nto with rs1 != 0", 0x00D0_8073),
        ("MOP with bit 29", 0xA1C5_C573), ("MOP.R with bit 22 = 0", 0x81A5_C573),
        ("czero with funct3 = 6", 0x0EC5_E533),
        ("fli.s with rs2 = 2", 0xF025_8553), ("fcvtmod.w.d rounding up", 0xC285_B553),
        ("fround.s with rs2 = 6", 0x4065_F553), ("fleq.s's funct3 = 6", 0xA0C5_E553), ("fmvh.x.d of RV32", 0xE215_8553),
        ("slliw with shamt[5]", 0x0205_951B), ("srliw with shamt[5]", 0x0205_D51B),
        ("sraiw with shamt[5]", 0x4205_D51B),
        ("slli with bit 26", 0x0405_9513), ("srai with bit 31", 0xC005_D513),
        ("add with funct7 = 2", 0x04C5_8533), ("sub's funct7 on sll", 0x40C5_9533), ("addw funct3 = 2", 0x00C5_A53B),
        ("mulw's funct7, funct3 = 1", 0x02C5_953B), ("OP-IMM-32 funct3 = 2", 0x0005_A51B),
        ("LOAD funct3 = 7", 0x0005_F503), ("STORE funct3 = 4", 0x00A5_C023), ("JALR funct3 = 1", 0x0005_9567),
        ("BRANCH funct3 = 2", 0x00B5_2063), ("BRANCH funct3 = 3", 0x00B5_3063), ("MISC-MEM funct3 = 3", 0x0000_300F),
        ("sfence.vma with rd != 0", 0x12B5_00F3), ("hfence.vvma with rd != 0", 0x22B5_00F3),
        ("hfence.gvma with rd != 0", 0x62B5_00F3), ("sinval.vma with rd != 0", 0x16B5_00F3),
        ("sfence.w.inval with rs1 != 0", 0x1800_8073), ("sfence.inval.ir with rd != 0", 0x1810_00F3),
        ("ecall with rd != 0", 0x0000_00F3), ("ebreak with rs1 != 0", 0x0010_8073), ("mret with rs1 != 0", 0x3020_8073),
        ("sret with rd != 0", 0x1020_00F3), ("wfi with rs1 != 0", 0x1050_8073), ("uret", 0x0020_0073),
        ("hlv.b with rs2 = 2", 0x6025_C573), ("hlvx.bu does not exist", 0x6035_C573),
        ("hlv.d with rs2 = 1", 0x6C15_C573), ("hlvx.d does not exist", 0x6C35_C573),
        ("hsv.b with rd != 0", 0x62A5_C0F3), ("SYSTEM funct3 = 4, funct7 = 0x3F", 0x7E05_C573),
        ("fcvt.w.s with rs2 = 4", 0xC045_F553), ("fcvt.s.w with rs2 = 4", 0xD045_F553),
        ("fcvt.d.l with rs2 = 5", 0xD255_F553), ("fcvt.s.d with rs2 = 0", 0x4005_F553),
        ("fcvt.s.d with rs2 = 3", 0x4035_F553), ("fcvt.d.s with rs2 = 1", 0x4215_F553),
        ("fsqrt.s with rs2 != 0", 0x5815_F553), ("fmv.x.w with rs2 != 0", 0xE015_8553),
        ("fmv.d.x with funct3 = 1", 0xF205_9553), ("fclass.s with rs2 != 0", 0xE015_9553),
        ("fsgnj.s with funct3 = 3", 0x20C5_B553), ("fmin.s with funct3 = 4", 0x28C5_C553),
        ("feq.s with funct3 = 3", 0xA0C5_B553), ("fcvt.h.q", 0x4435_F553),
        ("quad-precision fadd", 0x06C5_F553), ("quad-precision fmadd", 0x6EC5_F543),
        ("LOAD-FP funct3 = 4 without Q", 0x0005_C507),
        ("norm:ldaq_no_aq_reserved lb", 0x3005_02AF), ("norm:ldaq_no_aq_reserved lb.rl", 0x3205_02AF),
        ("norm:ldaq_no_aq_reserved ld.rl", 0x3202_38AF), ("lb.aq with rs2", 0x3415_02AF),
        ("norm:sdrl_no_rl_reserved sb", 0x3855_002F), ("norm:sdrl_no_rl_reserved sb.aq", 0x3C55_002F),
        ("norm:sdrl_no_rl_reserved sd.aq", 0x3C11_302F), ("sb.rl with rd", 0x3A55_00AF),
        ("lq.aq", 0x3405_42AF), ("sq.rl", 0x3A55_402F),
        ("custom-0", 0x0000_000B), ("custom-1", 0x0000_002B), ("OP-V without V", 0x0000_0057),
        ("48-bit encoding", 0x0000_001F), ("64-bit encoding", 0x0000_003F), ("192 bits and more", 0x0000_707F),
    ]

    @Test("Reserved encodings are illegal", arguments: reserved)
    func isIllegal(rule: String, word: UInt32) {
        #expect(decoder.decode(word) == DecodedInstruction(opcode: .illegal, raw: word), "\(rule)")
    }

    @Test(
        "norm:roundingmode_rsv: rounding modes 5 and 6 are reserved; dynamic is legal until it executes",
        arguments: InstructionTable.rows.filter(\.format.hasRoundingMode)
    )
    func roundingModes(row: InstructionRow) {
        for mode in UInt32(0)..<8 {
            let legal = mode != 5 && mode != 6
            let found = decoder.decode(row.pattern.match | mode << 12)
            #expect(found.opcode == (legal ? row.opcode : .illegal))
            if legal { #expect(UInt32(found.roundingModeField) == mode) }
        }
    }

    @Test("norm:fence_unused_flds_rsv, norm:fence_i_rsv: reserved fields of FENCE and FENCE.I are ignored")
    func fences() {
        for word: UInt32 in [0x0FF0_000F, 0x8330_000F, 0x0100_000F, 0x0000_000F, 0xFFFF_8F8F, 0x419B_818F] {
            #expect(decoder.decode(word).opcode == .fence)
        }
        for word: UInt32 in [0x0000_100F, 0xFFFF_9F8F, 0x617B_900F] {
            #expect(decoder.decode(word).opcode == .fenceI)
        }
    }
}

@Suite("Extension gating")
struct ExtensionGatingTests {
    /// Every extension with what it brings along.
    private static let closures = ExtensionSet.all.members.map { (member: $0, closure: ExtensionSet([$0]).closure) }

    @Test("An instruction exists exactly when what brings it is enabled", arguments: InstructionTable.rows)
    func rowsNeedTheirExtension(row: InstructionRow) {
        for needed in row.availability {
            let with = Decoder(extensions: needed)
            #expect(with.decode(row.pattern.sample).opcode == row.opcode)
            for member in needed.members {
                // Nor what would bring the instruction by itself.
                let others = row.availability.filter { $0 != needed }.flatMap(\.members)
                let without = Self.closures.filter { candidate, closure in
                    !candidate.implied.contains(member) && candidate != member && !closure.contains(member)
                        && others.allSatisfy { !closure.contains($0) }
                }.map(\.member)
                #expect(Decoder(extensions: ExtensionSet(without)).decode(row.pattern.sample).opcode == .illegal)
            }
        }
    }

    @Test("Compressed forms need C, and the floating-point ones D too")
    func compressed() {
        let none = Decoder(extensions: [.i, .m, .a, .f, .d])
        #expect(none.decode(0x0001).opcode == .illegal)
        #expect(none.decode(0x0001).length == 2)
        let integer = Decoder(extensions: [.i, .c])
        #expect(integer.decode(0x0001).opcode == .addi)
        #expect(integer.decode(0x2000).opcode == .illegal, "c.fld")
        #expect(Decoder(extensions: [.i, .d, .c]).decode(0x2000).opcode == .fld)
        #expect(Decoder(extensions: [.i, .d, .zca]).decode(0x2000).opcode == .illegal)
    }

    @Test("Zcb and Zcmop: each form needs what it expands to")
    func compressedBytes() {
        let alone = Decoder(extensions: [.i, .zca, .zcb])
        let full = Decoder(extensions: [.i, .zca, .zcb, .zbb, .zba, .zmmul, .zcmop])
        for (half, base, needsMore): (UInt32, Opcode, Bool) in [
            (0x82F0, .lbu, false), (0x859C, .lhu, false), (0x86FC, .lh, false), (0x8B08, .sb, false),
            (0x8D08, .sh, false), (0x9D61, .andi, false), (0x9F75, .xori, false), (0x9CCD, .mul, true),
            (0x9C65, .sextB, true), (0x9DE9, .zextH, true), (0x9CED, .sextH, true), (0x9D71, .addUw, true),
            (0x6281, .addi, true),
        ] {
            #expect(full.decode(half).opcode == base)
            #expect(alone.decode(half).opcode == (needsMore ? .illegal : base))
            #expect((alone.baseEncoding(of: half) == nil) == needsMore)
            #expect(Decoder(extensions: [.i, .c]).decode(half).opcode == .illegal)
        }
    }

    @Test("norm:Zcmop_instr_write: c.mop.n writes no register")
    func compressedMayBeOperation() {
        #expect(decoder.decode(0x6781).rd == DecodedInstruction.writeSink)
    }

    @Test("Instructions that several extensions share")
    func shared() {
        #expect(Decoder(extensions: [.i, .zbb]).decode(0x0805_C53B).opcode == .zextH)
        #expect(Decoder(extensions: [.i, .zbb]).decode(0x08C5_C53B).opcode == .illegal, "packw")
        #expect(Decoder(extensions: [.i, .zbkb]).decode(0x08C5_C53B).opcode == .packw)
        #expect(Decoder(extensions: [.i, .zbkc]).decode(0x0AC5_A533).opcode == .illegal, "clmulr")
        #expect(Decoder(extensions: [.i, .f, .zfhmin]).decode(0x4225_8553).opcode == .illegal, "fcvt.d.h")
        #expect(Decoder(extensions: [.i, .zabha, .zaamo]).decode(0x28C7_052F).opcode == .illegal, "amocas.b")
    }

    @Test("Letters bring their parts")
    func implications() {
        #expect(Decoder(extensions: [.i, .zmmul]).decode(0x02C5_8533).opcode == .mul)
        #expect(Decoder(extensions: [.i, .zmmul]).decode(0x02C5_C533).opcode == .illegal, "div")
        #expect(Decoder(extensions: [.i, .zalrsc]).decode(0x1005_A52F).opcode == .lrW)
        #expect(Decoder(extensions: [.i, .zalrsc]).decode(0x00B6_252F).opcode == .illegal, "amoadd.w")
        #expect(Decoder(extensions: [.i, .h]).decode(0x26B5_0073).opcode == .illegal, "hinval.vvma without Svinval")
        #expect(Decoder(extensions: [.i, .svinval]).decode(0x26B5_0073).opcode == .illegal, "hinval.vvma without H")
    }
}

extension BitPattern {
    /// A word with no operand bits set, or one where one must be.
    fileprivate var sample: UInt32 {
        matches(match) ? match : (0..<32).lazy.map { match | 1 << $0 }.first(where: matches) ?? match
    }
}
