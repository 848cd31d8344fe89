import Machine

/// One option: the parser and `--help` both read this row and nothing else.
struct OptionRow: Sendable {
    /// What follows the option's name.
    enum Argument: Sendable {
        case none
        case required(String)
        /// Only as `--option=value`, so that `--option GUEST` stays unambiguous.
        case optional(String)
    }

    /// The heading an option stands under in `--help`.
    enum Group: String, CaseIterable, Sendable {
        case guest = "Guest options (before the first guest: for all; after a guest: for that guest)"
        case program = "Program options"
        case suite = "Suite options"
        case run = "Run options"
        case observation = "Seeing what happens"
        case other = "Other"
    }

    /// What an option changes, and so where it may stand.
    enum Effect: Sendable {
        case guest(@Sendable (inout GuestOptions, String) throws(OptionValue.Refusal) -> Void)
        case machine(@Sendable (inout MachineOptions, String) throws(OptionValue.Refusal) -> Void)
        case conform(@Sendable (inout ConformOptions, String) throws(OptionValue.Refusal) -> Void)
        case session(@Sendable (inout SessionOptions, String) throws(OptionValue.Refusal) -> Void)
        case help
        case version
    }

    let name: String
    let argument: Argument
    let group: Group
    var commands: [Subcommand] = Subcommand.allCases
    let summary: String
    /// Values that ask what there is instead of choosing.
    var questions: [String: Invocation] = [:]
    let effect: Effect

    /// `--name TEXT`, as help shows it.
    var usage: String {
        switch argument {
        case .none: name
        case .required(let placeholder): "\(name) \(placeholder)"
        case .optional(let placeholder): "\(name)[=\(placeholder)]"
        }
    }
}

/// Every option of every subcommand, in the order help shows them.
enum OptionTable {
    static let rows = guestRows + machineRows + conformRows + runRows + observationRows + otherRows

    static func rows(of command: Subcommand) -> [OptionRow] { rows.filter { $0.commands.contains(command) } }

    static func row(named name: String) -> OptionRow? {
        rows.first { $0.name == (aliases[name] ?? name) }
    }

    static let aliases = ["-h": "--help", "-V": "--version", "--colour": "--color", "--mem": "--memory"]

    private static let guestRows: [OptionRow] = [
        guest("--name", "NAME", "name shown before the guest's lines (default: the file's name)", in: [.run]) {
            (options, text) throws(OptionValue.Refusal) in options.name = try OptionValue.name(text)
        },
        guest(
            "--memory",
            "SIZE",
            "RAM, such as 64M or 2G (default \(OptionValue.sizeText(Limits.defaultMemory)))",
            in: Subcommand.allCases
        ) {
            (options, text) throws(OptionValue.Refusal) in options.memory = try OptionValue.memory(text)
        },
        guest(
            "--harts",
            "N",
            "number of harts, \(Limits.harts.lowerBound) to \(Limits.harts.upperBound) (default 1)",
            in: Subcommand.allCases
        ) {
            (options, text) throws(OptionValue.Refusal) in
            options.harts = Int(try OptionValue.number(text, in: Limits.harts))
        },
        guest("--initrd", "FILE", "initial RAM disk, named in the device tree") {
            (options, text) throws(OptionValue.Refusal) in options.initrd = try OptionValue.nonEmpty(text)
        },
        guest("--append", "TEXT", "add TEXT after the boot arguments; may be repeated") {
            (options, text) throws(OptionValue.Refusal) in options.append.append(text)
        },
        guest("--bootargs", "TEXT", "use TEXT instead of the default boot arguments") {
            (options, text) throws(OptionValue.Refusal) in options.bootargs = text
        },
        guest(
            "--isa",
            "STRING",
            "extensions offered, such as rv64imafdc_zicsr_sstc or a profile; help lists them",
            in: Subcommand.allCases,
            questions: ["help": .isaHelp]
        ) {
            (options, text) throws(OptionValue.Refusal) in options.isa = try OptionValue.nonEmpty(text)
        },
        guest("--paging", "MODE", "widest paging mode offered: sv39, sv48 or sv57 (default sv48)") {
            (options, text) throws(OptionValue.Refusal) in
            options.paging = try OptionValue.choice(text, of: PagingChoice.self)
        },
        guest("--dump-dtb", "FILE", "write the device tree that is handed over to FILE") {
            (options, text) throws(OptionValue.Refusal) in options.dumpDTB = try OptionValue.nonEmpty(text)
        },
    ]

    private static let machineRows: [OptionRow] = [
        machine("--kernel", "FILE", "kernel that the firmware starts") {
            (options, text) throws(OptionValue.Refusal) in options.kernel = try OptionValue.nonEmpty(text)
        },
        machine("--ram", "BASE,SIZE", "further RAM, such as 0x100000000,1G; may be repeated") {
            (options, text) throws(OptionValue.Refusal) in options.ram.append(try OptionValue.block(text))
        },
        machine(
            "--load",
            "FILE@ADDRESS",
            "put FILE into RAM as it is; the first one is run where no PROGRAM is given; may be repeated"
        ) {
            (options, text) throws(OptionValue.Refusal) in options.loads.append(try OptionValue.placedFile(text))
        },
        machine("--entry", "ADDRESS", "start there instead of where the program says") {
            (options, text) throws(OptionValue.Refusal) in
            options.entry = try OptionValue.number(text, in: 0...UInt64.max)
        },
        machine("--signature", "FILE", "at the end, write the memory from begin_signature to end_signature to FILE") {
            (options, text) throws(OptionValue.Refusal) in options.signature = try OptionValue.nonEmpty(text)
        },
        machine("--signature-granularity", "N", "bytes per line of the signature: 4, 8 or 16 (default 4)") {
            (options, text) throws(OptionValue.Refusal) in
            guard let bytes = Int(text), [4, 8, 16].contains(bytes) else {
                throw OptionValue.Refusal(reason: "one of 4, 8, 16")
            }
            options.signatureGranularity = bytes
        },
        machine("--max-instructions", "N", "stop with a failure after N instructions", in: [.machine, .conform]) {
            (options, text) throws(OptionValue.Refusal) in
            options.maxInstructions = try OptionValue.number(text, in: 1...UInt64.max)
        },
    ]

    private static let conformRows: [OptionRow] = [
        conform("--reference", "DIR", "compare signatures with NAME.signature or NAME.reference_output in DIR") {
            (options, text) throws(OptionValue.Refusal) in options.reference = try OptionValue.nonEmpty(text)
        },
        conform("--filter", "TEXT", "run only the tests whose name contains TEXT") {
            (options, text) throws(OptionValue.Refusal) in options.filter = try OptionValue.nonEmpty(text)
        },
        conform("--jobs", "N", "tests that run at the same time (default: one per core)") {
            (options, text) throws(OptionValue.Refusal) in
            options.jobs = Int(try OptionValue.number(text, in: Limits.jobs))
        },
        conform("--junit", "FILE", "write the results to FILE, in JUnit's XML") {
            (options, text) throws(OptionValue.Refusal) in options.junit = try OptionValue.nonEmpty(text)
        },
        conform("--json", "FILE", "write the results to FILE, in JSON") {
            (options, text) throws(OptionValue.Refusal) in options.json = try OptionValue.nonEmpty(text)
        },
    ]

    private static let runRows: [OptionRow] = [
        session(
            "--engine",
            .required("ENGINE"),
            .run,
            "what executes the guests: jit (default on x86-64), interpreter, or lockstep: both, compared",
            in: Subcommand.allCases
        ) {
            (options, text) throws(OptionValue.Refusal) in
            let engine = try OptionValue.choice(text, of: ExecutionEngine.self)
            guard engine.isSupported else {
                throw OptionValue.Refusal(reason: "interpreter: this host lacks what translated code needs")
            }
            options.engine = engine
        },
        session("--clock", .required("CLOCK"), .run, "host (default), or instructions: the same run every time") {
            (options, text) throws(OptionValue.Refusal) in
            options.chosenClock = try OptionValue.choice(text, of: ClockChoice.self)
        },
        session("--seed", .required("N"), .run, "seed of the guests' random numbers (default: entropy of the host)") {
            (options, text) throws(OptionValue.Refusal) in
            options.seed = try OptionValue.number(text, in: 0...UInt64.max)
        },
    ]

    private static let observationRows: [OptionRow] = [
        session("--trace", .required("WHAT"), .observation, "traps: one line per trap that the hypervisor handles") {
            (options, text) throws(OptionValue.Refusal) in
            options.trace = try OptionValue.choice(text, of: TraceChoice.self)
        },
        session("--stats", .optional("FORMAT"), .observation, "at the end, exits and SBI calls as table or json") {
            (options, text) throws(OptionValue.Refusal) in
            options.statistics = text.isEmpty ? .table : try OptionValue.choice(text, of: StatisticsChoice.self)
        },
        session(
            "--profile",
            .required("FILE"),
            .observation,
            "where time goes, in guests and for them: folded stacks for flame graphs in FILE, and a table"
        ) {
            (options, text) throws(OptionValue.Refusal) in options.profile = try OptionValue.nonEmpty(text)
        },
        session("--perf-map", .none, .observation, "name translated code for Linux's perf, in /tmp/perf-PID.map") {
            (options, _) throws(OptionValue.Refusal) in options.perfMap = .written
        },
        session("--log", .required("FILE"), .observation, "write traces and reports to FILE, not standard error") {
            (options, text) throws(OptionValue.Refusal) in options.log = try OptionValue.nonEmpty(text)
        },
        session(
            "--color",
            .required("WHEN"),
            .observation,
            "auto (default: on a terminal), always or never",
            in: Subcommand.allCases
        ) {
            (options, text) throws(OptionValue.Refusal) in
            options.color = try OptionValue.choice(text, of: ColorChoice.self)
        },
    ]

    private static let otherRows: [OptionRow] = [
        OptionRow(name: "--help", argument: .none, group: .other, summary: "show this help", effect: .help),
        OptionRow(name: "--version", argument: .none, group: .other, summary: "show the version", effect: .version),
    ]

    private static func guest(
        _ name: String,
        _ placeholder: String,
        _ summary: String,
        in commands: [Subcommand] = [.run, .machine],
        questions: [String: Invocation] = [:],
        apply: @escaping @Sendable (inout GuestOptions, String) throws(OptionValue.Refusal) -> Void
    ) -> OptionRow {
        OptionRow(
            name: name,
            argument: .required(placeholder),
            group: .guest,
            commands: commands,
            summary: summary,
            questions: questions,
            effect: .guest(apply)
        )
    }

    private static func machine(
        _ name: String,
        _ placeholder: String,
        _ summary: String,
        in commands: [Subcommand] = [.machine],
        apply: @escaping @Sendable (inout MachineOptions, String) throws(OptionValue.Refusal) -> Void
    ) -> OptionRow {
        OptionRow(
            name: name,
            argument: .required(placeholder),
            group: .program,
            commands: commands,
            summary: summary,
            effect: .machine(apply)
        )
    }

    private static func conform(
        _ name: String,
        _ placeholder: String,
        _ summary: String,
        apply: @escaping @Sendable (inout ConformOptions, String) throws(OptionValue.Refusal) -> Void
    ) -> OptionRow {
        OptionRow(
            name: name,
            argument: .required(placeholder),
            group: .suite,
            commands: [.conform],
            summary: summary,
            effect: .conform(apply)
        )
    }

    private static func session(
        _ name: String,
        _ argument: OptionRow.Argument,
        _ group: OptionRow.Group,
        _ summary: String,
        in commands: [Subcommand] = [.run, .machine],
        apply: @escaping @Sendable (inout SessionOptions, String) throws(OptionValue.Refusal) -> Void
    ) -> OptionRow {
        OptionRow(
            name: name,
            argument: argument,
            group: group,
            commands: commands,
            summary: summary,
            effect: .session(apply)
        )
    }
}
