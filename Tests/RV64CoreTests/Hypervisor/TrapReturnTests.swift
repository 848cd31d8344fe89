import Testing

@testable import RV64Core

/// MRET and SRET from every mode to every mode, and the status fields of `mstatus` that bind some modes only.
@Suite struct TrapReturnTests {
    private static let target = TestMachine.base + 0x400

    /// Executes one return in a mode; the target is an infinite loop.
    private func execute(_ opcode: Opcode, in mode: PrivilegeMode, _ machine: TestMachine) {
        machine.load { $0.emit(opcode) }
        machine.load(at: Self.target) { $0.emit(.jal) }
        machine.hart.synchronizeInstructionFetch()
        #expect(machine.run(mode, at: TestMachine.base, instructions: 3) == .budgetExhausted)
        #expect(machine.state.pointee.pc == Self.target)
    }

    /// MPP and MPV choose the mode, MPV does not count with MPP=3; then MPV=0, MPP=0, MIE=MPIE, MPIE=1.
    /// norm:mret_h norm:mstatus_mpv_op
    @Test(arguments: [UInt64(0), 1, 3], [false, true])
    func machineReturn(nominal: UInt64, isVirtual: Bool) throws {
        for enable in [false, true] {
            let machine = try TestMachine()
            machine.state.pointee.mstatus[.mpp] = nominal
            machine.state.pointee.mstatus[.mpv] = isVirtual
            machine.state.pointee.mstatus[.mpie] = enable
            machine.state.pointee.mstatus[.mie] = !enable
            machine.state.pointee.hstatus[.spv] = !isVirtual
            machine.state.pointee.mstatus[.spp] = true
            machine.hart.writeCSR(.mepc, Self.target)
            execute(.mret, in: .machine, machine)
            let expected: PrivilegeMode =
                switch (nominal, isVirtual) {
                case (0, false): .user
                case (0, true): .virtualUser
                case (1, false): .supervisor
                case (1, true): .virtualSupervisor
                default: .machine
                }
            #expect(machine.state.pointee.mode == expected)
            #expect(!machine.state.pointee.mstatus[.mpv])
            #expect(machine.state.pointee.mstatus[.mpp] == 0)
            #expect(machine.state.pointee.mstatus[.mie] == enable)
            #expect(machine.state.pointee.mstatus[.mpie])
            // The fields of the other returns stay.
            #expect(machine.state.pointee.hstatus[.spv] == !isVirtual)
            #expect(machine.state.pointee.mstatus[.spp])
        }
    }

    /// With V=0, SPV and SPP choose; then SPV=0, SPP=0, SIE=SPIE, SPIE=1. SPVP and `vsstatus` stay.
    /// norm:sret_h norm:sret_v0 norm:hstatus_spv_sret norm:hstatus_spvp_op
    @Test(arguments: [PrivilegeMode.machine, .supervisor], [false, true])
    func supervisorReturn(mode: PrivilegeMode, isVirtual: Bool) throws {
        for (isSupervisor, enable) in [(false, false), (false, true), (true, false), (true, true)] {
            let machine = try TestMachine()
            machine.state.pointee.hstatus[.spv] = isVirtual
            machine.state.pointee.hstatus[.spvp] = !isSupervisor
            machine.state.pointee.mstatus[.spp] = isSupervisor
            machine.state.pointee.mstatus[.spie] = enable
            machine.state.pointee.mstatus[.sie] = !enable
            machine.state.pointee.vsstatus[.spp] = !isSupervisor
            machine.state.pointee.vsstatus[.sie] = true
            machine.hart.writeCSR(.sepc, Self.target)
            machine.hart.writeCSR(.vsepc, 0)
            let guest = machine.state.pointee.vsstatus
            execute(.sret, in: mode, machine)
            let expected: PrivilegeMode =
                switch (isSupervisor, isVirtual) {
                case (false, false): .user
                case (false, true): .virtualUser
                case (true, false): .supervisor
                case (true, true): .virtualSupervisor
                }
            #expect(machine.state.pointee.mode == expected)
            #expect(!machine.state.pointee.hstatus[.spv])
            #expect(machine.state.pointee.hstatus[.spvp] == !isSupervisor)
            #expect(!machine.state.pointee.mstatus[.spp])
            #expect(machine.state.pointee.mstatus[.sie] == enable)
            #expect(machine.state.pointee.mstatus[.spie])
            #expect(machine.state.pointee.vsstatus == guest)
        }
    }

    /// With V=1, vsstatus.SPP alone chooses and `vsepc` is the target; HS-level state stays.
    /// norm:sret_h norm:sret_v1 norm:H_vscsrs_v1
    @Test(arguments: [false, true], [false, true])
    func virtualSupervisorReturn(isSupervisor: Bool, enable: Bool) throws {
        let machine = try TestMachine()
        machine.state.pointee.vsstatus[.spp] = isSupervisor
        machine.state.pointee.vsstatus[.spie] = enable
        machine.state.pointee.vsstatus[.sie] = !enable
        machine.state.pointee.hstatus[.spv] = !isSupervisor
        machine.state.pointee.mstatus[.spp] = !isSupervisor
        machine.state.pointee.mstatus[.sie] = true
        machine.hart.writeCSR(.vsepc, Self.target)
        machine.hart.writeCSR(.sepc, 0)
        let (outer, hypervisor) = (machine.state.pointee.mstatus, machine.state.pointee.hstatus)
        execute(.sret, in: .virtualSupervisor, machine)
        #expect(machine.state.pointee.mode == (isSupervisor ? .virtualSupervisor : .virtualUser))
        #expect(!machine.state.pointee.vsstatus[.spp])
        #expect(machine.state.pointee.vsstatus[.sie] == enable)
        #expect(machine.state.pointee.vsstatus[.spie])
        #expect(machine.state.pointee.mstatus == outer)
        #expect(machine.state.pointee.hstatus == hypervisor)
    }

    /// One instruction under TSR, TVM, TW, and their guests' counterparts.
    struct Binding: CustomTestStringConvertible, Sendable {
        let name: String
        let emit: @Sendable (inout ProgramBuilder) -> Void
        let machineBit: Flag<MStatus>
        let hypervisorBit: Flag<HStatus>
        var testDescription: String { name }
    }

    static let bindings = [
        Binding(name: "sret", emit: { $0.emit(.sret) }, machineBit: .tsr, hypervisorBit: .vtsr),
        Binding(name: "satp", emit: { $0.read(.satp, into: .a1) }, machineBit: .tvm, hypervisorBit: .vtvm),
        Binding(name: "write satp", emit: { $0.swap(.satp) }, machineBit: .tvm, hypervisorBit: .vtvm),
        Binding(name: "sfence.vma", emit: { $0.emit(.sfenceVma) }, machineBit: .tvm, hypervisorBit: .vtvm),
        Binding(name: "sinval.vma", emit: { $0.emit(.sinvalVma) }, machineBit: .tvm, hypervisorBit: .vtvm),
        Binding(name: "wfi", emit: { $0.emit(.wfi) }, machineBit: .tw, hypervisorBit: .vtw),
    ]

    /// TSR and TVM bind HS-mode, VTSR, VTVM and VTW VS-mode, TW every mode but M.
    /// norm:mstatus_modes norm:hstatus_vtsr_op norm:hstatus_vtvm_op norm:hstatus_vtw_op norm:vtw_virtinstr
    /// norm:H_virtinst_vs_sret_vtsr1 norm:H_virtinst_vs_sfence_sinval_satp_vtvm1 norm:H_virtinst_wfi_vtw1_tw0
    @Test(arguments: bindings, [PrivilegeMode.machine, .supervisor, .virtualSupervisor])
    func boundInstruction(binding: Binding, mode: PrivilegeMode) throws {
        for (byMachine, byHypervisor) in [(false, false), (false, true), (true, false), (true, true)] {
            let machine = try TestMachine()
            machine.state.pointee.mstatus[binding.machineBit] = byMachine
            machine.state.pointee.hstatus[binding.hypervisorBit] = byHypervisor
            // WFI finds something to do, SRET goes to an ECALL.
            machine.hart.writeCSR(.mip, InterruptCause.supervisorSoftware.mask)
            machine.hart.writeCSR(.mie, InterruptCause.supervisorSoftware.mask)
            machine.hart.writeCSR(.mideleg, mode == .virtualSupervisor ? 0 : ~0)
            if mode == .virtualSupervisor { machine.hart.writeCSR(.mie, 0) }
            for address in [CSRAddress.sepc, .vsepc] { machine.hart.writeCSR(address, TestMachine.base + 4) }
            machine.state.pointee.mstatus[.spp] = true
            machine.state.pointee.vsstatus[.spp] = true
            machine.load { program in
                binding.emit(&program)
                program.emit(.ecall)
            }
            let exit = machine.run(mode, at: TestMachine.base)
            let isWait = binding.name == "wfi"
            let expected: ExceptionCause? =
                switch mode {
                case .supervisor where byMachine: .illegalInstruction
                case .virtualSupervisor where byMachine && isWait: .illegalInstruction
                case .virtualSupervisor where byHypervisor: .virtualInstruction
                default: nil
                }
            if let expected {
                #expect(machine.state.pointee.scause == expected.rawValue)
                #expect(machine.state.pointee.stval != 0)
                #expect(machine.state.pointee.sepc == TestMachine.base)
            } else if isWait && mode == .virtualSupervisor {
                #expect(exit == .waiting(untilTick: .max))
            } else {
                #expect(exit == .hosted(mode == .machine && binding.name != "sret" ? .machine : .supervisor))
                let (epc, cause) =
                    exit == .hosted(.machine)
                    ? (machine.state.pointee.mepc, machine.state.pointee.mcause)
                    : (machine.state.pointee.sepc, machine.state.pointee.scause)
                #expect(epc == TestMachine.base + 4)
                #expect([9, 10, 11].contains(cause))
            }
        }
    }
}
