/// Reads a command line by `OptionTable`.
///
/// Options before the first guest are for all guests, options after a guest are for that guest; options of the whole
/// run may stand anywhere.
struct ArgumentParser {
    private var command: Subcommand
    private var arguments: ArraySlice<String>
    private var defaults = GuestOptions()
    private var guests: [GuestOptions] = []
    private var paths: [String] = []
    private var machine = MachineOptions()
    private var suite = ConformOptions()
    private var session = SessionOptions()
    /// Set by `--help` and `--version`: the rest of the line no longer matters.
    private var answer: Invocation?

    /// Reads the command line, given without the program's own name.
    static func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
        var parser = Self(arguments)
        try parser.readAll()
        if let answer = parser.answer { return answer }
        return try parser.finished()
    }

    private init(_ arguments: [String]) {
        // A guest in a file of that name is still reachable as `./machine`.
        let named = arguments.first.flatMap(Subcommand.init(rawValue:)).flatMap { $0 == .run ? nil : $0 }
        command = named ?? .run
        self.arguments = arguments[...]
        if named != nil { self.arguments.removeFirst() }
    }

    private mutating func readAll() throws(UsageError) {
        while answer == nil, let argument = arguments.popFirst() {
            if argument == "--" {
                while let path = arguments.popFirst() { try addGuest(path) }
            } else if argument.hasPrefix("-") {
                try readOption(argument)
            } else {
                try addGuest(argument)
            }
        }
    }

    private mutating func addGuest(_ path: String) throws(UsageError) {
        guard !path.isEmpty else { throw .emptyPath }
        if command == .conform { return paths.append(path) }
        if command == .machine, !guests.isEmpty { throw .extraArgument(path) }
        var guest = defaults
        guest.path = path
        guests.append(guest)
    }

    private mutating func readOption(_ argument: String) throws(UsageError) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let row = OptionTable.row(named: name) else {
            let candidates = OptionTable.rows(of: command).map(\.name)
            throw .unknownOption(name, suggestion: Suggestion.nearest(to: name, among: candidates))
        }
        guard row.commands.contains(command) else { throw .misplacedOption(row.name, command) }
        let value = try readValue(of: row, attached: parts.count > 1 ? String(parts[1]) : nil)
        do {
            try apply(row, value)
        } catch {
            throw .invalidValue(row.name, value: value, reason: error.reason)
        }
    }

    private mutating func readValue(of row: OptionRow, attached: String?) throws(UsageError) -> String {
        switch row.argument {
        case .none:
            guard attached == nil else { throw .unexpectedValue(row.name) }
            return ""
        case .optional(let placeholder):
            guard attached != "" else { throw .missingValue(row.name, placeholder: placeholder) }
            return attached ?? ""
        case .required(let placeholder):
            if let attached { return attached }
            // `--memory --harts 2` forgot a value; a text such as `--append -v` did not.
            guard let next = arguments.first, next != "--", OptionTable.row(named: next) == nil else {
                throw .missingValue(row.name, placeholder: placeholder)
            }
            arguments.removeFirst()
            return next
        }
    }

    private mutating func apply(_ row: OptionRow, _ value: String) throws(OptionValue.Refusal) {
        answer = row.questions[value]
        guard answer == nil else { return }
        switch row.effect {
        case .guest(let change):
            if guests.isEmpty { try change(&defaults, value) } else { try change(&guests[guests.count - 1], value) }
        case .machine(let change): try change(&machine, value)
        case .conform(let change): try change(&suite, value)
        case .session(let change): try change(&session, value)
        case .help: answer = .help(command)
        case .version: answer = .version
        }
    }

    /// Without a program the first raw binary is it.
    private mutating func runFirstBinary() {
        guard command == .machine, guests.isEmpty, !machine.loads.isEmpty else { return }
        let binary = machine.loads.removeFirst()
        machine.programAddress = binary.address
        var program = defaults
        program.path = binary.path
        guests = [program]
    }

    private mutating func finished() throws(UsageError) -> Invocation {
        guard command != .conform else { return try .conform(finishedSuite()) }
        runFirstBinary()
        guard !guests.isEmpty else { throw .noGuest(command) }
        guard guests.count <= Limits.guests else { throw .tooManyGuests(guests.count) }
        let named = try GuestNaming.named(guests)
        switch command {
        case .run:
            try FileConflicts.check(named.flatMap(\.files) + session.files)
            return .run(RunConfiguration(guests: named, session: session))
        case .machine:
            try FileConflicts.check(named[0].files + machine.files + session.files)
            return .machine(MachineRunConfiguration(program: named[0], machine: machine, session: session))
        case .conform: return try .conform(finishedSuite())
        }
    }

    private func finishedSuite() throws(UsageError) -> ConformRunConfiguration {
        guard !paths.isEmpty else { throw .noGuest(.conform) }
        try FileConflicts.check(paths.map { FileUse(role: .input, path: $0) } + suite.files)
        return ConformRunConfiguration(
            paths: paths,
            machine: defaults,
            maxInstructions: machine.maxInstructions,
            suite: suite,
            session: session
        )
    }
}

/// Gives each guest a name of its own.
enum GuestNaming {
    /// Names not given come from the file's name, with a number from the second guest of the same file on.
    static func named(_ guests: [GuestOptions]) throws(UsageError) -> [GuestOptions] {
        if let name = firstRepeated(guests.map(\.name).filter { !$0.isEmpty }) { throw .duplicateName(name) }
        var taken = Set(guests.map(\.name))
        return guests.map { guest in
            guard guest.name.isEmpty else { return guest }
            let stem = name(ofFile: guest.path)
            var name = stem
            var number = 2
            while taken.contains(name) {
                name = "\(stem)-\(number)"
                number += 1
            }
            taken.insert(name)
            var named = guest
            named.name = name
            return named
        }
    }

    private static func name(ofFile path: String) -> String {
        let file = path.utf8.split(separator: UInt8(ascii: "/")).last ?? Substring().utf8
        let dot = file.lastIndex(of: UInt8(ascii: "."))
        let stem = Substring(dot.map { $0 == file.startIndex ? file : file[..<$0] } ?? file)
        let scalars = stem.unicodeScalars.prefix(Limits.nameLength - 3)
        let name = String(String.UnicodeScalarView(scalars.map { OptionValue.isNameScalar($0) ? $0 : "_" }))
        return name.isEmpty ? "guest" : name
    }
}

private func firstRepeated(_ values: [String]) -> String? {
    var seen: Set<String> = []
    return values.first { !seen.insert($0).inserted }
}
