import Platform
import Testing

@testable import RV64Core

@Suite("Cache-block operations")
struct CacheBlockTests {
    private static let block = TestMachine.base + 0x2000

    private static func machine(bus: Bus = Bus()) throws -> TestMachine {
        try TestMachine(extensions: ISAConfiguration.standard.extensions, bus: bus)
    }

    /// Runs one CBO, then an EBREAK.
    private static func run(_ opcode: Opcode, _ machine: TestMachine, _ mode: PrivilegeMode, at address: UInt64) {
        machine[.a0] = address
        machine.load { program in
            program.emit(opcode, rs1: .a0)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(mode, at: TestMachine.base)
    }

    /// Which of the registers enable an operation.
    struct Enables: OptionSet, Sendable {
        let rawValue: Int
        static let machine = Enables(rawValue: 1)
        static let hypervisor = Enables(rawValue: 2)
        static let supervisor = Enables(rawValue: 4)
    }

    /// What the manual's listings say. norm:menvcfg_cbze_op norm:menvcfg_cbcfe_op
    /// norm:senvcfg_cbze norm:senvcfg_cbcfe norm:senvcfg_cbie norm:cbo-inval norm:cbo-clean_cbo-flush norm:cbo-zero_basedon_xenvcfg-CBZE
    private static func expected(_ mode: PrivilegeMode, _ enables: Enables) -> ExceptionCause {
        if mode != .machine && !enables.contains(.machine) { return .illegalInstruction }
        if mode == .user && !enables.contains(.supervisor) { return .illegalInstruction }
        if mode == .virtualSupervisor && !enables.contains(.hypervisor) { return .virtualInstruction }
        if mode == .virtualUser && !enables.isSuperset(of: [.hypervisor, .supervisor]) { return .virtualInstruction }
        return .breakpoint
    }

    @Test(
        "Illegal, virtual or executed, by mode and enables",
        arguments: [Opcode.cboZero, .cboClean, .cboFlush, .cboInval],
        [PrivilegeMode.machine, .supervisor, .user, .virtualSupervisor, .virtualUser]
    )
    func enables(opcode: Opcode, mode: PrivilegeMode) throws {
        let machine = try Self.machine()
        machine.hart.writeCSR(.medeleg, 0)
        let field: UInt64 =
            switch opcode {
            case .cboZero: 1 << 7
            case .cboInval: 1 << 4
            default: 1 << 6
            }
        for enables in (0..<8).map(Enables.init(rawValue:)) {
            // All other enables are on, so that a wrong field shows.
            let off = 0xF0 & ~(opcode == .cboInval ? 0x30 : field)
            machine.hart.writeCSR(.menvcfg, enables.contains(.machine) ? off | field : off)
            machine.hart.writeCSR(.henvcfg, enables.contains(.hypervisor) ? off | field : off)
            machine.hart.writeCSR(.senvcfg, enables.contains(.supervisor) ? off | field : off)
            Self.run(opcode, machine, mode, at: Self.block)
            #expect(machine.state.pointee.mcause == Self.expected(mode, enables).rawValue, "\(enables.rawValue)")
            if machine.state.pointee.mcause != ExceptionCause.breakpoint.rawValue {
                #expect(machine.state.pointee.mtval == UInt64(ProgramBuilder.encode(opcode, rs1: .a0)))
            }
        }
    }

    /// norm:no_addr_misaligned_excep norm:cbo-zero_op norm:cbo-zero_unaligned norm:cbo-zero_specified_block
    @Test("CBO.ZERO zeroes the 64 bytes around any address", arguments: [0, 1, 33, 63] as [UInt64])
    func zero(offset: UInt64) throws {
        let machine = try Self.machine()
        for word in 0..<UInt64(24) { machine.write(.max, at: Self.block - 64 + word * 8) }
        Self.run(.cboZero, machine, .machine, at: Self.block + offset)
        for word in 0..<UInt64(24) {
            #expect(machine.read(Self.block - 64 + word * 8) == (8..<16 ~= word ? 0 : .max))
        }
    }

    /// norm:cbo-clean_op norm:cbo-flush_op norm:cbo-inval_op norm:cbo-flush_unaligned norm:cbo-inval_unaligned
    /// norm:cbo-inval_s-mode_op1 norm:cbo-inval_s-mode_op0
    @Test("Management operations leave memory alone", arguments: [Opcode.cboInval, .cboClean, .cboFlush])
    func management(opcode: Opcode) throws {
        let machine = try Self.machine()
        machine.write(0x1234, at: Self.block)
        Self.run(opcode, machine, .machine, at: Self.block + 5)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.read(Self.block) == 0x1234)
    }

    private final class Register: MMIODevice {
        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { 0 }
        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {}
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
    }

    @Test(
        "Devices can be managed, not zeroed; where nothing is both fault as stores",
        arguments: [
            (Opcode.cboZero, 0x1000_0008, false), (.cboClean, 0x1000_0008, true), (.cboZero, 0x5000_0008, false),
            (.cboInval, 0x5000_0008, false),
        ] as [(Opcode, UInt64, Bool)]
    )
    func devices(opcode: Opcode, address: UInt64, isExecuted: Bool) throws {
        var bus = Bus()
        bus.attach(Register(), at: 0x1000_0000, size: 0x1000)
        let machine = try Self.machine(bus: bus)
        Self.run(opcode, machine, .machine, at: address)
        let cause: ExceptionCause = isExecuted ? .breakpoint : .storeAccessFault
        #expect(machine.state.pointee.mcause == cause.rawValue)
        if !isExecuted { #expect(machine.state.pointee.mtval == address) }
    }

    /// norm:pm_ignore_pa norm:fault_excep_csr
    @Test("Pointer masking transforms the address that a fault reports", arguments: [Opcode.cboZero, .cboInval])
    func maskedAddress(opcode: Opcode) throws {
        let machine = try Self.machine()
        machine.hart.writeCSR(.mseccfg, 3 << 32)
        Self.run(opcode, machine, .machine, at: 0x1234_0000_5000_0008)
        #expect(machine.state.pointee.mcause == ExceptionCause.storeAccessFault.rawValue)
        #expect(machine.state.pointee.mtval == 0x5000_0008)
        machine.write(.max, at: Self.block)
        Self.run(opcode, machine, .machine, at: 0x1234_0000_0000_0000 | Self.block)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.read(Self.block) == (opcode == .cboZero ? 0 : .max))
    }

    /// norm:cbm_access norm:cbz_access norm:cbm_unperm_fault norm:cbz_unperm_fault norm:fault_excep_csr
    @Test(
        "First-stage permissions: management needs a load's, zeroing a store's; both fault as stores",
        arguments: [
            (Opcode.cboZero, Entry.w | Entry.d, true), (.cboClean, Entry.w | Entry.d, false),
            (.cboClean, Entry.d, false), (.cboZero, Entry.d, true), (.cboFlush, Entry.a, true),
            (.cboInval, Entry.v, true), (.cboZero, Entry.v, true),
        ] as [(Opcode, UInt64, Bool)]
    )
    func pageFaults(opcode: Opcode, missing: UInt64, isFault: Bool) throws {
        let guest = try GuestMachine(first: 8, guest: 8, Self.machine())
        guest.machine.hart.writeCSR(.menvcfg, 0xF0)
        guest.machine.hart.writeCSR(.henvcfg, 0xF0)
        guest.machine.hart.writeCSR(.hedeleg, 0)
        guest.first.map(GuestMachine.virtualData, to: GuestMachine.data, Entry.supervisor & ~missing)
        let address = GuestMachine.virtualData + 0x123
        guest.machine[.a0] = address
        guest.run { program in
            program.emit(opcode, rs1: .a0)
            program.emit(.ecall)
        }
        let cause: ExceptionCause = isFault ? .storePageFault : .environmentCallFromVS
        #expect(guest.state.pointee.scause == cause.rawValue)
        if isFault { #expect(guest.state.pointee.stval == address) }
    }

    /// norm:h_trans_cache
    @Test(
        "G-stage faults: address, guest physical address and transformed instruction",
        arguments: [
            Opcode.cboZero, .cboClean, .cboFlush, .cboInval,
        ]
    )
    func guestPageFaults(opcode: Opcode) throws {
        let guest = try GuestMachine(first: 8, guest: 8, Self.machine())
        guest.machine.hart.writeCSR(.menvcfg, 0xF0)
        guest.machine.hart.writeCSR(.henvcfg, 0xF0)
        guest.guest.unmap(GuestMachine.data)
        let address = GuestMachine.virtualData + 0x124
        guest.machine[.a0] = address
        guest.run { program in
            program.emit(opcode, rs1: .a0)
            program.emit(.ecall)
        }
        let expected = SupervisorTrap(
            .storeGuestPageFault,
            value: address,
            guestPhysicalAddress: GuestMachine.data + 0x124,
            instruction: UInt64(ProgramBuilder.encode(opcode))
        )
        #expect(SupervisorTrap(guest.state) == expected)
    }

    /// norm:cbp_unperm_noexcep norm:prefetch-i_op norm:prefetch-r_op norm:prefetch-w_op norm:Zawrs_stall_terminate
    @Test("Prefetches and hints change nothing and never trap")
    func hints() throws {
        let machine = try Self.machine()
        machine[.a0] = 0x5000_0000
        machine.load { program in
            // prefetch.i, .r and .w 64(a0), pause, ntl.p1, c.ntl.all, wrs.nto, wrs.sto
            for word: UInt32 in [0x0405_6013, 0x0415_6013, 0x0435_6013, 0x0100_000F, 0x0020_0033] { program.word(word) }
            program.half(0x9016)
            program.half(0x0001)
            program.emit(.wrsNto)
            program.emit(.wrsSto)
            program.emit(.ebreak)
        }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.state.pointee.mepc == TestMachine.base + 32)
        #expect(machine[.zero] == 0 && machine[.a0] == 0x5000_0000)
    }
}
