import Synchronization
import Testing

@testable import RV64Core

/// `Hart.step`: one instruction, or one trap, whatever blocks and pairs there are.
@Suite struct StepTests {
    private func machine(_ build: (inout ProgramBuilder) -> Void) throws -> TestMachine {
        let machine = try TestMachine()
        machine.load(build)
        machine.state.pointee.mode = .machine
        return machine
    }

    @Test func halvesOfPairs() throws {
        let machine = try machine { program in
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.addi, rd: .a0, rs1: .a0, 2)
            program.emit(.jal, rd: .ra, 8)
            program.emit(.ebreak)
            program.emit(.bne, rs1: .a0, rs2: .zero, -16)
        }
        // As blocks first: a step must not care.
        #expect(machine.hart.run(instructions: 4) == .budgetExhausted)
        machine[.a0] = 0
        machine.state.pointee.pc = TestMachine.base
        let before = machine.state.pointee.retired
        let seen = (0..<5).map { _ in
            #expect(machine.hart.step() == .budgetExhausted)
            return [machine.state.pointee.pc &- TestMachine.base, machine[.a0]]
        }
        #expect(seen == [[4, 1], [8, 3], [16, 3], [0, 3], [4, 4]])
        #expect(machine.state.pointee.retired == before + 5)
        #expect(machine[.ra] == TestMachine.base + 12)
    }

    @Test func trapsCountAsSteps() throws {
        let machine = try machine { $0.emit(.ebreak) }
        let before = machine.state.pointee.retired
        #expect(machine.hart.step() == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        #expect(machine.state.pointee.mepc == TestMachine.base)
        #expect(machine.state.pointee.retired == before)
    }

    @Test func faultingFetch() throws {
        let machine = try machine { $0.emit(.ebreak) }
        machine.state.pointee.pc = 0x100
        #expect(machine.hart.step() == .hosted(.machine))
        #expect(machine.state.pointee.mcause == ExceptionCause.instructionAccessFault.rawValue)
        #expect(machine.state.pointee.mtval == 0x100)
    }

    /// The handler's first instruction has not run yet.
    @Test func interruptInPlaceOfAnInstruction() throws {
        let machine = try TestMachine(hosted: .bare)
        machine.load { $0.emit(.addi, rd: .a0, rs1: .a0, 1) }
        let state = machine.state
        (state.pointee.mode, state.pointee.mtvec) = (.machine, TestMachine.base + 0x100)
        state.pointee.mie = InterruptCause.machineSoftware.mask
        state.pointee.mstatus[.mie] = true
        machine.hart.lines.pointee.store(InterruptCause.machineSoftware.mask, ordering: .relaxed)
        #expect(machine.hart.step() == .budgetExhausted)
        #expect(state.pointee.pc == TestMachine.base + 0x100)
        #expect(state.pointee.mepc == TestMachine.base)
        #expect(machine[.a0] == 0)
    }

    @Test func waitingIsOneOfNoEffect() throws {
        let machine = try machine { $0.emit(.wfi) }
        #expect(machine.hart.step() == .budgetExhausted)
        #expect(machine.state.pointee.pc == TestMachine.base + 4)
        #expect(machine.hart.run(instructions: 0) == .budgetExhausted)
    }

    /// CSR accesses and out-of-line instructions leave and enter the loop.
    @Test func otherRooms() throws {
        let machine = try machine { program in
            program.emit(.csrrw, rd: .a1, rs1: .a0, Int32(CSRAddress.mscratch.rawValue))
            program.emit(.amoaddD, rd: .a2, rs1: .a3, rs2: .a0)
            program.emit(.fence)
        }
        machine[.a0] = 7
        machine[.a3] = TestMachine.base + 0x8000
        let before = machine.state.pointee.retired
        for step in UInt64(1)...3 {
            #expect(machine.hart.step() == .budgetExhausted)
            #expect(machine.state.pointee.pc == TestMachine.base + 4 * step)
            #expect(machine.state.pointee.retired == before + step)
        }
        #expect(machine.read(TestMachine.base + 0x8000) == 7)
        #expect(machine.state.pointee.mscratch == 7)
    }

    /// One step after the other comes to what a run comes to.
    @Test func sumOfSteps() throws {
        let program: (inout ProgramBuilder) -> Void = { program in
            for _ in 0..<8 {
                program.emit(.slli, rd: .a1, rs1: .a0, 3)
                program.emit(.add, rd: .a0, rs1: .a1, rs2: .a0)
                program.emit(.addi, rd: .a0, rs1: .a0, 5)
                program.emit(.sd, rs1: .a3, rs2: .a0, 8)
                program.emit(.sd, rs1: .a3, rs2: .a1, 16)
                program.emit(.ld, rd: .a4, rs1: .a3, 8)
            }
            program.emit(.ebreak)
        }
        let (stepped, ran) = (try machine(program), try machine(program))
        stepped[.a3] = TestMachine.base + 0x8000
        ran[.a3] = TestMachine.base + 0x8000
        #expect(ran.hart.run() == .hosted(.machine))
        var count = 0
        while stepped.hart.step() == .budgetExhausted { count += 1 }
        #expect(count == 48)
        for index in 0..<32 { #expect(stepped.state.pointee.x[index] == ran.state.pointee.x[index]) }
        #expect(stepped.state.pointee.retired == ran.state.pointee.retired)
    }

    @Test func requestsEndRuns() throws {
        let machine = try machine { $0.emit(.jal, 0) }
        machine.hart.request(.wake)
        machine.hart.request([.pause, .fence])
        #expect(machine.hart.run(instructions: 10) == .requested)
        #expect(machine.hart.pendingRequests == [.wake, .pause, .fence])
        #expect(machine.hart.takeRequests() == [.wake, .pause, .fence])
        #expect(machine.hart.pendingRequests.isEmpty)
        #expect(machine.hart.run(instructions: 10) == .budgetExhausted)
    }
}
