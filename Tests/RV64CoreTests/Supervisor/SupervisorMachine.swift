@testable import RV64Core

/// Software in HS and U behind one table: its code at `code`, its data wherever a test maps it.
struct SupervisorMachine {
    static let code: UInt64 = 0x40_0000
    static let data: UInt64 = 0x20_3000
    /// Physical frames for data, in order.
    static let frame = TestMachine.base + 0x80_0000
    static let asid: UInt64 = 5

    let machine: TestMachine
    let tables: PageTables

    init(mode: UInt64 = 8, _ machine: TestMachine) throws {
        self.machine = machine
        tables = try PageTables(machine, mode: mode, at: TestMachine.base + 0x20_0000, isGuestStage: false)
        tables.map(Self.code, to: TestMachine.base, Entry.supervisor)
        machine.hart.writeCSR(.satp, tables.register(Self.asid))
        machine.hart.writeCSR(.stvec, Self.code + 0x800)
    }

    init(mode: UInt64 = 8) throws { try self.init(mode: mode, TestMachine()) }

    var state: UnsafeMutablePointer<HartState> { machine.state }
    var cause: UInt64 { machine.state.pointee.scause }

    /// Runs a program at `code`, in pages of the mode's own.
    @discardableResult
    func run(_ mode: PrivilegeMode = .supervisor, _ build: (inout ProgramBuilder) -> Void) -> HartExit {
        let flags = mode == .user ? Entry.user : Entry.supervisor
        if machine.read(tables.entry(for: Self.code)) & Entry.u != flags & Entry.u {
            tables.map(Self.code, to: TestMachine.base, flags)
            machine.hart.flushTranslations()
        }
        machine.load(build)
        machine.hart.synchronizeInstructionFetch()
        return machine.run(mode, at: Self.code)
    }

    /// One access by a0, or a fetch where there is no opcode, then an EBREAK.
    /// - Returns: the cause, nil where the access succeeded.
    func access(_ opcode: Opcode?, at address: UInt64, _ mode: PrivilegeMode = .supervisor) -> ExceptionCause? {
        if let opcode {
            machine[.a0] = address
            run(mode) { program in
                program.emit(opcode, rd: .a1, rs1: .a0, rs2: .a2)
                program.emit(.ebreak)
            }
        } else {
            machine.hart.synchronizeInstructionFetch()
            machine.run(mode, at: address)
        }
        let found = ExceptionCause(rawValue: cause)
        return found == .breakpoint ? nil : found
    }

    /// What a load of a doubleword brings.
    func load(_ address: UInt64 = data) -> UInt64 {
        machine[.a1] = 0
        return access(.ld, at: address) == nil ? machine[.a1] : 0xDEAD
    }
}

extension TestMachine {
    fileprivate func load(_ build: (inout ProgramBuilder) -> Void) { load(at: Self.base, build) }
}
