extension Hart {
    /// The value of a CSR: no access check, no side effect. `address` is the effective one (a VS CSR is named as
    /// itself). Addresses without a register read as zero.
    package func readCSR(_ address: CSRAddress) -> UInt64 {
        switch address.level {
        case .user: readUserCSR(address)
        case .supervisor: readSupervisorCSR(address)
        case .hypervisor: readHypervisorCSR(address)
        case .machine: readMachineCSR(address)
        }
    }

    private func readUserCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        case .fflags: state.pointee.fflags
        case .frm: state.pointee.frm
        case .fcsr: state.pointee.frm &<< FloatingPointControl.frmShift | state.pointee.fflags
        case .seed: pollEntropy()
        case .cycle: counter(FixedCounter.cycle)
        case .time: visibleTime
        case .instret: counter(FixedCounter.instret)
        case .hpmcounter3 ... .hpmcounter31: counter(address.index(from: .cycle))
        default: 0
        }
    }

    private func readSupervisorCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        case .sstatus: supervisorStatus.rawValue
        case .sie: supervisorInterruptEnable
        case .stvec: state.pointee.stvec
        case .scounteren: state.pointee.scounteren
        case .senvcfg: state.pointee.senvcfg.rawValue
        case .sscratch: state.pointee.sscratch
        case .sepc: state.pointee.sepc
        case .scause: state.pointee.scause
        case .stval: state.pointee.stval
        case .sip: supervisorInterruptPending
        case .stimecmp: state.pointee.stimecmp
        case .satp: state.pointee.satp.rawValue
        case .scountovf: visibleCounterOverflows
        // sstateen has no bits here: see StateEnable.
        default: 0
        }
    }

    private func readHypervisorCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        case .hstatus: state.pointee.hstatus.rawValue
        case .hedeleg: state.pointee.hedeleg
        case .hideleg: state.pointee.hideleg
        case .hie: hypervisorInterruptEnable
        case .htimedelta: state.pointee.htimedelta
        case .hcounteren: state.pointee.hcounteren
        case .hgeie: state.pointee.hgeie
        case .henvcfg: state.pointee.henvcfg.rawValue
        case .hstateen0 ... .hstateen3: hypervisorStateEnable(address.index(from: .hstateen0))
        case .htval: state.pointee.htval
        case .hip: hypervisorInterruptPending
        case .hvip: virtualInterruptPending
        case .htinst: state.pointee.htinst
        case .hgatp: state.pointee.hgatp.rawValue
        case .hgeip: guestExternalPending
        case .vsstatus: state.pointee.vsstatus.summarized.rawValue
        case .vsie: virtualSupervisorInterruptEnable
        case .vstvec: state.pointee.vstvec
        case .vsscratch: state.pointee.vsscratch
        case .vsepc: state.pointee.vsepc
        case .vscause: state.pointee.vscause
        case .vstval: state.pointee.vstval
        case .vsip: virtualSupervisorInterruptPending
        case .vstimecmp: state.pointee.vstimecmp
        case .vsatp: state.pointee.vsatp.rawValue
        default: 0
        }
    }

    private func readMachineCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        // mvendorid, marchid, mimpid and mconfigptr read as zero, "not implemented". norm:mvendorid_always_rd
        case .mhartid: state.pointee.mhartid
        case .mstatus: state.pointee.mstatus.summarized.rawValue
        case .misa: state.pointee.misa
        case .medeleg: state.pointee.medeleg
        case .mideleg: state.pointee.mideleg
        case .mie: state.pointee.mie
        case .mtvec: state.pointee.mtvec
        case .mcounteren: state.pointee.mcounteren
        case .menvcfg: state.pointee.menvcfg.rawValue
        case .mstateen0 ... .mstateen3: state.pointee.mstateen[address.index(from: .mstateen0) & 3]
        case .mcountinhibit: state.pointee.mcountinhibit
        case .mcyclecfg: state.pointee.counterConfiguration[FixedCounter.cycle].rawValue
        case .minstretcfg ... .mhpmevent31:
            state.pointee.counterConfiguration[address.index(from: .mcountinhibit) & 31].rawValue
        case .mseccfg: state.pointee.mseccfg.rawValue
        case .mscratch: state.pointee.mscratch
        case .mepc: state.pointee.mepc
        case .mcause: state.pointee.mcause
        case .mtval: state.pointee.mtval
        case .mip: pendingInterrupts
        // tselect, tdata1...3: no trigger, type 0. tinfo: that type alone. Debug, "Trigger Module".
        case .tinfo: 1
        case .mtinst: state.pointee.mtinst
        case .mtval2: state.pointee.mtval2
        case .mnscratch: state.pointee.mnscratch
        case .mnepc: state.pointee.mnepc
        case .mncause: state.pointee.mncause
        case .mnstatus: state.pointee.mnstatus.rawValue
        case .pmpcfg0, .pmpcfg2: protectionConfiguration(of: address)
        case .pmpaddr0 ... .pmpaddr63: protectionAddress(address.index(from: .pmpaddr0))
        case .mcycle: counter(FixedCounter.cycle)
        case .minstret: counter(FixedCounter.instret)
        case .mhpmcounter3 ... .mhpmcounter31: counter(address.index(from: .mcycle))
        default: 0
        }
    }
}
