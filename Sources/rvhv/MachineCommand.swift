import Hypervisor
import Machine
import Platform
import RV64Core

/// Makes the plain machine that the command line asks for and runs it.
enum MachineCommand {
    /// What a plain machine has unless `--isa` says otherwise: nearly everything that is implemented.
    static let defaultISA = ISAConfiguration.standard

    static func run(_ configuration: MachineRunConfiguration) throws -> ExitStatus {
        let options = configuration.session
        let session = try TerminalSession(guests: [configuration.program.name], options: options)
        let host = try MachineHost(clock: options.clock.source)
        session.follow(host.clock)
        let observation = try RunObservation(options, session)
        let machine = try host.makeMachine(
            machineConfiguration(configuration),
            console: session.consoles[0],
            observers: observation.observers,
            roomMade: { session.inputSpaceAvailable() }
        )
        try machine.boot()
        if let path = configuration.program.dumpDTB { try OutputFile.write(machine.deviceTree, to: path) }
        let status = try GuestRun.run(
            [machine],
            on: host,
            session: session,
            input: .live,
            statistics: options.statistics,
            observation: observation
        )
        if let path = configuration.machine.signature {
            try writeSignature(of: machine, to: path, granularity: configuration.machine.signatureGranularity)
        }
        return status
    }

    private static func machineConfiguration(
        _ configuration: MachineRunConfiguration
    ) throws -> MachineConfiguration {
        let program = configuration.program
        let isa = try program.isa.map { try ISAOption.hart($0) } ?? defaultISA
        var machine = MachineConfiguration(name: program.name, profile: .plain, imagePath: program.path, isa: isa)
        if let paging = program.paging { machine.pagingLimit = paging.limit }
        machine.kernelPath = configuration.machine.kernel
        machine.programAddress = configuration.machine.programAddress
        machine.entry = configuration.machine.entry
        machine.binaries = configuration.machine.loads.map { ($0.path, $0.address) }
        machine.furtherRAM = configuration.machine.ram
        machine.initrdPath = program.initrd
        machine.memorySize = program.memory
        machine.hartCount = program.harts
        machine.bootArguments = program.bootargs
        machine.appendedArguments = program.append
        machine.instructionLimit = configuration.machine.maxInstructions
        machine.seed = configuration.session.seed ?? (configuration.session.clock == .instructions ? 0 : nil)
        if let engine = configuration.session.engine { machine.engine = engine }
        return machine
    }

    private static func writeSignature(of machine: Machine, to path: String, granularity: Int) throws {
        guard let text = Signature.text(of: machine, granularity: granularity) else {
            throw HostFailure.noSignature(path: machine.configuration.imagePath)
        }
        try OutputFile.write(Array(text.utf8), to: path)
    }
}
