/// The CSR listing: a row for each register or numbered family. Decoding, the access check, reports of what is missing,
/// and the disassembler read these rows; there is nothing else to tell them. Privilege and read-only follow from the
/// number.
enum CSRTable {
    static let rows: [CSRRow] = userRows + supervisorRows + hypervisorRows + virtualSupervisorRows + machineRows

    /// The row of each address, or -1.
    static let indices: [Int16] = {
        var result = [Int16](repeating: -1, count: 1 << 12)
        for (index, row) in rows.enumerated() {
            for number in row.addresses.lowerBound.rawValue...row.addresses.upperBound.rawValue {
                result[Int(number)] = Int16(index)
            }
        }
        return result
    }()
}

// MARK: - Unprivileged

extension CSRAddress {
    package static let fflags = CSRAddress(0x001)
    package static let frm = CSRAddress(0x002)
    package static let fcsr = CSRAddress(0x003)
    package static let seed = CSRAddress(0x015)
    package static let cycle = CSRAddress(0xc00)
    package static let time = CSRAddress(0xc01)
    package static let instret = CSRAddress(0xc02)
    package static let hpmcounter3 = CSRAddress(0xc03)
    package static let hpmcounter31 = CSRAddress(0xc1f)
}

extension CSRTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let userRows: [CSRRow] = [
        .init(.fflags,     "fflags",  .by(.f),      .floatingPoint),
        .init(.frm,        "frm",     .by(.f),      .floatingPoint),
        .init(.fcsr,       "fcsr",    .by(.f),      .floatingPoint),
        .init(.seed,       "seed",    .by(.zkr),    .entropy),
        .init(.cycle,      "cycle",   .by(.zicntr), .counter),
        .init(.time,       "time",    .by(.zicntr), .counter),
        .init(.instret,    "instret", .by(.zicntr), .counter),
        .init(.hpmcounter3 ... .hpmcounter31, "hpmcounter", from: 3, .by(.zihpm), .counter),

        .init(.init(0x008), "vstart", .absent),
        .init(.init(0x009), "vxsat",  .absent),
        .init(.init(0x00a), "vxrm",   .absent),
        .init(.init(0x00f), "vcsr",   .absent),
        .init(.init(0x011), "ssp",    .absent),
        .init(.init(0x017), "jvt",    .absent),
        .init(.init(0xc20), "vl",     .absent),
        .init(.init(0xc21), "vtype",  .absent),
        .init(.init(0xc22), "vlenb",  .absent),
    ]
}

// MARK: - Supervisor

extension CSRAddress {
    package static let sstatus = CSRAddress(0x100)
    package static let sie = CSRAddress(0x104)
    package static let stvec = CSRAddress(0x105)
    package static let scounteren = CSRAddress(0x106)
    package static let senvcfg = CSRAddress(0x10a)
    package static let sstateen0 = CSRAddress(0x10c)
    package static let sstateen3 = CSRAddress(0x10f)
    package static let scountinhibit = CSRAddress(0x120)
    package static let sscratch = CSRAddress(0x140)
    package static let sepc = CSRAddress(0x141)
    package static let scause = CSRAddress(0x142)
    package static let stval = CSRAddress(0x143)
    package static let sip = CSRAddress(0x144)
    package static let stimecmp = CSRAddress(0x14d)
    package static let siselect = CSRAddress(0x150)
    package static let sireg = CSRAddress(0x151)
    package static let sireg2 = CSRAddress(0x152)
    package static let sireg3 = CSRAddress(0x153)
    package static let sireg4 = CSRAddress(0x155)
    package static let sireg5 = CSRAddress(0x156)
    package static let sireg6 = CSRAddress(0x157)
    package static let satp = CSRAddress(0x180)
    package static let scountovf = CSRAddress(0xda0)
}

extension CSRTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let supervisorRows: [CSRRow] = [
        .init(.sstatus,       "sstatus",    vs: .vsstatus),
        .init(.sie,           "sie",        vs: .vsie),
        .init(.stvec,         "stvec",      vs: .vstvec),
        .init(.scounteren,    "scounteren"),
        .init(.senvcfg,       "senvcfg",       .always,         .environmentConfiguration),
        .init(.sstateen0 ... .sstateen3, "sstateen", from: 0, .by(.ssstateen), .stateEnable),
        .init(.scountinhibit, "scountinhibit", .by(.ssccfg),    .counterDelegation),
        .init(.sscratch,      "sscratch",   vs: .vsscratch),
        .init(.sepc,          "sepc",       vs: .vsepc),
        .init(.scause,        "scause",     vs: .vscause),
        .init(.stval,         "stval",      vs: .vstval),
        .init(.sip,           "sip",        vs: .vsip),
        .init(.stimecmp,      "stimecmp",      .by(.sstc),      .timerCompare,          vs: .vstimecmp),
        .init(.siselect,      "siselect",      .by(.sscsrind),  .indirectSelect,        vs: .vsiselect),
        .init(.sireg,         "sireg",         .by(.sscsrind),  .indirectAlias,         vs: .vsireg),
        .init(.sireg2,        "sireg2",        .by(.sscsrind),  .indirectAlias,         vs: .vsireg2),
        .init(.sireg3,        "sireg3",        .by(.sscsrind),  .indirectAlias,         vs: .vsireg3),
        .init(.sireg4,        "sireg4",        .by(.sscsrind),  .indirectAlias,         vs: .vsireg4),
        .init(.sireg5,        "sireg5",        .by(.sscsrind),  .indirectAlias,         vs: .vsireg5),
        .init(.sireg6,        "sireg6",        .by(.sscsrind),  .indirectAlias,         vs: .vsireg6),
        .init(.satp,          "satp",          .always,         .supervisorTranslation, vs: .vsatp),
        .init(.scountovf,     "scountovf",     .by(.sscofpmf),  .counterOverflow),

        .init(.init(0x14e), "sctrctl",    .absent),
        .init(.init(0x14f), "sctrstatus", .absent),
        .init(.init(0x15c), "stopei",     .absent),
        .init(.init(0x15f), "sctrdepth",  .absent),
        .init(.init(0x181), "srmcfg",     .absent),
        .init(.init(0x5a8), "scontext",   .absent),
        .init(.init(0xdb0), "stopi",      .absent),
    ]
}

// MARK: - Hypervisor

extension CSRAddress {
    package static let hstatus = CSRAddress(0x600)
    package static let hedeleg = CSRAddress(0x602)
    package static let hideleg = CSRAddress(0x603)
    package static let hie = CSRAddress(0x604)
    package static let htimedelta = CSRAddress(0x605)
    package static let hcounteren = CSRAddress(0x606)
    package static let hgeie = CSRAddress(0x607)
    package static let henvcfg = CSRAddress(0x60a)
    package static let hstateen0 = CSRAddress(0x60c)
    package static let hstateen3 = CSRAddress(0x60f)
    package static let htval = CSRAddress(0x643)
    package static let hip = CSRAddress(0x644)
    package static let hvip = CSRAddress(0x645)
    package static let htinst = CSRAddress(0x64a)
    package static let hgatp = CSRAddress(0x680)
    package static let hgeip = CSRAddress(0xe12)
}

extension CSRTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let hypervisorRows: [CSRRow] = [
        .init(.hstatus,    "hstatus"),
        .init(.hedeleg,    "hedeleg"),
        .init(.hideleg,    "hideleg"),
        .init(.hie,        "hie"),
        .init(.htimedelta, "htimedelta"),
        .init(.hcounteren, "hcounteren"),
        .init(.hgeie,      "hgeie"),
        .init(.henvcfg,    "henvcfg", .always, .environmentConfiguration),
        .init(.hstateen0 ... .hstateen3, "hstateen", from: 0, .by(.ssstateen), .stateEnable),
        .init(.htval,      "htval"),
        .init(.hip,        "hip"),
        .init(.hvip,       "hvip"),
        .init(.htinst,     "htinst"),
        .init(.hgatp,      "hgatp",   .always, .guestTranslation),
        .init(.hgeip,      "hgeip"),

        .init(.init(0x608), "hvien",    .absent),
        .init(.init(0x609), "hvictl",   .absent),
        .init(.init(0x646), "hviprio1", .absent),
        .init(.init(0x647), "hviprio2", .absent),
        .init(.init(0x6a8), "hcontext", .absent),
    ]
}

// MARK: - Virtual supervisor

extension CSRAddress {
    package static let vsstatus = CSRAddress(0x200)
    package static let vsie = CSRAddress(0x204)
    package static let vstvec = CSRAddress(0x205)
    package static let vsscratch = CSRAddress(0x240)
    package static let vsepc = CSRAddress(0x241)
    package static let vscause = CSRAddress(0x242)
    package static let vstval = CSRAddress(0x243)
    package static let vsip = CSRAddress(0x244)
    package static let vstimecmp = CSRAddress(0x24d)
    package static let vsiselect = CSRAddress(0x250)
    package static let vsireg = CSRAddress(0x251)
    package static let vsireg2 = CSRAddress(0x252)
    package static let vsireg3 = CSRAddress(0x253)
    package static let vsireg4 = CSRAddress(0x255)
    package static let vsireg5 = CSRAddress(0x256)
    package static let vsireg6 = CSRAddress(0x257)
    package static let vsatp = CSRAddress(0x280)

    /// Where the VS CSR of a supervisor CSR is, if it has one: a test holds all rows to it.
    @inline(__always) var virtualSubstitute: CSRAddress { advanced(by: 0x100) }
}

extension CSRTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let virtualSupervisorRows: [CSRRow] = [
        .init(.vsstatus,  "vsstatus"),
        .init(.vsie,      "vsie"),
        .init(.vstvec,    "vstvec"),
        .init(.vsscratch, "vsscratch"),
        .init(.vsepc,     "vsepc"),
        .init(.vscause,   "vscause"),
        .init(.vstval,    "vstval"),
        .init(.vsip,      "vsip"),
        .init(.vstimecmp, "vstimecmp", .by(.sstc),     .timerCompare),
        .init(.vsiselect, "vsiselect", .by(.sscsrind), .indirectSelect),
        .init(.vsireg,    "vsireg",    .by(.sscsrind), .indirectAlias),
        .init(.vsireg2,   "vsireg2",   .by(.sscsrind), .indirectAlias),
        .init(.vsireg3,   "vsireg3",   .by(.sscsrind), .indirectAlias),
        .init(.vsireg4,   "vsireg4",   .by(.sscsrind), .indirectAlias),
        .init(.vsireg5,   "vsireg5",   .by(.sscsrind), .indirectAlias),
        .init(.vsireg6,   "vsireg6",   .by(.sscsrind), .indirectAlias),
        .init(.vsatp,     "vsatp"),

        .init(.init(0x24e), "vsctrctl", .absent),
        .init(.init(0x25c), "vstopei",  .absent),
        .init(.init(0xeb0), "vstopi",   .absent),
    ]
}

// MARK: - Machine

extension CSRAddress {
    package static let mvendorid = CSRAddress(0xf11)
    package static let marchid = CSRAddress(0xf12)
    package static let mimpid = CSRAddress(0xf13)
    package static let mhartid = CSRAddress(0xf14)
    package static let mconfigptr = CSRAddress(0xf15)

    package static let mstatus = CSRAddress(0x300)
    package static let misa = CSRAddress(0x301)
    package static let medeleg = CSRAddress(0x302)
    package static let mideleg = CSRAddress(0x303)
    package static let mie = CSRAddress(0x304)
    package static let mtvec = CSRAddress(0x305)
    package static let mcounteren = CSRAddress(0x306)
    package static let menvcfg = CSRAddress(0x30a)
    package static let mstateen0 = CSRAddress(0x30c)
    package static let mstateen3 = CSRAddress(0x30f)
    package static let mcountinhibit = CSRAddress(0x320)
    package static let mcyclecfg = CSRAddress(0x321)
    package static let minstretcfg = CSRAddress(0x322)
    package static let mhpmevent3 = CSRAddress(0x323)
    package static let mhpmevent31 = CSRAddress(0x33f)
    package static let mscratch = CSRAddress(0x340)
    package static let mepc = CSRAddress(0x341)
    package static let mcause = CSRAddress(0x342)
    package static let mtval = CSRAddress(0x343)
    package static let mip = CSRAddress(0x344)
    package static let mtinst = CSRAddress(0x34a)
    package static let mtval2 = CSRAddress(0x34b)
    package static let miselect = CSRAddress(0x350)
    package static let mireg = CSRAddress(0x351)
    package static let mireg2 = CSRAddress(0x352)
    package static let mireg3 = CSRAddress(0x353)
    package static let mireg4 = CSRAddress(0x355)
    package static let mireg5 = CSRAddress(0x356)
    package static let mireg6 = CSRAddress(0x357)
    package static let pmpcfg0 = CSRAddress(0x3a0)
    package static let pmpcfg2 = CSRAddress(0x3a2)
    package static let pmpcfg15 = CSRAddress(0x3af)
    package static let pmpaddr0 = CSRAddress(0x3b0)
    package static let pmpaddr63 = CSRAddress(0x3ef)
    package static let mnscratch = CSRAddress(0x740)
    package static let mnepc = CSRAddress(0x741)
    package static let mncause = CSRAddress(0x742)
    package static let mnstatus = CSRAddress(0x744)
    package static let mseccfg = CSRAddress(0x747)
    package static let tselect = CSRAddress(0x7a0)
    package static let tdata1 = CSRAddress(0x7a1)
    package static let tdata3 = CSRAddress(0x7a3)
    package static let tinfo = CSRAddress(0x7a4)
    package static let mcycle = CSRAddress(0xb00)
    package static let minstret = CSRAddress(0xb02)
    package static let mhpmcounter3 = CSRAddress(0xb03)
    package static let mhpmcounter31 = CSRAddress(0xb1f)
}

extension CSRTable {
    // Aligned columns can be checked by eye against the manual.
    // swift-format-ignore
    private static let machineRows: [CSRRow] = [
        .init(.mvendorid,     "mvendorid"),
        .init(.marchid,       "marchid"),
        .init(.mimpid,        "mimpid"),
        .init(.mhartid,       "mhartid"),
        .init(.mconfigptr,    "mconfigptr"),
        .init(.mstatus,       "mstatus"),
        .init(.misa,          "misa"),
        .init(.medeleg,       "medeleg"),
        .init(.mideleg,       "mideleg"),
        .init(.mie,           "mie"),
        .init(.mtvec,         "mtvec"),
        .init(.mcounteren,    "mcounteren"),
        .init(.menvcfg,       "menvcfg"),
        .init(.mstateen0 ... .mstateen3, "mstateen", from: 0, .by(.smstateen)),
        .init(.mcountinhibit, "mcountinhibit"),
        .init(.mcyclecfg,     "mcyclecfg",   .by(.smcntrpmf)),
        .init(.minstretcfg,   "minstretcfg", .by(.smcntrpmf)),
        .init(.mhpmevent3 ... .mhpmevent31, "mhpmevent", from: 3),
        .init(.mscratch,      "mscratch"),
        .init(.mepc,          "mepc"),
        .init(.mcause,        "mcause"),
        .init(.mtval,         "mtval"),
        .init(.mip,           "mip"),
        .init(.mtinst,        "mtinst",      .by(.h)),
        // norm:mtval2_Ssdbltrap
        .init(.mtval2,        "mtval2",      .by(.h, .ssdbltrp)),
        .init(.miselect,      "miselect",    .by(.smcsrind)),
        .init(.mireg,         "mireg",       .by(.smcsrind), .indirectAlias),
        .init(.mireg2,        "mireg2",      .by(.smcsrind), .indirectAlias),
        .init(.mireg3,        "mireg3",      .by(.smcsrind), .indirectAlias),
        .init(.mireg4,        "mireg4",      .by(.smcsrind), .indirectAlias),
        .init(.mireg5,        "mireg5",      .by(.smcsrind), .indirectAlias),
        .init(.mireg6,        "mireg6",      .by(.smcsrind), .indirectAlias),
        .init(.pmpcfg0 ... .pmpcfg15, "pmpcfg", from: 0, .evenNumbers),
        .init(.pmpaddr0 ... .pmpaddr63, "pmpaddr", from: 0),
        .init(.mnscratch,     "mnscratch",   .by(.smrnmi)),
        .init(.mnepc,         "mnepc",       .by(.smrnmi)),
        .init(.mncause,       "mncause",     .by(.smrnmi)),
        .init(.mnstatus,      "mnstatus",    .by(.smrnmi)),
        .init(.mseccfg,       "mseccfg",     .anyOf(SecurityConfiguration.providers)),
        .init(.tselect,       "tselect"),
        .init(.tdata1 ... .tdata3, "tdata", from: 1),
        .init(.tinfo,         "tinfo"),
        .init(.mcycle,        "mcycle"),
        .init(.minstret,      "minstret"),
        .init(.mhpmcounter3 ... .mhpmcounter31, "mhpmcounter", from: 3),

        .init(.init(0x308), "mvien",     .absent),
        .init(.init(0x309), "mvip",      .absent),
        .init(.init(0x34e), "mctrctl",   .absent),
        .init(.init(0x35c), "mtopei",    .absent),
        .init(.init(0x7a5), "tcontrol",  .absent),
        .init(.init(0x7a8), "mcontext",  .absent),
        .init(.init(0x7aa), "mscontext", .absent),
        .init(.init(0x7b0), "dcsr",      .absent),
        .init(.init(0x7b1), "dpc",       .absent),
        .init(CSRAddress(0x7b2) ... CSRAddress(0x7b3), "dscratch", from: 0, .absent),
        .init(.init(0xfb0), "mtopi",     .absent),
    ]
}
