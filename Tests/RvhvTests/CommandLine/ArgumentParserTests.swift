import Hypervisor
import Machine
import Testing

@testable import rvhv

@Suite struct ArgumentParserTests {
    private func run(_ line: String) throws -> RunConfiguration {
        let invocation = try ArgumentParser.parse(words(line))
        guard case .run(let configuration) = invocation else { throw Unexpected(invocation: invocation) }
        return configuration
    }

    private func machine(_ line: String) throws -> MachineRunConfiguration {
        let invocation = try ArgumentParser.parse(words(line))
        guard case .machine(let configuration) = invocation else { throw Unexpected(invocation: invocation) }
        return configuration
    }

    private func conform(_ line: String) throws -> ConformRunConfiguration {
        let invocation = try ArgumentParser.parse(words(line))
        guard case .conform(let configuration) = invocation else { throw Unexpected(invocation: invocation) }
        return configuration
    }

    private struct Unexpected: Error { var invocation: Invocation }

    private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

    @Test func defaults() throws {
        let configuration = try run("guests/linux.elf")
        #expect(configuration.session == SessionOptions())
        let guest = try #require(configuration.guests.first)
        #expect(configuration.guests.count == 1)
        #expect(guest.path == "guests/linux.elf")
        #expect(guest.name == "linux")
        #expect(guest.memory == 256 << 20)
        #expect(guest.harts == 1)
        #expect(guest.paging == nil)
        #expect(guest.bootargs == nil && guest.append.isEmpty && guest.initrd == nil && guest.isa == nil)
    }

    @Test func everyConformOption() throws {
        let configuration = try conform(
            "conform a --isa rv64gc --filter ui --jobs 3 --max-instructions 0x10 b --reference r --memory 16M "
                + "--harts 2 --junit j --json=k"
        )
        #expect(configuration.paths == ["a", "b"])
        #expect(configuration.machine.isa == "rv64gc" && configuration.machine.memory == 16 << 20)
        #expect(configuration.machine.harts == 2 && configuration.maxInstructions == 16)
        let suite = ConformOptions(reference: "r", filter: "ui", jobs: 3, junit: "j", json: "k")
        #expect(configuration.suite == suite)
        #expect(try conform("conform x").suite == ConformOptions())
        #expect(throws: UsageError.noGuest(.conform)) { try conform("conform --jobs 1") }
        #expect(throws: UsageError.misplacedOption("--initrd", .conform)) { try conform("conform --initrd i x") }
        #expect(throws: UsageError.misplacedOption("--filter", .machine)) { try conform("machine --filter i x") }
    }

    @Test func optionsBeforeTheFirstGuestAreForAll() throws {
        let guests = try run("--memory 64M --append all a.elf --memory=1G --append mine b.elf --harts 4").guests
        #expect(guests.map(\.memory) == [1 << 30, 64 << 20])
        #expect(guests.map(\.harts) == [1, 4])
        #expect(guests.map(\.append) == [["all", "mine"], ["all"]])
    }

    @Test func everyGuestOption() throws {
        let guest = try run(
            "k --name one --memory 128m --harts 8 --initrd i --bootargs quiet --isa rv64gc --paging sv57 --dump-dtb d"
        ).guests[0]
        #expect(guest.name == "one" && guest.memory == 128 << 20 && guest.harts == 8)
        #expect(guest.initrd == "i" && guest.bootargs == "quiet" && guest.isa == "rv64gc")
        #expect(guest.paging == .sv57 && guest.dumpDTB == "d")
    }

    @Test func sessionOptionsMayStandAnywhere() throws {
        let expected = SessionOptions(
            chosenClock: .instructions,
            engine: .interpreter,
            seed: 0x2a,
            trace: .traps,
            statistics: .json,
            profile: "stacks",
            perfMap: .written,
            color: .never,
            log: "file"
        )
        let options =
            "--clock instructions --engine interpreter --seed 0x2a --trace traps --stats=json --profile stacks --perf-map"
        #expect(try run("\(options) --color never --log file a").session == expected)
        #expect(try run("a \(options) b --color=never --log=file").session == expected)
    }

    @Test func lockstepBringsItsClock() throws {
        #expect(try run("a").session.clock == .host)
        #expect(try run("--engine lockstep a").session.clock == .instructions)
    }

    @Test func optionalValueNeedsTheEqualsSign() throws {
        let configuration = try run("--stats json")
        #expect(configuration.session.statistics == .table)
        #expect(configuration.guests.map(\.path) == ["json"])
    }

    @Test func doubleDashEndsOptions() throws {
        #expect(try run("--harts 2 -- --help machine --").guests.map(\.path) == ["--help", "machine", "--"])
    }

    @Test func valuesMayLookLikeOptions() throws {
        #expect(
            try ArgumentParser.parse(["a", "--append", "-v --x=1"]) == ArgumentParser.parse(["a", "--append=-v --x=1"])
        )
    }

    private static let namesRows: [([String], [String])] = [
        (["a/bare.elf", "b/bare.elf", "bare"], ["bare", "bare-2", "bare-3"]),
        (["dir/Image", "x.tar.gz", ".hidden"], ["Image", "x.tar", ".hidden"]),
        (["weird name\u{1b}[2J.elf", "/", "b\u{e9}"], ["weird_name__2J", "guest", "b_"]),
        (["a", "--name", "b", "b"], ["b", "b-2"]),
        ([String(repeating: "n", count: 99)], [String(repeating: "n", count: 21)]),
    ]

    @Test(arguments: namesRows)
    func names(arguments: [String], names: [String]) throws {
        guard case .run(let configuration) = try ArgumentParser.parse(arguments) else {
            Issue.record("not a run")
            return
        }
        #expect(configuration.guests.map(\.name) == names)
    }

    @Test func machineOptions() throws {
        let configuration = try machine(
            "machine --kernel Image --signature s --signature-granularity 16 --max-instructions 1000 --harts 2 fw.elf --append x"
        )
        #expect(
            configuration.machine
                == MachineOptions(kernel: "Image", signature: "s", signatureGranularity: 16, maxInstructions: 1000)
        )
        #expect(configuration.program.path == "fw.elf" && configuration.program.harts == 2)
        #expect(configuration.program.append == ["x"])
    }

    @Test func furtherMemoryOfTheMachine() throws {
        let given = try machine(
            "machine fw.elf --ram 0x100000000,1G --ram 4096,8K --load a@b@0x10 --load c@2147483648 --entry 0x80000004"
        )
        #expect(given.machine.ram == [0x1_0000_0000..<0x1_4000_0000, 0x1000..<0x3000])
        #expect(
            given.machine.loads
                == [PlacedFile(path: "a@b", address: 0x10), PlacedFile(path: "c", address: 0x8000_0000)]
        )
        #expect(given.machine.entry == 0x8000_0004 && given.machine.programAddress == nil)
        let alone = try machine("machine --load fw.bin@0x80000000 --load x@0x80200000 --harts 2")
        #expect(alone.program.path == "fw.bin" && alone.program.name == "fw" && alone.program.harts == 2)
        #expect(alone.machine.programAddress == 0x8000_0000)
        #expect(alone.machine.loads == [PlacedFile(path: "x", address: 0x8020_0000)])
    }

    @Test(
        arguments: [
            ("--ram", "0x1000"), ("--ram", "0x1000,"), ("--ram", ",1G"), ("--ram", "0x1001,1G"), ("--ram", "0x1000,1"),
            ("--ram", "0x1000,0"), ("--ram", "0xFFFFFFFFFFFF000,8K"), ("--ram", "0xFFFFFFFFFFF000,8K"),
            ("--ram", "0x1000,65G"), ("--ram", "1,2,3"), ("--load", "file"), ("--load", "@1"), ("--load", "file@"),
            ("--load", "file@x"), ("--load", "file@0x100000000000000"), ("--entry", "main"), ("--entry", ""),
        ] as [(String, String)]
    )
    func refusedMachineValue(option: String, value: String) throws {
        let error = try #require(throws: UsageError.self) {
            try ArgumentParser.parse(["machine", "a", "\(option)=\(value)"])
        }
        guard case .invalidValue(option, value, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func machineIsASubcommandOnlyInFirstPlace() throws {
        #expect(try run("--harts 2 machine").guests.map(\.path) == ["machine"])
        #expect(try run("./machine").guests.map(\.name) == ["machine"])
    }

    private static let answersRows: [([String], Invocation)] = [
        (["--help"], Invocation.help(.run)),
        (["a", "-h", "--nonsense"], .help(.run)),
        (["machine", "--help"], .help(.machine)),
        (["machine", "--isa", "help"], .isaHelp), (["a", "--isa=help"], .isaHelp),
        (["conform", "--isa", "help"], .isaHelp),
        (["--version"], .version),
        (["-V"], .version),
    ]

    @Test(arguments: answersRows)
    func answers(arguments: [String], expected: Invocation) throws {
        #expect(try ArgumentParser.parse(arguments) == expected)
    }

    private static func tree(_ path: String) -> FileUse { FileUse(role: .output, option: "--dump-dtb", path: path) }
    private static func log(_ path: String) -> FileUse { FileUse(role: .output, option: "--log", path: path) }

    private static let refusedRows: [([String], UsageError)] = [
        ([], UsageError.noGuest(.run)),
        (["--harts", "2"], .noGuest(.run)),
        (["machine"], .noGuest(.machine)),
        ([""], .emptyPath),
        (["machine", "a", "b"], .extraArgument("b")),
        (["--memroy", "1G", "a"], .unknownOption("--memroy", suggestion: "--memory")),
        (["--memroy=1G", "a"], .unknownOption("--memroy", suggestion: "--memory")),
        (["--hart", "1", "a"], .unknownOption("--hart", suggestion: "--harts")),
        (["--sig", "1", "a"], .unknownOption("--sig", suggestion: nil)),
        (["machine", "--sig", "1", "a"], .unknownOption("--sig", suggestion: "--signature")),
        (["--frobnicate", "a"], .unknownOption("--frobnicate", suggestion: nil)),
        (["-x", "a"], .unknownOption("-x", suggestion: nil)),
        (["-", "a"], .unknownOption("-", suggestion: nil)),
        (["a", "--kernel", "k"], .misplacedOption("--kernel", .run)),
        (["machine", "a", "--name", "k"], .misplacedOption("--name", .machine)),
        (["a", "--memory"], .missingValue("--memory", placeholder: "SIZE")),
        (["--memory", "--harts", "2", "a"], .missingValue("--memory", placeholder: "SIZE")),
        (["a", "--memory", "--"], .missingValue("--memory", placeholder: "SIZE")),
        (["a", "--stats="], .missingValue("--stats", placeholder: "FORMAT")),
        (["a", "--help=x"], .unexpectedValue("--help")),
        (["a", "--name", "x", "b", "--name", "x"], .duplicateName("x")),
        (["--name", "x", "a", "b"], .duplicateName("x")),
        (["--dump-dtb", "d", "a", "b"], .outputTwice(tree("d"), tree("d"))),
        (["--dump-dtb", "d", "--log", "./d", "a"], .outputTwice(tree("d"), log("./d"))),
        (["--clock", "host", "--engine", "lockstep", "a"], .lockstepInHostTime),
        (["--log", "a", "a"], .outputOntoInput(log("a"), FileUse(role: .input, path: "a"))),
        (Array(repeating: "a", count: 401), .tooManyGuests(401)),
    ]

    @Test(arguments: refusedRows)
    func refused(arguments: [String], error: UsageError) {
        #expect(throws: error) { try ArgumentParser.parse(arguments) }
    }

    private static let refusedValueRows: [(String, String)] = [
        ("--memory", "256"), ("--memory", "1M"), ("--memory", "65G"), ("--memory", "0x10000000"), ("--memory", "M"),
        ("--memory", "-1G"), ("--memory", "99999999999999999999G"), ("--memory", "20000000000G"), ("--memory", ""),
        ("--memory", "4194305"), ("--harts", "0"), ("--harts", "65"), ("--harts", "two"), ("--harts", "+2"),
        ("--engine", "tcg"), ("--trace", "all"), ("--stats", "xml"),
        ("--clock", "sundial"), ("--color", "yes"), ("--paging", "sv32"), ("--seed", "0x"), ("--seed", "-1"),
        ("--name", "two words"), ("--name", ""), ("--name", String(repeating: "n", count: 25)), ("--initrd", ""),
        ("--isa", ""), ("--dump-dtb", ""), ("--log", ""), ("--profile", ""),
    ]

    @Test(arguments: refusedValueRows)
    func refusedValue(option: String, value: String) throws {
        let error = try #require(throws: UsageError.self) { try ArgumentParser.parse(["a", "\(option)=\(value)"]) }
        guard case .invalidValue(option, value, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func rangesAreSaidWhole() throws {
        let error = try #require(throws: UsageError.self) {
            try ArgumentParser.parse(["machine", "a", "--max-instructions", "0"])
        }
        #expect("\(error)" == "--max-instructions '0': the range is 1 to 2^64 - 1")
    }

    @Test func messagesAreOneCleanLine() throws {
        let error = try #require(throws: UsageError.self) { try ArgumentParser.parse(["--\u{1b}[2J\n\u{9b}"]) }
        #expect("\(error)" == "unknown option '--\\u{1b}[2J\\u{a}\\u{9b}'")
        #expect(
            "\(UsageError.unknownOption("--hart", suggestion: "--harts"))"
                == "unknown option '--hart' (did you mean --harts?)"
        )
    }
}

@Suite struct OptionValueTests {
    private static let memoryRows: [(String, UInt64)] = [
        ("2M", UInt64(2) << 20), ("64G", 64 << 30), ("4096K", 4 << 20), ("1g", 1 << 30), ("4194304", 4 << 20),
    ]

    @Test(arguments: memoryRows)
    func memory(text: String, bytes: UInt64) throws {
        #expect(try OptionValue.memory(text) == bytes)
    }

    private static let sizeTextRows: [(String, UInt64)] = [
        ("256M", UInt64(256) << 20), ("3G", 3 << 30), ("1028K", 1028 << 10), ("4097", 4097), ("0", 0),
    ]

    @Test(arguments: sizeTextRows)
    func sizeText(text: String, bytes: UInt64) {
        #expect(OptionValue.sizeText(bytes) == text)
    }

    @Test func numbersReachTheirBounds() throws {
        #expect(try OptionValue.number("0xffffffffffffffff", in: 0...UInt64.max) == .max)
        #expect(try OptionValue.number("18446744073709551615", in: 0...UInt64.max) == .max)
        #expect(throws: OptionValue.Refusal.self) { try OptionValue.number("18446744073709551616", in: 0...UInt64.max) }
    }

    private static let editDistanceRows: [(String, String, Int)] = [
        ("memory", "memroy", 1), ("harts", "hart", 1), ("", "abc", 3), ("name", "name", 0), ("ab", "cd", 2),
    ]

    @Test(arguments: editDistanceRows)
    func editDistance(a: String, b: String, distance: Int) {
        #expect(Suggestion.editDistance(Array(a), Array(b)) == distance)
        #expect(Suggestion.editDistance(Array(b), Array(a)) == distance)
    }
}

@Suite struct OptionTableTests {
    @Test func rowsAreUniqueAndWellFormed() {
        #expect(Set(OptionTable.rows.map(\.name)).count == OptionTable.rows.count)
        for row in OptionTable.rows {
            #expect(row.name.hasPrefix("--") && !row.summary.isEmpty && !row.commands.isEmpty)
            #expect(!row.summary.hasSuffix("."))
        }
        for (alias, name) in OptionTable.aliases {
            #expect(OptionTable.row(named: alias)?.name == name)
        }
    }

    @Test(arguments: Subcommand.allCases)
    func helpShowsEveryOptionOfItsCommand(command: Subcommand) {
        let text = HelpText.text(for: command)
        for row in OptionTable.rows {
            #expect(text.contains("  \(row.usage) ") == row.commands.contains(command), "\(row.name)")
        }
        for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
        #expect(text.contains("Examples:") && text.contains("Exit status"))
    }
}

@Suite struct ExitStatusTests {
    private static let ofReasonsRows: [([StopReason], Int)] = [
        ([], 0),
        ([.exited(code: 0), .exited(code: 0)], 0),
        ([.exited(code: 0), .requested], 0),
        ([.exited(code: 0), .exited(code: 7), .exited(code: 9)], 7),
        ([.exited(code: 256)], 1),
        ([.exited(code: 0x103)], 3),
        ([.exited(code: -1)], 255),
        ([.requested, .failed("loops on traps"), .exited(code: 9)], 1),
        ([.instructionLimit], 1),
    ]

    @Test(arguments: ofReasonsRows)
    func ofReasons(reasons: [StopReason], code: Int) {
        #expect(ExitStatus(reasons: reasons).code == Int32(code))
    }

    @Test func fixedCodes() {
        #expect(ExitStatus.hostFailure.code == 1 && ExitStatus.usage.code == 2 && ExitStatus.signal(15).code == 143)
    }
}
