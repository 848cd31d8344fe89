import Hypervisor
import Machine
import Platform
import RV64Core
import Synchronization

/// Makes the plain machine that the command line asks for and runs it.
enum MachineCommand {
    /// What a plain machine has unless `--isa` says otherwise: nearly everything that is implemented.
    static let defaultISA = ISAConfiguration.standard

    static func run(_ configuration: MachineRunConfiguration) throws -> ExitStatus {
        let options = configuration.session
        let session = try TerminalSession(guests: [configuration.program.name], options: options)
        let clock: any MachineClock = options.clock == .instructions ? InstructionClock() : HostClock()
        let machine = try BareMachine(
            machineConfiguration(configuration),
            clock: clock,
            console: session.consoles[0],
            roomMade: { session.inputSpaceAvailable() }
        )
        if let path = configuration.program.dumpDTB { try OutputFile.write(machine.deviceTree, to: path) }
        let program = BareProgram(machine, name: configuration.program.name)
        let status = try GuestRun.run([program], session: session, input: .live, statistics: options.statistics)
        if let path = configuration.machine.signature {
            try writeSignature(of: machine, to: path, granularity: configuration.machine.signatureGranularity)
        }
        return status
    }

    private static func machineConfiguration(
        _ configuration: MachineRunConfiguration
    ) throws -> BareMachineConfiguration {
        let program = configuration.program
        let isa = try program.isa.map { try ISAOption.hart($0) } ?? defaultISA
        var machine = BareMachineConfiguration(programPath: program.path, isa: isa)
        if let paging = program.paging { machine.pagingLimit = paging.limit }
        machine.kernelPath = configuration.machine.kernel
        machine.programAddress = configuration.machine.programAddress
        machine.entry = configuration.machine.entry
        machine.binaries = configuration.machine.loads.map { ($0.path, $0.address) }
        machine.furtherRAM = configuration.machine.ram
        machine.initrdPath = program.initrd
        machine.memorySize = program.memory
        machine.hartCount = program.harts
        machine.bootArguments = ([program.bootargs].compactMap { $0 } + program.append).joined(separator: " ")
        machine.instructionLimit = configuration.machine.maxInstructions
        machine.seed = configuration.session.seed ?? (configuration.session.clock == .instructions ? 0 : nil)
        return machine
    }

    private static func writeSignature(of machine: BareMachine, to path: String, granularity: Int) throws {
        guard let text = Signature.text(of: machine, granularity: granularity) else {
            throw HostFailure.noSignature(path: machine.configuration.programPath)
        }
        try OutputFile.write(Array(text.utf8), to: path)
    }
}

/// A plain machine as the terminal sees it.
final class BareProgram: RunnableGuest {
    let name: String
    private let machine: BareMachine
    private let clock = HostClock()
    private let wallNanoseconds = Atomic<UInt64>(0)

    init(_ machine: BareMachine, name: String) {
        self.machine = machine
        self.name = name
    }

    var statusLine: String { "\(machine.configuration.hartCount) harts, \(machine.instructions) instructions" }

    var statistics: GuestStatistics {
        GuestStatistics(
            name: name,
            harts: machine.configuration.hartCount,
            wallSeconds: Double(wallNanoseconds.load(ordering: .relaxed)) / 1e9,
            instructions: machine.instructions
        )
    }

    func offer(_ bytes: [UInt8]) -> Int { machine.input.offer(bytes) }

    func requestStop() { machine.stop(.requested) }

    func run() -> GuestOutcome {
        let start = clock.nanoseconds
        defer { wallNanoseconds.store(clock.nanoseconds &- start, ordering: .relaxed) }
        switch machine.run() {
        case .exited(0): return .shutDown
        case .exited(let code): return .failed(code: code)
        case .instructionLimit: return .stopped(reason: "it did not end within --max-instructions")
        case .failed(let report): return .stopped(reason: report)
        case .requested: return .interrupted
        }
    }
}
