/// What of a counter S-mode reaches through `sireg`*. "Counter Delegation".
enum DelegatedRegister: Equatable {
    /// `cycle`, `instret` or `hpmcounter`n.
    case counter(Int)
    /// `cyclecfg`, `instretcfg` or `hpmevent`n: all of the machine's register but MINH.
    case configuration(Int)

    /// The select values of counters 0...31.
    static let selects: ClosedRange<UInt64> = 0x40...0x5F

    /// `sireg` and `sireg2`; the others hold what RV64 has not. norm:ssccfg_illegal_sireg3_6
    /// norm:ssccfg_illegal_sireg4_5_xlen64
    fileprivate init?(counter number: Int, alias: CSRAddress) {
        switch alias {
        case .sireg: self = .counter(number)
        case .sireg2: self = .configuration(number)
        // No other number is an alias of a counter.
        default: return nil
        }
    }
}

extension Hart {
    /// Smcdeleg is there and in force. norm:smcdeleg_cde_en norm:menvcfg_cde_op
    var delegatesCounters: Bool { state.pointee.menvcfg[.cde] }

    /// The bits of the counters that are S-mode's; `time` is nobody's. norm:ssccfg_scountinhibit_nondelegated_ro
    var delegatedCounters: UInt64 {
        delegatesCounters ? state.pointee.mcounteren & CounterSet.inhibitable : 0
    }

    /// What `siselect` and one of the aliases name; nil where an access is illegal.
    /// norm:ssccfg_illegal_sireg_cde0 norm:ssccfg_illegal_sireg_not_delegated norm:sireg_access_on_legal_siselect
    func delegatedRegister(behind alias: CSRAddress) -> DelegatedRegister? {
        let select = state.pointee.siselect
        guard DelegatedRegister.selects.contains(select) else { return nil }
        let number = Int(truncatingIfNeeded: select & 31)
        guard delegatedCounters &>> UInt64(number) & 1 != 0,
            let register = DelegatedRegister(counter: number, alias: alias),
            extensions.isSuperset(of: providers(of: register))
        else { return nil }
        return register
    }

    /// norm:ssccfg_missing_extension_illegal
    private func providers(of register: DelegatedRegister) -> ExtensionSet {
        switch register {
        case .counter(FixedCounter.cycle), .counter(FixedCounter.instret): [.zicntr]
        case .configuration(FixedCounter.cycle), .configuration(FixedCounter.instret): [.zicntr, .smcntrpmf]
        case .counter, .configuration: [.zihpm]
        }
    }

    /// MINH is M-mode's affair.
    func value(of register: DelegatedRegister) -> UInt64 {
        switch register {
        case .counter(let number): counter(number)
        case .configuration(let number):
            state.pointee.counterConfiguration[number & 31].rawValue & ~Flag<CounterConfiguration>.minh.mask
        }
    }

    /// A write of `sireg` or `sireg2`.
    func writeDelegatedRegister(behind alias: CSRAddress, _ value: UInt64) {
        switch delegatedRegister(behind: alias) {
        case nil: break
        case .counter(let number)?: writeCounter(number, value)
        case .configuration(let number)?:
            var new = CounterConfiguration(value)
            new[.minh] = state.pointee.counterConfiguration[number & 31][.minh]
            if number == FixedCounter.cycle || number == FixedCounter.instret {
                writeCounterFilter(number, new.rawValue)
            } else {
                writeCounterEvent(number, new.rawValue)
            }
        }
    }

    /// A write of `scountinhibit`, a masked alias. norm:ssccfg_scountinhibit_delegated_rw
    func writeDelegatedInhibit(_ value: UInt64) {
        let mask = delegatedCounters
        writeCounterInhibit((state.pointee.mcountinhibit & ~mask) | (value & mask))
    }
}
