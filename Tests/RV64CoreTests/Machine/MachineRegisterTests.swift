import Platform
import Synchronization
import Testing

@testable import RV64Core

/// What M-mode's registers hold, and what a reset makes of them.
@Suite struct MachineRegisterTests {
    /// Registers of 64 bits that software may write with anything. norm:mscratch_sz_acc norm:mtval_sz_acc
    /// norm:mtval_warl norm:mtval_vaddr_and_0_sz norm:mtval_instr_bits_sz norm:mcycle_minstret_sz
    /// norm:mcycle_minstret_rst norm:mhpmcounter_sz
    @Test(
        arguments: [CSRAddress.mscratch, .mtval, .mcycle, .minstret, .mhpmcounter3, .mhpmcounter31],
        [0, 1, 0xFFFF_FFFF, 1 << 63, 0x0123_4567_89AB_CDEF] as [UInt64]
    )
    func wholeRegisters(address: CSRAddress, value: UInt64) throws {
        let hart = try TestHart(privilegedExtensions).hart
        hart.writeCSR(.mcountinhibit, ~0)
        hart.writeCSR(address, value)
        #expect(hart.readCSR(address) == value)
    }

    /// norm:mcause_sz_acc norm:mcause_exccode_wlrl norm:mepc_sz_acc norm:mepc_warl norm:mtvec_sz_warl_acc
    /// norm:mtvec_base_align_4B norm:mtvec_mandatory norm:mtvec_mode_enc
    @Test func addressesAndCauses() throws {
        let hart = try TestHart(privilegedExtensions).hart
        for cause in ExceptionCause.allCases {
            hart.writeCSR(.mcause, cause.rawValue)
            #expect(hart.readCSR(.mcause) == cause.rawValue)
        }
        for cause in InterruptCause.allCases {
            hart.writeCSR(.mcause, InterruptCause.causeFlag | cause.rawValue)
            #expect(hart.readCSR(.mcause) == InterruptCause.causeFlag | cause.rawValue)
        }
        for value in [0x8000_0000, 0x3F_FFFF_F000, 0xFFFF_FFC0_0000_0000] as [UInt64] {
            hart.writeCSR(.mepc, value | 1)
            #expect(hart.readCSR(.mepc) == value)
            hart.writeCSR(.mtvec, value | 1)
            #expect(hart.readCSR(.mtvec) == value | 1)
        }
    }

    /// IALIGN is 16 with Zca, with or without C, and else 32. norm:mepc_align norm:sepc_op_mask_ialign32
    /// norm:Zca_align16
    @Test(
        arguments: [("rv64i", 0), ("rv64i_zca", 2), ("rv64ic", 2)] as [(String, UInt64)],
        [CSRAddress.mepc, .sepc]
    )
    func instructionAlignment(isa: (String, UInt64), address: CSRAddress) throws {
        let hart = try TestHart(ISAConfiguration(parsing: isa.0).extensions).hart
        hart.writeCSR(address, 0x8000_0003)
        #expect(hart.readCSR(address) == 0x8000_0000 | isa.1)
    }

    /// The state after reset. norm:mcause_rst1_val norm:warl_rst norm:M-mode_at_rst1 norm:M-mode_at_rst2 norm:mstatus_mie_mprv_rst norm:mcause_rst_zero
    /// norm:misa_extensions_rst2 norm:hgatp_vsatp_mode_rst norm:mnstatus_nmie_rst norm:pmp_A_L_rst norm:ld_rsv_rst
    /// norm:mseccfg_mml_mmwp_rlb_rst
    @Test func reset() throws {
        let test = try TestHart(privilegedExtensions.subtracting([.smdbltrp]))
        let registers: [CSRAddress] = [.mstatus, .mcause, .hgatp, .vsatp, .satp, .mseccfg, .pmpcfg0, .mnstatus]
        let atReset = registers.map { test.hart.readCSR($0) }
        for address in registers { test.hart.writeCSR(address, ~0) }
        test.hart.writeCSR(.hgatp, 8 << 60)
        test.hart.writeCSR(.satp, 8 << 60)
        test.state.pointee.reservationAddress = 0x8000_0000
        test.state.pointee.mode = .user
        test.hart.reset()
        #expect(registers.map { test.hart.readCSR($0) } == atReset)
        #expect(test.state.pointee.mode == .machine)
        #expect(!test.state.pointee.mstatus[.mie] && !test.state.pointee.mstatus[.mprv])
        #expect(test.hart.readCSR(.mcause) == 0)
        #expect(test.hart.readCSR(.hgatp) | test.hart.readCSR(.vsatp) | test.hart.readCSR(.pmpcfg0) == 0)
        #expect(!test.state.pointee.mnstatus[.nmie])
        #expect(test.state.pointee.reservationAddress == 0)
        #expect(test.hart.readCSR(.misa) == ISAConfiguration.full.misa & test.hart.readCSR(.misa))
    }

    /// XLEN and byte order cannot be changed, whatever is written. norm:mstatus_sxl_rdonly_mxlen64
    /// norm:mstatus_uxl_rdonly_mxlen64 norm:mstatus_sxl_acc_mxlen64 norm:mstatus_uxl_acc_mxlen64
    /// norm:mstatus_sxl_uxl_enc norm:mstatus_mstatush_xbe_warl norm:mstatus_mstatush_mbe_rst norm:mstatus_sbe_rocopy
    /// norm:mstatus_ube_rocopy norm:mstatus_vs_rdonly0_s_no_v norm:mstatus_xs_acc norm:misa_sz norm:misa_mxl_op_isa
    /// norm:misa_always_rd norm:misa_mxl_op_nz
    @Test func readOnlyStatus() throws {
        let hart = try TestHart(privilegedExtensions).hart
        for value in [0, ~0, 0x1_0000_0000, 0x5_0000_0000] as [UInt64] {
            hart.writeCSR(.mstatus, value)
            let status = hart.readCSR(.mstatus)
            #expect(status >> 32 & 15 == 0b1010, "SXL and UXL")
            #expect(status >> 36 & 3 == 0, "SBE and MBE")
            #expect(status >> 6 & 1 == 0, "UBE")
            #expect(status >> 9 & 3 == 0, "VS")
            #expect(status >> 15 & 3 == 0, "XS")
            hart.writeCSR(.misa, value)
            #expect(hart.readCSR(.misa) >> 62 == 2)
        }
    }

    /// The fields that a hart with M, S and U must let software write. norm:mstatus_sie_spie_rdonly0
    /// norm:mstatus_mprv_rdonly0_no_umode norm:mstatus_mxr_rdonly0_no_smode norm:mstatus_sum_rdonly0
    /// norm:mstatus_tw_acc norm:mstatus_tw_warl norm:mstatus_tsr_acc norm:mstatus_tsr_warl norm:mstatus_fs_vs_warl
    /// norm:mstatus_spp_sz norm:mstatus_mpp_sz
    @Test(arguments: [1, 3, 5, 7, 8, 17, 18, 19, 20, 21, 22] as [UInt64])
    func writableStatus(bit: UInt64) throws {
        let hart = try TestHart(privilegedExtensions.subtracting([.smdbltrp])).hart
        for isSet in [true, false, true] {
            hart.writeCSR(.mstatus, isSet ? 1 << bit : 0)
            #expect(hart.readCSR(.mstatus) >> bit & 1 == (isSet ? 1 : 0))
        }
    }

    /// Every counter is there and counts nothing until told to. norm:mhpmcounter_num norm:mhpmcounter_mandatory
    /// norm:mcountinhibit_only_inc norm:mcounteren_inc_inaccessible norm:time_op_rdonly
    @Test func counters() throws {
        let test = try TestHart(privilegedExtensions)
        for number in 3..<32 {
            let counter = CSRAddress.mhpmcounter3.advanced(by: number - 3)
            test.hart.writeCSR(counter, UInt64(number))
            #expect(test.hart.readCSR(counter) == UInt64(number))
            #expect(test.hart.decideAccess(to: counter, .write, from: .machine) == .allowed(counter))
            #expect(test.hart.decideAccess(to: counter, .read, from: .supervisor) == .illegalInstruction)
        }
        test.hart.writeCSR(.mcounteren, 0)
        #expect(test.hart.readCSR(.mhpmcounter3) == 3)
        test.clock.advance(byNanoseconds: 25 * Timebase.nanosecondsPerTick)
        #expect(test.hart.readCSR(.time) == 25)
        #expect(test.hart.decideAccess(to: .time, .write, from: .machine) == .illegalInstruction)
    }

    /// M-mode reads and writes every register of the modes below. norm:M_access_all_lower_priv_CSRs
    @Test func accessFromMachine() throws {
        let test = try TestHart(privilegedExtensions)
        test.state.pointee.mstatus[.fs] = ContextStatus.initial
        for number in UInt16(0)..<0xC00 {
            let address = CSRAddress(number)
            guard address.level != .machine, let definition = address.definition,
                definition.exists(with: privilegedExtensions)
            else { continue }
            #expect(test.hart.decideAccess(to: address, .write, from: .machine) == .allowed(address))
        }
    }

    /// Pending bits of the wires come and go with them. norm:mip_meip_mie_meie_op norm:mip_mtip_mie_mtie_op
    /// norm:mip_msip_mie_msie_op norm:mip_mtip_rdonly norm:mip_sz_acc norm:mie_sz_acc norm:mie_bits_rdonly0
    /// norm:mip_bits_wr_or_rdonly norm:mip_seip_mie_seie_op norm:intr_sei_op
    @Test(arguments: [InterruptCause.machineExternal, .machineSoftware, .supervisorExternal])
    func wires(cause: InterruptCause) throws {
        let hart = try TestHart(privilegedExtensions).hart
        hart.lines.store(cause.mask, ordering: .releasing)
        #expect(hart.readCSR(.mip) == cause.mask)
        hart.writeCSR(.mip, 0)
        #expect(hart.readCSR(.mip) == cause.mask, "only its source takes it away")
        hart.lines.store(0, ordering: .releasing)
        #expect(hart.readCSR(.mip) == 0)
        hart.writeCSR(.mie, ~0)
        #expect(hart.readCSR(.mie) & cause.mask != 0)
        #expect(hart.readCSR(.mie) == 0x3EEE)
    }
}
