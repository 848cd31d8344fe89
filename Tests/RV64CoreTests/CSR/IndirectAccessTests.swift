import Testing

@testable import RV64Core

/// Smcsrind and Sscsrind: select registers and their aliases. "Indirect CSR Access".
@Suite struct IndirectAccessTests {
    static let machineAliases: [CSRAddress] = [.mireg, .mireg2, .mireg3, .mireg4, .mireg5, .mireg6]
    static let supervisorAliases: [CSRAddress] = [.sireg, .sireg2, .sireg3, .sireg4, .sireg5, .sireg6]
    static let virtualAliases: [CSRAddress] = [.vsireg, .vsireg2, .vsireg3, .vsireg4, .vsireg5, .vsireg6]

    /// The numbers of the manual's tables. norm:miph_csr_number
    @Test func numbers() {
        let offsets: [UInt16] = [1, 2, 3, 5, 6, 7]
        for (base, names, aliases) in [
            (UInt16(0x350), "mireg", Self.machineAliases), (0x150, "sireg", Self.supervisorAliases),
            (0x250, "vsireg", Self.virtualAliases),
        ] {
            #expect(aliases.map(\.rawValue) == offsets.map { base + $0 })
            #expect(aliases.map(\.name) == [names] + (2...6).map { "\(names)\($0)" })
            #expect(CSRAddress(base + 4).row == nil)
        }
        #expect(CSRAddress(0x350).name == "miselect")
        #expect(CSRAddress(0x150).name == "siselect")
        #expect(CSRAddress(0x250).name == "vsiselect")
    }

    /// Twelve bits, whatever they name; each select register is its own. norm:siselect_min_range
    /// norm:vsiselect_min_range norm:miselect_WARL norm:miselect_min_sz norm:select_value_separate_address_space
    /// norm:siselect_msb_op norm:vsiselect_msb_op norm:miselect_msb_op
    @Test func selectValues() throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        let registers: [CSRAddress] = [.miselect, .siselect, .vsiselect]
        for register in registers {
            for value: UInt64 in 0...0xFFF {
                test.hart.writeCSR(register, value)
                #expect(test.hart.readCSR(register) == value)
            }
            test.hart.writeCSR(register, 1 << 63)
            #expect(test.hart.readCSR(register) == 0)
        }
        for (index, register) in registers.enumerated() { test.hart.writeCSR(register, UInt64(index + 1)) }
        #expect(registers.map { test.hart.readCSR($0) } == [1, 2, 3])
        // The width does not depend on the mode. norm:sscsrind_smode_csrs_sz norm:sscsrind_vsmode_csrs_sz
        for (mode, value) in [(PrivilegeMode.machine, UInt64(2)), (.supervisor, 2), (.virtualSupervisor, 3)] {
            test.state.pointee.mode = mode
            #expect(test.execute(.csrrs, .siselect, rd: 7) == nil)
            #expect(test.hart.x[7] == value)
        }
    }

    /// Nothing is behind `mireg`*, and nothing behind `vsireg`*: illegal-instruction where the mode may look at all.
    /// norm:miselect_value_range norm:mireg_access_on_legal_miselect norm:mireg_access_behaviour
    /// norm:vsireg_access_on_legal_vsiselect norm:vsireg_access_behaviour norm:sireg_access_on_illegal_siselect
    @Test(arguments: [0, 0x2F, 0x30, 0x3F, 0x60, 0x70, 0x80, 0xFF, 0x200, 0xFFF] as [UInt64])
    func unimplementedSelections(value: UInt64) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        for register in [CSRAddress.miselect, .siselect, .vsiselect] { test.hart.writeCSR(register, value) }
        for access in CSRAccess.allCases {
            func decide(_ address: CSRAddress, _ mode: PrivilegeMode) -> CSRDecision {
                test.hart.decideAccess(to: address, access, from: mode)
            }
            for alias in Self.machineAliases {
                for mode in PrivilegeMode.allCases { #expect(decide(alias, mode) == .illegalInstruction) }
            }
            for alias in Self.supervisorAliases {
                for mode in [PrivilegeMode.machine, .supervisor, .user, .virtualSupervisor] {
                    #expect(decide(alias, mode) == .illegalInstruction)
                }
                #expect(decide(alias, .virtualUser) == .virtualInstruction)
            }
            for alias in Self.virtualAliases {
                for mode in [PrivilegeMode.machine, .supervisor, .user] {
                    #expect(decide(alias, mode) == .illegalInstruction)
                }
                for mode in [PrivilegeMode.virtualSupervisor, .virtualUser] {
                    #expect(decide(alias, mode) == .virtualInstruction)
                }
            }
        }
    }

    /// The select registers themselves, and every mode. norm:sscsrind_virtual_inst_fault norm:miselect_op
    @Test func selectRegisters() throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        // In the order of PrivilegeMode: U, HS, M, VU, VS.
        let rows: [(CSRAddress, [CSRDecision])] = [
            (
                .miselect,
                [
                    .illegalInstruction, .illegalInstruction, .allowed(.miselect), .illegalInstruction,
                    .illegalInstruction,
                ]
            ),
            (
                .siselect,
                [
                    .illegalInstruction, .allowed(.siselect), .allowed(.siselect), .virtualInstruction,
                    .allowed(.vsiselect),
                ]
            ),
            (
                .vsiselect,
                [
                    .illegalInstruction, .allowed(.vsiselect), .allowed(.vsiselect), .virtualInstruction,
                    .virtualInstruction,
                ]
            ),
        ]
        for (address, decisions) in rows {
            for access in CSRAccess.allCases {
                let found = PrivilegeMode.allCases.map { test.hart.decideAccess(to: address, access, from: $0) }
                #expect(found == decisions)
            }
        }
    }

    /// CSRIND of `mstateen0` closes everything below M with illegal-instruction; that of `hstateen0` closes guests with
    /// virtual-instruction, whatever is selected.
    /// norm:mstateen0_csrind_op norm:hstateen0_csrind_op norm:sscsrind_csrs_access_control
    /// norm:hypervisor_impl_csrs_access_control
    @Test(arguments: [0, 0x40, 0x43, 0xFFF] as [UInt64])
    func stateEnables(selected: UInt64) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        test.hart.writeCSR(.siselect, selected)
        test.hart.writeCSR(.vsiselect, selected)
        let bit: UInt64 = 1 << 60
        let decide = { test.hart.decideAccess(to: $0, .read, from: $1) }
        test.hart.writeCSR(.hstateen0, ~bit)
        for address in [CSRAddress.siselect] + Self.supervisorAliases {
            #expect(decide(address, .virtualSupervisor) == .virtualInstruction)
            #expect(decide(address, .virtualUser) == .virtualInstruction)
        }
        #expect(decide(.siselect, .supervisor) == .allowed(.siselect))
        #expect(decide(.vsiselect, .supervisor) == .allowed(.vsiselect))
        test.hart.writeCSR(.mstateen0, ~bit)
        for address in [CSRAddress.siselect, .vsiselect] + Self.supervisorAliases + Self.virtualAliases {
            for mode in PrivilegeMode.allCases where mode != .machine {
                #expect(decide(address, mode) == .illegalInstruction, "\(mode)")
            }
        }
        #expect(decide(.siselect, .machine) == .allowed(.siselect))
        #expect(decide(.vsiselect, .machine) == .allowed(.vsiselect))
    }

    /// Without Smstateen there is nothing above `hstateen0`, and without Ssstateen nothing above a guest.
    @Test func withoutStateEnables() throws {
        let supervisorOnly = try TestHart([.i, .zicsr, .h, .sscsrind, .ssstateen])
        let decide = { supervisorOnly.hart.decideAccess(to: .siselect, .read, from: $0) }
        #expect(decide(.supervisor) == .allowed(.siselect))
        #expect(decide(.virtualSupervisor) == .virtualInstruction)
        supervisorOnly.hart.writeCSR(.hstateen0, 1 << 60)
        #expect(decide(.virtualSupervisor) == .allowed(.vsiselect))
        let neither = try TestHart([.i, .zicsr, .h, .sscsrind]).hart
        #expect(neither.decideAccess(to: .siselect, .read, from: .virtualSupervisor) == .allowed(.vsiselect))
        #expect(neither.decideAccess(to: .miselect, .read, from: .machine) == .illegalInstruction)
    }
}
