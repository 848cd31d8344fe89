import Platform
import Synchronization
import Testing

@testable import RV64Core

/// Returns from S-mode, its registers, and what it enables for U-mode.
@Suite struct SupervisorReturnTests {
    typealias Fixture = SupervisorPagingTests.Fixture

    /// A trap in S-mode never goes to a mode below, and SRET leaves for what SPP says. norm:mstatus_xret_op
    /// norm:mstatus_spp_sz
    @Test(arguments: [false, true], [false, true])
    func returns(toSupervisor: Bool, enable: Bool) throws {
        let fixture = try Fixture(8)
        let target = toSupervisor ? Fixture.code : Fixture.userCode
        fixture.state.pointee.mstatus[.spp] = toSupervisor
        fixture.state.pointee.mstatus[.spie] = enable
        fixture.state.pointee.mstatus[.mprv] = true
        fixture.state.pointee.sepc = target + 8
        fixture.run { program in
            program.emit(.sret)
            program.emit(.addi, rd: .a2, 1)
            program.emit(.addi, rd: .a3, 1)
        }
        #expect(fixture.machine[.a2] == 0)
        #expect(fixture.machine[.a3] == 1)
        #expect(fixture.state.pointee.mstatus[.spp] == toSupervisor, "that of the ECALL")
        #expect(fixture.state.pointee.mstatus[.spie] == enable, "the enable that SRET restored")
        // norm:mstatus_mprv_clr_mret_sret_less_priv
        #expect(!fixture.state.pointee.mstatus[.mprv])
    }

    /// What registers of S-mode hold. norm:sscratch norm:sepc_acc_invalid_addr norm:stval_acc norm:stvec_op
    /// norm:stvec_sz_base norm:scause_exception_code_sz norm:scause_exception_code_acc norm:sip_sie_bits_sz
    @Test func registers() throws {
        let hart = try TestHart(privilegedExtensions).hart
        for value in [0, 0x3F_FFFF_F000, 0xFFFF_FFC0_0000_0000, 1 << 63, 0x8000_0000] as [UInt64] {
            for address in [CSRAddress.sscratch, .sepc, .stval, .stvec] {
                hart.writeCSR(address, value)
                #expect(hart.readCSR(address) == value)
            }
        }
        for code in UInt64(0)..<32 {
            for flag in [0, InterruptCause.causeFlag] {
                hart.writeCSR(.scause, code | flag)
                #expect(hart.readCSR(.scause) == code | flag)
            }
        }
        // norm:sie_acc norm:sip_sie_warl norm:std_super_intr_impl norm:sip_seip_sie_seie norm:sip_stip_sie_stie
        // norm:sip_ssip_sie_ssie norm:sip_sie_Sscofpmf
        hart.writeCSR(.mideleg, ~0)
        hart.writeCSR(.sie, ~0)
        #expect(hart.readCSR(.sie) == 0x2222)
        hart.writeCSR(.mip, 0x2222)
        #expect(hart.readCSR(.sip) == 0x2222)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.sip) == 0x220, "SEIP and STIP are read-only, SSIP and LCOFIP are not")
        hart.writeCSR(.sip, ~0)
        #expect(hart.readCSR(.sip) == 0x2222)
        // norm:sip_sie norm:sip_acc norm:sip_op
        let without = try TestHart(fullExtensions).hart
        without.writeCSR(.mideleg, ~0)
        without.writeCSR(.sie, ~0)
        #expect(without.readCSR(.sie) == 0x222)
    }

    /// `scounteren` holds back U-mode's reads alone. norm:scounteren_op norm:scounteren_acc
    @Test(arguments: [CSRAddress.cycle, .time, .instret, .hpmcounter3, .hpmcounter31])
    func counterEnables(address: CSRAddress) throws {
        let test = try TestHart(privilegedExtensions)
        test.openAllGates()
        let bit: UInt64 = 1 << UInt64(address.index(from: .cycle))
        for (value, decision) in [(~bit, CSRDecision.illegalInstruction), (bit, .allowed(address))] {
            test.hart.writeCSR(.scounteren, value)
            #expect(test.hart.readCSR(.scounteren) == value & 0xFFFF_FFFF)
            #expect(test.hart.decideAccess(to: address, .read, from: .user) == decision)
            #expect(test.hart.decideAccess(to: address, .read, from: .supervisor) == .allowed(address))
        }
    }
}
