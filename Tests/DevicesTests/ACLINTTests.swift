import Platform
import Testing

@testable import Devices

@Suite struct ACLINTTests {
    let clock = ManualClock()
    let harts = RecordingHartSink()
    let aclint: ACLINT

    init() { aclint = ACLINT(hartCount: 3, clock: clock, harts: harts) }

    /// norm:msip_sz_acc norm:msip_enc norm:msip_update_max_time
    @Test func softwareInterrupts() throws {
        try aclint.write32(0xffff_ffff, at: 8)
        #expect(harts.isSoftwareInterrupting(2))
        #expect(!harts.isSoftwareInterrupting(1))
        #expect(try aclint.read32(8) == 1)
        try aclint.write32(0xffff_fffe, at: 8)
        #expect(!harts.isSoftwareInterrupting(2))
        #expect(try aclint.read32(8) == 0)
    }

    /// norm:mtime_acc norm:mtime_sz norm:mtime_enc_img
    @Test func timeCountsTicks() throws {
        clock.set(123_400)
        #expect(try aclint.read(.double, at: 0xbff8) == 1234)
        #expect(try aclint.read32(0xbff8) == 1234)
        #expect(try aclint.read32(0xbffc) == 0)
    }

    /// norm:mtimecmp_sz norm:mtimecmp_enc_img norm:mtime_mtimecmp_rv64_wr
    @Test func compareInOneAccess() throws {
        #expect(try aclint.read(.double, at: 0x4008) == .max)
        try aclint.write(5000, .double, at: 0x4008)
        #expect(harts.deadline(of: 1) == 5000)
        #expect(harts.deadline(of: 0) == nil)
    }

    /// norm:mtimecmp_rv32_wr
    @Test func compareInHalves() throws {
        try aclint.write32(0x0000_0001, at: 0x4014)
        #expect(harts.deadline(of: 2) == 0x0000_0001_ffff_ffff)
        try aclint.write32(0x0000_0010, at: 0x4010)
        #expect(harts.deadline(of: 2) == 0x0000_0001_0000_0010)
        #expect(try aclint.read32(0x4010) == 0x10)
        #expect(try aclint.read32(0x4014) == 1)
    }

    @Test func writtenTimeMovesDeadlines() throws {
        clock.set(1_000_00)
        try aclint.write(5000, .double, at: 0x4000)
        try aclint.write(4000, .double, at: 0xbff8)
        #expect(try aclint.read(.double, at: 0xbff8) == 4000)
        #expect(harts.deadline(of: 0) == 2000)
        #expect(harts.deadline(of: 1) == .max)
        try aclint.write32(1, at: 0xbffc)
        #expect(try aclint.read(.double, at: 0xbff8) == 1 << 32 | 4000)
        #expect(harts.deadline(of: 0) == 1000, "already due")
    }

    @Test func timeSetBackDelaysTheDeadline() throws {
        clock.set(1_000_00)
        try aclint.write(5000, .double, at: 0x4000)
        try aclint.write(0, .double, at: 0xbff8)
        #expect(harts.deadline(of: 0) == 6000)
        try aclint.write(.max - 1, .double, at: 0x4000)
        #expect(harts.deadline(of: 0) == .max, "beyond the clock is never")
    }

    @Test(arguments: [0x000c, 0x3ffc, 0x4018, 0xbff0, 0xbff4] as [UInt64])
    func absentHartsReadAsZero(offset: UInt64) throws {
        try aclint.write32(.max, at: offset)
        #expect(try aclint.read32(offset) == 0)
    }

    @Test(
        arguments: [
            (.byte, 0x0), (.half, 0x4000), (.double, 0x0), (.double, 0x4004), (.word, 0x4002), (.double, 0xbffc),
        ] as [(AccessWidth, UInt64)]
    )
    func unsupported(width: AccessWidth, offset: UInt64) {
        #expect(throws: BusFault.unsupportedWidth) { try aclint.read(width, at: offset) }
        #expect(throws: BusFault.unsupportedWidth) { try aclint.write(1, width, at: offset) }
    }
}
