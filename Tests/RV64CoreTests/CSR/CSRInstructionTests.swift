import Testing

@testable import RV64Core

/// One CSR instruction with operand 5 on `mscratch` = 6.
struct OperationRow: CustomTestStringConvertible, Sendable {
    let opcode: Opcode
    let after: UInt64
    var testDescription: String { "\(opcode)" }
}

@Suite("CSR instructions")
struct CSRInstructionTests {
    @Test(
        "norm:csrrw_op norm:csrrs_op norm:csrrc_op norm:csrrwi_csrrsi_csrrci_ops",
        arguments: [
            OperationRow(opcode: .csrrw, after: 5), OperationRow(opcode: .csrrs, after: 7),
            OperationRow(opcode: .csrrc, after: 2), OperationRow(opcode: .csrrwi, after: 5),
            OperationRow(opcode: .csrrsi, after: 7), OperationRow(opcode: .csrrci, after: 2),
        ]
    )
    func operations(_ row: OperationRow) throws {
        let test = try TestHart()
        test.state.pointee.mscratch = 6
        test.hart.x[5] = 5
        #expect(test.execute(row.opcode, .mscratch, rd: 7, rs1: 5) == nil)
        #expect(test.hart.x[7] == 6)
        #expect(test.state.pointee.mscratch == row.after)
    }

    @Test(
        "rd = rs1: the operand is taken before the destination is written",
        arguments: [Opcode.csrrw, .csrrs, .csrrc]
    )
    func sameRegister(_ opcode: Opcode) throws {
        let test = try TestHart()
        test.state.pointee.mscratch = 0b1100
        test.hart.x[5] = 0b1010
        #expect(test.execute(opcode, .mscratch, rd: 5, rs1: 5) == nil)
        #expect(test.hart.x[5] == 0b1100)
        let expected: UInt64 = opcode == .csrrw ? 0b1010 : opcode == .csrrs ? 0b1110 : 0b0100
        #expect(test.state.pointee.mscratch == expected)
    }

    @Test(
        "norm:csrrs_csrrc_rs1_x0 norm:csrrsi_csrrci_uimm_zero: no write, so a read-only CSR may be read",
        arguments: [Opcode.csrrs, .csrrc, .csrrsi, .csrrci]
    )
    func readOnlyRead(_ opcode: Opcode) throws {
        let test = try TestHart()
        #expect(test.execute(opcode, .mhartid, rd: 7) == nil)
        #expect(test.hart.x[7] == 5)
        // A register that happens to hold zero is still a write.
        test.hart.x[5] = 0
        #expect(test.execute(opcode, .mhartid, rd: 7, rs1: 5)?.cause == .illegalInstruction)
    }

    @Test("norm:csrrw_rs1_x0: csrrw with x0 writes zero", arguments: [Opcode.csrrw, .csrrwi])
    func writesZero(_ opcode: Opcode) throws {
        let test = try TestHart()
        test.state.pointee.mscratch = 6
        #expect(test.execute(opcode, .mscratch) == nil)
        #expect(test.state.pointee.mscratch == 0)
        #expect(test.execute(opcode, .mhartid)?.cause == .illegalInstruction)
        #expect(test.hart.x[0] == 0)
    }

    @Test("norm:H_virtinst_xtval: the trap carries the instruction, and nothing is written")
    func trapValue() throws {
        let test = try TestHart()
        test.state.pointee.mode = .virtualSupervisor
        test.hart.x[7] = 99
        let trap = try #require(test.execute(.csrrw, .hstatus, rd: 7, rs1: 7))
        #expect(trap == Trap(.virtualInstruction, value: 0x6000_0073))
        #expect(test.hart.x[7] == 99)
        #expect(test.execute(.csrrw, .mstatus)?.cause == .illegalInstruction)
        #expect(test.execute(.add, .mscratch)?.cause == .illegalInstruction)
    }

    @Test("norm:H_vscsrs_sub norm:H_vscsrs_v1: a guest's sscratch is vsscratch")
    func substitution() throws {
        let test = try TestHart()
        test.state.pointee.sscratch = 1
        test.state.pointee.vsscratch = 2
        test.state.pointee.mode = .virtualSupervisor
        test.hart.x[5] = 3
        #expect(test.execute(.csrrw, .sscratch, rd: 7, rs1: 5) == nil)
        #expect(test.hart.x[7] == 2)
        #expect(test.state.pointee.vsscratch == 3)
        #expect(test.state.pointee.sscratch == 1)
    }

    @Test("norm:vsatp_mode_unsupported_v1: a guest's write of an unsupported mode is ignored")
    func guestTranslation() throws {
        let test = try TestHart(pagingLimit: .sv39)
        test.state.pointee.mode = .virtualSupervisor
        test.hart.x[5] = 8 << 60 | 0x99
        #expect(test.execute(.csrrw, .satp, rs1: 5) == nil)
        test.hart.x[5] = 9 << 60 | 0x11
        #expect(test.execute(.csrrw, .satp, rs1: 5) == nil)
        #expect(test.state.pointee.vsatp.rawValue == 0x8000_0000_0000_0099)
        #expect(test.state.pointee.satp.rawValue == 0)
    }

    @Test(
        "norm:vsstatus_fs_op: writing fcsr makes FS dirty, both of them in a guest",
        arguments: PrivilegeMode.allCases
    )
    func floatingPointDirty(_ mode: PrivilegeMode) throws {
        let test = try TestHart()
        test.openAllGates()
        test.state.pointee.mode = mode
        #expect(test.execute(.csrrs, .fcsr, rd: 7) == nil)
        #expect(test.state.pointee.mstatus[.fs] == ContextStatus.initial)
        #expect(test.execute(.csrrwi, .fcsr, rs1: 0x1f) == nil)
        #expect(test.state.pointee.fflags == 0x1f)
        #expect(test.state.pointee.mstatus[.fs] == ContextStatus.dirty)
        #expect(test.state.pointee.vsstatus[.fs] == (mode.isVirtual ? ContextStatus.dirty : ContextStatus.initial))
    }

    @Test("every address in every mode is answered, whatever the CSR", arguments: PrivilegeMode.allCases)
    func everyAddress(_ mode: PrivilegeMode) throws {
        let test = try TestHart()
        test.openAllGates()
        for raw in UInt16(0)..<0x1000 {
            let address = CSRAddress(raw)
            for value in [0, ~0, 0x5555_5555_5555_5555] as [UInt64] {
                test.state.pointee.mode = mode
                test.hart.x[5] = value
                let trap = test.execute(.csrrw, address, rd: 7, rs1: 5)
                if let trap { #expect(trap.cause == .illegalInstruction || trap.cause == .virtualInstruction) }
                if !address.isImplemented { #expect(trap?.cause == .illegalInstruction) }
            }
        }
        #expect(test.hart.x[0] == 0)
    }

    @Test("every CSR of the table has a name in the manual's listing")
    func names() {
        for raw in UInt16(0)..<0x1000 where CSRAddress(raw).isImplemented {
            #expect(CSRAddress(raw).name != nil, "\(String(raw, radix: 16))")
        }
    }
}
