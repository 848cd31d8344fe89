import Dispatch
import Platform
import Testing

@testable import RV64Core

/// Zama16b: misaligned operands within 16 aligned bytes.
@Suite struct AtomicGranuleTests {
    private static let granule = TestMachine.base + 0x2000
    /// Without double traps and their NMIs: each run of a test ends in a trap to M.
    private static let extensions = ISAConfiguration.implemented.closure.subtracting([.smdbltrp, .smrnmi])

    private static let modifying: [(Opcode, UInt64)] = InstructionTable.rows.compactMap { row in
        switch row.execution {
        case .modify(_, let width), .atomic(.compareAndSwap, let width): (row.opcode, width.bytes)
        default: nil
        }
    }

    private func run(_ machine: TestMachine, _ opcode: Opcode, at address: UInt64) {
        machine[.a0] = address
        machine.load { program in
            program.emit(opcode, rd: .a2, rs1: .a0, rs2: .a1)
            program.emit(.ebreak)
        }
        machine.hart.synchronizeInstructionFetch()
        machine.run(.machine, at: TestMachine.base)
    }

    /// Every AMO at every offset does what it does to an aligned cell, and leaves the other bytes alone; where the
    /// operand leaves the granule it traps. norm:zama16b_pma_mag_req norm:zama16b_mag norm:zama16b_atomic_ops
    /// norm:pma_mag_def norm:pma_mag_insts norm:pma_mag_op_within norm:misaligned_atomicity_granule_size
    @Test(arguments: 0..<modifying.count)
    func everyModification(index: Int) throws {
        let (opcode, bytes) = Self.modifying[index]
        let machine = try TestMachine(extensions: Self.extensions)
        let mask: UInt64 = bytes == 8 ? ~0 : (1 << (8 * bytes)) - 1
        let memory: [UInt8] = (0..<32).map { UInt8(truncatingIfNeeded: 0xF1 &* ($0 + 3)) }
        for offset in UInt64(0)..<16 {
            let old = (0..<bytes).reduce(UInt64(0)) { $0 | UInt64(memory[Int(offset + $1)]) << (8 * $1) }
            machine[.a1] = 0x0123_4567_89AB_CDEF
            // What the aligned cell makes of it.
            machine.write(old, at: Self.granule + 0x100)
            machine[.a2] = old
            run(machine, opcode, at: Self.granule + 0x100)
            let (expected, result) = (machine.read(Self.granule + 0x100) & mask, machine[.a2])

            for (position, byte) in memory.enumerated() {
                machine.memory.pointer(at: Self.granule + UInt64(position), count: 1)?.storeBytes(
                    of: byte,
                    as: UInt8.self
                )
            }
            machine[.a2] = old
            run(machine, opcode, at: Self.granule + offset)
            let fits = offset + bytes <= 16
            let cause = fits ? ExceptionCause.breakpoint : .storeAddressMisaligned
            #expect(machine.state.pointee.mcause == cause.rawValue)
            if !fits { #expect(machine.state.pointee.mtval == Self.granule + offset) }
            if fits { #expect(machine[.a2] == result) }
            for position in UInt64(0)..<32 {
                let isInside = fits && position >= offset && position < offset + bytes
                let wanted =
                    isInside ? UInt8(truncatingIfNeeded: expected >> (8 * (position - offset))) : memory[Int(position)]
                let found = UInt8(truncatingIfNeeded: machine.read(Self.granule + position))
                #expect(found == wanted, "offset \(offset), byte \(position)")
            }
        }
    }

    /// Without the extension, AMOs are as aligned as ever, and LR and SC are with it. norm:pma_mag_op_rsrv
    /// norm:pma_mag_op_amo
    @Test func whatStaysAligned() throws {
        let without = try TestMachine(extensions: Self.extensions.subtracting([.zama16b]))
        run(without, .amoaddW, at: Self.granule + 2)
        #expect(without.state.pointee.mcause == ExceptionCause.storeAddressMisaligned.rawValue)
        let with = try TestMachine(extensions: Self.extensions)
        for (opcode, cause) in [
            (Opcode.lrW, ExceptionCause.loadAddressMisaligned), (.lrD, .loadAddressMisaligned),
            (.scW, .storeAddressMisaligned), (.scD, .storeAddressMisaligned), (.amocasQ, .storeAddressMisaligned),
        ] {
            run(with, opcode, at: Self.granule + 2)
            #expect(with.state.pointee.mcause == cause.rawValue, "\(opcode)")
        }
    }

    /// norm:zalasr_misaligned_pma_relax norm:zalasr_misaligned_single_op
    @Test func orderedAccesses() throws {
        let machine = try TestMachine(extensions: Self.extensions)
        for (load, store, bytes) in OrderedAccessTests.widths {
            let mask: UInt64 = bytes == 8 ? ~0 : (1 << (8 * bytes)) - 1
            for offset in UInt64(0)..<16 {
                for position in stride(from: UInt64(0), to: 32, by: 8) { machine.write(0, at: Self.granule + position) }
                machine[.a1] = 0x7766_5544_3322_1100 | 0x71
                run(machine, store, at: Self.granule + offset)
                let fits = offset + bytes <= 16
                let stored = fits ? ExceptionCause.breakpoint : .storeAddressMisaligned
                #expect(machine.state.pointee.mcause == stored.rawValue)
                #expect(machine.read(Self.granule + offset) == (fits ? machine[.a1] & mask : 0))
                run(machine, load, at: Self.granule + offset)
                let loaded = fits ? ExceptionCause.breakpoint : .loadAddressMisaligned
                #expect(machine.state.pointee.mcause == loaded.rawValue)
                if fits { #expect(machine[.a2] & mask == machine[.a1] & mask) }
            }
        }
    }

    /// Two harts add to one misaligned counter, and each to one of its neighbours: no addition is lost.
    @Test(.timeLimit(.minutes(10)), arguments: [(Opcode.amoaddD, UInt64(5)), (.amoaddW, 9), (.amoaddH, 7)])
    func sharedCounter(opcode: Opcode, offset: UInt64) throws {
        let machines = try pair()
        machines[0].load { program in
            let loop = program.offset
            program.emit(opcode, rs1: .a0, rs2: .a2)
            program.emit(.amoaddB, rs1: .a3, rs2: .a2)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let machine = machines[index]
            machine[.a0] = Self.granule + offset
            machine[.a1] = 10_000
            machine[.a2] = 1
            machine[.a3] = Self.granule + UInt64(index)
            #expect(machine.run(.machine, at: TestMachine.base, instructions: .max) == .hosted(.machine))
            #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        }
        #expect(machines[0].read(Self.granule + offset) & 0xFFFF == 20_000)
        #expect(machines[0].read(Self.granule) & 0xFFFF == (10_000 & 0xFF) << 8 | 10_000 & 0xFF)
    }

    /// One hart stores all zeros and all ones in turn, the other loads: never anything between. This is the host's
    /// promise, which the extension stands on. norm:pma_mag_op_ldst
    @Test(
        .timeLimit(.minutes(10)),
        arguments: [(Opcode.ld, Opcode.sd, UInt64(5)), (.ld, .sd, 8), (.lw, .sw, 6), (.lh, .sh, 7)]
    )
    func untornAccesses(load: Opcode, store: Opcode, offset: UInt64) throws {
        let machines = try pair()
        machines[0].load { program in
            let loop = program.offset
            program.emit(store, rs1: .a0, rs2: .a2)
            program.emit(.xori, rd: .a2, rs1: .a2, -1)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        let reader = TestMachine.base + 0x1000
        machines[1].load(at: reader) { program in
            let loop = program.offset
            program.emit(load, rd: .a2, rs1: .a0)
            // Zero and minus one are the same but for the sign: their sum with the sign is zero.
            program.emit(.srli, rd: .a3, rs1: .a2, 63)
            program.emit(.add, rd: .a2, rs1: .a2, rs2: .a3)
            program.emit(.or, rd: .a4, rs1: .a4, rs2: .a2)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let machine = machines[index]
            (machine[.a0], machine[.a1], machine[.a2], machine[.a4]) = (Self.granule + offset, 100_000, 0, 0)
            let entry = index == 0 ? TestMachine.base : reader
            #expect(machine.run(.machine, at: entry, instructions: .max) == .hosted(.machine))
            #expect(machine.state.pointee.mcause == ExceptionCause.breakpoint.rawValue)
        }
        #expect(machines[1][.a4] == 0, "half of a store was seen")
    }

    private func pair() throws -> [TestMachine] {
        let first = try TestMachine(extensions: Self.extensions)
        return [first, try TestMachine(extensions: Self.extensions, sharing: first)]
    }
}
