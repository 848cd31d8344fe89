/// Why a command line was refused.
enum UsageError: Error, Equatable, Sendable {
    case noGuest(Subcommand)
    case tooManyGuests(Int)
    case emptyPath
    case extraArgument(String)
    case unknownOption(String, suggestion: String?)
    case misplacedOption(String, Subcommand)
    case missingValue(String, placeholder: String)
    case unexpectedValue(String)
    case invalidValue(String, value: String, reason: String)
    case duplicateName(String)
    case lockstepInHostTime
    case outputTwice(FileUse, FileUse)
    case outputOntoInput(FileUse, FileUse)
    case outputOntoStandardInput(FileUse)
}

extension UsageError: CustomStringConvertible {
    var description: String {
        switch self {
        case .noGuest(.run): "no guest given"
        case .noGuest(.machine): "no program given"
        case .noGuest(.conform): "no test program or folder given"
        case .tooManyGuests(let count): "\(count) guests given; at most \(Limits.guests) run together"
        case .emptyPath: "an empty path was given as a guest"
        case .extraArgument(let argument): "\(quoted(argument)) is one program too many; the machine runs one"
        case .unknownOption(let option, let suggestion):
            "unknown option \(quoted(option))" + (suggestion.map { " (did you mean \($0)?)" } ?? "")
        case .misplacedOption(let option, .run): "\(option) is an option of subcommands only"
        case .misplacedOption(let option, let command): "\(option) is not an option of 'rvhv \(command.rawValue)'"
        case .missingValue(let option, let placeholder): "\(option) needs a value: \(option) \(placeholder)"
        case .unexpectedValue(let option): "\(option) takes no value"
        case .invalidValue(let option, let value, let reason): "\(option) \(quoted(value)): \(reason)"
        case .duplicateName(let name): "two guests are named \(quoted(name)); give each its own --name"
        case .lockstepInHostTime:
            "--engine lockstep needs time that is the same for both engines: leave out --clock host"
        case .outputTwice(let first, let second):
            "\(second.description) and \(first.description) are one file; each needs its own"
        case .outputOntoInput(let output, let input):
            "\(output.description) would overwrite \(input.description), which is read"
        case .outputOntoStandardInput(let output):
            "\(output.description) would overwrite standard input, which is read"
        }
    }
}

/// An argument as it may stand in a message: in quotes, on one line, and with nothing in it that a terminal obeys.
func quoted(_ argument: String) -> String {
    var text = "'"
    for scalar in argument.unicodeScalars {
        if scalar.isControlling {
            text += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
            text.unicodeScalars.append(scalar)
        }
    }
    return text + "'"
}

extension FileUse: CustomStringConvertible {
    var description: String { (option.map { $0 + " " } ?? "") + quoted(path) }
}
