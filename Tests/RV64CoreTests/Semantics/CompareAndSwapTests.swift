import Dispatch
import Testing

@testable import RV64Core

@Suite("Zacas and Zabha")
struct CompareAndSwapTests {
    private static let cell = TestMachine.base + 0x2000
    private static let old: UInt64 = 0x8899_AABB_CCDD_EEFF
    private static let swap: UInt64 = 0x0102_0304_0506_0708

    struct Width: Sendable, CustomTestStringConvertible {
        let opcode: Opcode
        let bits: UInt64
        var mask: UInt64 { bits == 64 ? .max : 1 << bits - 1 }
        func extended(_ value: UInt64) -> UInt64 { (value & mask).extended(from: Int(bits)) }
        var testDescription: String { "\(opcode)" }
    }

    static let widths = [
        Width(opcode: .amocasB, bits: 8), Width(opcode: .amocasH, bits: 16), Width(opcode: .amocasW, bits: 32),
        Width(opcode: .amocasD, bits: 64),
    ]

    /// norm:Zacas_rv64_amocas-w_op norm:Zacas_rv64_amocas-d_op norm:Zabha_amocas-BH_ignore_bits
    @Test("A comparison that holds stores, one that does not stores nothing; both load", arguments: widths)
    func compareAndSwap(width: Width) throws {
        let instruction = try SingleInstruction(width.opcode)
        let machine = instruction.machine
        for (comparand, isEqual) in [(Self.old, true), (~width.mask ^ Self.old, true), (Self.old ^ 1, false)] {
            machine.write(Self.old, at: Self.cell)
            machine[.a2] = comparand
            #expect(instruction(Self.cell, Self.swap) == width.extended(Self.old))
            let stored = isEqual ? Self.old & ~width.mask | Self.swap & width.mask : Self.old
            #expect(machine.read(Self.cell) == stored)
        }
    }

    @Test("With rd = x0 the comparand is zero", arguments: widths)
    func zeroComparand(width: Width) throws {
        let instruction = try SingleInstruction(width.opcode, rd: .zero)
        instruction.machine.write(Self.old, at: Self.cell)
        _ = instruction(Self.cell, Self.swap)
        #expect(instruction.machine.read(Self.cell) == Self.old)
        instruction.machine.write(Self.old & ~width.mask, at: Self.cell)
        _ = instruction(Self.cell, Self.swap)
        #expect(instruction.machine.read(Self.cell) & width.mask == Self.swap & width.mask)
        #expect(instruction.machine[.zero] == 0)
    }

    /// norm:Zacas_rv64_amocas-q_op
    @Test("AMOCAS.Q compares and swaps pairs")
    func pair() throws {
        let instruction = try SingleInstruction(.amocasQ, rd: .a2, rs2: .a4)
        let machine = instruction.machine
        for (low, high) in [(UInt64(0), UInt64(0)), (1, 0), (0, 1)] {
            machine.write(Self.old, at: Self.cell)
            machine.write(~Self.old, at: Self.cell + 8)
            machine[.a2] = Self.old ^ low
            machine[.a3] = ~Self.old ^ high
            machine[.a4] = 0x1111
            machine[.a5] = 0x2222
            #expect(instruction(Self.cell) == Self.old)
            #expect(machine[.a3] == ~Self.old)
            let isEqual = low | high == 0
            #expect(machine.read(Self.cell) == (isEqual ? 0x1111 : Self.old))
            #expect(machine.read(Self.cell + 8) == (isEqual ? 0x2222 : ~Self.old))
        }
    }

    /// norm:Zacas_rv64_amocas-q_rs2_frst_reg_x0 norm:Zacas_rv64_amocas-q_rd_frst_reg_x0
    @Test("A pair that begins with x0 reads as zero and is not written")
    func zeroPair() throws {
        let instruction = try SingleInstruction(.amocasQ, rd: .zero, rs2: .zero)
        let machine = instruction.machine
        machine[.ra] = 0x4242
        machine.write(7, at: Self.cell)
        machine.write(0, at: Self.cell + 8)
        _ = instruction(Self.cell)
        #expect(machine.read(Self.cell) == 7, "not equal to zero")
        let writing = try SingleInstruction(.amocasQ, rd: .zero, rs2: .a4)
        writing.machine.write(0, at: Self.cell)
        writing.machine[.ra] = 0x4242
        writing.machine[.a4] = 5
        writing.machine[.a5] = 6
        _ = writing(Self.cell)
        #expect(writing.machine.read(Self.cell) == 5)
        #expect(writing.machine.read(Self.cell + 8) == 6)
        #expect(machine[.ra] == 0x4242 && writing.machine[.ra] == 0x4242)
    }

    /// norm:Zacas_amocas_rs1_addr_alignment norm:Zabha_rs1_align_addr
    @Test(
        "Misaligned addresses trap",
        arguments: [
            (Opcode.amocasH, 1), (.amocasW, 2), (.amocasD, 4), (.amocasQ, 8), (.amoaddH, 1), (.amoswapH, 3),
        ] as [(Opcode, UInt64)]
    )
    func misaligned(opcode: Opcode, offset: UInt64) throws {
        let instruction = try SingleInstruction(opcode, rs2: .a4)
        #expect(instruction(Self.cell + offset) == nil)
        #expect(instruction.machine.state.pointee.mcause == ExceptionCause.storeAddressMisaligned.rawValue)
        #expect(instruction.machine.state.pointee.mtval == Self.cell + offset)
    }

    struct Operation: Sendable, CustomTestStringConvertible {
        let byte: Opcode
        let half: Opcode
        let combine: @Sendable (Int64, Int64, UInt64) -> Int64
        var testDescription: String { "\(byte), \(half)" }
    }

    static let operations: [Operation] = [
        Operation(byte: .amoswapB, half: .amoswapH) { _, b, _ in b },
        Operation(byte: .amoaddB, half: .amoaddH) { a, b, _ in a &+ b },
        Operation(byte: .amoxorB, half: .amoxorH) { a, b, _ in a ^ b },
        Operation(byte: .amoandB, half: .amoandH) { a, b, _ in a & b },
        Operation(byte: .amoorB, half: .amoorH) { a, b, _ in a | b },
        Operation(byte: .amominB, half: .amominH) { a, b, _ in Swift.min(a, b) },
        Operation(byte: .amomaxB, half: .amomaxH) { a, b, _ in Swift.max(a, b) },
        Operation(byte: .amominuB, half: .amominuH) { a, b, mask in
            UInt64(bitPattern: a) & mask < UInt64(bitPattern: b) & mask ? a : b
        },
        Operation(byte: .amomaxuB, half: .amomaxuH) { a, b, mask in
            UInt64(bitPattern: a) & mask > UInt64(bitPattern: b) & mask ? a : b
        },
    ]

    /// norm:Zabha_rd_sign_extension
    @Test("Byte and half AMOs change their own bytes only", arguments: operations)
    func narrow(operation: Operation) throws {
        for width in [Width(opcode: operation.byte, bits: 8), Width(opcode: operation.half, bits: 16)] {
            let instruction = try SingleInstruction(width.opcode)
            let machine = instruction.machine
            for (a, b) in SampleOperands.pairs.prefix(300) {
                // The second cell of the word: its neighbours must keep their values.
                let around = ~(width.mask << width.bits)
                machine.write(Self.old & around | (a & width.mask) << width.bits, at: Self.cell)
                let found = instruction(Self.cell + width.bits / 8, b)
                let (x, y) = (Int64(bitPattern: width.extended(a)), Int64(bitPattern: width.extended(b)))
                let result = UInt64(bitPattern: operation.combine(x, y, width.mask)) & width.mask
                let memory = machine.read(Self.cell)
                if found != width.extended(a) || memory != Self.old & around | result << width.bits {
                    Issue.record("\(width.opcode) of \(a) and \(b)")
                }
            }
        }
    }

    @Test("norm:Zacas_amocas_w_permission: a comparison that fails needs write permission too")
    func permission() throws {
        let guest = try GuestMachine(first: 8, guest: 8, TestMachine(extensions: ISAConfiguration.standard.extensions))
        guest.first.map(GuestMachine.virtualData, to: GuestMachine.data, Entry.supervisor & ~Entry.w & ~Entry.d)
        guest.machine[.a1] = 1
        guest.access(.amocasD, at: GuestMachine.virtualData)
        let state = guest.state.pointee
        #expect([state.scause, state.vscause].contains(ExceptionCause.storePageFault.rawValue))
    }

    @Test("AMOCAS.Q is atomic between harts", .timeLimit(.minutes(10)))
    func sharedPair() throws {
        let first = try TestMachine(extensions: ISAConfiguration.standard.extensions)
        let second = try TestMachine(extensions: ISAConfiguration.standard.extensions, sharing: first)
        // Adds 1 to the low and 2 to the high word, with all the time in between for the other hart to interfere.
        first.load { program in
            let loop = program.offset
            program.emit(.ld, rd: .a2, rs1: .a0, 0)
            program.emit(.ld, rd: .a3, rs1: .a0, 8)
            program.emit(.addi, rd: .a4, rs1: .a2, 1)
            program.emit(.addi, rd: .a5, rs1: .a3, 2)
            program.emit(.addi, rd: .t0, rs1: .a2, 0)
            program.emit(.addi, rd: .t1, rs1: .a3, 0)
            program.emit(.amocasQ, rd: .a2, rs1: .a0, rs2: .a4)
            program.loop(.bne, rs1: .a2, rs2: .t0, to: loop)
            program.loop(.bne, rs1: .a3, rs2: .t1, to: loop)
            program.emit(.addi, rd: .a1, rs1: .a1, -1)
            program.loop(.bne, rs1: .a1, to: loop)
            program.emit(.ebreak)
        }
        let harts = [first, second]
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            let machine = harts[index]
            machine[.a0] = Self.cell
            machine[.a1] = 10_000
            #expect(machine.run(.machine, at: TestMachine.base, instructions: .max) == .hosted(.machine))
        }
        #expect(first.read(Self.cell) == 20_000)
        #expect(first.read(Self.cell + 8) == 40_000)
    }
}
