import Testing

@testable import RV64Core

/// Which registers a hart with every extension has, and which it has not.
@Suite struct RegisterPresenceTests {
    private static func numbers(_ ranges: ClosedRange<UInt16>...) -> [UInt16] { ranges.flatMap { Array($0) } }

    /// Of extensions that this hart does not have. norm:Zicsr_illegal_acc norm:medelegh_omit_xlen64
    static let absent: [(String, [UInt16])] = [
        (
            "advanced interrupts",
            [
                0x154, 0x15C, 0xDB0, 0x608, 0x609, 0x646, 0x647, 0x254, 0x25C, 0xEB0, 0x308, 0x309, 0x354, 0x35C, 0xFB0,
            ]
        ),
        ("upper halves", [0x310, 0x31A, 0x31C, 0x312, 0x612, 0x615, 0x61A, 0x61C, 0x757, 0xB80, 0xC80, 0x721, 0x722]),
        ("vector", [0x008, 0x009, 0x00A, 0x00F, 0xC20, 0xC21, 0xC22]),
        ("shadow stack and table jump", [0x011, 0x017]),
        ("transfer records", [0x14E, 0x14F, 0x15F, 0x24E, 0x34E]),
        ("resource control, contexts", [0x181, 0x5A8, 0x6A8, 0x7A8, 0x7AA]),
        ("debug mode", numbers(0x7B0...0x7B3)),
        ("custom", numbers(0x5C0...0x5FF, 0x6C0...0x6FF, 0x7C0...0x7FF, 0x800...0x8FF, 0xCC0...0xCFF, 0xFC0...0xFFF)),
    ]

    @Test(arguments: absent)
    func registersOfAbsentExtensions(what: String, numbers: [UInt16]) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        for number in numbers {
            for mode in PrivilegeMode.allCases {
                for access in CSRAccess.allCases {
                    let decision = test.hart.decideAccess(to: CSRAddress(number), access, from: mode)
                    #expect(decision == .illegalInstruction, "\(String(number, radix: 16))")
                }
            }
        }
    }

    /// Each extension by itself, of those that a register needs; several where any one is enough.
    @Test(
        arguments: [
            (.seed, [.zkr]), (.scountovf, [.sscofpmf]), (.mcyclecfg, [.smcntrpmf]), (.minstretcfg, [.smcntrpmf]),
            (.mstateen0, [.smstateen]), (.sstateen3, [.ssstateen]), (.hstateen0, [.ssstateen]), (.mnscratch, [.smrnmi]),
            (.mnepc, [.smrnmi]), (.mncause, [.smrnmi]), (.mnstatus, [.smrnmi]), (.mseccfg, [.smepmp, .zkr, .smmpm]),
            (.mtval2, [.h, .ssdbltrp]), (.mtinst, [.h]), (.stimecmp, [.sstc]), (.vstimecmp, [.sstc]),
            (.miselect, [.smcsrind]), (.siselect, [.sscsrind]), (.vsiselect, [.sscsrind]), (.scountinhibit, [.ssccfg]),
            (.fcsr, [.f]), (.cycle, [.zicntr]), (.hpmcounter3, [.zihpm]),
        ] as [(CSRAddress, ExtensionSet)]
    )
    func providers(address: CSRAddress, providers: ExtensionSet) throws {
        let others = privilegedExtensions.subtracting(providers)
        let access: CSRAccess = address.isReadOnly ? .read : .write
        func isPresent(_ extensions: ExtensionSet) throws -> Bool {
            let test = try TestHart(extensions)
            test.openAllGates()
            return test.hart.decideAccess(to: address, access, from: .machine) != .illegalInstruction
        }
        #expect(try !isPresent(others))
        for provider in providers.members {
            #expect(try isPresent(others.union([provider])))
        }
    }

    /// No trigger behind any selector: Sdtrig's registers say so.
    @Test func triggers() throws {
        let hart = try TestHart().hart
        for number in UInt16(0x7A0)...0x7A4 {
            let address = CSRAddress(number)
            hart.writeCSR(address, ~0)
            #expect(hart.readCSR(address) == (number == 0x7A4 ? 1 : 0))
            #expect(hart.decideAccess(to: address, .write, from: .machine) == .allowed(address))
            #expect(hart.decideAccess(to: address, .read, from: .supervisor) == .illegalInstruction)
        }
    }

    /// What software may take as "not implemented". norm:mconfigptr_sz_acc norm:mconfigptr_mandatory norm:mconfigptr_val
    /// norm:mvendorid_always_rd norm:marchid_always_rd norm:mimpid_always_rd
    /// norm:mvendorid_sz_acc_op norm:marchid_sz_acc_op
    @Test(arguments: [CSRAddress.mvendorid, .marchid, .mimpid, .mconfigptr])
    func identification(address: CSRAddress) throws {
        let hart = try TestHart().hart
        #expect(hart.readCSR(address) == 0)
        #expect(hart.decideAccess(to: address, .read, from: .machine) == .allowed(address))
        #expect(hart.decideAccess(to: address, .write, from: .machine) == .illegalInstruction)
        #expect(hart.decideAccess(to: address, .read, from: .supervisor) == .illegalInstruction)
    }

    /// Every bit of mstateen that is not of state this hart has is read-only zero, and hstateen follows mstateen.
    /// norm:stateen_unimplemented_state_roz norm:stateen_reserved_roz norm:mstateen_lower_priv_roz
    /// norm:mstateen_zero_initialization norm:hstateen_bit_63_writable norm:sstateen_vsmode_access_roz
    @Test(arguments: 0..<4, UInt64(0)..<64)
    func stateEnables(number: Int, bit: UInt64) throws {
        let hart = try TestHart(privilegedExtensions).hart
        let machine = CSRAddress.mstateen0.advanced(by: number)
        let hypervisor = CSRAddress.hstateen0.advanced(by: number)
        let supervisor = CSRAddress.sstateen0.advanced(by: number)
        #expect(hart.readCSR(machine) == 0)
        hart.writeCSR(machine, 1 << bit)
        hart.writeCSR(hypervisor, ~0)
        hart.writeCSR(supervisor, ~0)
        let isImplemented = bit == 63 || (bit == 62 || bit == 60) && number == 0
        #expect(hart.readCSR(machine) == (isImplemented ? 1 << bit : 0))
        #expect(hart.readCSR(hypervisor) == hart.readCSR(machine))
        #expect(hart.readCSR(supervisor) == 0)
        hart.writeCSR(machine, 0)
        #expect(hart.readCSR(hypervisor) == 0)
    }

    /// The default of a plain machine runs firmware that knows neither MDT nor NMIE nor SSEED.
    @Test func standardConfiguration() throws {
        let standard = ISAConfiguration.standard.extensions
        #expect(ISAConfiguration.implemented.closure.subtracting(standard) == [.smdbltrp, .smrnmi, .sv57, .zkr])
        let test = try TestHart(standard)
        #expect(!test.state.pointee.mstatus[.mdt])
        #expect(test.state.pointee.mnstatus[.nmie])
        #expect(throws: ISAConfigurationError.missingDependency(of: .shlcofideleg, .sscofpmf)) {
            try ISAConfiguration([.i, .h, .shlcofideleg])
        }
    }
}
