import Dispatch
import Platform
import Synchronization
import Testing

@testable import RV64Core

/// LR, SC and AMOs, alone and between two harts on two threads.
@Suite struct AtomicsTests {
    private static let cell = TestMachine.base + 0x2000

    /// Runs a program on two harts that share memory, each on its own thread, until its EBREAK.
    private func runOnTwoHarts(_ build: (inout ProgramBuilder) -> Void) throws -> TestMachine {
        let first = try TestMachine()
        let second = try TestMachine(sharing: first)
        first.load(at: TestMachine.base, build)
        let harts = [first, second]
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let machine = harts[index]
            machine[.a0] = Self.cell
            machine[.a1] = 20_000
            #expect(machine.run(.machine, at: TestMachine.base, instructions: .max) == .hosted(.machine))
            #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        }
        return first
    }

    @Test(.timeLimit(.minutes(10)), arguments: [Opcode.amoaddW, .amoaddD])
    func sharedCounter(opcode: Opcode) throws {
        let machine = try runOnTwoHarts { program in
            program.emit(.addi, rd: .a2, 1)
            let loop = program.offset
            program.emit(opcode, rs1: .a0, rs2: .a2)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        #expect(machine.read(Self.cell) == 40_000)
    }

    @Test(.timeLimit(.minutes(10)), arguments: [(Opcode.lrW, Opcode.scW), (.lrD, .scD)])
    func sharedCounterByReservation(reserve: Opcode, store: Opcode) throws {
        let machine = try runOnTwoHarts { program in
            let loop = program.offset
            program.emit(reserve, rd: .a2, rs1: .a0)
            program.emit(.addi, rd: .a2, rs1: .a2, 1)
            program.emit(store, rd: .a3, rs1: .a0, rs2: .a2)
            program.loop(.bne, rs1: .a3, to: loop)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        #expect(machine.read(Self.cell) == 40_000)
    }

    /// No SC retires that could not write, with a reservation or without. norm:sc_retire_permission
    @Test(arguments: [
        (UInt64(0x7000_0000), ExceptionCause.storeAccessFault), (cell + 2, ExceptionCause.storeAddressMisaligned),
    ])
    func storeConditionalWithoutReservationChecksItsAddress(address: UInt64, cause: ExceptionCause) throws {
        let machine = try TestMachine()
        machine.load { program in
            program.emit(.scW, rd: .a3, rs1: .a0, rs2: .a2)
            program.emit(.ebreak)
        }
        machine[.a0] = address
        #expect(machine.run(.machine, at: TestMachine.base) == .hosted(.machine))
        #expect(machine.state.pointee.mcause == cause.rawValue)
        #expect(machine.state.pointee.mtval == address)
    }

    /// A lock taken by AMOSWAP around plain loads and stores.
    @Test(.timeLimit(.minutes(10)))
    func spinLock() throws {
        let machine = try runOnTwoHarts { program in
            program.emit(.addi, rd: .a2, 1)
            let loop = program.offset
            program.emit(.amoswapW, rd: .a3, rs1: .a0, rs2: .a2)
            program.loop(.bne, rs1: .a3, to: loop)
            program.emit(.ld, rd: .a4, rs1: .a0, 64)
            program.emit(.addi, rd: .a4, rs1: .a4, 1)
            program.emit(.sd, rs1: .a0, rs2: .a4, 64)
            program.emit(.amoswapW, rs1: .a0)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        #expect(machine.read(Self.cell + 64) == 40_000)
        #expect(machine.read(Self.cell) == 0)
    }

    /// Runs instructions in M-mode with a0 at the cell, up to an EBREAK.
    private func run(_ machine: TestMachine, _ build: (inout ProgramBuilder) -> Void) {
        machine[.a0] = Self.cell
        machine.load { program in
            build(&program)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(.machine, at: TestMachine.base)
    }

    /// SC fails without a reservation, after a write, elsewhere, twice, and over another width.
    /// norm:sc_success_conditions norm:sc_failure_code norm:sc_intervening_sc_fail norm:sc_addr_not_in_reservation_fail
    @Test func failingReservations() throws {
        let machine = try TestMachine()
        run(machine) { $0.emit(.scD, rd: .a3, rs1: .a0, rs2: .a0) }
        #expect(machine[.a3] == 1)
        run(machine) { program in
            program.emit(.lrD, rd: .a2, rs1: .a0)
            program.emit(.scD, rd: .a3, rs1: .a0, rs2: .a0)
            program.emit(.scD, rd: .a4, rs1: .a0, rs2: .a0)
        }
        #expect(machine[.a3] == 0)
        #expect(machine[.a4] == 1)
        #expect(machine.read(Self.cell) == Self.cell)
        run(machine) { program in
            program.emit(.lrD, rd: .a2, rs1: .a0)
            program.emit(.addi, rd: .a5, rs1: .a0, 8)
            program.emit(.scD, rd: .a3, rs1: .a5, rs2: .a0)
        }
        #expect(machine[.a3] == 1)
        machine.write(5, at: Self.cell)
        run(machine) { program in
            program.emit(.lrW, rd: .a2, rs1: .a0)
            program.emit(.scD, rd: .a3, rs1: .a0, rs2: .a0)
        }
        #expect(machine[.a3] == 1)
        #expect(machine.read(Self.cell) == 5)
        run(machine) { program in
            program.emit(.lrW, rd: .a2, rs1: .a0)
            program.emit(.sw, rs1: .a0, rs2: .a0)
            program.emit(.scW, rd: .a3, rs1: .a0, rs2: .zero)
        }
        #expect(machine[.a3] == 1)
    }

    /// Where memory is accessed between LR and SC, the other harts have to stand still, or SC fails; where it is not,
    /// nobody asks them to. norm:sc_other_hart_store_fail norm:lr_sc_atomicity_axiom
    @Test(arguments: [false, true], [false, true])
    func accessBetweenReservationAndStore(hasAccess: Bool, othersRest: Bool) throws {
        let turn = SoleTurn(harts: 2)
        let machine = try TestMachine(soleTurn: turn)
        if !othersRest { turn.place(of: 1).enter() }
        run(machine) { program in
            program.emit(.lrD, rd: .a2, rs1: .a0)
            program.emit(hasAccess ? .ld : .addi, rd: .a4, rs1: .a0, 64)
            program.emit(.scD, rd: .a3, rs1: .a0, rs2: .a0)
        }
        #expect(machine[.a3] == (hasAccess && !othersRest ? 1 : 0))
        #expect(!turn.place(of: 1).isWanted)
    }

    /// An access behind SC, or before LR, is none between them.
    @Test func accessElsewhere() throws {
        let turn = SoleTurn(harts: 2)
        let machine = try TestMachine(soleTurn: turn)
        turn.place(of: 1).enter()
        run(machine) { program in
            program.emit(.ld, rd: .a4, rs1: .a0, 64)
            program.emit(.lrD, rd: .a2, rs1: .a0)
            program.emit(.scD, rd: .a3, rs1: .a0, rs2: .a0)
            program.emit(.sd, rs1: .a0, rs2: .a4, 64)
            program.emit(.lrD, rd: .a5, rs1: .a0)
            program.emit(.ld, rd: .a4, rs1: .a0, 64)
        }
        #expect(machine[.a3] == 0)
        #expect(machine[.a5] == Self.cell)
    }

    /// Atomics on what is not memory are access faults, stores' kind for AMOs and SC.
    @Test(arguments: [Opcode.lrW, .scD, .amoorD])
    func atomicsOutsideMemory(opcode: Opcode) throws {
        let machine = try TestMachine()
        machine[.a0] = 0x1000
        machine.load { $0.emit(opcode, rd: .a1, rs1: .a0) }
        machine.run(.machine, at: TestMachine.base)
        let expected: ExceptionCause = opcode == .lrW ? .loadAccessFault : .storeAccessFault
        #expect(machine.state.pointee.mcause == expected.rawValue)
        #expect(machine.state.pointee.mtval == 0x1000)
    }
}
