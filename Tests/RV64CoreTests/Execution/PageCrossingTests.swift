import Testing

@testable import RV64Core

/// Instructions that no cache keeps, one after the other: each takes the place of the one before it.
@Suite struct PageCrossingTests {
    /// A jump back that lies over a page's end, to an instruction over the end of the page before.
    @Test(arguments: [Opcode.beq, .jal])
    func jumpFromOneCrossingInstructionToAnother(opcode: Opcode) throws {
        let machine = try TestMachine()
        let target = TestMachine.base + 0xFFE
        machine.load(at: target + 0x1000) { $0.emit(opcode, -0x1000) }
        machine.load(at: target) { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.ecall)
        }
        machine.run(.supervisor, at: target + 0x1000)
        #expect(machine[.a0] == 1)
        #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
        #expect(machine.state.pointee.sepc == target + 4)
    }

    /// The same where PMP lets a page be executed in part only, so that each of its instructions is looked up by
    /// itself. norm:pmp_entry_priority
    @Test func loopInAPageOfSeveralRegions() throws {
        let machine = try TestMachine()
        // Entry 0 takes the last word of the page away; entry 1 allows all.
        machine.hart.writeCSR(.pmpaddr0, (TestMachine.base + 0xFFC) >> 2)
        machine.hart.writeCSR(CSRAddress(0x3B1), ~0)
        machine.hart.writeCSR(.pmpcfg0, 0x1F10)
        machine[.a0] = 0
        machine[.a1] = 10
        machine.load { program in
            let start = program.offset
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.loop(.bne, rs1: .a0, rs2: .a1, to: start)
            program.emit(.ecall)
        }
        machine.run(.supervisor, at: TestMachine.base)
        #expect(machine[.a0] == 10)
        #expect(machine.state.pointee.scause == ExceptionCause.environmentCallFromHS.rawValue)
    }
}
