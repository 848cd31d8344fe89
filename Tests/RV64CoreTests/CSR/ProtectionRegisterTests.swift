import Testing

@testable import RV64Core

@Suite("PMP registers")
struct ProtectionRegisterTests {
    @Test("norm:pmp_cfg_rv64_layout: eight entries per even register")
    func layout() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.pmpcfg0, 0x1f0f_0b09_0703_0100)
        hart.writeCSR(.pmpcfg2, 0x0000_0000_0000_001b)
        #expect(hart.readCSR(.pmpcfg0) == 0x1f0f_0b09_0703_0100)
        #expect(hart.state.pointee.pmpcfg[7] == 0x1f)
        #expect(hart.state.pointee.pmpcfg[8] == 0x1b)
        hart.writeCSR(CSRAddress(0x3a4), ~0)
        #expect(hart.readCSR(CSRAddress(0x3a4)) == 0)
        #expect(hart.readCSR(.pmpcfg0) == 0x1f0f_0b09_0703_0100)
    }

    @Test("norm:pmp_rwx_warl: W without R gives nothing, bits 5 and 6 are zero")
    func reserved() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.pmpcfg0, 0x7f_1e_1a)
        #expect(hart.readCSR(.pmpcfg0) == 0x1f_18_18)
    }

    /// norm:pmp_addr_registers norm:pmp_addr_warl norm:pmp_csrs_warl_access
    @Test("norm:pmp_addr_encoding norm:pmp_entry_count")
    func addresses() throws {
        let hart = try TestHart().hart
        for entry in 0..<64 {
            let address = CSRAddress.pmpaddr0.advanced(by: entry)
            hart.writeCSR(address, ~0)
            #expect(hart.readCSR(address) == (entry < 16 ? (1 << 54) - 1 : 0))
        }
    }

    @Test("norm:pmp_l_bit_write_protection: a locked entry keeps configuration and address")
    func lock() throws {
        let hart = try TestHart().hart
        hart.writeCSR(.pmpaddr0, 0x100)
        hart.writeCSR(.pmpcfg0, 0x9f)
        hart.writeCSR(.pmpcfg0, 0x1f1f)
        hart.writeCSR(.pmpaddr0, 0x200)
        #expect(hart.readCSR(.pmpcfg0) == 0x1f9f)
        #expect(hart.readCSR(.pmpaddr0) == 0x100)
        hart.reset()
        #expect(hart.readCSR(.pmpcfg0) == 0)
    }

    @Test("norm:pmp_l_bit_write_protection: a locked TOR entry keeps the address below", arguments: [0x8f, 0x9f])
    func topOfRange(_ configuration: UInt64) throws {
        let hart = try TestHart().hart
        hart.writeCSR(.pmpaddr0, 0x100)
        hart.writeCSR(.pmpcfg0, configuration << 8)
        hart.writeCSR(.pmpaddr0, 0x200)
        let isTopOfRange = configuration & 0x18 == 0x08
        #expect(hart.readCSR(.pmpaddr0) == (isTopOfRange ? 0x100 : 0x200))
    }
}
