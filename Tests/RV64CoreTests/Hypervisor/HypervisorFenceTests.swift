import Testing

@testable import RV64Core

/// HFENCE.VVMA, HFENCE.GVMA and SFENCE.VMA against cached translations, by address, ASID, VMID and level.
@Suite struct HypervisorFenceTests {
    private static let page = GuestMachine.virtualData
    private static let above: UInt64 = ~0

    /// Loads one doubleword in VS-mode and says what came.
    private func load(_ fixture: GuestMachine, _ address: UInt64 = page) -> UInt64 {
        fixture.machine[.a1] = 0
        fixture.access(.ld, at: address)
        return fixture.machine[.a1]
    }

    /// Executes one fence in a mode, with its operands in a4 and a5; nil stands for x0.
    private func fence(
        _ opcode: Opcode,
        _ fixture: GuestMachine,
        address: UInt64? = nil,
        identifier: UInt64? = nil,
        from mode: PrivilegeMode = .supervisor
    ) {
        let machine = fixture.machine
        machine[.a4] = address ?? 0
        machine[.a5] = identifier ?? 0
        machine.load { program in
            program.emit(opcode, rs1: address == nil ? .zero : .a4, rs2: identifier == nil ? .zero : .a5)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(mode, at: TestMachine.base)
        let cause = mode == .machine ? machine.state.pointee.mcause : machine.state.pointee.scause
        #expect(cause == ExceptionCause.breakpoint.rawValue)
    }

    /// The first page leads to 1 and is cached; its VS-stage entry now leads to 2.
    private func changedFirstStage() throws -> GuestMachine {
        let fixture = try GuestMachine()
        fixture.machine.write(1, at: fixture.physical(GuestMachine.data))
        fixture.machine.write(2, at: fixture.physical(GuestMachine.secondData))
        #expect(load(fixture) == 1)
        fixture.first.map(Self.page, to: GuestMachine.secondData, Entry.supervisor)
        #expect(load(fixture) == 1)
        return fixture
    }

    /// The same with the G-stage entry.
    private func changedGuestStage() throws -> GuestMachine {
        let fixture = try GuestMachine()
        fixture.machine.write(1, at: fixture.physical(GuestMachine.data))
        fixture.machine.write(2, at: fixture.physical(GuestMachine.secondData))
        #expect(load(fixture) == 1)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.secondData), Entry.user)
        #expect(load(fixture) == 1)
        return fixture
    }

    /// From HS and M, whatever TVM and VTVM; the bits of rs2 above ASIDLEN are ignored.
    /// norm:hfence-vvma_hfence-gvma_op norm:hfence-vvma_mode norm:hfence-vvma_asid norm:hfence-vvma_tvm
    /// norm:mstatus_tvm_hs
    @Test(arguments: [Opcode.hfenceVvma, .hinvalVvma], [PrivilegeMode.supervisor, .machine])
    func guestVirtual(opcode: Opcode, mode: PrivilegeMode) throws {
        for (address, asid) in [
            (nil, nil), (Self.page + 8, nil), (nil, GuestMachine.asid), (Self.page, GuestMachine.asid),
            (nil, GuestMachine.asid | Self.above << 16),
        ] as [(UInt64?, UInt64?)] {
            let fixture = try changedFirstStage()
            fixture.state.pointee.mstatus[.tvm] = true
            fixture.state.pointee.hstatus[.vtvm] = true
            fence(opcode, fixture, address: address, identifier: asid, from: mode)
            #expect(load(fixture) == 2)
        }
    }

    /// Another address, ASID or VMID is another matter. norm:hfence-vvma_limits norm:hfence-vvma_mode
    @Test func guestVirtualLimits() throws {
        let fixture = try changedFirstStage()
        fence(.hfenceVvma, fixture, address: Self.page + 0x1000)
        #expect(load(fixture) == 1)
        fence(.hfenceVvma, fixture, identifier: GuestMachine.asid + 1)
        #expect(load(fixture) == 1)
        fence(.hfenceVvma, fixture, address: Self.page, identifier: 0)
        #expect(load(fixture) == 1)
        fixture.machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid + 1))
        fence(.hfenceVvma, fixture)
        fixture.machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
        #expect(load(fixture) == 1)
        fence(.hfenceVvma, fixture, address: Self.page, identifier: GuestMachine.asid)
        #expect(load(fixture) == 2)
    }

    /// In M also with TVM; by guest physical address, shifted right by two, and by VMID, whose upper bits are ignored.
    /// norm:hfence-gvma_op norm:hfence-gvma_vmid norm:hfence-vvma_hfence-gvma_op norm:hgatp_op_hfence_gvma
    @Test(arguments: [Opcode.hfenceGvma, .hinvalGvma], [PrivilegeMode.supervisor, .machine])
    func guestPhysical(opcode: Opcode, mode: PrivilegeMode) throws {
        for (address, vmid) in [
            (nil, nil), (GuestMachine.data >> 2, nil), (nil, GuestMachine.vmid),
            (GuestMachine.data >> 2, GuestMachine.vmid), (nil, GuestMachine.vmid | Self.above << 14),
        ] as [(UInt64?, UInt64?)] {
            let fixture = try changedGuestStage()
            // Writing the register orders nothing by itself.
            fixture.machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
            #expect(load(fixture) == 1)
            fixture.state.pointee.mstatus[.tvm] = mode == .machine
            fence(opcode, fixture, identifier: GuestMachine.vmid + 1, from: mode)
            #expect(load(fixture) == 1)
            fence(opcode, fixture, address: address, identifier: vmid, from: mode)
            #expect(load(fixture) == 2)
        }
    }

    /// A VMID that changes its MODE, to Bare and back, sees no translation of the old one after the fence.
    /// norm:hfence-gvma_mode
    @Test func changedMode() throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        machine.hart.writeCSR(.vsatp, 0)
        let physical = TestMachine.base + 0x9000
        machine.write(3, at: physical)
        // Identity for the code, another frame for the data: Bare and paged differ in the data only.
        fixture.guest.map(TestMachine.base, to: TestMachine.base, Entry.user)
        fixture.guest.map(physical, to: fixture.physical(GuestMachine.data), Entry.user)
        machine.write(4, at: fixture.physical(GuestMachine.data))
        func value() -> UInt64 {
            machine[.a0] = physical
            machine.load { program in
                program.emit(.ld, rd: .a1, rs1: .a0)
                program.emit(.ecall)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.virtualSupervisor, at: TestMachine.base)
            return machine[.a1]
        }
        for _ in 0..<2 {
            #expect(value() == 4)
            machine.hart.writeCSR(.hgatp, GuestMachine.vmid << 44)
            fence(.hfenceGvma, fixture, identifier: GuestMachine.vmid)
            #expect(value() == 3)
            machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
            fence(.hfenceGvma, fixture)
        }
    }

    /// With V=0, SFENCE.VMA is about HS-level addresses and ASIDs: it sees to HS's tables and leaves guests alone.
    /// norm:sfence_vma_v0 norm:hfence-vvma_hfence-gvma_op
    @Test(arguments: [PrivilegeMode.supervisor, .machine])
    func supervisorLevel(mode: PrivilegeMode) throws {
        let fixture = try changedFirstStage()
        let machine = fixture.machine
        // Neither the code's entry of the TLB nor the guest's page.
        let page = Self.page + 0x3000
        let tables = try PageTables(machine, mode: 8, at: TestMachine.base + 0x10_0000, isGuestStage: false)
        tables.map(TestMachine.base, to: TestMachine.base, Entry.supervisor)
        tables.map(page, to: TestMachine.base + 0x8000, Entry.supervisor)
        machine.write(5, at: TestMachine.base + 0x8000)
        machine.write(6, at: TestMachine.base + 0x9000)
        machine.hart.writeCSR(.satp, tables.register(GuestMachine.asid))
        func value() -> UInt64 {
            machine[.a0] = page
            machine.load { program in
                program.emit(.ld, rd: .a1, rs1: .a0)
                program.emit(.ebreak)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.supervisor, at: TestMachine.base)
            return machine[.a1]
        }
        #expect(value() == 5)
        tables.map(page, to: TestMachine.base + 0x9000, Entry.supervisor)
        fence(.sfenceVma, fixture, address: page, identifier: GuestMachine.asid + 1, from: mode)
        #expect(value() == 5)
        fence(.sfenceVma, fixture, address: page + 0x1000, from: mode)
        #expect(value() == 5)
        fence(.sfenceVma, fixture, address: page, identifier: GuestMachine.asid, from: mode)
        #expect(value() == 6)
        fence(.sfenceVma, fixture, from: mode)
        #expect(load(fixture) == 1, "the guest's translation is still the cached one")
        #expect(value() == 6)
        tables.map(page, to: TestMachine.base + 0x8000, Entry.supervisor)
        fence(.hfenceVvma, fixture, from: mode)
        fence(.hfenceGvma, fixture, from: mode)
        #expect(value() == 6, "HFENCE is not about HS's own tables")
        #expect(load(fixture) == 2)
    }

    /// A guest's SFENCE.VMA reaches its own VMID alone. norm:sfence_vma_v1
    @Test func guestLevel() throws {
        let fixture = try changedFirstStage()
        let machine = fixture.machine
        machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid + 1))
        fixture.run { program in
            program.emit(.sfenceVma)
            program.emit(.ecall)
        }
        #expect(load(fixture) == 2, "the other VMID has cached nothing")
        machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
        #expect(load(fixture) == 1)
        fixture.run { program in
            program.emit(.sfenceVma)
            program.emit(.ecall)
        }
        #expect(load(fixture) == 2)
    }

    /// PMP, ADUE and PBMTE take effect for translations that were cached before.
    /// norm:henvcfg_adue_op norm:H_pmp
    @Test func settingsBehindTranslations() throws {
        let fixture = try GuestMachine()
        fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.adue.mask)
        fixture.first.map(Self.page, to: GuestMachine.data, Entry.supervisor & ~Entry.d)
        fixture.access(.ld, at: Self.page)
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        fixture.machine.hart.writeCSR(.henvcfg, 0)
        fence(.hfenceVvma, fixture)
        fixture.access(.sd, at: Self.page)
        #expect(fixture.state.pointee.scause == ExceptionCause.storePageFault.rawValue)
        fixture.machine.hart.writeCSR(.pmpaddr0, fixture.physical(GuestMachine.data) >> 2 | 0x1FF)
        fixture.machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        fixture.machine.hart.writeCSR(.pmpcfg0, 0x1F18)
        fence(.hfenceGvma, fixture, from: .machine)
        fixture.access(.ld, at: Self.page)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadAccessFault.rawValue)
    }
}
