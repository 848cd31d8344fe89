import Testing

@testable import RV64Core

/// The column of the instruction table that says where an instruction runs, and what keeps it.
@Suite struct ExecutionTests {
    private static let data = TestMachine.base + 0x8000

    /// Instructions that a test of state and memory cannot tell from nothing: orders, and what caches forget.
    private static let withoutTrace: Set<Opcode> = [
        .fence, .fenceI, .wrsNto, .wrsSto, .cboInval, .cboClean, .cboFlush,
        .sfenceVma, .sinvalVma, .sfenceWInval, .sfenceInvalIr, .hfenceVvma, .hfenceGvma, .hinvalVvma, .hinvalGvma,
    ]

    private struct Outcome: Equatable {
        var exit: HartExit
        var cause: UInt64
        var registers: [UInt64]
        var mode: PrivilegeMode
        var status: UInt64
        var scratch: UInt64
        var reservation: UInt64
        var memory: [UInt64]
    }

    /// Runs the instruction, or nothing in its place, in M-mode with FS dirty and every extension.
    private func run(
        _ row: InstructionRow,
        _ second: UInt64,
        on machine: TestMachine,
        isPresent: Bool
    ) -> (Outcome, pc: UInt64) {
        machine.hart.reset()
        machine.openProtection()
        machine.hart.writeCSR(.medeleg, ~0)
        machine.hart.synchronizeInstructionFetch()
        let immediate: Int32 =
            switch row.format {
            case .csr, .csrImmediate: Int32(CSRAddress.mscratch.rawValue)
            case .upper: 0x5000
            default: 8
            }
        machine.load { program in
            program.emit(row.opcode, rd: .a2, rs1: .a0, rs2: .a4, immediate)
            program.emit(.ebreak)
            program.emit(.ebreak)
        }
        if !isPresent { machine.load { $0.emit(.addi) } }
        for index in UInt64(0)..<8 { machine.write(0x4142_4344_4546_4748 &* (index + 1), at: Self.data + 8 * index) }
        let state = machine.state
        (machine[.a0], machine[.a2], machine[.a3], machine[.a4]) = (Self.data, 0x5A5A, 0x5A5A, second)
        for index in 0..<32 { state.pointee.f[index] = Self.boxed(1.5 + Double(index), row.execution) }
        state.pointee.mstatus[.fs] = ContextStatus.dirty
        state.pointee.mscratch = 0x0F0F
        state.pointee.mepc = TestMachine.base + 8
        state.pointee.sepc = TestMachine.base + 8
        state.pointee.mnepc = TestMachine.base + 8
        state.pointee.mnstatus[.nmie] = row.opcode != .mnret
        state.pointee.mcause = ~0
        let exit = machine.run(.machine, at: TestMachine.base)
        let outcome = Outcome(
            exit: exit,
            cause: state.pointee.mcause,
            registers: (0..<32).map { state.pointee.x[$0] } + (0..<32).map { state.pointee.f[$0] },
            mode: state.pointee.mode,
            status: state.pointee.mstatus.rawValue ^ state.pointee.mnstatus.rawValue ^ state.pointee.fflags << 62,
            scratch: state.pointee.mscratch,
            reservation: machine.hart.runState.pointee.reservationAddress,
            memory: (UInt64(0)..<8).map { machine.read(Self.data + 8 * $0) }
        )
        return (outcome, state.pointee.mepc)
    }

    private static func boxed(_ value: Double, _ execution: Execution) -> UInt64 {
        switch execution {
        case .float(.fromHalf, _), .float(_, .half): ~0xFFFF | (0x3E00 + UInt64(value) << 6)
        case .float(.fromSingle, _), .float(_, .single): ~0xFFFF_FFFF | UInt64(Float(value).bitPattern)
        default: value.bitPattern
        }
    }

    /// Nothing that has a row retires without a trace, and none is illegal where all extensions are.
    @Test(arguments: InstructionTable.rows)
    func hasAnEffect(_ row: InstructionRow) throws {
        let machine = try TestMachine(extensions: .all)
        var isSeen = false
        // Operands that differ and operands that are equal: a branch is taken for one of them.
        for second in [0x0123_4567_89AB_CDEF, Self.data, 0] {
            let (with, pc) = run(row, second, on: machine, isPresent: true)
            let (without, straight) = run(row, second, on: machine, isPresent: false)
            #expect(with.cause != ExceptionCause.illegalInstruction.rawValue)
            #expect(with.cause != ExceptionCause.virtualInstruction.rawValue)
            isSeen = isSeen || with != without || pc != straight
        }
        #expect(isSeen != Self.withoutTrace.contains(row.opcode))
    }

    /// What the loop executes by itself has a handler of its own there; the rest is left to a function.
    @Test(arguments: InstructionTable.rows)
    func handlerAgreesWithRow(_ row: InstructionRow) {
        let handler = Handler(row.opcode)
        switch row.execution {
        case .loop, .jump: #expect(handler != .outOfLine && handler != .system)
        case .csr, .hypervisorLoad, .hypervisorStore, .system, .illegal: #expect(handler == .system)
        case .load, .store, .floatLoad, .floatStore, .float: #expect(handler != .system)
        case .scalar, .atomic, .modify, .cacheBlock: #expect(handler == .outOfLine)
        }
    }

    @Test func handlersAreDense() {
        for (index, handler) in Handler.allCases.enumerated() { #expect(Int(handler.rawValue) == index) }
        #expect(Opcode.allCases.count <= BlockOperation.opcodeLimit)
        #expect(MemoryLayout<BlockOperation>.size == 16)
        #expect(MemoryLayout<BlockLink>.size == 16)
        #expect(MemoryLayout<Execution>.size <= 4)
        #expect(Handler.allCases.filter(\.hasLink) == [.endOfBlock, .beq, .bne, .blt, .bge, .bltu, .bgeu, .jal])
    }

    /// A block keeps every instruction as the decoder made it, whatever the interpreter makes of two of them.
    @Test func blocksKeepInstructions() throws {
        let machine = try TestMachine()
        let words = [
            ProgramBuilder.encode(.addi, rd: .a0, rs1: .a0, 1),
            ProgramBuilder.encode(.addi, rd: .a1, rs1: .a1, 2),
            ProgramBuilder.encode(.jal, rd: .ra, 4),
            ProgramBuilder.encode(.ld, rd: .a2, rs1: .a3, 8),
            ProgramBuilder.encode(.ebreak),
        ]
        machine.load { program in for word in words { program.word(word) } }
        machine.run(.machine, at: TestMachine.base, instructions: 1)
        machine.state.pointee.mode = .machine
        let block = try machine.hart.findBlock(TestMachine.base)
        var decoded: [DecodedInstruction] = []
        var cursor = block.operations
        while cursor.pointee.handler != .endOfBlock {
            #expect(cursor.pointee.index == decoded.count)
            decoded.append(cursor.pointee.decoded)
            cursor += cursor.pointee.handler.hasLink ? 2 : 1
        }
        #expect(decoded == words.map { machine.hart.decoder.decode($0) })
        #expect(block.operations.pointee.handler == .addiAddi)
    }
}
