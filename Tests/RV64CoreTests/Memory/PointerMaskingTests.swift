import Testing

@testable import RV64Core

/// Smmpm, Smnpm and Ssnpm. Privileged ISA, "Pointer Masking Extensions".
@Suite struct PointerMaskingTests {
    private static let seven: UInt64 = 2 << 32
    private static let sixteen: UInt64 = 3 << 32

    private func machine() throws -> TestMachine { try TestMachine(extensions: privilegedExtensions) }

    // MARK: - Registers

    /// norm:menvcfg_pmm_enc norm:menvcfg_pmm_rdonly0 norm:henvcfg_pmm_op norm:pmlen_illegal_warl
    @Test(arguments: [CSRAddress.menvcfg, .henvcfg, .senvcfg, .mseccfg, .hstatus])
    func legalValues(address: CSRAddress) throws {
        let hart = try TestHart(privilegedExtensions).hart
        let shift: UInt64 = address == .hstatus ? 48 : 32
        for old in [UInt64(0), 2, 3] {
            for new in UInt64(0)..<4 {
                hart.writeCSR(address, old << shift)
                hart.writeCSR(address, new << shift)
                #expect(hart.readCSR(address) >> shift & 3 == (new == 1 ? old : new))
            }
        }
        let without = try TestHart(privilegedExtensions.subtracting([.smmpm, .smnpm, .ssnpm])).hart
        without.writeCSR(address, ~0)
        #expect(without.readCSR(address) >> shift & 3 == 0)
        // Smnpm brings the field of menvcfg, Ssnpm those below.
        let supervisor = try TestHart(fullExtensions.union([.ssnpm])).hart
        supervisor.writeCSR(address, 3 << shift)
        #expect(supervisor.readCSR(address) >> shift & 3 == ([.menvcfg, .mseccfg].contains(address) ? 0 : 3))
    }

    // MARK: - The transformation

    /// norm:pm_ignore_upper_bits norm:pm_deterministic_effect
    /// norm:pm_ignore_va norm:pm_ignore_pa norm:pmlen_supported_values
    @Test(
        arguments: [
            (2, 8, 0xABFF_FFFF_1234_5678, 0xFFFF_FFFF_1234_5678), (2, 8, 0xABFE_FFFF_1234_5678, 0xFFFE_FFFF_1234_5678),
            (2, 8, 0xAA00_0000_0000_0010, 0x0000_0000_0000_0010), (2, 0, 0xABFF_FFFF_1234_5678, 0x01FF_FFFF_1234_5678),
            (3, 8, 0xABCD_8000_0000_0000, 0xFFFF_8000_0000_0000), (3, 8, 0xABCD_7FFF_FFFF_FFFF, 0x0000_7FFF_FFFF_FFFF),
            (3, 0, 0xABCD_8000_0000_0000, 0x0000_8000_0000_0000), (0, 8, 0xABCD_8000_0000_0000, 0xABCD_8000_0000_0000),
        ] as [(UInt64, UInt64, UInt64, UInt64)]
    )
    func ignore(masking: UInt64, mode: UInt64, address: UInt64, expected: UInt64) {
        let context = TranslationContext(
            mode: .supervisor,
            flags: [],
            firstStage: SATP(mode << 60),
            guestStage: HGATP(0)
        ).masked(by: masking)
        #expect(context.effectiveAddress(address) == expected)
        #expect(context.effectiveAddress(expected) == expected)
    }

    /// norm:pm_all_priv_modes norm:pm_auto_apply_active_mode norm:pm_mode_only_dependency
    /// Which register masks which mode. norm:pm_per_mode_control norm:pm_config_next_higher norm:ssnpm_definition
    /// norm:smnpm_definition norm:smmpm_definition norm:senvcfg_pmm_Ssnpm norm:senvcfg_pmm_immediate
    /// norm:menvcfg_pmm_op norm:mseccfg_pmm_presence_op
    @Test(arguments: PrivilegeMode.allCases)
    func registerOfMode(mode: PrivilegeMode) throws {
        let register: CSRAddress =
            switch mode {
            case .machine: .mseccfg
            case .supervisor: .menvcfg
            case .virtualSupervisor: .henvcfg
            case .user, .virtualUser: .senvcfg
            }
        for address in [CSRAddress.mseccfg, .menvcfg, .henvcfg, .senvcfg] {
            let machine = try machine()
            machine.hart.writeCSR(address, Self.sixteen)
            machine.state.pointee.mode = mode
            let tagged: UInt64 = 0x1234_0000_8000_0000
            let expected = address == register ? tagged & 0xFFFF_FFFF : tagged
            #expect(machine.hart.contextOfData.effectiveAddress(tagged) == expected)
            // norm:pm_not_apply_implicit
            #expect(machine.hart.contextOfFetches.effectiveAddress(tagged) == tagged)
        }
    }

    /// norm:pm_mprv_spvp norm:pm_mxr_exception norm:mnstatus_mprv_clear
    @Test func effectivePrivilege() throws {
        let machine = try machine()
        let hart = machine.hart
        let tagged: UInt64 = 0x1234_0000_8000_0000
        hart.writeCSR(.henvcfg, Self.sixteen)
        machine.state.pointee.mode = .machine
        machine.state.pointee.mstatus[.mpp] = 1
        machine.state.pointee.mstatus[.mpv] = true
        #expect(hart.contextOfData.effectiveAddress(tagged) == tagged)
        machine.state.pointee.mstatus[.mprv] = true
        #expect(hart.contextOfData.effectiveAddress(tagged) == 0x8000_0000)
        machine.state.pointee.mnstatus[.nmie] = false
        #expect(hart.contextOfData.mode == .machine)
        #expect(hart.contextOfData.effectiveAddress(tagged) == tagged)
        machine.state.pointee.mnstatus[.nmie] = true
        machine.state.pointee.vsstatus[.mxr] = true
        #expect(hart.contextOfData.effectiveAddress(tagged) == tagged)
        machine.state.pointee.vsstatus[.mxr] = false
        machine.state.pointee.mstatus[.mxr] = true
        #expect(hart.contextOfData.effectiveAddress(tagged) == tagged)
        // MXR is never in effect for M-mode itself.
        hart.writeCSR(.mseccfg, Self.sixteen)
        machine.state.pointee.mstatus[.mprv] = false
        #expect(hart.contextOfData.effectiveAddress(tagged) == 0x8000_0000)
    }

    /// HLV and HSV act as VS or VU; in U-mode HUPMM takes the place of senvcfg. "Hypervisor Status Register".
    @Test(arguments: [PrivilegeMode.user, .supervisor, .machine])
    func hypervisorAccesses(mode: PrivilegeMode) throws {
        let machine = try machine()
        let hart = machine.hart
        let tagged: UInt64 = 0x1234_0000_8000_0000
        for actsAsSupervisor in [false, true] {
            for (register, value) in [
                (CSRAddress.henvcfg, Self.sixteen), (.senvcfg, Self.sixteen), (.hstatus, 3 << 48),
            ] {
                for other in [CSRAddress.henvcfg, .senvcfg, .hstatus] { hart.writeCSR(other, 0) }
                hart.writeCSR(register, value)
                machine.state.pointee.hstatus[.spvp] = actsAsSupervisor
                machine.state.pointee.mode = mode
                let deciding: CSRAddress = actsAsSupervisor ? .henvcfg : mode == .user ? .hstatus : .senvcfg
                let context = hart.guestDataContext
                #expect(context.effectiveAddress(tagged) == (register == deciding ? 0x8000_0000 : tagged))
                var execution = context
                execution.flags.insert(.readsAsExecute)
                #expect(execution.effectiveAddress(tagged) == tagged, "HLVX")
            }
        }
    }

    // MARK: - Programs

    /// norm:pm_apply_explicit
    /// Loads, stores, atomics and floating-point loads of a guest under a tag; the second time the TLB knows the page.
    @Test(arguments: [seven, sixteen], [UInt64(8), 9, 10])
    func guestAccesses(masking: UInt64, mode: UInt64) throws {
        let guest = try GuestMachine(first: mode, machine())
        guest.machine.hart.writeCSR(.henvcfg, masking)
        guest.machine.write(0x1122_3344_5566_7788, at: guest.physical(GuestMachine.data))
        guest.machine[.a0] = GuestMachine.virtualData | 0xFE00_0000_0000_0000
        guest.machine[.a1] = GuestMachine.virtualData
        guest.machine[.a4] = 5
        guest.run { program in
            program.emit(.ld, rd: .a2, rs1: .a0)
            program.emit(.ld, rd: .a3, rs1: .a0)
            program.emit(.sd, rs1: .a0, rs2: .a4, 8)
            program.emit(.amoaddD, rd: .a5, rs1: .a0, rs2: .a4)
            program.emit(.ld, rd: .a6, rs1: .a1)
            program.emit(.ecall)
        }
        #expect(guest.state.pointee.scause == ExceptionCause.environmentCallFromVS.rawValue)
        #expect(guest.machine[.a2] == 0x1122_3344_5566_7788)
        #expect(guest.machine[.a3] == 0x1122_3344_5566_7788)
        #expect(guest.machine[.a5] == 0x1122_3344_5566_7788)
        #expect(guest.machine[.a6] == 0x1122_3344_5566_778D)
        #expect(guest.machine.read(guest.physical(GuestMachine.data) + 8) == 5)
    }

    /// stval holds the transformed address, also of an AMO that is not aligned. norm:pm_csr_hw_apply
    @Test(arguments: [(Opcode.ld, UInt64(0)), (.sd, 0), (.amoaddD, 0), (.amoaddD, 4), (.lrD, 2)])
    func trapValues(opcode: Opcode, offset: UInt64) throws {
        let guest = try GuestMachine(machine())
        guest.machine.hart.writeCSR(.henvcfg, Self.seven)
        let unmapped = GuestMachine.virtualData + 0x10_0000 + offset
        guest.access(opcode, at: unmapped | 0xAA00_0000_0000_0000)
        #expect(guest.state.pointee.stval == unmapped)
        #expect(guest.state.pointee.hstatus[.gva])
        // Without masking the tag is a fault, with the address as it is.
        guest.machine.hart.writeCSR(.henvcfg, 0)
        guest.access(opcode, at: unmapped | 0xAA00_0000_0000_0000)
        #expect(guest.state.pointee.stval == unmapped | 0xAA00_0000_0000_0000)
    }

    /// norm:pm_misaligned_equivalence, over two pages that are not neighbours in memory.
    @Test func misaligned() throws {
        let guest = try GuestMachine(machine())
        guest.machine.hart.writeCSR(.henvcfg, Self.sixteen)
        guest.machine.write(0x1122_3344_0000_0000, at: guest.physical(GuestMachine.data) + 0xFF8)
        guest.machine.write(0x5566_7788, at: guest.physical(GuestMachine.secondData))
        guest.access(.ld, at: (GuestMachine.virtualData + 0xFFC) | 0xABCD << 48)
        #expect(guest.machine[.a1] == 0x5566_7788_1122_3344)
        // The second page's fault names its transformed address.
        guest.first.unmap(GuestMachine.virtualData + 0x1000)
        guest.machine.hart.perform(.virtualSupervisor(address: nil, asid: nil))
        guest.access(.sd, at: (GuestMachine.virtualData + 0xFFC) | 0xABCD << 48)
        #expect(guest.state.pointee.scause == ExceptionCause.storePageFault.rawValue)
        #expect(guest.state.pointee.stval == GuestMachine.virtualData + 0x1000)
    }

    /// Fetches and fences see the address as it is. norm:pm_not_apply_implicit
    @Test func fetches() throws {
        let guest = try GuestMachine(machine())
        guest.machine.hart.writeCSR(.henvcfg, Self.seven)
        let tagged = GuestMachine.virtualCode | 0xAA << 56
        guest.machine.run(.virtualSupervisor, at: tagged)
        #expect(guest.state.pointee.scause == ExceptionCause.instructionPageFault.rawValue)
        #expect(guest.state.pointee.stval == tagged)
    }

    /// A guest physical address loses its tag to zeros. "Interaction with Pointer Masking".
    @Test func guestPhysicalAddresses() throws {
        let guest = try GuestMachine(machine())
        guest.machine.hart.writeCSR(.vsatp, 0)
        guest.machine.hart.writeCSR(.senvcfg, Self.sixteen)
        guest.machine.write(77, at: guest.physical(GuestMachine.data))
        guest.machine[.a0] = GuestMachine.data | 0xFFFF << 48
        guest.machine.load(at: GuestMachine.frames + GuestMachine.code) { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ecall)
        }
        guest.machine.run(.virtualUser, at: GuestMachine.code)
        #expect(guest.state.pointee.scause == ExceptionCause.environmentCallFromU.rawValue)
        #expect(guest.machine[.a1] == 77)
    }

    /// With Sv57 sixteen ignored bits are bits of the address: what was cached unmasked must not be found masked.
    @Test func cachedTranslations() throws {
        let guest = try GuestMachine(first: 10, machine())
        let far = GuestMachine.virtualData | 1 << 50
        guest.first.map(far, to: GuestMachine.secondData, Entry.supervisor)
        guest.machine.write(1, at: guest.physical(GuestMachine.data))
        guest.machine.write(2, at: guest.physical(GuestMachine.secondData))
        for (masking, expected) in [(0, 2), (Self.sixteen, 1), (Self.seven, 2), (Self.sixteen, 1)] as [(UInt64, UInt64)]
        {
            guest.machine.hart.writeCSR(.henvcfg, masking)
            guest.access(.ld, at: far)
            #expect(guest.machine[.a1] == expected)
        }
    }

    /// MMIO of M-mode: the tag never reaches the bus.
    @Test func machineMode() throws {
        let machine = try machine()
        machine.hart.writeCSR(.mseccfg, Self.seven)
        machine.write(99, at: TestMachine.base + 0x1000)
        machine[.a0] = TestMachine.base + 0x1000 | 0xFE << 56
        machine.load { program in
            program.emit(.ld, rd: .a1, rs1: .a0)
            program.emit(.ld, rd: .a1, rs1: .a2)
        }
        machine[.a2] = 0xFE00_0000_1234_0000
        machine.run(.machine, at: TestMachine.base)
        #expect(machine[.a1] == 99)
        #expect(machine.state.pointee.mcause == ExceptionCause.loadAccessFault.rawValue)
        #expect(machine.state.pointee.mtval == 0x1234_0000)
    }
}
