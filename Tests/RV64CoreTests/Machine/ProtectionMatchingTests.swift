import Testing

@testable import RV64Core

/// Which accesses an entry of PMP matches, and what follows. "Physical Memory Protection".
@Suite struct ProtectionMatchingTests {
    private static let region = TestMachine.base + 0x10_0000

    private func machine(_ entries: [(configuration: UInt64, address: UInt64)]) throws -> TestMachine {
        let machine = try TestMachine()
        machine.hart.writeCSR(.pmpcfg0, 0)
        var configuration: UInt64 = 0
        for (index, entry) in entries.enumerated() {
            machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: index), entry.address)
            configuration |= entry.configuration << (8 * UInt64(index))
        }
        machine.hart.writeCSR(.pmpcfg0, configuration)
        return machine
    }

    private func isAllowed(
        _ machine: TestMachine,
        _ kind: AccessKind,
        _ address: UInt64,
        _ count: UInt64 = 1,
        privilege: UInt64 = 1
    ) -> Bool {
        machine.hart.isPermitted(kind, at: address, count: count, privilege: privilege)
    }

    /// The range of every NAPOT size, to the byte. norm:pmp_a_field_napot_na4 norm:pmp_napot_encoding_low_bits
    /// norm:pmp_a_field_encoding norm:pmp_granularity norm:pmp_entry_structure norm:pmp_region_granularity_g
    @Test(arguments: UInt64(2)..<57)
    func naturallyAligned(log2: UInt64) throws {
        let size: UInt64 = 1 << log2
        let start: UInt64 = log2 < 50 ? 3 << max(log2, 20) & ~(size - 1) : 0
        let address = log2 == 2 ? start >> 2 : start >> 2 | ((size >> 3) - 1)
        let machine = try machine([(log2 == 2 ? 0x17 : 0x1F, address)])
        #expect(machine.hart.readCSR(.pmpaddr0) == address & ((1 << 54) - 1))
        #expect(isAllowed(machine, .load, start))
        #expect(isAllowed(machine, .store, start + size - 1))
        #expect(isAllowed(machine, .fetch, start + size / 2, 2))
        if start > 0 { #expect(!isAllowed(machine, .load, start - 1)) }
        if log2 < 56 { #expect(!isAllowed(machine, .load, start + size)) }
    }

    /// From the address before to its own, whatever the entry before is; nothing where they cross.
    /// norm:pmp_a_field_tor norm:pmp_a_field_off norm:pmp_tor_off_addr_read_mask
    @Test(arguments: [UInt64(0), 0x18, 0x10, 0x08])
    func topOfRange(before: UInt64) throws {
        let (low, high) = (Self.region + 0x104, Self.region + 0x210)
        let machine = try machine([(before, low >> 2), (0x0F, high >> 2)])
        #expect(machine.hart.readCSR(.pmpaddr0) == low >> 2)
        #expect(isAllowed(machine, .load, high - 1))
        #expect(!isAllowed(machine, .load, high))
        #expect(isAllowed(machine, .load, low + 0x20))
        if before == 0 { #expect(isAllowed(machine, .load, low)) }
        #expect(!isAllowed(machine, .load, low - 1))
        for bottom in [high, high + 4] {
            machine.hart.writeCSR(.pmpaddr0, bottom >> 2)
            #expect(!isAllowed(machine, .load, high - 4))
            #expect(!isAllowed(machine, .load, high))
        }
    }

    /// Entry 0 begins at zero. norm:pmp_a_field_tor
    @Test func firstTopOfRange() throws {
        let machine = try machine([(0x0F, Self.region >> 2)])
        #expect(isAllowed(machine, .load, 0))
        #expect(isAllowed(machine, .load, Self.region - 8, 8))
        #expect(!isAllowed(machine, .load, Self.region - 4, 8))
        #expect(!isAllowed(machine, .load, Self.region))
    }

    /// norm:smepmp_no_mml_limit norm:smepmp_no_mml_behavior norm:smepmp_machine_unlimited
    /// R, W and X by kind of access; M-mode is bound by L. norm:pmp_cfg_permissions norm:pmp_rwx_check
    /// norm:pmp_l_bit_m_mode_enforcement norm:pmp_mmode_locking norm:pmp_access_fault_exception
    @Test(arguments: [UInt64(0), 1, 3, 4, 5, 7], [false, true])
    func permissions(bits: UInt64, isLocked: Bool) throws {
        let machine = try machine([(0x18 | bits | (isLocked ? 0x80 : 0), Self.region >> 2 | 0x1FF)])
        for (kind, bit) in [(AccessKind.load, UInt64(1)), (.store, 2), (.fetch, 4)] {
            for privilege in [UInt64(0), 1, 3] {
                let isBound = privilege != 3 || isLocked
                let expected = !isBound || bits & bit != 0
                #expect(isAllowed(machine, kind, Self.region + 8, privilege: privilege) == expected)
            }
        }
    }

    /// Without a match M-mode may and the others may not. norm:pmp_no_entry_match norm:pmp_check_priv_modes
    @Test func noMatch() throws {
        let sets: [[(configuration: UInt64, address: UInt64)]] = [[], [(0x07, ~0)], [(0x1F, Self.region >> 2 | 0x1FF)]]
        for entries in sets {
            let machine = try machine(entries)
            for kind in [AccessKind.load, .store, .fetch] {
                #expect(isAllowed(machine, kind, TestMachine.base, privilege: 3))
                #expect(!isAllowed(machine, kind, TestMachine.base, privilege: 1))
                #expect(!isAllowed(machine, kind, TestMachine.base, privilege: 0))
            }
        }
    }

    /// The lowest entry that matches any byte decides, and must match all of them. norm:pmp_entry_priority
    /// norm:pmp_full_match_required
    @Test func priority() throws {
        let machine = try machine([
            (0x10, (Self.region + 8) >> 2), (0x19, Self.region >> 2 | 0x1), (0x1F, Self.region >> 2 | 0x1FF),
        ])
        // Four bytes closed at 8, sixteen read-only from 0, the rest open.
        #expect(isAllowed(machine, .load, Self.region, 8))
        #expect(!isAllowed(machine, .store, Self.region, 8))
        #expect(!isAllowed(machine, .load, Self.region + 8, 4))
        #expect(!isAllowed(machine, .load, Self.region + 8, 8))
        #expect(!isAllowed(machine, .load, Self.region + 4, 8))
        #expect(isAllowed(machine, .load, Self.region + 12, 4))
        #expect(!isAllowed(machine, .load, Self.region + 12, 8), "two entries")
        #expect(isAllowed(machine, .store, Self.region + 16, 8))
        #expect(!isAllowed(machine, .load, Self.region + 4, 8, privilege: 3), "irrespective of L")
        #expect(isAllowed(machine, .load, Self.region + 8, 4, privilege: 3))
    }

    /// By instruction: loads and LR need R, stores, SC and AMOs W, CBO.ZERO W; in HS, U, and M with MPRV.
    /// norm:pmp_exec_fault norm:pmp_load_fault norm:pmp_store_fault norm:pmp_check_priv_modes
    /// norm:pmp_violation_precise_trap norm:mstatus_mprv_ldst_op norm:mstatus_mprv_inst_xlat_op
    @Test(arguments: [PrivilegeMode.supervisor, .user, .machine], [UInt64(0), 1, 3, 4])
    func instructions(mode: PrivilegeMode, bits: UInt64) throws {
        let extensions = ISAConfiguration.standard.extensions
        for opcode in [Opcode.ld, .lrD, .flw, .sd, .scD, .amoaddD, .fsd, .cboZero] {
            let machine = try TestMachine(extensions: extensions)
            machine.hart.writeCSR(.medeleg, 0)
            machine.hart.writeCSR(.menvcfg, 0xF0)
            machine.hart.writeCSR(.senvcfg, 0xF0)
            machine.hart.writeCSR(.pmpaddr0, Self.region >> 2 | 0x1FF)
            machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
            machine.hart.writeCSR(.pmpcfg0, 0x1F18 | bits)
            machine.state.pointee.mstatus[.mprv] = mode == .machine
            machine.state.pointee.mstatus[.mpp] = 1
            machine[.a0] = Self.region + 0x40
            machine[.a1] = 7
            machine.load { program in
                program.emit(opcode, rd: .a1, rs1: .a0, rs2: .a2)
                program.emit(.ebreak)
            }
            machine.run(mode, at: TestMachine.base)
            let isLoad = [.ld, .lrD, .flw].contains(opcode)
            let isOpen = bits & (isLoad ? 1 : 2) != 0
            let fault: ExceptionCause = isLoad ? .loadAccessFault : .storeAccessFault
            #expect(machine.state.pointee.mcause == (isOpen ? ExceptionCause.breakpoint : fault).rawValue)
            if !isOpen {
                #expect(machine.state.pointee.mtval == Self.region + 0x40)
                #expect(machine.state.pointee.mepc == TestMachine.base)
                #expect(machine[.a1] == 7)
            }
            // The fetch of M-mode itself is not that of MPP.
            machine.load(at: Self.region) { $0.emit(.ebreak) }
            machine.run(mode, at: Self.region)
            let canFetch = mode == .machine || bits & 4 != 0
            let expected: ExceptionCause = canFetch ? .breakpoint : .instructionAccessFault
            #expect(machine.state.pointee.mcause == expected.rawValue)
            #expect(machine.state.pointee.mtval == Self.region)
        }
    }

    /// Attributes of memory and PMP do not care for MXR and SUM. norm:mstatus_mxr_sum_op_acc_fault
    @Test(arguments: [false, true])
    func statusFieldsDoNotMatter(isSet: Bool) throws {
        let fixture = try SupervisorMachine()
        fixture.tables.map(SupervisorMachine.data, to: SupervisorMachine.frame, Entry.supervisor)
        fixture.machine.hart.writeCSR(.pmpaddr0, SupervisorMachine.frame >> 2 | 0x1FF)
        fixture.machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        fixture.machine.hart.writeCSR(.pmpcfg0, 0x1F1C)
        fixture.state.pointee.mstatus[.mxr] = isSet
        fixture.state.pointee.mstatus[.sum] = isSet
        #expect(fixture.access(.ld, at: SupervisorMachine.data) == .loadAccessFault)
        #expect(fixture.state.pointee.stval == SupervisorMachine.data)
    }
}
