import Dispatch
import Platform
import Testing

@testable import RV64Core

/// Zalasr: load-acquire and store-release.
@Suite struct OrderedAccessTests {
    private static let cell = TestMachine.base + 0x2000
    /// Without double traps and their NMIs: each run of a test ends in a trap to M.
    private static let extensions = ISAConfiguration.implemented.closure.subtracting([.zama16b, .smdbltrp, .smrnmi])
    private static let pattern: UInt64 = 0x8877_6655_C433_B2A1

    static let widths: [(load: Opcode, store: Opcode, bytes: UInt64)] = [
        (.lbAq, .sbRl, 1), (.lhAq, .shRl, 2), (.lwAq, .swRl, 4), (.ldAq, .sdRl, 8),
    ]

    private func run(_ machine: TestMachine, _ build: (inout ProgramBuilder) -> Void) {
        machine.load { program in
            build(&program)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(.machine, at: TestMachine.base)
    }

    /// With either bit of order or both: the value sign-extended, the upper bits of rs2 ignored, the bytes beside it
    /// kept. norm:zalasr_def norm:zalasr_signext_rd norm:zalasr_ignore_rs2_upper norm:ldaq_signext_rule
    /// norm:ldaq_atomic_load_op norm:sdrl_atomic_store_op norm:ldaq_atomic_load_enc norm:sdrl_atomic_store_enc
    /// norm:ldaq_aq_required norm:ldaq_rl_optional norm:sdrl_rl_required norm:sdrl_aq_optional norm:ldaq_rv64_only
    /// norm:sdrl_rv64_only norm:zalasr_builds_on_amo
    @Test(arguments: 0..<4, [false, true])
    func values(index: Int, hasBoth: Bool) throws {
        let (load, store, bytes) = Self.widths[index]
        let machine = try TestMachine(extensions: [.i, .zicsr, .zalasr])
        let both: UInt32 = hasBoth ? 3 << 25 : 0
        for offset in stride(from: UInt64(0), to: 8, by: Int(bytes)) {
            machine.write(0, at: Self.cell)
            machine[.a0] = Self.cell + offset
            machine[.a1] = Self.pattern
            run(machine) { $0.word(ProgramBuilder.encode(store, rs1: .a0, rs2: .a1) | both) }
            let mask: UInt64 = bytes == 8 ? ~0 : (1 << (8 * bytes)) - 1
            #expect(machine.read(Self.cell) == (Self.pattern & mask) << (8 * offset))
            machine.write(Self.pattern, at: Self.cell)
            run(machine) { $0.word(ProgramBuilder.encode(load, rd: .a2, rs1: .a0) | both) }
            let unused = 64 - Int64(8 * bytes)
            let value = (Int64(bitPattern: Self.pattern >> (8 * offset)) << unused) >> unused
            #expect(machine[.a2] == UInt64(bitPattern: value))
        }
    }

    /// norm:zalasr_natural_align norm:zalasr_misaligned_exception
    @Test(arguments: 1..<4, UInt64(1)..<8)
    func misaligned(index: Int, offset: UInt64) throws {
        let (load, store, bytes) = Self.widths[index]
        let machine = try TestMachine(extensions: Self.extensions)
        for (opcode, cause) in [(load, ExceptionCause.loadAddressMisaligned), (store, .storeAddressMisaligned)] {
            machine[.a0] = Self.cell + offset
            run(machine) { $0.emit(opcode, rd: .a2, rs1: .a0, rs2: .a0) }
            let isAligned = offset & (bytes - 1) == 0
            #expect(machine.state.pointee.mcause == (isAligned ? ExceptionCause.breakpoint : cause).rawValue)
            if !isAligned { #expect(machine.state.pointee.mtval == Self.cell + offset) }
        }
    }

    /// Dekker's question, which plain accesses may answer with two zeros: each of two harts stores to its own flag with
    /// release, and loads the other's with acquire; RCsc leaves at least one of them with a one.
    /// norm:zalasr_atomic_ordered norm:ldaq_rcsc_semantics norm:sdrl_rcsc_semantics
    @Test(.timeLimit(.minutes(10)), arguments: 0..<4)
    func storeBuffering(index: Int) throws {
        let (load, store, _) = Self.widths[index]
        let machines = try pair()
        let rounds: UInt64 = 4000
        machines[0].load { program in
            program.emit(.addi, rd: .a5, 1)
            let loop = program.offset
            // A fresh pair of flags each round: a0 and a1, 128 bytes apart; the answer goes to a3.
            program.word(ProgramBuilder.encode(store, rs1: .a0, rs2: .a5))
            program.word(ProgramBuilder.encode(load, rd: .a4, rs1: .a1))
            program.emit(.sb, rs1: .a3, rs2: .a4)
            program.emit(.addi, rd: .a0, rs1: .a0, 256)
            program.emit(.addi, rd: .a1, rs1: .a1, 256)
            program.emit(.addi, rd: .a3, rs1: .a3, 1)
            program.emit(.addi, rd: .a2, rs1: .a2, -1)
            program.loop(.bne, rs1: .a2, to: loop)
            program.emit(.ebreak)
        }
        let flags = TestMachine.base + 0x10_0000
        let answers = TestMachine.base + 0x80_0000
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let machine = machines[index]
            machine[.a0] = flags + UInt64(index) * 128
            machine[.a1] = flags + UInt64(1 - index) * 128
            machine[.a2] = rounds
            machine[.a3] = answers + UInt64(index) * 0x1_0000
            #expect(machine.run(.machine, at: TestMachine.base, instructions: .max) == .hosted(.machine))
            #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        }
        for round in 0..<rounds {
            let first = machines[0].read(answers + round) & 0xFF
            let second = machines[0].read(answers + 0x1_0000 + round) & 0xFF
            if first | second == 0 { Issue.record("round \(round): neither saw the other") }
        }
    }

    /// A message behind a flag: what was stored before the release is seen after the acquire.
    @Test(.timeLimit(.minutes(10)), arguments: 0..<4)
    func messages(index: Int) throws {
        let (load, store, _) = Self.widths[index]
        let machines = try pair()
        // Odd numbers are messages, even ones answers; the flag has a byte at least.
        let reader = TestMachine.base + 0x1000
        machines[0].load { program in
            let loop = program.offset
            program.emit(.addi, rd: .a2, rs1: .a2, 1)
            program.emit(.sd, rs1: .a1, rs2: .a2)
            program.word(ProgramBuilder.encode(store, rs1: .a0, rs2: .a5))
            let wait = program.offset
            program.word(ProgramBuilder.encode(load, rd: .a4, rs1: .a0))
            program.loop(.bne, rs1: .a4, to: wait)
            program.loop(.bltu, rs1: .a2, rs2: .a3, to: loop)
            program.emit(.ebreak)
        }
        machines[1].load(at: reader) { program in
            let loop = program.offset
            let wait = program.offset
            program.word(ProgramBuilder.encode(load, rd: .a4, rs1: .a0))
            program.loop(.beq, rs1: .a4, to: wait)
            program.emit(.addi, rd: .a2, rs1: .a2, 1)
            program.emit(.ld, rd: .t0, rs1: .a1)
            program.emit(.xor, rd: .t0, rs1: .t0, rs2: .a2)
            program.emit(.or, rd: .t1, rs1: .t1, rs2: .t0)
            program.word(ProgramBuilder.encode(store, rs1: .a0, rs2: .zero))
            program.loop(.bltu, rs1: .a2, rs2: .a3, to: loop)
            program.emit(.ebreak)
        }
        // Each waits for the other: only threads of their own are sure to run at the same time.
        let entries = [TestMachine.base, reader]
        let threads = try entries.indices.map { index in
            let machine = machines[index]
            (machine[.a0], machine[.a1], machine[.a3]) = (Self.cell, Self.cell + 64, 100)
            (machine[.a2], machine[.a5], machine[.t1]) = (0, 1, 0)
            return try HostThread { [entry = entries[index]] in
                #expect(machine.run(.machine, at: entry, instructions: .max) == .hosted(.machine))
                #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
            }
        }
        for thread in threads { thread.join() }
        #expect(machines[1][.a2] == 100)
        #expect(machines[1][.t1] == 0, "a message was not there")
    }

    private func pair() throws -> [TestMachine] {
        let first = try TestMachine(extensions: Self.extensions)
        return [first, try TestMachine(extensions: Self.extensions, sharing: first)]
    }
}
