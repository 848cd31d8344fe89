import Testing

@testable import RV64Core

/// What stays cached until which fence. A changed entry becomes visible only after a fence that covers it.
@Suite struct FenceTests {
    private static let page = GuestMachine.virtualData

    /// Loads one doubleword in VS-mode and says what came.
    private func load(_ fixture: GuestMachine, _ address: UInt64 = page) -> UInt64 {
        fixture.access(.ld, at: address)
        return fixture.machine[.a1]
    }

    /// Two frames with different contents; the first page maps to the first one and is cached.
    private func fixture() throws -> GuestMachine {
        let fixture = try GuestMachine()
        fixture.machine.write(1, at: fixture.physical(GuestMachine.data))
        fixture.machine.write(2, at: fixture.physical(GuestMachine.secondData))
        #expect(load(fixture) == 1)
        fixture.first.map(Self.page, to: GuestMachine.secondData, Entry.supervisor)
        #expect(load(fixture) == 1)
        return fixture
    }

    /// SFENCE.VMA in VS: by address, by ASID, both and neither. norm:sfence_vma_v1
    @Test(arguments: [true, false], [true, false])
    func supervisorFenceOfTheGuest(byAddress: Bool, byASID: Bool) throws {
        let fixture = try fixture()
        func fence(_ address: UInt64, _ asid: UInt64) {
            fixture.machine[.a4] = address
            fixture.machine[.a5] = asid
            fixture.run { program in
                program.emit(.sfenceVma, rs1: byAddress ? .a4 : .zero, rs2: byASID ? .a5 : .zero)
                program.emit(.ecall)
            }
        }
        if byAddress {
            fence(Self.page + 0x1000, GuestMachine.asid)
            #expect(load(fixture) == 1)
        }
        if byASID {
            fence(Self.page, GuestMachine.asid + 1)
            #expect(load(fixture) == 1)
        }
        fence(Self.page + 0x123, GuestMachine.asid)
        #expect(load(fixture) == 2)
    }

    /// HFENCE.VVMA acts on the current VMID only; SFENCE.VMA in HS on no guest. norm:hfence-vvma_mode
    @Test func hypervisorFenceOfOneGuest() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        func execute(_ opcode: Opcode) {
            machine.load { program in
                program.emit(opcode)
                program.emit(.ecall)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.supervisor, at: TestMachine.base)
            #expect(machine.state.pointee.mcause == 0)
            #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
        }
        execute(.sfenceVma)
        #expect(load(fixture) == 1)
        machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid + 1))
        execute(.hfenceVvma)
        machine.hart.writeCSR(.hgatp, fixture.guest.register(GuestMachine.vmid))
        #expect(load(fixture) == 1)
        execute(.hfenceVvma)
        #expect(load(fixture) == 2)
    }

    /// HFENCE.GVMA by VMID; it reaches the combined translations. norm:hfence-vvma_hfence-gvma_op
    @Test(arguments: [Opcode.hfenceGvma, .hinvalGvma])
    func guestStageFence(opcode: Opcode) throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        machine.write(1, at: fixture.physical(GuestMachine.data))
        machine.write(2, at: fixture.physical(GuestMachine.secondData))
        #expect(load(fixture) == 1)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.secondData), Entry.user)
        func fence(_ vmid: UInt64) {
            machine[.a5] = vmid
            machine.load { program in
                program.emit(opcode, rs2: .a5)
                program.emit(.ecall)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.supervisor, at: TestMachine.base)
        }
        fence(GuestMachine.vmid + 1)
        #expect(load(fixture) == 1)
        fence(GuestMachine.vmid)
        #expect(load(fixture) == 2)
    }

    /// HLV sees what the guest's own loads see, until the same fences. norm:hfence-vvma_mode
    @Test func hypervisorLoads() throws {
        let fixture = try fixture()
        let machine = fixture.machine
        func execute(_ opcode: Opcode) -> UInt64 {
            machine.state.pointee.hstatus[.spvp] = true
            machine[.a0] = Self.page
            machine.load { program in
                program.emit(opcode)
                program.emit(.hlvD, rd: .a1, rs1: .a0)
                program.emit(.ecall)
            }
            machine.hart.synchronizeInstructionFetch()
            machine.run(.supervisor, at: TestMachine.base)
            #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
            return machine[.a1]
        }
        #expect(execute(.sfenceVma) == 1)
        #expect(execute(.hfenceVvma) == 2)
    }

    /// HLV through more address spaces than the TLB has banks, in turn with accesses of its own.
    @Test func manyGuests() throws {
        let fixture = try GuestMachine()
        let machine = fixture.machine
        machine.state.pointee.hstatus[.spvp] = true
        machine.write(7, at: fixture.physical(GuestMachine.data))
        let own = TestMachine.base + 0x8_0000
        machine[.a0] = GuestMachine.virtualData
        machine[.a2] = own
        machine[.a3] = fixture.first.register(0)
        machine[.a4] = 1 << 44
        machine.load { program in
            for _ in 0..<40 {
                program.swap(.vsatp, rs1: .a3)
                program.emit(.hlvD, rd: .a1, rs1: .a0)
                program.emit(.sd, rs1: .a2, rs2: .a1)
                program.emit(.addi, rd: .a2, rs1: .a2, 8)
                program.emit(.add, rd: .a3, rs1: .a3, rs2: .a4)
            }
            program.emit(.ecall)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
        for index in UInt64(0)..<40 { #expect(machine.read(own + 8 * index) == 7) }
    }

    /// A fence for any address inside a superpage drops what was cached for all of it.
    @Test func fenceInsideASuperpage() throws {
        let fixture = try GuestMachine()
        fixture.first.map(0x60_0000, to: 0, Entry.supervisor, level: 1)
        fixture.machine.write(5, at: fixture.physical(GuestMachine.data))
        #expect(load(fixture, 0x60_0000 + GuestMachine.data) == 5)
        fixture.machine.write(0, at: fixture.first.entry(for: 0x60_0000, level: 1))
        #expect(load(fixture, 0x60_0000 + GuestMachine.data) == 5)
        fixture.machine.hart.perform(.virtualSupervisor(address: 0x80_0000, asid: nil))
        #expect(load(fixture, 0x60_0000 + GuestMachine.data) == 5)
        fixture.machine.hart.perform(.virtualSupervisor(address: 0x60_1000, asid: nil))
        fixture.access(.ld, at: 0x60_0000 + GuestMachine.data)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadPageFault.rawValue)
    }

    /// Another ASID, VMID, mode or SUM never sees this context's translations; coming back finds them.
    @Test func contextsDoNotMix() throws {
        let fixture = try fixture()
        fixture.machine.hart.writeCSR(.vsatp, fixture.first.register(GuestMachine.asid + 1))
        #expect(load(fixture) == 2)
        fixture.machine.hart.writeCSR(.vsatp, fixture.first.register(GuestMachine.asid))
        #expect(load(fixture) == 1)
        fixture.access(.ld, at: Self.page, .virtualUser)
        #expect(fixture.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
    }

    struct Refusal: Sendable {
        let opcode: Opcode
        let mode: PrivilegeMode
        let cause: ExceptionCause?
        var trapsVirtualMemory = false
    }

    /// Who may fence. norm:H_virtinst_vu_vs_hinst norm:H_virtinst_vu_sret_sfence norm:Svinval_illegal_instruction_tvm
    /// norm:H_virtinst_vs_sfence_sinval_satp_vtvm1 norm:Svinval_sfence_w_inval_inval_s_vs_mode
    @Test(arguments: [
        Refusal(opcode: .sfenceVma, mode: .user, cause: .illegalInstruction),
        Refusal(opcode: .sfenceVma, mode: .virtualUser, cause: .virtualInstruction),
        Refusal(opcode: .sfenceVma, mode: .supervisor, cause: nil),
        Refusal(opcode: .sfenceVma, mode: .supervisor, cause: .illegalInstruction, trapsVirtualMemory: true),
        Refusal(opcode: .sinvalVma, mode: .virtualSupervisor, cause: .virtualInstruction, trapsVirtualMemory: true),
        Refusal(opcode: .sfenceWInval, mode: .supervisor, cause: nil, trapsVirtualMemory: true),
        Refusal(opcode: .sfenceInvalIr, mode: .virtualSupervisor, cause: nil, trapsVirtualMemory: true),
        Refusal(opcode: .sfenceInvalIr, mode: .virtualUser, cause: .virtualInstruction),
        Refusal(opcode: .sfenceWInval, mode: .user, cause: .illegalInstruction),
        Refusal(opcode: .hfenceVvma, mode: .supervisor, cause: nil, trapsVirtualMemory: true),
        Refusal(opcode: .hfenceGvma, mode: .supervisor, cause: .illegalInstruction, trapsVirtualMemory: true),
        Refusal(opcode: .hinvalGvma, mode: .supervisor, cause: .illegalInstruction, trapsVirtualMemory: true),
        Refusal(opcode: .hfenceGvma, mode: .virtualSupervisor, cause: .virtualInstruction),
        Refusal(opcode: .hinvalVvma, mode: .virtualUser, cause: .virtualInstruction),
        Refusal(opcode: .hfenceVvma, mode: .user, cause: .illegalInstruction),
    ])
    func permissions(refusal: Refusal) throws {
        let machine = try TestMachine()
        machine.state.pointee.mstatus[.tvm] = refusal.trapsVirtualMemory
        machine.state.pointee.hstatus[.vtvm] = refusal.trapsVirtualMemory
        machine.load { program in
            program.emit(refusal.opcode)
            program.emit(.ecall)
        }
        machine.run(refusal.mode, at: TestMachine.base)
        let expected = refusal.cause.map { $0.rawValue }
        let isCall = [8, 9, 10].contains(machine.state.pointee.scause)
        #expect(isCall == (expected == nil))
        if let expected {
            #expect(machine.state.pointee.scause == expected)
            #expect(machine.state.pointee.stval == UInt64(ProgramBuilder.encode(refusal.opcode)))
        }
    }
}
