import Testing

@testable import RV64Core

/// Cache-block operations of a guest under every CBIE, CBCFE and CBZE.
@Suite struct GuestCacheBlockTests {
    private static let block = TestMachine.base + 0x8000

    /// Stores to a block, executes one operation on it, and loads it again.
    private func execute(
        _ opcode: Opcode,
        in mode: PrivilegeMode,
        _ registers: (machine: UInt64, hypervisor: UInt64, supervisor: UInt64)
    ) throws -> (cause: UInt64, value: UInt64) {
        let machine = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        machine.hart.writeCSR(.menvcfg, registers.machine)
        machine.hart.writeCSR(.henvcfg, registers.hypervisor)
        machine.hart.writeCSR(.senvcfg, registers.supervisor)
        machine.write(0x1111, at: Self.block)
        machine[.a0] = Self.block
        machine[.a1] = 0x2222
        machine.load { program in
            program.emit(.sd, rs1: .a0, rs2: .a1)
            program.emit(opcode, rs1: .a0)
            program.emit(.ld, rd: .a2, rs1: .a0)
            program.emit(.ebreak)
        }
        machine.run(mode, at: TestMachine.base)
        if machine.state.pointee.scause == ExceptionCause.virtualInstruction.rawValue {
            #expect(machine.state.pointee.stval == UInt64(ProgramBuilder.encode(opcode, rs1: .a0)))
        }
        return (machine.state.pointee.scause, machine[.a2])
    }

    /// Not HS-qualified: illegal. Disabled for the guest: virtual. Where any of the three registers asks for a flush,
    /// the block's stores reach memory. norm:cbo-inval_h-mode_veq1_op norm:cbo-inval_h-mode_op0
    /// norm:cbo-inval_h-mode_op1 norm:henvcfg_cbie
    @Test(arguments: [PrivilegeMode.virtualSupervisor, .virtualUser])
    func invalidate(mode: PrivilegeMode) throws {
        let encodings: [UInt64] = [0, 1, 3]
        for machine in encodings {
            for hypervisor in encodings {
                for supervisor in encodings {
                    let registers = (machine << 4, hypervisor << 4, supervisor << 4)
                    let result = try execute(.cboInval, in: mode, registers)
                    let isOpen = hypervisor != 0 && (supervisor != 0 || mode == .virtualSupervisor)
                    let expected: ExceptionCause =
                        machine == 0 ? .illegalInstruction : isOpen ? .breakpoint : .virtualInstruction
                    #expect(result.cause == expected.rawValue)
                    if expected == .breakpoint { #expect(result.value == 0x2222) }
                }
            }
        }
    }

    /// norm:henvcfg_cbcfe norm:henvcfg_cbze
    @Test(arguments: [Opcode.cboClean, .cboFlush, .cboZero], [PrivilegeMode.virtualSupervisor, .virtualUser])
    func enables(opcode: Opcode, mode: PrivilegeMode) throws {
        let field: UInt64 = opcode == .cboZero ? 1 << 7 : 1 << 6
        let others = 0xF0 & ~field
        for setting in 0..<8 {
            let result = try execute(
                opcode,
                in: mode,
                (
                    setting & 4 != 0 ? others | field : others, setting & 2 != 0 ? others | field : others,
                    setting & 1 != 0 ? others | field : others
                )
            )
            let isOpen = setting & 2 != 0 && (setting & 1 != 0 || mode == .virtualSupervisor)
            let expected: ExceptionCause =
                setting & 4 == 0 ? .illegalInstruction : isOpen ? .breakpoint : .virtualInstruction
            #expect(result.cause == expected.rawValue)
            if expected == .breakpoint { #expect(result.value == (opcode == .cboZero ? 0 : 0x2222)) }
        }
    }
}
