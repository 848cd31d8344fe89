import Machine

/// Everything the command line can ask for.
enum Invocation: Equatable, Sendable {
    case help(Subcommand)
    case version
    /// What `--isa` takes.
    case isaHelp
    case run(RunConfiguration)
    case machine(MachineRunConfiguration)
    case conform(ConformRunConfiguration)
}

/// What `rvhv` is asked to do; `run` is what it does without a subcommand's name.
enum Subcommand: String, CaseIterable, Sendable {
    case run
    case machine
    case conform
}

/// `rvhv GUEST...`: guests behind the built-in hypervisor.
struct RunConfiguration: Equatable, Sendable {
    /// In the order of the command line; names are unique.
    var guests: [GuestOptions]
    var session: SessionOptions
}

/// `rvhv machine ELF`: the plain machine, with nothing hosted.
struct MachineRunConfiguration: Equatable, Sendable {
    /// The firmware or program that the machine starts in M-mode; its `isa` is the hart's own.
    var program: GuestOptions
    var machine: MachineOptions
    var session: SessionOptions
}

/// `rvhv conform PATH...`: the tests of a suite, each on a plain machine of its own.
struct ConformRunConfiguration: Equatable, Sendable {
    /// Test programs, and folders of them.
    var paths: [String]
    /// What the machines are.
    var machine: GuestOptions
    /// Ends a test that does not end itself.
    var maxInstructions: UInt64?
    var suite: ConformOptions
    var session: SessionOptions
}

/// What is said of one guest, or of the plain machine's program.
struct GuestOptions: Equatable, Sendable {
    var path = ""
    /// Never empty after parsing: the file's name without its extension, unless `--name` says otherwise.
    var name = ""
    /// Bytes; a whole number of pages.
    var memory: UInt64 = Limits.defaultMemory
    var harts = 1
    var initrd: String?
    /// Added after the boot arguments, in the order given.
    var append: [String] = []
    /// Replaces the default boot arguments.
    var bootargs: String?
    /// The extensions offered, as the user wrote them.
    var isa: String?
    /// The widest paging mode; nil for what the extensions name, or Sv48.
    var paging: PagingChoice?
    var dumpDTB: String?
}

/// What is said of the plain machine alone.
struct MachineOptions: Equatable, Sendable {
    /// A kernel beside the firmware.
    var kernel: String?
    /// RAM beside `memory`.
    var ram: [Range<UInt64>] = []
    /// Raw binaries.
    var loads: [PlacedFile] = []
    /// Where the program goes if it is a raw binary: the first of them, where there is no other program.
    var programAddress: UInt64?
    var entry: UInt64?
    var signature: String?
    /// Bytes per line of the signature file.
    var signatureGranularity = 4
    var maxInstructions: UInt64?
}

/// A file that goes to an address as it is.
struct PlacedFile: Equatable, Sendable {
    var path: String
    var address: UInt64
}

/// What is said of a run of a test suite alone.
struct ConformOptions: Equatable, Sendable {
    /// The folder of the reference's signatures.
    var reference: String?
    /// Only tests whose name contains this.
    var filter: String?
    /// Tests that run at the same time; nil for one per core.
    var jobs: Int?
    var junit: String?
    var json: String?
}

/// What is said of the whole run.
struct SessionOptions: Equatable, Sendable {
    /// Nil for the one that the engine needs.
    var chosenClock: ClockChoice?
    /// Nil for the fastest that the host can run.
    var engine: ExecutionEngine?
    /// Seeds every source of randomness a guest can see; nil asks the host for entropy.
    var seed: UInt64?
    var trace: TraceChoice = .off
    var statistics: StatisticsChoice = .off
    /// Where the profile goes.
    var profile: String?
    var perfMap: PerfMapChoice = .off
    var color: ColorChoice = .auto
    /// Where traces and statistics go instead of standard error.
    var log: String?

    var clock: ClockChoice { chosenClock ?? (engine == .lockstep ? .instructions : .host) }
    var isLockstepInHostTime: Bool { engine == .lockstep && clock == .host }
}

/// A value that the command line spells with one of a few words.
protocol ChoiceValue: RawRepresentable<String>, CaseIterable, Equatable, Sendable {}

enum PagingChoice: String, ChoiceValue {
    case sv39, sv48, sv57
}

enum ClockChoice: String, ChoiceValue {
    case host
    case instructions
}

extension ExecutionEngine: ChoiceValue {}

enum TraceChoice: String, ChoiceValue {
    case off
    case traps
}

/// Whether translated code is named for Linux's perf.
enum PerfMapChoice: Sendable {
    case off
    case written
}

enum StatisticsChoice: String, ChoiceValue {
    case off
    case table
    case json
}

enum ColorChoice: String, ChoiceValue {
    case auto, always, never
}

/// The bounds the command line holds its numbers to.
enum Limits {
    static let memory: ClosedRange<UInt64> = (2 << 20)...(64 << 30)
    static let defaultMemory: UInt64 = 256 << 20
    /// One SBI hart mask names 64 harts.
    static let harts: ClosedRange<UInt64> = 1...64
    /// Each holds its files open.
    static let guests = 400
    /// Physical addresses have 56 bits.
    static let lastAddress: UInt64 = (1 << 56) - 1
    /// More tests at the same time than any host has cores.
    static let jobs: ClosedRange<UInt64> = 1...1024
    /// Longer names would leave no room for the guests' lines.
    static let nameLength = 24
}
