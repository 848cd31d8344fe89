import Hypervisor
import Machine
import RV64Core

/// Makes the guests that the command line asks for and runs them.
enum RunCommand {
    static func run(_ configuration: RunConfiguration) throws -> ExitStatus {
        let session = try TerminalSession(guests: configuration.guests.map(\.name), options: configuration.session)
        let isScripted = configuration.session.clock == .instructions && !StandardInput.isTerminal
        let script = isScripted ? try StandardInput.readAll() : []
        let host = try MachineHost(clock: configuration.session.clock.source)
        session.follow(host.clock)
        let observation = try RunObservation(configuration.session, session)
        let machines = try makeMachines(configuration, on: host, session: session, observers: observation.observers)
        machines.first?.input.preload(script)
        return try GuestRun.run(
            machines,
            on: host,
            session: session,
            input: isScripted ? .scripted : .live,
            statistics: configuration.session.statistics,
            observation: observation
        )
    }

    private static func makeMachines(
        _ configuration: RunConfiguration,
        on host: MachineHost,
        session: TerminalSession,
        observers: [any Observer]
    ) throws -> [Machine] {
        let options = configuration.session
        return try configuration.guests.enumerated().map { index, guest in
            let machine = try host.makeMachine(
                machineConfiguration(guest, index: index, options),
                console: session.consoles[index],
                observers: observers,
                measuresTime: options.statistics != .off,
                roomMade: { session.inputSpaceAvailable() }
            )
            try machine.boot()
            if let path = guest.dumpDTB { try OutputFile.write(machine.deviceTree, to: path) }
            return machine
        }
    }

    private static func machineConfiguration(
        _ guest: GuestOptions,
        index: Int,
        _ options: SessionOptions
    ) throws -> MachineConfiguration {
        let isa = try ISAOption.guest(guest.isa ?? MachineConfiguration.defaultISA)
        var machine = MachineConfiguration(name: guest.name, imagePath: guest.path, isa: isa)
        machine.memorySize = guest.memory
        machine.hartCount = guest.harts
        machine.initrdPath = guest.initrd
        machine.bootArguments = guest.bootargs
        machine.appendedArguments = guest.append
        if let paging = guest.paging { machine.pagingLimit = paging.limit }
        // A repeatable run needs repeatable randomness, and each guest its own.
        machine.seed = (options.seed ?? (options.clock == .instructions ? 0 : nil)).map { $0 &+ UInt64(index) &+ 1 }
        if let engine = options.engine { machine.engine = engine }
        return machine
    }
}

extension PagingChoice {
    var limit: PagingLimit {
        switch self {
        case .sv39: .sv39
        case .sv48: .sv48
        case .sv57: .sv57
        }
    }
}

extension ClockChoice {
    var source: MachineHost.ClockSource {
        switch self {
        case .host: .host
        case .instructions: .instructions
        }
    }
}
