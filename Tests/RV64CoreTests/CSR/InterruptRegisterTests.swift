import Platform
import Synchronization
import Testing

@testable import RV64Core

@Suite("Interrupt registers and their views")
struct InterruptRegisterTests {
    @Test("sie and hie are views of mie, and never share a bit: norm:sie_hip_hie_mutex norm:mip_mie_alias")
    func enables() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.mie, ~0)
        #expect(hart.readCSR(.sie) == 0)
        #expect(hart.readCSR(.hie) == 0x1444)
        hart.writeCSR(.mideleg, 0x202)
        #expect(hart.readCSR(.sie) == 0x202)
        hart.writeCSR(.sie, 0)
        #expect(hart.readCSR(.mie) == 0x1eee & ~0x202)
        hart.writeCSR(.hie, 0x4)
        #expect(hart.readCSR(.mie) & 0x1444 == 0x4)
        #expect(hart.readCSR(.sie) & hart.readCSR(.hie) == 0)
    }

    @Test(
        "norm:mip_ssip_acc norm:mip_ssip_mie_ssie_op norm:mip_bits_wr_op sip: delegated bits only, SSIP alone writable"
    )
    func supervisorPending() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.mip, ~0)
        #expect(hart.readCSR(.mip) == 0x226, "SSIP, VSSIP, STIP, SEIP")
        #expect(hart.readCSR(.sip) == 0)
        hart.writeCSR(.mideleg, 0x222)
        #expect(hart.readCSR(.sip) == 0x222)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.sip) == 0x220)
        hart.writeCSR(.sip, ~0)
        #expect(hart.readCSR(.sip) == 0x222)
        hart.writeCSR(.mideleg, 0)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.mip) & 2 == 2, "SSIP is read-only in sip while it is not delegated")
    }

    @Test("norm:mip_lcofip_mie_lcofie_op norm:mip_lcofip_acc norm:mip_lcofip_mie_lcofie_rdonly0 norm:vsip_vsie_lcofi")
    func counterOverflow() throws {
        let without = try TestHart().hart
        without.writeCSR(.mip, 1 << 13)
        without.writeCSR(.mie, 1 << 13)
        without.writeCSR(.mideleg, 1 << 13)
        #expect(without.readCSR(.mip) | without.readCSR(.mie) == 0)
        #expect(without.readCSR(.mideleg) == 0x1444)
        let hart = try TestHart(fullExtensions.union([.sscofpmf])).hart
        hart.writeCSR(.mip, 1 << 13)
        #expect(hart.readCSR(.mip) == 1 << 13)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.mip) == 1 << 13, "not delegated")
        hart.writeCSR(.mideleg, 1 << 13)
        #expect(hart.readCSR(.sip) == 1 << 13)
        hart.writeCSR(.sip, 0)
        #expect(hart.readCSR(.mip) == 0)
        hart.writeCSR(.hideleg, ~0)
        #expect(hart.readCSR(.hideleg) == 0x444, "no Shlcofideleg")
        #expect(hart.decideAccess(to: .scountovf, .read, from: .virtualSupervisor) == .allowed(.scountovf))
        #expect(hart.readCSR(.scountovf) == 0)
    }

    @Test("norm:mip_seip_acc norm:mip_seip_rdcsr norm:mip_seip_wrcsr: the wire does not enter the read-modify-write")
    func supervisorExternal() throws {
        let test = try TestHart()
        let external = InterruptCause.supervisorExternal.mask
        test.hart.lines.pointee.store(external, ordering: .relaxed)
        test.hart.x[5] = 2
        #expect(test.execute(.csrrs, .mip, rd: 7, rs1: 5) == nil)
        #expect(test.hart.x[7] == external)
        #expect(test.state.pointee.mip == 2)
        test.hart.x[5] = external
        #expect(test.execute(.csrrs, .mip, rs1: 5) == nil)
        test.hart.lines.pointee.store(0, ordering: .relaxed)
        #expect(test.hart.readCSR(.mip) == external | 2)
        #expect(test.execute(.csrrc, .mip, rs1: 5) == nil)
        #expect(test.hart.readCSR(.mip) == 2)
    }

    @Test("norm:mip_meip_rdonly norm:mip_msip_rdonly: wires show in mip and cannot be written")
    func wires() throws {
        let hart = try TestHart().hart
        hart.lines.pointee.store(0x808, ordering: .relaxed)
        hart.writeCSR(.mip, 0)
        #expect(hart.readCSR(.mip) == 0x808)
        hart.lines.pointee.store(0, ordering: .relaxed)
        hart.writeCSR(.mip, 0x888)
        #expect(hart.readCSR(.mip) == 0)
    }

    @Test("hip and hvip: norm:hip_vssip_vssie_op norm:hip_vseip_vseie_op norm:hvip_acc")
    func hypervisorPending() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.hvip, 0x444)
        #expect(hart.readCSR(.hip) == 0x444)
        #expect(hart.readCSR(.mip) == 0x444)
        hart.writeCSR(.hip, 0)
        #expect(hart.readCSR(.hvip) == 0x440, "only VSSIP is writable in hip")
        hart.writeCSR(.mip, 0x4)
        #expect(hart.readCSR(.hvip) == 0x444)
    }

    @Test("norm:hip_sgeip_sgeie_acc_op norm:hgeie_op norm:hip_vseip_vseie_op")
    func guestExternal() throws {
        let hart = try TestHart().hart
        hart.guestExternalLines.pointee.store(~0, ordering: .relaxed)
        #expect(hart.readCSR(.hgeip) == 0xe)
        hart.guestExternalLines.pointee.store(1 << 2, ordering: .relaxed)
        #expect(hart.readCSR(.hip) == 0)
        hart.writeCSR(.hgeie, 1 << 1)
        #expect(hart.readCSR(.hip) == 0)
        hart.writeCSR(.hgeie, 1 << 2)
        #expect(hart.readCSR(.hip) == 1 << 12)
        hart.writeCSR(.hgeie, 0)
        for number in 0...UInt64(3) {
            hart.writeCSR(.hstatus, number << 12)
            #expect(hart.readCSR(.hip) == (number == 2 ? 1 << 10 : 0))
        }
        #expect(hart.readCSR(.hvip) == 0)
    }

    @Test(
        "vsip and vsie alias hip and hie where hideleg says so: norm:vsip_vsie_sei norm:vsip_vsie_sti norm:vsip_vsie_ssi",
        arguments: [2, 6, 10] as [UInt64]
    )
    func virtualSupervisor(_ code: UInt64) throws {
        let hart = try TestHart().hart
        hart.writeCSR(.hvip, ~0)
        hart.writeCSR(.hie, ~0)
        #expect(hart.readCSR(.vsip) == 0)
        #expect(hart.readCSR(.vsie) == 0)
        hart.writeCSR(.hideleg, 1 << code)
        #expect(hart.readCSR(.vsip) == 1 << (code - 1))
        #expect(hart.readCSR(.vsie) == 1 << (code - 1))
        hart.writeCSR(.vsie, 0)
        #expect(hart.readCSR(.hie) == 0x1444 & ~(1 << code))
        hart.writeCSR(.vsip, 0)
        #expect(hart.readCSR(.hvip) == (code == 2 ? 0x440 : 0x444), "only SSIP is writable in vsip")
    }

    /// norm:mip_stip_mie_stie_op norm:mip_stip_no_stimecmp_op2 norm:mip_stip_stimecmp_op2
    /// norm:mip_stip_stimecmp_clr
    @Test("norm:mip_stip_no_stimecmp_acc norm:mip_stip_stimecmp_acc norm:mip_sip_stip_op")
    func supervisorTimer() throws {
        let test = try TestHart()
        let timer = InterruptCause.supervisorTimer.mask
        test.hart.writeCSR(.mip, timer)
        #expect(test.hart.readCSR(.mip) == timer)
        test.hart.writeCSR(.stimecmp, 100)
        test.hart.writeCSR(.menvcfg, Flag<EnvironmentConfiguration>.stce.mask)
        #expect(test.hart.readCSR(.mip) == 0, "software's bit is out of effect")
        test.hart.writeCSR(.stimecmp, 0)
        #expect(test.hart.readCSR(.mip) == timer)
        test.hart.writeCSR(.mip, 0)
        #expect(test.hart.readCSR(.mip) == timer, "read-only with stimecmp")
        test.hart.writeCSR(.stimecmp, 1)
        #expect(test.hart.readCSR(.mip) == 0)
        test.hart.writeCSR(.menvcfg, 0)
        #expect(test.hart.readCSR(.mip) == timer, "back to software's bit")
    }

    @Test("norm:hip_vstip_op norm:hip_vstip_vstie_acc_op: vstimecmp against time + htimedelta, or hvip")
    func virtualSupervisorTimer() throws {
        let test = try TestHart()
        let timer = InterruptCause.virtualSupervisorTimer.mask
        test.hart.writeCSR(.vstimecmp, 5)
        test.hart.writeCSR(.htimedelta, 5)
        #expect(test.hart.readCSR(.hip) == 0, "STCE is clear")
        test.hart.writeCSR(.menvcfg, ~0)
        test.hart.writeCSR(.henvcfg, ~0)
        #expect(test.hart.readCSR(.hip) == timer)
        test.hart.writeCSR(.htimedelta, 4)
        #expect(test.hart.readCSR(.hip) == 0)
        test.hart.writeCSR(.hvip, timer)
        #expect(test.hart.readCSR(.hip) == timer)
        test.hart.writeCSR(.hvip, 0)
        test.hart.writeCSR(.vstimecmp, 4)
        #expect(test.hart.readCSR(.hip) == timer)
        test.hart.writeCSR(.henvcfg, 0)
        #expect(test.hart.readCSR(.hip) == 0, "norm:henvcfg_stce")
    }

    @Test("norm:sstatus norm:mstatus_sz_acc: sstatus is a view of mstatus, vsstatus is not")
    func statusViews() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.mstatus, ~0)
        hart.writeCSR(.sstatus, 0)
        #expect(hart.readCSR(.sstatus) == 0x2_0000_0000)
        #expect(hart.readCSR(.mstatus) == 0xca_0072_1888, "only the fields of sstatus went away")
        #expect(hart.readCSR(.vsstatus) == 0x2_0000_0000)
        hart.writeCSR(.vsstatus, ~0)
        #expect(hart.readCSR(.sstatus) == 0x2_0000_0000)
    }
}
