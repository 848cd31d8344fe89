extension Hart {
    /// Writes a CSR, every field made legal: no access check. `address` is the effective one. Writes to read-only
    /// registers and to addresses without a register are ignored. norm:Zicsr_warl norm:Zicsr_write_ro
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
        case .sscratch: state.pointee.sscratch = value
        case .sepc: state.pointee.sepc = legalizedProgramCounter(value)
        case .scause: state.pointee.scause = value
        case .stval: state.pointee.stval = value
        case .sip: writeSupervisorInterruptPending(value)
        case .stimecmp:
            state.pointee.stimecmp = value
            refreshTimers()
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

    /// Zca alone, without C, allows 16-bit alignment. norm:mepc_align norm:sepc_op_mask_ialign32 norm:Zca_align16
    private func legalizedProgramCounter(_ value: UInt64) -> UInt64 {
        extensions.contains(.zca) ? value & ~1 : value & ~3
    }
}
