/// One extension: all that is known of it besides its instructions and registers.
struct ExtensionRow: Sendable {
    let id: ISAExtension
    /// What it is, in a few words; nil for those that this hart does not implement.
    let summary: String?
    /// What the manual adds when the extension is named ("Implies" in the naming appendix, and the chapters of the
    /// bundles).
    let implied: ExtensionSet
    /// What it depends on and does not imply: it must be named too.
    let needed: ExtensionSet
    /// The first profile of its line that makes it mandatory.
    let profile: ISAProfile?
    let substance: Substance

    /// What comes with an extension.
    enum Substance {
        /// Instructions, registers or fields.
        case architecture
        /// A promise of how a hart behaves, which profiles have named.
        case behaviour
    }

    /// The mark of an extension that is known by name alone.
    enum Absence { case absent }

    init(
        _ id: ISAExtension,
        _ summary: String,
        _ substance: Substance = .architecture,
        implies implied: ExtensionSet = [],
        needs needed: ExtensionSet = [],
        since profile: ISAProfile? = nil
    ) {
        self.id = id
        self.summary = summary
        self.substance = substance
        self.implied = implied
        self.needed = needed
        self.profile = profile
    }

    init(_ id: ISAExtension, _ absence: Absence, implies implied: ExtensionSet = []) {
        self.id = id
        summary = nil
        substance = .architecture
        self.implied = implied
        needed = []
        profile = nil
    }
}

/// All extensions, in canonical order: one row each, in the order of the cases of ``ISAExtension``.
enum ExtensionTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    static let rows: [ExtensionRow] = [
        // Every hart of this package has M-mode, which stands on CSRs.
        .init(.i,            "base integer instructions", implies: [.zicsr], since: .rvi20u64),
        .init(.m,            "multiplication and division", implies: [.zmmul], since: .rva20u64),
        .init(.a,            "atomics", implies: [.zaamo, .zalrsc], since: .rva20u64),
        .init(.f,            "single-precision floating point", implies: [.zicsr], since: .rva20u64),
        .init(.d,            "double-precision floating point", implies: [.f], since: .rva20u64),
        .init(.c,            "compressed instructions", implies: [.zca], since: .rva20u64),
        .init(.b,            "bit manipulation: zba, zbb, zbs", implies: [.zba, .zbb, .zbs], since: .rva22u64),
        .init(.h,            "hypervisor"),

        .init(.zic64b,       "cache blocks of 64 bytes", .behaviour, since: .rva22u64),
        .init(.zicbom,       "cache-block management", since: .rva22u64),
        .init(.zicbop,       "cache-block prefetches", since: .rva22u64),
        .init(.zicboz,       "cache-block zeroing", since: .rva22u64),
        .init(.ziccamoa,     "all atomics in main memory", .behaviour, since: .rva20u64),
        .init(.ziccif,       "atomic instruction fetches in main memory", .behaviour, since: .rva20u64),
        .init(.zicclsm,      "misaligned loads and stores in main memory", .behaviour, since: .rva20u64),
        .init(.ziccrse,      "eventual success of LR/SC in main memory", .behaviour, since: .rva20u64),
        .init(.zicntr,       "cycle, time and instret", implies: [.zicsr], since: .rva20u64),
        .init(.zicond,       "conditional zeroing"),
        .init(.zicsr,        "CSR instructions", since: .rva20u64),
        .init(.zifencei,     "FENCE.I", since: .rva20s64),
        .init(.zihintntl,    "non-temporal locality hints"),
        .init(.zihintpause,  "pause hint", since: .rva22u64),
        .init(.zihpm,        "hardware performance counters", implies: [.zicsr], since: .rva22u64),
        .init(.zimop,        "may-be-operations"),

        .init(.zmmul,        "multiplication"),

        .init(.za128rs,      "reservation sets of at most 128 bytes", .behaviour, since: .rva20u64),
        .init(.za64rs,       "reservation sets of at most 64 bytes", .behaviour, implies: [.za128rs], since: .rva22u64),
        .init(.zaamo,        "atomic memory operations"),
        .init(.zabha,        "atomics on bytes and halfwords", needs: [.zaamo]),
        .init(.zacas,        "atomic compare-and-swap", needs: [.zaamo]),
        .init(.zalasr,       "load-acquire and store-release"),
        .init(.zalrsc,       "load-reserved and store-conditional"),
        .init(.zama16b,      "atomic accesses within 16 aligned bytes", .behaviour),
        .init(.zawrs,        "wait on reservation set", needs: [.zalrsc]),

        .init(.zfa,          "additional floating-point instructions", needs: [.f]),
        .init(.zfh,          "half-precision floating point", implies: [.zfhmin], needs: [.f]),
        .init(.zfhmin,       "half-precision loads, stores and conversions", needs: [.f], since: .rva22u64),

        .init(.zca,          "compressed instructions without floating point"),
        .init(.zcb,          "more compressed instructions", needs: [.zca]),
        .init(.zcd,          "compressed double-precision loads and stores", needs: [.d, .zca]),
        .init(.zcmop,        "compressed may-be-operations", needs: [.zca]),

        .init(.zba,          "address generation"),
        .init(.zbb,          "basic bit manipulation"),
        .init(.zbc,          "carry-less multiplication"),
        .init(.zbkb,         "bit manipulation for cryptography"),
        .init(.zbkc,         "carry-less multiplication for cryptography"),
        .init(.zbkx,         "crossbar permutations"),
        .init(.zbs,          "single-bit instructions"),

        .init(.zk,           .absent, implies: [.zkn, .zkr, .zkt]),
        .init(.zkn,          "NIST algorithms: zbkb, zbkc, zbkx, zknd, zkne, zknh",
              implies: [.zbkb, .zbkc, .zbkx, .zknd, .zkne, .zknh]),
        .init(.zknd,         "AES decryption"),
        .init(.zkne,         "AES encryption"),
        .init(.zknh,         "SHA-2 hashing"),
        .init(.zkr,          "entropy source"),
        .init(.zks,          .absent, implies: [.zbkb, .zbkc, .zbkx, .zksed, .zksh]),
        .init(.zksed,        .absent),
        .init(.zksh,         .absent),
        .init(.zkt,          "timing independent of data", since: .rva22u64),

        .init(.supm,         "pointer masking in U-mode"),

        .init(.ssaia,        .absent),
        .init(.ssccfg,       "configuration of delegated counters", needs: [.sscsrind, .smcdeleg]),
        .init(.ssccptr,      "page tables in cacheable main memory", .behaviour, since: .rva20s64),
        .init(.sscofpmf,     "counter overflow and mode filtering"),
        .init(.sscounterenw, "writable scounteren bit for each counter", .behaviour, since: .rva22s64),
        .init(.sscsrind,     "indirect access to CSRs, supervisor's view"),
        .init(.ssdbltrp,     "double traps of S-mode"),
        .init(.ssnpm,        "pointer masking for the mode below S"),
        .init(.sspm,         .absent),
        .init(.ssstateen,    "state enables, supervisor's view"),
        .init(.ssstrict,     .absent),
        .init(.sstc,         "stimecmp and vstimecmp"),
        .init(.sstvala,      "stval as the profiles ask", .behaviour, since: .rva20s64),
        .init(.sstvecd,      "direct mode of stvec with any base", .behaviour, since: .rva20s64),
        .init(.ssu64xl,      "UXLEN of 64", .behaviour),

        .init(.sv39,         "39-bit virtual addresses", since: .rva20s64),
        // norm:Sv48_requires_Sv39
        .init(.sv48,         "48-bit virtual addresses", implies: [.sv39]),
        .init(.sv57,         "57-bit virtual addresses", implies: [.sv48]),
        .init(.svade,        "page faults where A or D must be set", since: .rva20s64),
        .init(.svadu,        "hardware updates of A and D"),
        .init(.svbare,       "no translation", .behaviour, since: .rva20s64),
        .init(.svinval,      "fine-grained invalidation of translations", since: .rva22s64),
        .init(.svnapot,      "contiguous pages of 64 KiB"),
        .init(.svpbmt,       "page-based memory types", since: .rva22s64),
        // norm:Svrsw60t59b_depends_on_sv39
        .init(.svrsw60t59b,  "two more bits of page-table entries for software", needs: [.sv39]),
        .init(.svvptc,       "valid entries visible without a fence"),

        .init(.sha,          "the augmented hypervisor extension", .behaviour,
              implies: [.h, .ssstateen, .shcounterenw, .shgatpa, .shtvala, .shvsatpa, .shvstvala, .shvstvecd]),
        .init(.shcounterenw, "writable hcounteren bit for each counter", .behaviour, needs: [.h]),
        .init(.shgatpa,      "every SvNNx4 of a supported SvNN", .behaviour, needs: [.h]),
        .init(.shlcofideleg, "counter-overflow interrupts to VS-mode", needs: [.h, .sscofpmf]),
        .init(.shtvala,      "htval in all cases the manual permits", .behaviour, needs: [.h]),
        .init(.shvsatpa,     "every mode of satp in vsatp", .behaviour, needs: [.h]),
        .init(.shvstvala,    "vstval as stval", .behaviour, needs: [.h]),
        .init(.shvstvecd,    "direct mode of vstvec with any base", .behaviour, needs: [.h]),

        .init(.smaia,        .absent, implies: [.ssaia]),
        // norm:smcdeleg_ssccfg_tandem
        .init(.smcdeleg,     "counters delegated to S-mode", implies: [.ssccfg], needs: [.sscsrind]),
        .init(.smcntrpmf,    "mode filtering of cycle and instret"),
        .init(.smcsrind,     "indirect access to CSRs", implies: [.sscsrind]),
        .init(.smdbltrp,     "double traps of M-mode"),
        .init(.smepmp,       "enhanced physical memory protection"),
        .init(.smmpm,        "pointer masking in M-mode"),
        .init(.smnpm,        "pointer masking for the mode below M"),
        .init(.smrnmi,       "resumable non-maskable interrupts"),
        .init(.smstateen,    "state enables", implies: [.ssstateen]),
    ]
}

extension ISAExtension {
    private var row: ExtensionRow { ExtensionTable.rows[Int(rawValue)] }

    /// What the extension is, in a few words; nil for those that this hart does not implement.
    package var summary: String? { row.summary }
    /// What comes with it. Some follow from several: see ``ExtensionSet/closure``.
    package var implied: ExtensionSet { row.implied }
    /// What must be named with it.
    package var required: ExtensionSet { row.needed }
    /// A name for how a hart behaves: no instruction and no register comes with it.
    package var isBehaviour: Bool { row.substance == .behaviour }
}

extension ISAProfile {
    package var extensions: ExtensionSet {
        let line = self.line
        return ExtensionSet(ExtensionTable.rows.filter { $0.profile.map(line.contains) ?? false }.map(\.id))
    }
}
