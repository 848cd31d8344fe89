import Testing

@testable import RV64Core

/// HLV, HLVX and HSV, and the accesses that MPRV with MPV makes.
@Suite struct HypervisorAccessTests {
    /// Executes one instruction in HS (or another mode) with its address in a0.
    @discardableResult
    private func execute(
        _ fixture: GuestMachine,
        _ opcode: Opcode,
        at address: UInt64,
        from mode: PrivilegeMode = .supervisor
    ) -> HartExit {
        fixture.machine[.a0] = address
        fixture.machine.load { program in
            if [.hsvB, .hsvH, .hsvW, .hsvD, .sd].contains(opcode) {
                program.emit(opcode, rs1: .a0, rs2: .a1)
            } else {
                program.emit(opcode, rd: .a1, rs1: .a0)
            }
            program.emit(.ecall)
        }
        fixture.machine.hart.synchronizeInstructionFetch()
        fixture.state.pointee.scause = 0
        fixture.state.pointee.mcause = 0
        return fixture.machine.run(mode, at: TestMachine.base)
    }

    /// Widths and signs. norm:hlsv_op
    @Test(arguments: [
        (Opcode.hlvB, UInt64(bitPattern: -120)), (.hlvBu, 0x88), (.hlvH, UInt64(bitPattern: -0x6678)),
        (.hlvHu, 0x9988), (.hlvW, UInt64(bitPattern: -0x4455_6678)), (.hlvWu, 0xBBAA_9988),
        (.hlvD, 0xFFEE_DDCC_BBAA_9988), (.hlvxHu, 0x9988), (.hlvxWu, 0xBBAA_9988),
    ])
    func widths(opcode: Opcode, expected: UInt64) throws {
        let fixture = try GuestMachine()
        fixture.state.pointee.hstatus[.spvp] = true
        fixture.machine.write(0xFFEE_DDCC_BBAA_9988, at: fixture.physical(GuestMachine.data))
        execute(fixture, opcode, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
        #expect(fixture.machine[.a1] == expected)
    }

    /// SPVP chooses between VS and VU. norm:hlsv_priv
    @Test(arguments: [false, true], [false, true])
    func effectivePrivilege(isSupervisor: Bool, isUserPage: Bool) throws {
        let fixture = try GuestMachine()
        fixture.state.pointee.hstatus[.spvp] = isSupervisor
        fixture.state.pointee.mstatus[.sum] = true
        let flags = isUserPage ? Entry.user : Entry.supervisor
        fixture.first.map(GuestMachine.virtualData, to: GuestMachine.data, flags)
        fixture.machine[.a1] = 0x55
        execute(fixture, .hsvD, at: GuestMachine.virtualData)
        if isSupervisor != isUserPage {
            #expect(fixture.machine.read(fixture.physical(GuestMachine.data)) == 0x55)
        } else {
            #expect(
                SupervisorTrap(fixture.state)
                    == SupervisorTrap(.storePageFault, value: GuestMachine.virtualData)
            )
            #expect(!fixture.state.pointee.hstatus[.spv])
            #expect(fixture.state.pointee.hstatus[.spvp] == isSupervisor)
        }
    }

    /// A guest-page fault: GVA is set, SPV is not, and htinst holds the transformed instruction.
    @Test(arguments: [Opcode.hlvD, .hlvxWu, .hsvB])
    func guestPageFault(opcode: Opcode) throws {
        let fixture = try GuestMachine()
        fixture.state.pointee.hstatus[.spvp] = true
        fixture.guest.unmap(GuestMachine.data)
        execute(fixture, opcode, at: GuestMachine.virtualData + 8)
        let encoding =
            opcode == .hsvB ? ProgramBuilder.encode(opcode, rs2: .a1) : ProgramBuilder.encode(opcode, rd: .a1)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    opcode == .hsvB ? .storeGuestPageFault : .loadGuestPageFault,
                    value: GuestMachine.virtualData + 8,
                    guestPhysicalAddress: GuestMachine.data + 8,
                    instruction: UInt64(encoding)
                )
        )
        #expect(!fixture.state.pointee.hstatus[.spv])
    }

    /// HLVX asks both stages for execute instead of read, and physical protection for both. norm:hlsv_u_op
    @Test func executePermissionForRead() throws {
        let executeOnly = Entry.v | Entry.x | Entry.a | Entry.d
        let fixture = try GuestMachine()
        fixture.state.pointee.hstatus[.spvp] = true
        fixture.machine.write(0x1234, at: fixture.physical(GuestMachine.data))
        fixture.first.map(GuestMachine.virtualData, to: GuestMachine.data, executeOnly)
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), executeOnly | Entry.u)
        execute(fixture, .hlvxHu, at: GuestMachine.virtualData)
        #expect(fixture.machine[.a1] == 0x1234)
        execute(fixture, .hlvD, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadPageFault.rawValue)

        fixture.guest.map(
            GuestMachine.data,
            to: fixture.physical(GuestMachine.data),
            Entry.user & ~Entry.x
        )
        execute(fixture, .hlvxHu, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)

        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), executeOnly | Entry.u)
        // Entry 0 makes the frame execute-only; entry 1 allows the rest.
        fixture.machine.hart.writeCSR(.pmpaddr0, fixture.physical(GuestMachine.data) >> 2 | 0x1FF)
        fixture.machine.hart.writeCSR(CSRAddress.pmpaddr0.advanced(by: 1), ~0)
        fixture.machine.hart.writeCSR(.pmpcfg0, 0x1F1C)
        execute(fixture, .hlvxHu, at: GuestMachine.virtualData)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(.loadAccessFault, value: GuestMachine.virtualData)
        )
    }

    /// norm:hlsv_mode norm:hlsv_virtinst norm:hlsv_illegalinst norm:hstatus_hu_op
    @Test(arguments: [false, true])
    func permissions(isUserAllowed: Bool) throws {
        let fixture = try GuestMachine()
        fixture.state.pointee.hstatus[.hu] = isUserAllowed
        fixture.state.pointee.hstatus[.spvp] = true
        execute(fixture, .hlvD, at: GuestMachine.virtualData, from: .user)
        let user: ExceptionCause = isUserAllowed ? .environmentCallFromU : .illegalInstruction
        #expect(fixture.state.pointee.scause == user.rawValue)
        for mode in [PrivilegeMode.virtualUser, .virtualSupervisor] {
            fixture.first.map(
                GuestMachine.virtualCode,
                to: GuestMachine.code,
                mode == .virtualUser ? Entry.user : Entry.supervisor
            )
            fixture.machine.hart.flushTranslations()
            fixture.run(mode) { $0.emit(.hlvD, rd: .a1, rs1: .a0) }
            #expect(fixture.state.pointee.scause == ExceptionCause.virtualInstruction.rawValue)
        }
    }

    /// MPRV with MPP and MPV makes M-mode's loads and stores those of the guest.
    /// norm:mstatus_mprv_hypervisor norm:mstatus_mprv_ldst_op
    @Test func machineAccessesAsTheGuest() throws {
        let fixture = try GuestMachine()
        fixture.machine.write(99, at: fixture.physical(GuestMachine.data))
        fixture.state.pointee.mstatus[.mprv] = true
        fixture.state.pointee.mstatus[.mpv] = true
        fixture.state.pointee.mstatus[.mpp] = 1
        fixture.machine[.a0] = GuestMachine.virtualData
        fixture.machine.load { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.lui, rd: .a2, 0x70_0000)
            program.emit(.sd, rs1: .a2, rs2: .a1)
        }
        #expect(fixture.machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(fixture.machine[.a1] == 99)
        #expect(fixture.state.pointee.mcause == ExceptionCause.storePageFault.rawValue)
        #expect(fixture.state.pointee.mtval == 0x70_0000)
        #expect(fixture.state.pointee.mstatus[.gva])
        #expect(!fixture.state.pointee.mstatus[.mpv])
        #expect(fixture.state.pointee.mstatus[.mpp] == 3)

        // The G-stage fault goes to mtval2 and mtinst.
        fixture.guest.unmap(GuestMachine.data)
        fixture.machine.hart.flushTranslations()
        fixture.state.pointee.mstatus[.mpv] = true
        fixture.state.pointee.mstatus[.mpp] = 1
        fixture.machine.run(.machine, at: TestMachine.base)
        #expect(fixture.state.pointee.mcause == ExceptionCause.loadGuestPageFault.rawValue)
        #expect(fixture.state.pointee.mtval2 == GuestMachine.data >> 2)
        #expect(fixture.state.pointee.mtinst == UInt64(ProgramBuilder.encode(.ld, rd: .a1)))
    }
}
