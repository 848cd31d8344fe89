/// Makes the guests that the command line asks for and runs them.
enum RunCommand {
    static func run(_ configuration: RunConfiguration) throws -> ExitStatus {
        let session = try TerminalSession(guests: configuration.guests.map(\.name), options: configuration.session)
        let isScripted = configuration.session.clock == .instructions && !StandardInput.isTerminal
        let script = isScripted ? StandardInput.readAll() : []
        let guests = try makeGuests(configuration, session: session, script: script)
        return try GuestRun.run(
            guests,
            session: session,
            input: isScripted ? .scripted : .live,
            statistics: configuration.session.statistics
        )
    }

    static func run(_ configuration: MachineRunConfiguration) throws -> ExitStatus {
        throw HostFailure.unavailable("the plain machine")
    }

    private static func makeGuests(
        _ configuration: RunConfiguration,
        session: TerminalSession,
        script: [UInt8]
    ) throws(HostFailure) -> [any RunnableGuest] {
        throw .unavailable("the virtual machine")
    }
}
