import Testing

@testable import RV64Core

@Suite("ISA configuration")
struct ISAConfigurationTests {
    @Test(
        "Strings that say the same",
        arguments: [
            "rv64gc", "RV64GC", "rv64imafdc_zicsr_zifencei", "rv64imafdczicsr_zifencei",
            "rv64i2p1m2a2p1f2p2d2p2c2p0_zicsr2p0_zifencei2p0",
            "rv64gcsu", "RV64IMAFDCSUZifencei", "rv64gc_s_u", "rv64gcuzifencei", "rv64ggc_zca_zca",
            "rv64i_d_a_m_c_zifencei",
            "rv64g_c", "rv64gc_zca1p0_zcd", "rv64ifmadc_zifencei", "rv64i_m_a_f_d_c_zicsr_zifencei_zmmul1",
        ]
    )
    func equivalent(text: String) throws {
        let isa = try ISAConfiguration(parsing: text)
        #expect(isa.isaString == "rv64imafdc_zicsr_zifencei_zmmul_zaamo_zalrsc_zca_zcd")
        #expect(isa.misa == 0x8000_0000_0014_112D)
    }

    @Test(
        "Names and misa of a hypervisor hart: norm:misa_i_op norm:misa_s_op norm:misa_u_op norm:misa_extensions_rsv_ret_0"
    )
    func hypervisor() throws {
        let isa = try ISAConfiguration(parsing: "rv64gch_svinval_SSTC_zicntr_sv39")
        #expect(
            isa.extensionNames == [
                "i", "m", "a", "f", "d", "c", "h", "zicntr", "zicsr", "zifencei", "zmmul", "zaamo", "zalrsc", "zca",
                "zcd", "sstc", "sv39", "svinval",
            ]
        )
        #expect(isa.misa & 1 << 7 != 0)
        #expect(isa.extensions.contains(.svinval))
    }

    @Test("The canonical string parses to itself")
    func canonical() throws {
        let full = ISAConfiguration.full
        #expect(try ISAConfiguration(parsing: full.isaString) == full)
        let small = try ISAConfiguration(parsing: "rv64i")
        #expect(small.isaString == "rv64i_zicsr")
        #expect(small.misa == 0x8000_0000_0014_0100)
        #expect(try ISAConfiguration(parsing: small.isaString) == small)
    }

    @Test(
        "What cannot be had, and why",
        arguments: [
            ("", .unsupportedBase("")), ("rv32gc", .unsupportedBase("rv32gc")), ("rv64e", .unsupportedBase("rv64e")),
            ("x86-64", .unsupportedBase("x86-64")), ("rv64", .missingBase), ("rv64mac", .missingBase),
            ("rv64gcq", .absent("q")), ("rv64gcy", .unknownExtension("y", closest: nil)),
            ("rv64gc_svinvall", .unknownExtension("svinvall", closest: "svinval")),
            ("rv64gc_zifence", .unknownExtension("zifence", closest: "zifencei")),
            ("rv64gc_xtheadba1p0", .unknownExtension("xtheadba", closest: nil)),
            ("rv64gc__zicsr", .malformed("__zicsr")), ("rv64gc_", .malformed("_")), ("rv64g-c", .malformed("-")),
            ("rv64gc_zi-csr", .malformed("zi-csr")), ("rv64i_zcd", .missingDependency(of: .zcd, .d)),
            ("rv64i_shtvala", .missingDependency(of: .shtvala, .h)), ("rv64i_zcb", .missingDependency(of: .zcb, .zca)),
            ("rv64i_zcmop", .missingDependency(of: .zcmop, .zca)), ("rv64i_zfh", .missingDependency(of: .zfh, .f)),
            ("rv64i_zacas", .missingDependency(of: .zacas, .zaamo)),
            ("rv64im_zawrs", .missingDependency(of: .zawrs, .zalrsc)), ("rv64gcv", .absent("v")),
            ("rv64gc_zve64d", .absent("zve64d")), ("rv64gc_zcmp1p0", .absent("zcmp1p0")),
            ("rv64i_zfinx", .absent("zfinx")), ("rva23s64", .profile("rva23s64", lacks: "v")),
            ("rva23u64_zba", .profile("rva23u64", lacks: "v")), ("rva24s64", .unsupportedBase("rva24s64")),
            ("rv64gc_smaia", .notImplemented(.smaia)),
            ("rv64gc_sv128", .unknownExtension("sv128", closest: nil)),
            ("rv64gcsux", .unknownExtension("sux", closest: nil)),
            ("rv64gc_zfoo", .unknownExtension("zfoo", closest: nil)), ("rv64i_zfa", .missingDependency(of: .zfa, .f)),
            ("rv64gcbv", .absent("v")), ("rv64gc_zks", .notImplemented(.zks)),
            ("rv64g_zcd", .missingDependency(of: .zcd, .zca)),
            ("rva22", .unsupportedBase("rva22")), ("rva22s64-zfh", .unsupportedBase("rva22s64-zfh")),
        ] as [(String, ISAConfigurationError)]
    )
    func errors(text: String, error: ISAConfigurationError) {
        #expect(throws: error) { try ISAConfiguration(parsing: text) }
        #expect(!error.description.isEmpty)
    }

    @Test("A known extension that this hart does not implement is named as such")
    func notImplemented() {
        guard let absent = ExtensionSet.all.subtracting(ISAConfiguration.implemented).members.first else { return }
        #expect(throws: ISAConfigurationError.notImplemented(absent)) {
            try ISAConfiguration(ISAConfiguration.implemented.union([absent]))
        }
    }

    @Test("No string stops the parser")
    func arbitraryStrings() {
        let pieces = ["rv64", "g", "_", "z", "2p", "p1", "s", "icsr", "é", " ", "\u{0}", "9", "sv39", "I", "__", "x"]
        var state: UInt32 = 7
        for _ in 0..<5_000 {
            var text = "rv64"
            for _ in 0..<8 {
                state = state &* 1_664_525 &+ 1_013_904_223
                text += pieces[Int(state >> 28)]
            }
            if let isa = try? ISAConfiguration(parsing: text) { #expect(isa.extensions.contains(.i)) }
        }
    }

    @Test("Messages say what to do")
    func messages() {
        #expect(
            ISAConfigurationError.unknownExtension("svinvall", closest: "svinval").description
                == "unknown extension 'svinvall': did you mean 'svinval'?"
        )
        #expect(
            ISAConfigurationError.missingDependency(of: .zcd, .d).description
                == "the extension 'zcd' needs 'd': add it"
        )
    }

    @Test("Implications of the naming appendix: D brings F brings Zicsr")
    func implications() throws {
        let isa = try ISAConfiguration(parsing: "rv64id")
        #expect(isa.extensions.isSuperset(of: [.i, .f, .d, .zicsr]))
        #expect(ExtensionSet([.sha]).closure.isSuperset(of: [.h, .ssstateen, .shgatpa, .shvstvecd]))
        #expect(ExtensionSet([.c]).closure == [.c, .zca])
    }

    @Test(
        "The widest paging mode named is the limit; without one the machine decides. norm:Sv48_requires_Sv39",
        arguments: [
            ("rv64gc", nil), ("rv64gc_svnapot", nil), ("rva20s64", .sv39), ("rva22s64_sv48", .sv48),
            ("rv64gc_sv57", .sv57), ("rv64gc_sv48_sv39", .sv48),
        ] as [(String, PagingLimit?)]
    )
    func paging(text: String, limit: PagingLimit?) throws {
        let isa = try ISAConfiguration(parsing: text)
        #expect(isa.pagingLimit == limit)
        if limit != nil { #expect(isa.extensions.contains(.sv39)) }
    }

    @Test("A limit takes the wider paging modes away")
    func limitedPaging() {
        let all = ISAConfiguration.full
        #expect(all.limited(to: .sv57) == all)
        #expect(all.limited(to: .sv48).pagingLimit == .sv48)
        #expect(all.limited(to: .sv39).pagingLimit == .sv39)
        #expect(ISAConfiguration.standard.pagingLimit == .sv48)
        #expect(ISAConfiguration.underTest.pagingLimit == .sv57)
    }

    /// norm:misa_c_set_line norm:misa_c_set_list
    @Test(
        "misa.C needs Zca, and with D also Zcd",
        arguments: [
            ("rv64i", false), ("rv64id", false), ("rv64id_zca", false), ("rv64ic", true), ("rv64idc", true),
        ] as [(String, Bool)]
    )
    func compressedLetter(text: String, isSet: Bool) throws {
        #expect(try (ISAConfiguration(parsing: text).misa & 4 != 0) == isSet)
    }

    @Test("What is implemented has a summary, and nothing else")
    func summaries() {
        for member in ISAExtension.allCases {
            #expect((member.summary != nil) == ISAConfiguration.full.extensions.contains(member), "\(member)")
        }
    }

    @Test(
        "Bundles bring their parts",
        arguments: [
            (.b, [.zba, .zbb, .zbs]), (.zkn, [.zbkb, .zbkc, .zbkx, .zknd, .zkne, .zknh]), (.zk, [.zkn, .zkr, .zkt]),
            (.zfh, [.zfhmin]), (.za64rs, [.za128rs]),
        ] as [(ISAExtension, ExtensionSet)]
    )
    func bundles(name: ISAExtension, parts: ExtensionSet) {
        #expect(ExtensionSet([name]).closure.isSuperset(of: parts))
    }

    @Test("norm:misa_b_op: misa.B stands for Zba, Zbb and Zbs, whichever way they were named")
    func bitManipulation() throws {
        let misaB: UInt64 = 1 << 1
        #expect(try ISAConfiguration(parsing: "rv64gcb").misa & misaB != 0)
        #expect(try ISAConfiguration(parsing: "rv64gc_zba_zbb_zbs").misa & misaB != 0)
        #expect(try ISAConfiguration(parsing: "rv64gc_zba_zbb").misa & misaB == 0)
        #expect(try ISAConfiguration(parsing: "rv64ib").isaString == "rv64ib_zicsr_zba_zbb_zbs")
    }

    @Test(
        "Profiles",
        arguments: [
            ("rvi20u64", [.i]), ("rva20u64", [.m, .a, .f, .d, .c, .zicntr, .za128rs]),
            ("rva20s64", [.sv39, .svade, .zifencei, .sstvala, .zicclsm]),
            ("rva22u64", [.b, .zicboz, .zfhmin, .zkt, .za64rs]),
            ("RVA22S64", [.b, .zicbom, .zicbop, .svpbmt, .svinval, .sscounterenw, .sv39]),
            ("rva22s64_zfh_sstc", [.zfh, .sstc, .svinval]),
        ] as [(String, ExtensionSet)]
    )
    func profiles(text: String, some: ExtensionSet) throws {
        let isa = try ISAConfiguration(parsing: text)
        #expect(isa.extensions.isSuperset(of: some))
        #expect(!isa.extensions.contains(.h))
        #expect(try ISAConfiguration(parsing: isa.isaString) == isa)
    }

    @Test("Every extension has its row, in the order of the cases")
    func rows() {
        #expect(ExtensionTable.rows.map(\.id) == ISAExtension.allCases)
        #expect(Set(ExtensionTable.rows.compactMap(\.profile)) == Set(ISAProfile.allCases))
    }

    @Test("Cases stand in canonical order")
    func canonicalOrder() {
        let prefixes = ["su", "ss", "sv", "sh", "sm"]
        let categories = Array("imafdqlcbkjtvph")
        func key(_ name: String) -> [Int] {
            if name.count == 1 { return [0, Array("imafdqcbvph").firstIndex(of: Character(name)) ?? 99] }
            if name.hasPrefix("z") { return [1, categories.firstIndex(of: name.dropFirst().first ?? " ") ?? 99] }
            return [2, prefixes.firstIndex(of: String(name.prefix(2))) ?? 99]
        }
        let names = ISAExtension.allCases.map(\.name)
        #expect(names == ISAExtension.allCases.map { "\($0)" })
        let sorted = names.sorted { a, b in
            let (ka, kb) = (key(a), key(b))
            return ka == kb ? a < b : ka.lexicographicallyPrecedes(kb)
        }
        #expect(names == sorted)
    }
}
