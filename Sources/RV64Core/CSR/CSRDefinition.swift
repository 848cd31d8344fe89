/// Which CSRs exist, what makes them exist, and which enables stand between software and them. Nothing here
/// depends on the state of a hart.
package struct CSRDefinition: Equatable, Sendable {
    /// The extensions of which one must be present, if any is named; addresses of the hypervisor level need H besides.
    package var providers: ExtensionSet
    package var gate: CSRGate

    init(_ provider: ISAExtension? = nil, _ gate: CSRGate = .none) {
        providers = []
        if let provider { providers.insert(provider) }
        self.gate = gate
    }

    init(anyOf providers: ExtensionSet) {
        self.providers = providers
        gate = .none
    }

    /// Whether a hart with these extensions has the register.
    func exists(with extensions: ExtensionSet) -> Bool {
        providers.isEmpty || extensions.subtracting(providers) != extensions
    }
}

/// What, beside the privilege level of the address, decides an access.
package enum CSRGate: Equatable, Sendable {
    case none
    /// `fcsr` and its parts: FS must not be Off.
    case floatingPoint
    /// `cycle`, `time`, `instret`, `hpmcounter`n: bit n of the counter-enable registers.
    case counter(Int)
    /// `stimecmp` and `vstimecmp`: TM of the counter-enable registers and STCE.
    case timerCompare
    /// `satp`: TVM and VTVM.
    case supervisorTranslation
    /// `hgatp`: TVM.
    case guestTranslation
    /// `senvcfg` and `henvcfg`: ENVCFG of `mstateen0` and `hstateen0`.
    case environmentConfiguration
    /// `sstateen`n and `hstateen`n: bit 63 of the stateen registers above.
    case stateEnable(Int)
    /// `seed`: SSEED and USEED, and never a read alone.
    case entropy
}

extension CSRAddress {
    /// The register's definition, or nil where the manual (or this implementation) has no register.
    package var definition: CSRDefinition? {
        switch level {
        case .user: userDefinition
        case .supervisor: supervisorDefinition
        case .hypervisor: hypervisorDefinition
        case .machine: machineDefinition
        }
    }

    private var userDefinition: CSRDefinition? {
        switch self {
        case .fflags, .frm, .fcsr: CSRDefinition(.f, .floatingPoint)
        case .seed: CSRDefinition(.zkr, .entropy)
        case .cycle ... .instret: CSRDefinition(.zicntr, .counter(index(from: .cycle)))
        case .hpmcounter3 ... .hpmcounter31: CSRDefinition(.zihpm, .counter(index(from: .cycle)))
        default: nil
        }
    }

    private var supervisorDefinition: CSRDefinition? {
        switch self {
        case .sstatus, .sie, .stvec, .scounteren, .sscratch, .sepc, .scause, .stval, .sip: CSRDefinition()
        case .senvcfg: CSRDefinition(nil, .environmentConfiguration)
        case .sstateen0 ... .sstateen3: CSRDefinition(.ssstateen, .stateEnable(index(from: .sstateen0)))
        case .stimecmp: CSRDefinition(.sstc, .timerCompare)
        case .satp: CSRDefinition(nil, .supervisorTranslation)
        case .scountovf: CSRDefinition(.sscofpmf)
        default: nil
        }
    }

    private var hypervisorDefinition: CSRDefinition? {
        switch self {
        case .hstatus, .hedeleg, .hideleg, .hie, .htimedelta, .hcounteren, .hgeie: CSRDefinition()
        case .htval, .hip, .hvip, .htinst, .hgeip: CSRDefinition()
        case .henvcfg: CSRDefinition(nil, .environmentConfiguration)
        case .hstateen0 ... .hstateen3: CSRDefinition(.ssstateen, .stateEnable(index(from: .hstateen0)))
        case .hgatp: CSRDefinition(nil, .guestTranslation)
        case .vsstatus, .vsie, .vstvec, .vsscratch, .vsepc, .vscause, .vstval, .vsip, .vsatp: CSRDefinition()
        case .vstimecmp: CSRDefinition(.sstc, .timerCompare)
        default: nil
        }
    }

    private var machineDefinition: CSRDefinition? {
        switch self {
        case .mvendorid ... .mconfigptr: CSRDefinition()
        case .mstatus, .misa, .medeleg, .mideleg, .mie, .mtvec, .mcounteren, .menvcfg: CSRDefinition()
        case .mstateen0 ... .mstateen3: CSRDefinition(.smstateen)
        case .mcyclecfg, .minstretcfg: CSRDefinition(.smcntrpmf)
        case .mcountinhibit, .mhpmevent3 ... .mhpmevent31: CSRDefinition()
        case .mscratch, .mepc, .mcause, .mtval, .mip: CSRDefinition()
        case .mtinst: CSRDefinition(.h)
        // norm:mtval2_Ssdbltrap
        case .mtval2: CSRDefinition(anyOf: [.h, .ssdbltrp])
        // norm:pmp_cfg_rv64_illegal
        case .pmpcfg0 ... .pmpcfg14: rawValue & 1 == 0 ? CSRDefinition() : nil
        case .pmpaddr0 ... .pmpaddr63: CSRDefinition()
        case .mseccfg: CSRDefinition(anyOf: SecurityConfiguration.providers)
        case .mnscratch, .mnepc, .mncause, .mnstatus: CSRDefinition(.smrnmi)
        case .tselect ... .tinfo: CSRDefinition()
        case .mcycle, .minstret, .mhpmcounter3 ... .mhpmcounter31: CSRDefinition()
        default: nil
        }
    }

    /// The VS CSR that takes this supervisor CSR's place while V=1. norm:H_vscsrs_sub norm:H_scsrs_nomatch
    @inline(__always) package var virtualSupervisorSubstitute: CSRAddress {
        switch self {
        case .sstatus, .sie, .stvec, .sscratch ... .sip, .stimecmp, .satp: advanced(by: 0x100)
        default: self
        }
    }
}
