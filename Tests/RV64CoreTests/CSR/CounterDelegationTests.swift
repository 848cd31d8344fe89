import Testing

@testable import RV64Core

/// Smcdeleg and Ssccfg: counters that S-mode writes and configures itself. "Counter Delegation".
@Suite struct CounterDelegationTests {
    private static let enable: UInt64 = 1 << 60
    private static let filters: UInt64 = 0x3C << 56

    /// Delegated: cycle, instret, 3 and 31.
    private func hart(_ extensions: ExtensionSet = privilegedExtensions) throws -> TestHart {
        let test = try TestHart(extensions)
        test.openAllGates()
        test.hart.writeCSR(.mcounteren, 0x8000_000F)
        test.state.pointee.mode = .supervisor
        return test
    }

    private func select(_ number: Int, _ test: TestHart) { test.hart.writeCSR(.siselect, 0x40 + UInt64(number)) }

    /// Select values and aliases, as the table maps them. norm:sireg_access_on_legal_siselect
    /// norm:sireg_access_behaviour norm:csr_access norm:select_value_unrelated norm:csrs_alias
    /// norm:smcdeleg_cde_en norm:menvcfg_cde_op norm:csr_supervisor_access
    @Test(
        arguments: [
            (0, CSRAddress.mcycle, .mcyclecfg), (2, .minstret, .minstretcfg), (3, .mhpmcounter3, .mhpmevent3),
            (31, .mhpmcounter31, .mhpmevent31),
        ] as [(Int, CSRAddress, CSRAddress)]
    )
    func mapping(number: Int, counter: CSRAddress, configuration: CSRAddress) throws {
        let test = try hart()
        test.hart.writeCSR(.mcountinhibit, ~0)
        select(number, test)
        test.hart.x[5] = 0x1234_5678_9ABC_DEF0
        #expect(test.execute(.csrrw, .sireg, rs1: 5) == nil)
        #expect(test.hart.readCSR(counter) == 0x1234_5678_9ABC_DEF0)
        #expect(test.execute(.csrrs, .sireg, rd: 7) == nil)
        #expect(test.hart.x[7] == 0x1234_5678_9ABC_DEF0)
        #expect(test.hart.peekCSR(.sireg) == 0x1234_5678_9ABC_DEF0)
        // MINH is read-only zero here, and keeps its value. The event selector is there where counters are programmable.
        let event = number < 3 ? 0 : HardwareEvent.exception.selector
        let overflow: UInt64 = number < 3 ? 0 : 1 << 63
        for minh in [UInt64(0), 1 << 62] {
            test.hart.writeCSR(configuration, minh)
            test.hart.x[5] = ~(1 << 56 - 1) | event
            #expect(test.execute(.csrrw, .sireg2, rs1: 5) == nil)
            #expect(test.execute(.csrrs, .sireg2, rd: 7) == nil)
            #expect(test.hart.x[7] == Self.filters | overflow | event)
            #expect(test.hart.readCSR(configuration) == Self.filters | overflow | event | minh)
        }
        // Clearing OF is what a handler does.
        #expect(test.execute(.csrrw, .sireg2) == nil)
        #expect(test.hart.readCSR(configuration) == 1 << 62)
    }

    /// norm:ssccfg_illegal_sireg3_6 norm:ssccfg_illegal_sireg4_5_xlen64 norm:ssccfg_illegal_sireg_cde0
    /// norm:ssccfg_illegal_sireg_not_delegated
    @Test func illegalAliases() throws {
        let test = try hart()
        func decide(_ address: CSRAddress, _ access: CSRAccess = .read) -> [CSRDecision] {
            [PrivilegeMode.machine, .supervisor].map { test.hart.decideAccess(to: address, access, from: $0) }
        }
        let illegal: [CSRDecision] = [.illegalInstruction, .illegalInstruction]
        for number in 0..<32 {
            select(number, test)
            let isDelegated = [0, 2, 3, 31].contains(number)
            for access in CSRAccess.allCases {
                for alias in [CSRAddress.sireg, .sireg2] {
                    let allowed: [CSRDecision] = [.allowed(alias), .allowed(alias)]
                    #expect(decide(alias, access) == (isDelegated ? allowed : illegal), "\(number)")
                }
                for alias in [CSRAddress.sireg3, .sireg4, .sireg5, .sireg6] {
                    #expect(decide(alias, access) == illegal)
                }
            }
        }
        test.hart.writeCSR(.menvcfg, 0)
        for number in 0..<32 {
            select(number, test)
            for alias in IndirectAccessTests.supervisorAliases { #expect(decide(alias) == illegal) }
        }
    }

    /// norm:ssccfg_missing_extension_illegal
    @Test(
        arguments: [
            (0, CSRAddress.sireg, ISAExtension.zicntr), (2, .sireg, .zicntr), (0, .sireg2, .zicntr),
            (0, .sireg2, .smcntrpmf), (2, .sireg2, .smcntrpmf), (3, .sireg, .zihpm), (31, .sireg2, .zihpm),
        ] as [(Int, CSRAddress, ISAExtension)]
    )
    func missingExtensions(number: Int, alias: CSRAddress, missing: ISAExtension) throws {
        for (extensions, isThere) in [
            (privilegedExtensions, true), (privilegedExtensions.subtracting([missing]), false),
        ] {
            let test = try hart(extensions)
            select(number, test)
            for mode in [PrivilegeMode.machine, .supervisor] {
                let decision = test.hart.decideAccess(to: alias, .read, from: mode)
                #expect(decision == (isThere ? .allowed(alias) : .illegalInstruction))
            }
        }
    }

    /// norm:ssccfg_hyp_vs_or_vu_access_vsireg_illegal norm:ssccfg_hyp_m_s_vsireg_illegal
    /// norm:ssccfg_hyp_vs_access_sireg_conditional norm:vsmode_virtual_inst_fault
    @Test(arguments: [0, 1, 2, 3, 31])
    func guests(number: Int) throws {
        let test = try hart()
        test.hart.writeCSR(.vsiselect, 0x40 + UInt64(number))
        for isEnabled in [true, false] {
            test.hart.writeCSR(.menvcfg, isEnabled ? Self.enable : 0)
            for access in CSRAccess.allCases {
                func decide(_ address: CSRAddress, _ mode: PrivilegeMode) -> CSRDecision {
                    test.hart.decideAccess(to: address, access, from: mode)
                }
                for alias in IndirectAccessTests.supervisorAliases {
                    let guest: CSRDecision = isEnabled ? .virtualInstruction : .illegalInstruction
                    #expect(decide(alias, .virtualSupervisor) == guest)
                    #expect(decide(alias, .virtualUser) == .virtualInstruction)
                }
                for alias in IndirectAccessTests.virtualAliases {
                    #expect(decide(alias, .machine) == .illegalInstruction)
                    #expect(decide(alias, .supervisor) == .illegalInstruction)
                    #expect(decide(alias, .virtualSupervisor) == .virtualInstruction)
                    #expect(decide(alias, .virtualUser) == .virtualInstruction)
                }
            }
        }
    }

    /// norm:ssccfg_scountinhibit_exists norm:ssccfg_scountinhibit_delegated_rw
    /// norm:ssccfg_scountinhibit_nondelegated_ro norm:ssccfg_illegal_scountinhibit_cde0
    /// norm:ssccfg_illegal_scountinhibit_vs_vu
    @Test func inhibition() throws {
        let test = try hart()
        test.hart.writeCSR(.mcountinhibit, 0xFFFF_FFF0)
        #expect(test.hart.readCSR(.scountinhibit) == 0x8000_0000)
        test.hart.x[5] = 0xF
        #expect(test.execute(.csrrw, .scountinhibit, rs1: 5) == nil)
        #expect(test.hart.readCSR(.mcountinhibit) == 0x7FFF_FFFD)
        #expect(test.hart.readCSR(.scountinhibit) == 0xD, "time cannot be inhibited")
        let decide = { test.hart.decideAccess(to: .scountinhibit, $0, from: $1) }
        for access in CSRAccess.allCases {
            #expect(decide(access, .machine) == .allowed(.scountinhibit))
            #expect(decide(access, .supervisor) == .allowed(.scountinhibit))
            #expect(decide(access, .user) == .illegalInstruction)
            #expect(decide(access, .virtualSupervisor) == .virtualInstruction)
            #expect(decide(access, .virtualUser) == .virtualInstruction)
        }
        test.hart.writeCSR(.menvcfg, 0)
        for access in CSRAccess.allCases {
            for mode in PrivilegeMode.allCases { #expect(decide(access, mode) == .illegalInstruction) }
        }
    }

    /// A counter that S-mode starts and stops counts meanwhile, and the interrupt of its overflow is S-mode's.
    @Test func counting() throws {
        let test = try hart()
        test.hart.writeCSR(.mideleg, ~0)
        test.hart.writeCSR(.mcountinhibit, ~0)
        select(3, test)
        test.hart.x[5] = HardwareEvent.instructions.selector
        #expect(test.execute(.csrrw, .sireg2, rs1: 5) == nil)
        test.hart.x[5] = ~4
        #expect(test.execute(.csrrw, .sireg, rs1: 5) == nil)
        test.state.pointee.retired += 100
        #expect(test.hart.readCSR(.sireg) == ~4)
        #expect(test.execute(.csrrw, .scountinhibit) == nil)
        let before = test.hart.readCSR(.sireg)
        test.state.pointee.retired += 100
        #expect(test.execute(.csrrs, .sireg, rd: 7) == nil)
        #expect(test.hart.x[7] == before &+ 100)
        #expect(test.hart.readCSR(.scountovf) == 8)
        #expect(test.hart.readCSR(.sip) == InterruptCause.counterOverflow.mask)
    }

    /// norm:ssccfg_virtual_scountovf_vs_vu
    @Test func overflowsOfGuests() throws {
        let test = try hart()
        let decide = { test.hart.decideAccess(to: .scountovf, .read, from: $0) }
        #expect(decide(.supervisor) == .allowed(.scountovf))
        #expect(decide(.machine) == .allowed(.scountovf))
        #expect(decide(.virtualSupervisor) == .virtualInstruction)
        #expect(decide(.virtualUser) == .virtualInstruction)
        test.hart.writeCSR(.menvcfg, 0)
        #expect(decide(.virtualSupervisor) == .allowed(.scountovf))
    }

    /// norm:smcdeleg_ssccfg_tandem
    @Test func tandem() throws {
        #expect(ExtensionSet([.smcdeleg]).closure == [.smcdeleg, .ssccfg])
        #expect(throws: ISAConfigurationError.missingDependency(of: .ssccfg, .smcdeleg)) {
            try ISAConfiguration([.i, .sscsrind, .ssccfg])
        }
        #expect(throws: ISAConfigurationError.missingDependency(of: .ssccfg, .sscsrind)) {
            try ISAConfiguration([.i, .smcdeleg])
        }
        let without = try TestHart(privilegedExtensions.subtracting([.smcdeleg, .ssccfg])).hart
        without.writeCSR(.menvcfg, ~0)
        #expect(without.readCSR(.menvcfg) & Self.enable == 0)
    }
}
