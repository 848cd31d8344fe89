/// The name of a control and status register of RV64 ("CSR Listing"); `nil` for a number no ratified extension uses.
package func csrName(_ number: UInt16) -> String? {
    for family in CSRFamily.all where family.numbers.contains(number) {
        let index = Int(number - family.numbers.lowerBound)
        return "\(family.prefix)\(family.firstIndex + index)"
    }
    return csrNames[number]
}

/// Registers that differ by a number in their names.
private struct CSRFamily {
    let numbers: ClosedRange<UInt16>
    let prefix: String
    let firstIndex: Int

    static let all: [CSRFamily] = [
        CSRFamily(numbers: 0xC03...0xC1F, prefix: "hpmcounter", firstIndex: 3),
        CSRFamily(numbers: 0x10C...0x10F, prefix: "sstateen", firstIndex: 0),
        CSRFamily(numbers: 0x60C...0x60F, prefix: "hstateen", firstIndex: 0),
        CSRFamily(numbers: 0x30C...0x30F, prefix: "mstateen", firstIndex: 0),
        CSRFamily(numbers: 0x3A0...0x3AF, prefix: "pmpcfg", firstIndex: 0),
        CSRFamily(numbers: 0x3B0...0x3EF, prefix: "pmpaddr", firstIndex: 0),
        CSRFamily(numbers: 0x323...0x33F, prefix: "mhpmevent", firstIndex: 3),
        CSRFamily(numbers: 0xB03...0xB1F, prefix: "mhpmcounter", firstIndex: 3),
        CSRFamily(numbers: 0x7A1...0x7A3, prefix: "tdata", firstIndex: 1),
        CSRFamily(numbers: 0x7B2...0x7B3, prefix: "dscratch", firstIndex: 0),
    ]
}

private let csrNames: [UInt16: String] = [
    // Unprivileged: floating point, vector, shadow stack, entropy, table jump, counters.
    0x001: "fflags", 0x002: "frm", 0x003: "fcsr",
    0x008: "vstart", 0x009: "vxsat", 0x00A: "vxrm", 0x00F: "vcsr",
    0x011: "ssp", 0x015: "seed", 0x017: "jvt",
    0xC00: "cycle", 0xC01: "time", 0xC02: "instret",
    0xC20: "vl", 0xC21: "vtype", 0xC22: "vlenb",

    // Supervisor.
    0x100: "sstatus", 0x104: "sie", 0x105: "stvec", 0x106: "scounteren", 0x10A: "senvcfg",
    0x120: "scountinhibit",
    0x140: "sscratch", 0x141: "sepc", 0x142: "scause", 0x143: "stval", 0x144: "sip",
    0x14D: "stimecmp", 0x14E: "sctrctl", 0x14F: "sctrstatus",
    0x150: "siselect", 0x151: "sireg", 0x152: "sireg2", 0x153: "sireg3", 0x155: "sireg4", 0x156: "sireg5",
    0x157: "sireg6", 0x15C: "stopei", 0x15F: "sctrdepth",
    0x180: "satp", 0x181: "srmcfg",
    0x5A8: "scontext", 0xDA0: "scountovf", 0xDB0: "stopi",

    // Hypervisor.
    0x600: "hstatus", 0x602: "hedeleg", 0x603: "hideleg", 0x604: "hie", 0x605: "htimedelta", 0x606: "hcounteren",
    0x607: "hgeie", 0x608: "hvien", 0x609: "hvictl", 0x60A: "henvcfg",
    0x643: "htval", 0x644: "hip", 0x645: "hvip", 0x646: "hviprio1", 0x647: "hviprio2", 0x64A: "htinst",
    0x680: "hgatp", 0x6A8: "hcontext", 0xE12: "hgeip", 0xEB0: "vstopi",

    // Virtual supervisor.
    0x200: "vsstatus", 0x204: "vsie", 0x205: "vstvec",
    0x240: "vsscratch", 0x241: "vsepc", 0x242: "vscause", 0x243: "vstval", 0x244: "vsip",
    0x24D: "vstimecmp", 0x24E: "vsctrctl",
    0x250: "vsiselect", 0x251: "vsireg", 0x252: "vsireg2", 0x253: "vsireg3", 0x255: "vsireg4", 0x256: "vsireg5",
    0x257: "vsireg6", 0x25C: "vstopei", 0x280: "vsatp",

    // Machine.
    0x300: "mstatus", 0x301: "misa", 0x302: "medeleg", 0x303: "mideleg", 0x304: "mie", 0x305: "mtvec",
    0x306: "mcounteren", 0x308: "mvien", 0x309: "mvip", 0x30A: "menvcfg",
    0x320: "mcountinhibit", 0x321: "mcyclecfg", 0x322: "minstretcfg",
    0x340: "mscratch", 0x341: "mepc", 0x342: "mcause", 0x343: "mtval", 0x344: "mip", 0x34A: "mtinst",
    0x34B: "mtval2", 0x34E: "mctrctl",
    0x350: "miselect", 0x351: "mireg", 0x352: "mireg2", 0x353: "mireg3", 0x355: "mireg4", 0x356: "mireg5",
    0x357: "mireg6", 0x35C: "mtopei",
    0x740: "mnscratch", 0x741: "mnepc", 0x742: "mncause", 0x744: "mnstatus", 0x747: "mseccfg",
    0x7A0: "tselect", 0x7A4: "tinfo", 0x7A5: "tcontrol", 0x7A8: "mcontext", 0x7AA: "mscontext", 0x7B0: "dcsr",
    0x7B1: "dpc",
    0xB00: "mcycle", 0xB02: "minstret",
    0xF11: "mvendorid", 0xF12: "marchid", 0xF13: "mimpid", 0xF14: "mhartid", 0xF15: "mconfigptr", 0xFB0: "mtopi",
]
