import Testing

@testable import RV64Core

/// IALIGN as the registers that hold a pc show it.
@Suite struct InstructionAlignmentTests {
    /// 16 with Zca, with or without C, and else 32. norm:mepc_align norm:Zca_align16
    @Test(
        arguments: [("rv64i", 0), ("rv64i_zca", 2), ("rv64ic", 2)] as [(String, UInt64)],
        [CSRAddress.mepc, .sepc]
    )
    func programCounters(isa: (String, UInt64), address: CSRAddress) throws {
        let hart = try TestHart(ISAConfiguration(parsing: isa.0).extensions).hart
        hart.writeCSR(address, 0x8000_0003)
        #expect(hart.readCSR(address) == 0x8000_0000 | isa.1)
    }

    /// A trap from a 16-bit aligned instruction returns to it. norm:mepc_align
    @Test(arguments: ["rv64i_zicsr_zca", "rv64ic"])
    func returnToTheMiddleOfAWord(isa: String) throws {
        let machine = try TestMachine(hosted: .bare, extensions: ISAConfiguration(parsing: isa).extensions)
        machine.hart.writeCSR(.mtvec, TestMachine.base + 0x100)
        machine.load { program in
            program.half(0x0505)  // c.addi a0, 1
            program.half(0x9002)  // c.ebreak
            program.half(0x0509)  // c.addi a0, 2
            program.loop(.jal, to: 6)
        }
        machine.load(at: TestMachine.base + 0x100) { program in
            program.read(.mepc, into: .a1)
            program.emit(.addi, rd: .a1, rs1: .a1, 2)
            program.swap(.mepc, rs1: .a1)
            program.emit(.mret)
        }
        machine.state.pointee.mstatus[.mpp] = 3
        #expect(machine.run(.machine, at: TestMachine.base, instructions: 12) == .budgetExhausted)
        #expect(machine[.a0] == 3)
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
    }
}
