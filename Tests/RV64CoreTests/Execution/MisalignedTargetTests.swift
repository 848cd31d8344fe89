import Testing

@testable import RV64Core

/// Jumps on a hart without compressed instructions, where every target must be 4-byte aligned.
@Suite struct MisalignedTargetTests {
    private static let extensions: ExtensionSet = fullExtensions.subtracting([.c, .zca, .zcd])

    private func run(_ build: (inout ProgramBuilder) -> Void) throws -> TestMachine {
        let machine = try TestMachine(extensions: Self.extensions)
        machine[.a0] = TestMachine.base + 0x100
        machine[.a1] = 1
        machine[.ra] = 77
        machine.load(at: TestMachine.base, build)
        machine.load(at: TestMachine.base + 0x100) { $0.emit(.ebreak) }
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        return machine
    }

    /// The jump traps, with its target in mtval, and writes nothing. norm:jump_misaligned_exception
    @Test func jumps() throws {
        let misaligned = ExceptionCause.instructionAddressMisaligned.rawValue
        let direct = try run { $0.emit(.jal, rd: .ra, 0x102) }
        #expect(direct.state.pointee.mcause == misaligned)
        #expect(direct.state.pointee.mtval == TestMachine.base + 0x102)
        #expect(direct.state.pointee.mepc == TestMachine.base)
        #expect(direct[.ra] == 77)
        let indirect = try run { $0.emit(.jalr, rd: .ra, rs1: .a0, 3) }
        #expect(indirect.state.pointee.mcause == misaligned)
        #expect(indirect.state.pointee.mtval == TestMachine.base + 0x102)
        #expect(indirect[.ra] == 77)
    }

    /// A branch traps only if it is taken. norm:branch_misaligned_taken_exception norm:branch_misaligned_untaken_exception
    @Test(arguments: [
        (Opcode.beq, false), (.bne, true), (.blt, true), (.bge, false), (.bltu, true), (.bgeu, false),
    ])
    func branches(opcode: Opcode, isTaken: Bool) throws {
        // x0 compared with 1.
        let machine = try run { program in
            program.emit(opcode, rs2: .a1, 0x102)
            program.emit(.ebreak)
        }
        if isTaken {
            #expect(machine.state.pointee.mcause == ExceptionCause.instructionAddressMisaligned.rawValue)
            #expect(machine.state.pointee.mepc == TestMachine.base)
        } else {
            #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
            #expect(machine.state.pointee.mepc == TestMachine.base + 4)
        }
    }

    /// Good targets are reached, and what is no instruction stays illegal, 16-bit encodings too.
    @Test func goodTargets() throws {
        let machine = try run { $0.emit(.jalr, rd: .ra, rs1: .a0, 1) }
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.state.pointee.mepc == TestMachine.base + 0x100)
        #expect(machine[.ra] == TestMachine.base + 4)
        let illegal = try run { $0.half(0x0505) }
        #expect(illegal.state.pointee.mcause == ExceptionCause.illegalInstruction.rawValue)
        #expect(illegal.state.pointee.mtval == 0x0505)
    }
}
