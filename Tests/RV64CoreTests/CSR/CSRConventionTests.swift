import Testing

@testable import RV64Core

/// What an address and a field mean, whatever the register. "CSR Address Mapping Conventions", "CSR Field
/// Specifications".
@Suite struct CSRConventionTests {
    static let registers = (UInt16(0)..<0x1000).map { CSRAddress($0) }.filter { $0.isImplemented && !$0.isIndirect }

    /// Bits 11:10 decide whether it can be written, bits 9:8 who may access it; a mode above may too.
    /// norm:Zicsr_rw norm:Zicsr_higher_priv norm:Zicsr_access norm:Zicsr_illegal_acc norm:Zicsr_illegal_mode
    /// norm:M_access_all_lower_priv_CSRs
    @Test func addresses() throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        test.hart.writeCSR(.mseccfg, 3 << 8)
        for address in Self.registers { check(address, test) }
    }

    private func check(_ address: CSRAddress, _ test: TestHart) {
        let isReadOnly = address.rawValue >> 10 == 3
        let level = address.rawValue >> 8 & 3
        let isSeed = address == .seed
        for (mode, rank) in [(PrivilegeMode.user, UInt16(0)), (.supervisor, 2), (.machine, 3)] {
            let isReached = rank >= level
            let read = test.hart.decideAccess(to: address, .read, from: mode)
            #expect(read == (isReached && !isSeed ? .allowed(address) : .illegalInstruction), "\(address)")
            let write = test.hart.decideAccess(to: address, .write, from: mode)
            #expect(write == (isReached && !isReadOnly ? .allowed(address) : .illegalInstruction), "\(address)")
        }
    }

    /// No write of any value raises an exception; read-only and reserved bits keep their value.
    /// norm:Zicsr_warl norm:Zicsr_write_ro norm:Zicsr_wpri_roz norm:Zicsr_wlrl_exception
    @Test func values() throws {
        let test = try TestHart(privilegedExtensions)
        for address in Self.registers where !address.isReadOnly {
            test.hart.reset()
            test.openAllGates()
            checkValues(of: address, test)
        }
    }

    private func checkValues(of address: CSRAddress, _ test: TestHart) {
        var seen: UInt64 = 0
        var always = ~UInt64(0)
        for value in [0, ~0, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA, 0] as [UInt64] {
            #expect(test.write(address, value) == nil)
            seen |= test.hart.readCSR(address)
            always &= test.hart.readCSR(address)
        }
        // Where the legal values of a field do not depend on other bits: those that no value changes.
        let coupled: Set<CSRAddress> = [.pmpcfg0, .pmpcfg2, .hstatus, .mnstatus, .satp, .vsatp, .hgatp, .seed]
        let isEvent = CSRAddress.mhpmevent3...CSRAddress.mhpmevent31 ~= address
        guard !coupled.contains(address), !isEvent, !(0xB00...0xB1F).contains(address.rawValue) else { return }
        let fixed = ~(seen & ~always)
        let before = test.hart.readCSR(address)
        for bit in UInt64(0)..<64 where fixed >> bit & 1 != 0 {
            #expect(test.write(address, 1 << bit) == nil)
            #expect((test.hart.readCSR(address) ^ before) >> bit & 1 == 0, "\(address) \(bit)")
        }
    }

    /// Debug mode's registers are no business of M-mode. norm:Zicsr_debug_illegal
    @Test(arguments: UInt16(0x7B0)...0x7BF)
    func debugMode(_ address: UInt16) throws {
        let test = try TestHart(privilegedExtensions)
        for access in CSRAccess.allCases {
            #expect(test.hart.decideAccess(to: CSRAddress(address), access, from: .machine) == .illegalInstruction)
        }
    }

    /// Addresses of halves that only RV32 has. norm:medelegh_omit_xlen64 norm:menvcfgh_sz_acc_op
    /// norm:mseccfgh_presence norm:stateen_rv32_upper_bits_csrs norm:mcycleh_minstreth_mhpmh_op
    /// norm:cycleh_instreth_hpmcounternh_op_rdonly norm:timeh_op_rdonly norm:mstatush_sz_acc norm:rv32_high_access
    @Test(arguments: [0x312, 0x31A, 0x757, 0x31C, 0x61C, 0xB80, 0xB83, 0xC80, 0xC81, 0xC83, 0x310, 0x721, 0x722, 0x723])
    func upperHalves(_ address: UInt16) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        for mode in PrivilegeMode.allCases {
            #expect(test.hart.decideAccess(to: CSRAddress(address), .read, from: mode) == .illegalInstruction)
        }
    }

    /// Four registers of 64 bits at each level, each of which binds the levels below its own and not itself; `hstateen`
    /// has the layout of `mstateen`. norm:mstateen_rv64_csrs norm:sstateen_rv64_csrs norm:hstateen_rv64_csrs
    /// norm:stateen_op norm:stateen_illegal_state_access norm:mstateen0_se0_op norm:hstateen0_SE0_op
    /// norm:hstateen_encoding norm:stateen_warl_access norm:mstateen_bit_63_roz norm:sstateen_ro1_bits
    /// norm:hstateen_ro1_bits norm:sstateen_encroachment_bits_roz
    @Test(arguments: 0..<4)
    func stateEnables(_ number: Int) throws {
        let test = try TestHart(privilegedExtensions)
        let machine = CSRAddress.mstateen0.advanced(by: number)
        let hypervisor = CSRAddress.hstateen0.advanced(by: number)
        let supervisor = CSRAddress.sstateen0.advanced(by: number)
        for value in [UInt64(0), ~0] {
            #expect(test.write(machine, value) == nil)
            let expected = value == 0 ? 0 : number == 0 ? UInt64(0b1101) << 60 : 1 << 63
            #expect(test.read(machine) == expected)
            #expect(test.write(hypervisor, ~0) == nil)
            #expect(test.read(hypervisor) == expected)
            #expect(test.write(hypervisor, 0) == nil)
            #expect(test.read(hypervisor) == 0)
            #expect(test.write(supervisor, ~0) == nil)
            #expect(test.read(supervisor) == 0)
            for address in [hypervisor, supervisor] {
                let decision = test.hart.decideAccess(to: address, .write, from: .supervisor)
                #expect(decision == (value == 0 ? .illegalInstruction : .allowed(address)))
            }
            #expect(test.write(hypervisor, ~0) == nil)
            let guest = test.hart.decideAccess(to: supervisor, .read, from: .virtualSupervisor)
            #expect(guest == (value == 0 ? .illegalInstruction : .allowed(supervisor)))
        }
        #expect(test.write(hypervisor, 0) == nil)
        #expect(test.hart.decideAccess(to: supervisor, .read, from: .virtualSupervisor) == .virtualInstruction)
        #expect(test.hart.decideAccess(to: supervisor, .read, from: .supervisor) == .allowed(supervisor))
    }

    /// Addresses in CSRs are as software wrote them, whatever is masked. norm:pm_no_csr_sw norm:pm_warl_unaffected
    /// norm:pm_no_trap_vector_mask
    @Test func pointerMasking() throws {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        machine.hart.writeCSR(.menvcfg, 3 << 32)
        machine.hart.writeCSR(.senvcfg, 3 << 32)
        let tagged: UInt64 = 0xABCD << 48 | TestMachine.base
        for address in [CSRAddress.stvec, .sepc, .stval, .sscratch] {
            machine.hart.writeCSR(address, tagged)
            #expect(machine.hart.readCSR(address) == tagged)
        }
        machine.load { $0.emit(.ebreak) }
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine.state.pointee.pc == tagged)
    }
}
