import Testing

@testable import RV64Core

/// Settings of one enable bit at machine, hypervisor and supervisor level.
struct EnableSetting: CustomTestStringConvertible, Sendable {
    let machine: Bool
    let hypervisor: Bool
    let supervisor: Bool

    static let all: [Self] = (0..<8).map {
        Self(machine: $0 & 4 != 0, hypervisor: $0 & 2 != 0, supervisor: $0 & 1 != 0)
    }
    var testDescription: String { "m=\(machine) h=\(hypervisor) s=\(supervisor)" }
}

@Suite("Counter, timer and state enables")
struct CSREnableTests {
    /// norm:mcounteren_op
    @Test(
        "norm:mcounteren_clr_ill_inst_exc norm:H_virtinst_vs_nonhighctr_h0_m1 norm:H_virtinst_vu_nonhighctr_h0_s0_m1",
        arguments: EnableSetting.all
    )
    func counters(_ setting: EnableSetting) throws {
        let test = try TestHart()
        for number in 0..<32 {
            let bit: UInt64 = 1 << UInt64(number)
            // Every other bit says the opposite, so that a wrong bit cannot pass.
            test.hart.writeCSR(.mcounteren, setting.machine ? bit : ~bit)
            test.hart.writeCSR(.hcounteren, setting.hypervisor ? bit : ~bit)
            test.hart.writeCSR(.scounteren, setting.supervisor ? bit : ~bit)
            let address = CSRAddress.cycle.advanced(by: number)
            let expected: [PrivilegeMode: CSRDecision] = [
                .machine: .allowed(address),
                .supervisor: setting.machine ? .allowed(address) : .illegalInstruction,
                .user: setting.machine && setting.supervisor ? .allowed(address) : .illegalInstruction,
                .virtualSupervisor: !setting.machine
                    ? .illegalInstruction : setting.hypervisor ? .allowed(address) : .virtualInstruction,
                .virtualUser: !setting.machine
                    ? .illegalInstruction
                    : setting.hypervisor && setting.supervisor ? .allowed(address) : .virtualInstruction,
            ]
            for mode in PrivilegeMode.allCases {
                #expect(test.hart.decideAccess(to: address, .read, from: mode) == expected[mode], "\(number) \(mode)")
            }
        }
    }

    /// What can close `stimecmp` and `vstimecmp`.
    enum TimerSwitch: CaseIterable, Sendable { case none, machineTM, machineSTCE, hypervisorTM, hypervisorSTCE }

    @Test(
        "norm:mcounteren_tm_set norm:mcounteren_tm_clr norm:menvcfg_stce_op2 norm:hcounteren_acc norm:henvcfg_stce",
        arguments: TimerSwitch.allCases
    )
    func timerCompare(_ off: TimerSwitch) throws {
        let test = try TestHart()
        test.openAllGates()
        switch off {
        case .none: break
        case .machineTM: test.hart.writeCSR(.mcounteren, ~CounterSet.time)
        case .machineSTCE: test.hart.writeCSR(.menvcfg, 0)
        case .hypervisorTM: test.hart.writeCSR(.hcounteren, ~CounterSet.time)
        case .hypervisorSTCE: test.hart.writeCSR(.henvcfg, 0)
        }
        let isMachineOff = off == .machineTM || off == .machineSTCE
        let isHypervisorOff = off == .hypervisorTM || off == .hypervisorSTCE
        let decide = { test.hart.decideAccess(to: $0, .write, from: $1) }
        #expect(decide(.stimecmp, .machine) == .allowed(.stimecmp))
        #expect(decide(.vstimecmp, .machine) == .allowed(.vstimecmp))
        #expect(decide(.stimecmp, .supervisor) == (isMachineOff ? .illegalInstruction : .allowed(.stimecmp)))
        #expect(decide(.vstimecmp, .supervisor) == (isMachineOff ? .illegalInstruction : .allowed(.vstimecmp)))
        let guest: CSRDecision =
            isMachineOff ? .illegalInstruction : isHypervisorOff ? .virtualInstruction : .allowed(.vstimecmp)
        #expect(decide(.stimecmp, .virtualSupervisor) == guest)
        let never: CSRDecision = isMachineOff ? .illegalInstruction : .virtualInstruction
        #expect(decide(.vstimecmp, .virtualSupervisor) == never)
        #expect(decide(.stimecmp, .virtualUser) == never)
        #expect(decide(.stimecmp, .user) == .illegalInstruction)
    }

    @Test("norm:mstateen0_envcfg_op norm:hstateen0_envcfg_op", arguments: EnableSetting.all)
    func environmentConfiguration(_ setting: EnableSetting) throws {
        let test = try TestHart()
        let bit = Flag<StateEnable>.environmentConfiguration.mask
        test.hart.writeCSR(.mstateen0, ~0)
        test.hart.writeCSR(.hstateen0, setting.hypervisor ? bit : ~bit)
        test.hart.writeCSR(.mstateen0, setting.machine ? bit : ~bit)
        let decide = { test.hart.decideAccess(to: $0, .write, from: $1) }
        #expect(decide(.senvcfg, .machine) == .allowed(.senvcfg))
        #expect(decide(.senvcfg, .supervisor) == (setting.machine ? .allowed(.senvcfg) : .illegalInstruction))
        #expect(decide(.henvcfg, .supervisor) == (setting.machine ? .allowed(.henvcfg) : .illegalInstruction))
        let guest: CSRDecision =
            !setting.machine ? .illegalInstruction : setting.hypervisor ? .allowed(.senvcfg) : .virtualInstruction
        #expect(decide(.senvcfg, .virtualSupervisor) == guest)
        let never: CSRDecision = setting.machine ? .virtualInstruction : .illegalInstruction
        #expect(decide(.henvcfg, .virtualSupervisor) == never)
        #expect(decide(.senvcfg, .virtualUser) == never)
    }

    @Test("norm:mstateen_bit_63_op norm:hstateen_bit_63_op", arguments: EnableSetting.all, 0..<4)
    func stateEnable(_ setting: EnableSetting, _ number: Int) throws {
        let test = try TestHart()
        test.openAllGates()
        let supervisor = CSRAddress.sstateen0.advanced(by: number)
        let hypervisor = CSRAddress.hstateen0.advanced(by: number)
        test.hart.writeCSR(hypervisor, setting.hypervisor ? 1 << 63 : 0)
        test.hart.writeCSR(CSRAddress.mstateen0.advanced(by: number), setting.machine ? 1 << 63 : 0)
        let decide = { test.hart.decideAccess(to: $0, .write, from: $1) }
        #expect(decide(supervisor, .supervisor) == (setting.machine ? .allowed(supervisor) : .illegalInstruction))
        #expect(decide(hypervisor, .supervisor) == (setting.machine ? .allowed(hypervisor) : .illegalInstruction))
        let guest: CSRDecision =
            !setting.machine ? .illegalInstruction : setting.hypervisor ? .allowed(supervisor) : .virtualInstruction
        #expect(decide(supervisor, .virtualSupervisor) == guest)
        #expect(
            decide(hypervisor, .virtualSupervisor) == (setting.machine ? .virtualInstruction : .illegalInstruction)
        )
        #expect(decide(supervisor, .machine) == .allowed(supervisor))
    }

    @Test("Ssstateen without Smstateen: hstateen alone decides")
    func withoutMachineStateEnable() throws {
        let test = try TestHart(fullExtensions.subtracting([.smstateen]))
        #expect(test.hart.decideAccess(to: .mstateen0, .read, from: .machine) == .illegalInstruction)
        #expect(test.hart.decideAccess(to: .senvcfg, .read, from: .supervisor) == .allowed(.senvcfg))
        #expect(test.hart.decideAccess(to: .senvcfg, .read, from: .virtualSupervisor) == .virtualInstruction)
        test.hart.writeCSR(.hstateen0, ~0)
        #expect(test.hart.readCSR(.hstateen0) == 0xc000_0000_0000_0000)
        #expect(test.hart.decideAccess(to: .senvcfg, .read, from: .virtualSupervisor) == .allowed(.senvcfg))
    }
}
