import Glibc

@main
enum Main {
    nonisolated static func main() {
        StandardStreams.complete()
        HostSignals.prepare()
        exit(run(Array(CommandLine.arguments.dropFirst())).code)
    }

    private static func run(_ arguments: [String]) -> ExitStatus {
        do {
            switch try ArgumentParser.parse(arguments) {
            case .help(let command): return try print(HelpText.text(for: command))
            case .version: return try print(HelpText.version + "\n")
            case .isaHelp: return try print(HelpText.isa)
            case .run(let configuration): return try RunCommand.run(configuration)
            case .machine(let configuration): return try MachineCommand.run(configuration)
            case .conform(let configuration): return try ConformCommand.run(configuration)
            }
        } catch let error as UsageError {
            complain("\(error); see rvhv --help")
            return .usage
        } catch {
            complain("\(error)")
            return .hostFailure
        }
    }

    private static func print(_ text: String) throws(HostFailure) -> ExitStatus {
        let state = FileDescriptorSink(descriptor: STDOUT_FILENO).write(Array(text.utf8))
        if case .failed(let code) = state { throw .cannotWriteOutput(code: code) }
        return .success
    }

    /// Says what went wrong: one line, whatever the names in it hold.
    private static func complain(_ text: String) {
        _ = FileDescriptorSink(descriptor: STDERR_FILENO).write(Array("rvhv: \(text.printable)\n".utf8))
    }
}
