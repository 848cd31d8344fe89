import Platform
import Testing

@testable import RV64Core

/// Explicit accesses of a guest through VS-stage and G-stage tables that the test builds.
@Suite struct TwoStageTranslationTests {
    @Test(arguments: [UInt64(8), 9, 10], [UInt64(8), 9, 10])
    func everyPairOfSchemesTranslates(first: UInt64, guest: UInt64) throws {
        let fixture = try GuestMachine(first: first, guest: guest)
        fixture.machine.write(0x1122_3344_5566_7788, at: fixture.physical(GuestMachine.data + 0x10))
        #expect(fixture.access(.ld, at: GuestMachine.virtualData + 0x10) == .hosted(.supervisor))
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        #expect(fixture.machine[.a1] == 0x1122_3344_5566_7788)
    }

    /// norm:H_guest_page_fault norm:htval_trapval norm:hstatus_gva_op norm:hstatus_spv_op
    @Test(arguments: [Opcode.lb, .lhu, .lw, .ld, .sb, .sh, .sw, .sd, .lrD, .amoaddW, .amoswapD])
    func missingGuestPageFaults(opcode: Opcode) throws {
        let fixture = try GuestMachine()
        fixture.guest.unmap(GuestMachine.data)
        let address = GuestMachine.virtualData + 0x28
        #expect(fixture.access(opcode, at: address) == .hosted(.supervisor))
        let isLoad = [.lb, .lhu, .lw, .ld, .lrD].contains(opcode)
        let stores: [Opcode] = [.sb, .sh, .sw, .sd]
        let operands: UInt32 =
            stores.contains(opcode)
            ? ProgramBuilder.encode(opcode, rs2: .a1)
            : opcode == .lrD || isLoad
                ? ProgramBuilder.encode(opcode, rd: .a1) : ProgramBuilder.encode(opcode, rd: .a1, rs2: .a2)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    isLoad ? .loadGuestPageFault : .storeGuestPageFault,
                    value: address,
                    guestPhysicalAddress: GuestMachine.data + 0x28,
                    instruction: UInt64(operands)
                )
        )
        #expect(fixture.state.pointee.hstatus[.spv])
        #expect(fixture.state.pointee.hstatus[.spvp])
        #expect(fixture.state.pointee.mstatus[.spp])
        #expect(fixture.state.pointee.sepc == GuestMachine.virtualCode)
    }

    /// A fetch never has a transformed instruction. norm:H_trap_xtinst_val
    @Test func missingGuestPageFaultsAFetch() throws {
        let fixture = try GuestMachine()
        fixture.guest.unmap(GuestMachine.code)
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualCode)
        #expect(
            SupervisorTrap(fixture.state)
                == SupervisorTrap(
                    .instructionGuestPageFault,
                    value: GuestMachine.virtualCode,
                    guestPhysicalAddress: GuestMachine.code
                )
        )
    }

    /// All G-stage accesses are user accesses. norm:H_vm_gpapriv
    @Test func guestStageNeedsTheUserBit() throws {
        let fixture = try GuestMachine()
        fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), Entry.supervisor)
        fixture.access(.ld, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)
    }

    /// norm:hgatp_mode_sv39x4 norm:hgatp_mode_sv48x4 norm:hgatp_mode_sv57x4
    @Test(arguments: zip([UInt64(8), 9, 10], [UInt64(41), 50, 59]))
    func guestPhysicalAddressesHaveTwoMoreBits(mode: UInt64, bits: UInt64) throws {
        let fixture = try GuestMachine(guest: mode)
        fixture.machine.hart.writeCSR(.vsatp, 0)
        let highest = (UInt64(1) << bits) - 0x1000
        fixture.guest.map(highest, to: fixture.physical(GuestMachine.data), Entry.user)
        fixture.machine.write(42, at: fixture.physical(GuestMachine.data))
        fixture.machine[.a0] = highest
        fixture.machine.load(at: fixture.physical(GuestMachine.code)) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ld, rd: .a2, rs1: .a3)
        }
        fixture.machine[.a3] = highest + 0x1000
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.code)
        #expect(fixture.machine[.a1] == 42)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadGuestPageFault.rawValue)
        #expect(fixture.state.pointee.stval == highest + 0x1000)
        #expect(fixture.state.pointee.htval == (highest + 0x1000) >> 2)
    }

    /// Faults of the first stage are ordinary page faults; other traps write zero to htval. norm:htval_trapval
    @Test func firstStageFaultsAreTheGuestsOwn() throws {
        let fixture = try GuestMachine()
        fixture.state.pointee.htval = 99
        fixture.state.pointee.htinst = 99
        fixture.access(.ld, at: 0x66_6000)
        #expect(SupervisorTrap(fixture.state) == SupervisorTrap(.loadPageFault, value: 0x66_6000))
        fixture.machine.hart.writeCSR(.hedeleg, 1 << ExceptionCause.loadPageFault.rawValue)
        fixture.machine.hart.writeCSR(.vstvec, GuestMachine.virtualCode + 4)
        fixture.access(.ld, at: 0x66_7000)
        #expect(fixture.state.pointee.vscause == ExceptionCause.loadPageFault.rawValue)
        #expect(fixture.state.pointee.vstval == 0x66_7000)
        #expect(fixture.state.pointee.vsepc == GuestMachine.virtualCode)
        #expect(fixture.state.pointee.vsstatus[.spp])
        #expect(fixture.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
    }

    /// norm:vsstatus_mxr_vm norm:sstatus_mxr_vm
    @Test(arguments: [false, true], [false, true])
    func makeExecutableReadable(machineMXR: Bool, guestMXR: Bool) throws {
        let executeOnly = Entry.v | Entry.x | Entry.a | Entry.d
        for (firstStage, guestStage) in [(true, false), (false, true), (true, true)] {
            let fixture = try GuestMachine()
            if firstStage { fixture.first.map(GuestMachine.virtualData, to: GuestMachine.data, executeOnly) }
            if guestStage {
                fixture.guest.map(GuestMachine.data, to: fixture.physical(GuestMachine.data), executeOnly | Entry.u)
            }
            fixture.state.pointee.mstatus[.mxr] = machineMXR
            fixture.state.pointee.vsstatus[.mxr] = guestMXR
            fixture.access(.ld, at: GuestMachine.virtualData)
            let expected: ExceptionCause =
                machineMXR
                ? .environmentCallFromVS
                : firstStage && !guestMXR
                    ? .loadPageFault : guestStage ? .loadGuestPageFault : .environmentCallFromVS
            #expect(fixture.state.pointee.scause == expected.rawValue, "\(firstStage) \(guestStage)")
        }
    }

    /// The HS-level SUM is ignored in V; execution from user pages is never allowed. norm:hlsv_trans
    @Test(arguments: [false, true], [false, true])
    func supervisorUserMemory(machineSUM: Bool, guestSUM: Bool) throws {
        let fixture = try GuestMachine()
        fixture.first.map(GuestMachine.virtualData, to: GuestMachine.data, Entry.user)
        fixture.state.pointee.mstatus[.sum] = machineSUM
        fixture.state.pointee.vsstatus[.sum] = guestSUM
        fixture.access(.sd, at: GuestMachine.virtualData)
        let expected: ExceptionCause = guestSUM ? .environmentCallFromVS : .storePageFault
        #expect(fixture.state.pointee.scause == expected.rawValue)
        fixture.machine.run(.virtualSupervisor, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
    }

    /// norm:Svnapot_pte_N norm:Svnapot_valid_encoding norm:Svnapot_hyp_gstage: a 64 KiB page in either stage.
    @Test(arguments: [false, true])
    func napotPages(inGuestStage: Bool) throws {
        let fixture = try GuestMachine()
        let address = GuestMachine.virtualData + 0xB008
        let encoded: UInt64 = 0x8000
        if inGuestStage {
            fixture.first.map(GuestMachine.virtualData + 0xB000, to: 0x2_B000, Entry.supervisor)
            fixture.guest.map(
                0x2_B000,
                to: fixture.physical(0x2_0000) | encoded,
                Entry.user | Entry.n
            )
        } else {
            fixture.first.map(
                GuestMachine.virtualData + 0xB000,
                to: 0x2_0000 | encoded,
                Entry.supervisor | Entry.n
            )
        }
        fixture.machine.write(77, at: fixture.physical(0x2_B008))
        fixture.access(.ld, at: address)
        #expect(fixture.machine[.a1] == 77)
    }

    /// A NAPOT entry with another low PPN, or above the last level, is reserved. norm:Svnapot_reserved_encoding_fault
    @Test func reservedNapotPagesFault() throws {
        let fixture = try GuestMachine()
        fixture.first.map(GuestMachine.virtualData, to: 0x2_4000, Entry.supervisor | Entry.n)
        fixture.access(.ld, at: GuestMachine.virtualData)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadPageFault.rawValue)
        fixture.first.map(0x60_0000, to: 0, Entry.supervisor | Entry.n, level: 1)
        fixture.access(.ld, at: 0x60_0000)
        #expect(fixture.state.pointee.scause == ExceptionCause.loadPageFault.rawValue)
    }

    /// PBMT is reserved until menvcfg (G-stage) and henvcfg (VS-stage) enable it; 3 always is.
    /// norm:Svpbmt_leaf_pte_pbmt_reserved_3_fault norm:menvcfg_pbmte_op
    @Test(arguments: [UInt64(1), 2, 3], [false, true])
    func memoryTypes(type: UInt64, isEnabled: Bool) throws {
        let fixture = try GuestMachine()
        if isEnabled {
            fixture.machine.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.pbmte.mask)
            fixture.machine.hart.writeCSR(.henvcfg, Flag<EnvironmentConfiguration>.pbmte.mask)
        }
        let isLegal = isEnabled && type != 3
        fixture.first.map(GuestMachine.virtualData, to: GuestMachine.data, Entry.supervisor | type << 61)
        fixture.access(.ld, at: GuestMachine.virtualData)
        let first: ExceptionCause = isLegal ? .environmentCallFromVS : .loadPageFault
        #expect(fixture.state.pointee.scause == first.rawValue)
        fixture.guest.map(
            GuestMachine.secondData,
            to: fixture.physical(GuestMachine.secondData),
            Entry.user | type << 61
        )
        fixture.access(.ld, at: GuestMachine.virtualData + 0x1000)
        let second: ExceptionCause = isLegal ? .environmentCallFromVS : .loadGuestPageFault
        #expect(fixture.state.pointee.scause == second.rawValue)
    }
}
