import Testing

@testable import RV64Core

/// What the interpreter's loop does by itself, against the functions that it would otherwise call.
@Suite struct FastPathTests {
    private static let rounded: [Opcode] = [
        .faddD, .fsubD, .fmulD, .fdivD, .faddS, .fsubS, .fmulS, .fdivS, .fcvtDW,
    ]
    private static let unrounded: [Opcode] = [.feqD, .fltD, .fleD, .fsgnjD, .fmvXD, .fmvDX]

    private static let values: [UInt64] = [
        0, 1 << 63, 1, 0x000F_FFFF_FFFF_FFFF, 0x0010_0000_0000_0000, 0x3FF0_0000_0000_0000, 0xBFD5_5555_5555_5555,
        0x7FEF_FFFF_FFFF_FFFF, 0x7FD0_0000_0000_0001, 0x7FF0_0000_0000_0000, 0x7FF0_0000_0000_0001,
        0x7FF8_0000_0000_0000, 0xFFFF_FFFF_3F80_0000, 0xFFFF_FFFF_3EAA_AAAB, 0xFFFF_FFFF_7F7F_FFFF,
        0xFFFF_FFFF_0080_0000, 0xFFFF_FFFF_7F80_0001, 0xFFFF_FFFF_8000_0000,
    ]

    /// Results and flags, with inexact raised before or not, for static and dynamic rounding.
    @Test(arguments: rounded + unrounded)
    func floatingPoint(opcode: Opcode) throws {
        let machine = try TestMachine()
        let fields: [UInt32] = Self.rounded.contains(opcode) ? [0, 1, 7] : [0]
        for field in fields {
            let word = ProgramBuilder.encode(opcode, rd: .a0, rs1: .a1, rs2: .a2) | field << 12
            machine.load { program in
                program.word(word)
                program.emit(.ebreak)
            }
            // A new program: the block that holds the old one is out of date.
            machine.hart.synchronizeInstructionFetch()
            for (frm, flags) in [(UInt64(0), UInt64(0)), (0, FPFlags.nx), (1, FPFlags.nx)] {
                for a in Self.values {
                    for b in Self.values { compare(machine, word, frm, flags, a, b) }
                }
            }
        }
    }

    private func compare(
        _ machine: TestMachine,
        _ word: UInt32,
        _ frm: UInt64,
        _ flags: UInt64,
        _ a: UInt64,
        _ b: UInt64
    ) {
        let state = machine.state
        let (first, second, result) = (Int(Register.a1.rawValue), Int(Register.a2.rawValue), Int(Register.a0.rawValue))
        state.pointee.mstatus[.fs] = ContextStatus.dirty
        (state.pointee.frm, state.pointee.fflags) = (frm, flags)
        (state.pointee.f[first], state.pointee.f[second], state.pointee.x[first]) = (a, b, a)
        machine.run(.machine, at: TestMachine.base)
        let (x, f, seen) = (state.pointee.x[result], state.pointee.f[result], state.pointee.fflags)

        let instruction = machine.hart.decoder.decode(word)
        let field = instruction.roundingModeField
        let mode = RoundingMode(rawValue: field == 7 ? UInt8(frm) : field) ?? .rne
        var expected = flags
        FloatingPointUnit.execute(
            instruction,
            roundingMode: mode,
            x: machine.hart.x,
            f: machine.hart.f,
            flags: &expected
        )
        let label: Comment = "\(instruction.opcode) \(String(a, radix: 16)) \(String(b, radix: 16)) \(mode) \(flags)"
        #expect(x == state.pointee.x[result], label)
        #expect(f == state.pointee.f[result], label)
        #expect(seen == expected, label)
    }

    /// CSR accesses that do not leave the loop count as they must.
    @Test func countersBetweenHarmlessWrites() throws {
        let machine = try TestMachine()
        machine.load { program in
            program.read(.minstret, into: .a0)
            program.swap(.mscratch, rs1: .a0)
            program.emit(.addi, rd: .a2, rs1: .a2, 1)
            program.read(.minstret, into: .a1)
            program.emit(.ebreak)
        }
        machine.run(.machine, at: TestMachine.base)
        #expect(machine[.a1] &- machine[.a0] == 3)
        #expect(machine.state.pointee.mscratch == machine[.a0])
        #expect(machine.state.pointee.mepc == TestMachine.base + 16)
    }

    /// An interrupt that a write to a status register enables comes before the next instruction.
    @Test func enablingTakesAPendingInterrupt() throws {
        let machine = try TestMachine()
        let handler = TestMachine.base + 0x100
        machine.load(at: handler) { $0.emit(.ebreak) }
        machine.load { program in
            program.emit(.csrrci, Int32(CSRAddress.sstatus.rawValue))
            program.word(ProgramBuilder.encode(.csrrsi, Int32(CSRAddress.sstatus.rawValue)) | 2 << 15)
            program.emit(.addi, rd: .a0, rs1: .a0, 1)
            program.emit(.ebreak)
        }
        machine.hart.writeCSR(.hideleg, InterruptSet.virtualSupervisor)
        machine.hart.writeCSR(.hvip, InterruptCause.virtualSupervisorSoftware.mask)
        machine.state.pointee.mie = InterruptCause.virtualSupervisorSoftware.mask
        machine.state.pointee.vstvec = handler
        machine[.a0] = 0
        machine.run(.virtualSupervisor, at: TestMachine.base)
        #expect(machine.state.pointee.vsepc == TestMachine.base + 8)
        #expect(machine[.a0] == 0)
    }
}
