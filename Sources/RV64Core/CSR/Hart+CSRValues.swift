// What a register's value is, and what a write makes of it, as the CSR listing orders them. `address` is always the
// effective one (a VS CSR is named as itself), and nobody asks here who may access it.
// Each `default` is for the other numbers: no register is there, or one that is all zeros, or read-only.

// MARK: - Read

extension Hart {
    /// The value that a CSR instruction reads, with the effects that a read has.
    package func readCSR(_ address: CSRAddress) -> UInt64 {
        address == .seed ? pollEntropy() : peekCSR(address)
    }

    /// The value of a CSR, for onlookers: nothing changes. Addresses without a register are zero.
    package func peekCSR(_ address: CSRAddress) -> UInt64 {
        switch address.level {
        case .user: peekUserCSR(address)
        case .supervisor: peekSupervisorCSR(address)
        case .hypervisor: peekHypervisorCSR(address)
        case .machine: peekMachineCSR(address)
        }
    }

    private func peekUserCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        case .fflags: state.pointee.fflags
        case .frm: state.pointee.frm
        case .fcsr: state.pointee.frm &<< FloatingPointControl.frmShift | state.pointee.fflags
        // Randomness is for who asks for it.
        case .seed: extensions.contains(.zkr) ? EntropyStatus.wait : 0
        case .cycle: counter(FixedCounter.cycle)
        case .time: visibleTime
        case .instret: counter(FixedCounter.instret)
        case .hpmcounter3 ... .hpmcounter31: counter(address.index(from: .cycle))
        default: 0
        }
    }

    private func peekSupervisorCSR(_ address: CSRAddress) -> UInt64 {
        switch address {
        case .sstatus: supervisorStatus.rawValue
        case .sie: supervisorInterruptEnable
        case .stvec: state.pointee.stvec
        case .scounteren: state.pointee.scounteren
        case .senvcfg: state.pointee.senvcfg.rawValue
        case .scountinhibit: state.pointee.mcountinhibit & delegatedCounters
        case .sscratch: state.pointee.sscratch
        case .sepc: state.pointee.sepc
        case .scause: state.pointee.scause
        case .stval: state.pointee.stval
        case .sip: supervisorInterruptPending
        case .stimecmp: state.pointee.stimecmp
        case .siselect: state.pointee.siselect
        case .sireg ... .sireg6: delegatedRegister(behind: address).map(value(of:)) ?? 0
        case .satp: state.pointee.satp.rawValue
        case .scountovf: visibleCounterOverflows
        // sstateen has no bits here: see StateEnable.
        default: 0
        }
    }

    private func peekHypervisorCSR(_ address: CSRAddress) -> UInt64 {
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
        // No select value names anything behind vsireg.
        case .vsiselect: state.pointee.vsiselect
        case .vsatp: state.pointee.vsatp.rawValue
        default: 0
        }
    }

    private func peekMachineCSR(_ address: CSRAddress) -> UInt64 {
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
        // No select value names anything behind mireg.
        case .miselect: state.pointee.miselect
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

// MARK: - Write

extension Hart {
    /// Writes a CSR, every field made legal. Writes to read-only registers and to addresses without a register are
    /// ignored. norm:Zicsr_warl norm:Zicsr_write_ro
    package func writeCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address.level {
        case .user: writeUserCSR(address, value)
        case .supervisor: writeSupervisorCSR(address, value)
        case .hypervisor:
            if address.rawValue < CSRAddress.hstatus.rawValue {
                writeVirtualSupervisorCSR(address, value)
            } else {
                writeHypervisorCSR(address, value)
            }
        case .machine: writeMachineCSR(address, value)
        }
    }

    private func writeUserCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address {
        case .fflags: state.pointee.fflags = value & FloatingPointControl.fflagsMask
        case .frm: state.pointee.frm = value & FloatingPointControl.frmMask
        case .fcsr:
            state.pointee.fflags = value & FloatingPointControl.fflagsMask
            state.pointee.frm = (value &>> FloatingPointControl.frmShift) & FloatingPointControl.frmMask
        default: break
        }
    }

    private func writeSupervisorCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address {
        case .sstatus: writeSupervisorStatus(value)
        case .sie: writeSupervisorInterruptEnable(value)
        case .stvec: state.pointee.stvec = TrapVector.legalized(value, over: state.pointee.stvec)
        case .scounteren: state.pointee.scounteren = value & CounterSet.enables
        case .senvcfg:
            let mask = EnvironmentConfiguration.userWritableMask(extensions)
            state.pointee.senvcfg = state.pointee.senvcfg.legalized(value, mask: mask)
        case .scountinhibit: writeDelegatedInhibit(value)
        case .sscratch: state.pointee.sscratch = value
        case .sepc: state.pointee.sepc = legalizedProgramCounter(value)
        case .scause: state.pointee.scause = value
        case .stval: state.pointee.stval = value
        case .sip: writeSupervisorInterruptPending(value)
        case .stimecmp:
            state.pointee.stimecmp = value
            refreshTimers()
        case .siselect: state.pointee.siselect = value & IndirectAccess.selectMask
        case .sireg ... .sireg6: writeDelegatedRegister(behind: address, value)
        case .satp: state.pointee.satp = translation(value, over: state.pointee.satp)
        default: break
        }
    }

    private func writeHypervisorCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address {
        case .hstatus: state.pointee.hstatus = state.pointee.hstatus.legalized(value, extensions)
        case .hedeleg: state.pointee.hedeleg = value & ExceptionSet.delegatableToVirtualSupervisor
        case .hideleg: state.pointee.hideleg = value & guestDelegableInterrupts
        case .hie: writeHypervisorInterruptEnable(value)
        case .htimedelta:
            state.pointee.htimedelta = value
            refreshTimers()
        case .hcounteren: state.pointee.hcounteren = value & CounterSet.enables
        case .hgeie: state.pointee.hgeie = value & GuestExternalInterrupts.mask
        case .henvcfg: writeHypervisorEnvironment(value)
        case .hstateen0 ... .hstateen3: writeHypervisorStateEnable(address.index(from: .hstateen0), value)
        case .htval: state.pointee.htval = value
        case .hip: writeHypervisorInterruptPending(value)
        case .hvip: writeVirtualInterruptPending(value)
        case .htinst: state.pointee.htinst = value
        case .hgatp: state.pointee.hgatp = state.pointee.hgatp.legalized(value, limit: configuration.pagingLimit)
        default: break
        }
    }

    private func writeVirtualSupervisorCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address {
        case .vsstatus: writeVirtualSupervisorStatus(value)
        case .vsie: writeVirtualSupervisorInterruptEnable(value)
        case .vstvec: state.pointee.vstvec = TrapVector.legalized(value, over: state.pointee.vstvec)
        case .vsscratch: state.pointee.vsscratch = value
        case .vsepc: state.pointee.vsepc = legalizedProgramCounter(value)
        case .vscause: state.pointee.vscause = value
        case .vstval: state.pointee.vstval = value
        case .vsip: writeVirtualSupervisorInterruptPending(value)
        case .vstimecmp:
            state.pointee.vstimecmp = value
            refreshTimers()
        case .vsiselect: state.pointee.vsiselect = value & IndirectAccess.selectMask
        case .vsatp: state.pointee.vsatp = translation(value, over: state.pointee.vsatp)
        default: break
        }
    }

    private func writeMachineCSR(_ address: CSRAddress, _ value: UInt64) {
        switch address {
        case .mstatus: writeMachineStatus(value)
        case .medeleg: state.pointee.medeleg = value & ExceptionSet.delegatableToSupervisor(extensions)
        case .mideleg: writeInterruptDelegation(value)
        case .mie: state.pointee.mie = value & implementedInterrupts
        case .mtvec: state.pointee.mtvec = TrapVector.legalized(value, over: state.pointee.mtvec)
        case .mcounteren: state.pointee.mcounteren = value & CounterSet.enables
        case .menvcfg: writeMachineEnvironment(value)
        case .mstateen0 ... .mstateen3: writeMachineStateEnable(address.index(from: .mstateen0), value)
        case .mcountinhibit: writeCounterInhibit(value)
        case .mseccfg: writeSecurityConfiguration(value)
        case .mscratch: state.pointee.mscratch = value
        case .mepc: state.pointee.mepc = legalizedProgramCounter(value)
        case .mcause: state.pointee.mcause = value
        case .mtval: state.pointee.mtval = value
        case .mip: writeMachineInterruptPending(value)
        case .miselect: state.pointee.miselect = value & IndirectAccess.selectMask
        case .mtinst: state.pointee.mtinst = value
        case .mtval2: state.pointee.mtval2 = value
        case .mnscratch: state.pointee.mnscratch = value
        case .mnepc: state.pointee.mnepc = legalizedProgramCounter(value)
        case .mncause: state.pointee.mncause = value
        case .mnstatus: writeNonMaskableStatus(value)
        case .pmpcfg0, .pmpcfg2: writeProtectionConfiguration(of: address, value)
        case .pmpaddr0 ... .pmpaddr63: writeProtectionAddress(address.index(from: .pmpaddr0), value)
        case .mcyclecfg: writeCounterFilter(FixedCounter.cycle, value)
        case .minstretcfg: writeCounterFilter(FixedCounter.instret, value)
        case .mhpmevent3 ... .mhpmevent31: writeCounterEvent(address.index(from: .mcountinhibit), value)
        case .mcycle, .minstret, .mhpmcounter3 ... .mhpmcounter31:
            writeCounter(address.index(from: .mcycle), value)
        // misa is read-only. norm:misa_extensions_warl_op
        default: break
        }
    }
}
