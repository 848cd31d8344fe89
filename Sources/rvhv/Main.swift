import Glibc

@main
enum Main {
    nonisolated static func main() {
        HostSignals.block()
        exit(run(Array(CommandLine.arguments.dropFirst())).code)
    }

    private static func run(_ arguments: [String]) -> ExitStatus {
        do {
            switch try ArgumentParser.parse(arguments) {
            case .help(let command): return print(HelpText.text(for: command))
            case .version: return print(HelpText.version + "\n")
            case .isaHelp: return print(HelpText.isa)
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

    private static func print(_ text: String) -> ExitStatus {
        switch FileDescriptorSink(descriptor: STDOUT_FILENO).write(Array(text.utf8)) {
        case .open: .success
        case .closed: .hostFailure
        }
    }

    private static func complain(_ text: String) {
        _ = FileDescriptorSink(descriptor: STDERR_FILENO).write(Array("rvhv: \(text)\n".utf8))
    }
}
