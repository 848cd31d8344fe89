import Platform

@testable import RV64Core

/// RAM and one hart, all its gates open, whose traps to M and HS return to the test.
struct TestMachine {
    static let base: UInt64 = 0x8000_0000
    static let size: UInt64 = 16 << 20

    let memory: PhysicalMemory
    let hart: Hart
    let clock = InstructionClock()

    init(
        hosted: HostedModes = .virtualized,
        extensions: ExtensionSet = fullExtensions,
        bus: Bus = Bus(),
        mailbox: Range<UInt64> = 0..<0,
        soleTurn: SoleTurn? = nil,
        observer: (any HartObserver)? = nil,
        sharing other: TestMachine? = nil,
        entropy: EntropySource = .host,
        makeEngine: (@Sendable () -> (any Engine)?)? = nil
    ) throws {
        memory = try other?.memory ?? PhysicalMemory(base: Self.base, size: Self.size)
        let configuration = HartConfiguration(
            extensions: extensions,
            hostedModes: hosted,
            entropy: entropy,
            mailbox: mailbox,
            soleTurn: soleTurn,
            observer: observer,
            makeEngine: makeEngine
        )
        hart = Hart(configuration: configuration, memory: memory, bus: bus, clock: clock)
        for register in [CSRAddress.mcounteren, .hcounteren, .scounteren, .medeleg] { hart.writeCSR(register, ~0) }
        openProtection()
        hart.writeCSR(.mideleg, ~0)
        state.pointee.mstatus[.fs] = ContextStatus.initial
        state.pointee.vsstatus[.fs] = ContextStatus.initial
        state.pointee.pc = Self.base
    }

    var state: UnsafeMutablePointer<HartState> { hart.state }

    /// One PMP entry that allows everything.
    func openProtection() {
        hart.writeCSR(.pmpaddr0, ~0)
        hart.writeCSR(.pmpcfg0, 0x1F)
    }

    subscript(register: Register) -> UInt64 {
        get { state.pointee.x[Int(register.rawValue)] }
        nonmutating set { state.pointee.x[Int(register.rawValue)] = newValue }
    }

    func load(_ program: ProgramBuilder, at address: UInt64 = base) {
        program.bytes.withUnsafeBytes { _ = memory.write($0, at: address) }
    }

    /// Puts a program into memory and pc at its start.
    func load(at address: UInt64 = base, _ build: (inout ProgramBuilder) -> Void) {
        var program = ProgramBuilder()
        build(&program)
        load(program, at: address)
    }

    func read(_ address: UInt64) -> UInt64 {
        memory.pointer(at: address, count: 8)?.loadUnaligned(as: UInt64.self) ?? 0
    }

    func write(_ value: UInt64, at address: UInt64) {
        memory.pointer(at: address, count: 8)?.storeBytes(of: value, as: UInt64.self)
    }

    /// Runs from `pc` in a mode until a trap comes back or the budget ends.
    @discardableResult
    func run(_ mode: PrivilegeMode, at pc: UInt64, instructions: UInt64 = 1000) -> HartExit {
        state.pointee.mode = mode
        state.pointee.pc = pc
        return hart.run(instructions: instructions)
    }
}
