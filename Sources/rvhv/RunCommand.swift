import Hypervisor
import Machine
import RV64Core

/// Makes the guests that the command line asks for and runs them.
enum RunCommand {
    static func run(_ configuration: RunConfiguration) throws -> ExitStatus {
        let session = try TerminalSession(guests: configuration.guests.map(\.name), options: configuration.session)
        let isScripted = configuration.session.clock == .instructions && !StandardInput.isTerminal
        let script = isScripted ? try StandardInput.readAll() : []
        let guests = try makeGuests(configuration, session: session, script: script)
        return try GuestRun.run(
            guests,
            session: session,
            input: isScripted ? .scripted : .live,
            statistics: configuration.session.statistics
        )
    }

    private static func makeGuests(
        _ configuration: RunConfiguration,
        session: TerminalSession,
        script: [UInt8]
    ) throws -> [any RunnableGuest] {
        let options = configuration.session
        let configurations = try configuration.guests.map { try machineConfiguration($0, options) }
        let clock: VirtualizationHost.ClockSource = options.clock == .instructions ? .instructions : .host
        let host = try VirtualizationHost(clock: clock)
        session.follow(host.clock)
        let observer = options.trace == .traps ? TrapTracer(session) : nil
        var machines: [VirtualMachine] = []
        for (index, guest) in configurations.enumerated() {
            let machine = try host.makeMachine(
                guest,
                console: session.consoles[index],
                observer: observer,
                measuresTime: options.statistics != .off,
                roomMade: { session.inputSpaceAvailable() }
            )
            if let path = configuration.guests[index].dumpDTB { try OutputFile.write(machine.deviceTree, to: path) }
            machines.append(machine)
        }
        let scheduler = host.makeScheduler(machines, input: script)
        return machines.map { HypervisorGuest($0, scheduler: scheduler) }
    }

    private static func machineConfiguration(
        _ guest: GuestOptions,
        _ options: SessionOptions
    ) throws -> VirtualMachineConfiguration {
        let isa = try ISAOption.guest(guest.isa ?? VirtualMachineConfiguration.defaultISA)
        var machine = VirtualMachineConfiguration(name: guest.name, imagePath: guest.path, isa: isa)
        machine.memorySize = guest.memory
        machine.hartCount = guest.harts
        machine.initrdPath = guest.initrd
        machine.bootArguments = guest.bootargs
        machine.appendedArguments = guest.append
        if let paging = guest.paging { machine.pagingLimit = paging.limit }
        // A repeatable run needs repeatable randomness.
        machine.seed = options.seed ?? (options.clock == .instructions ? 0 : nil)
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
