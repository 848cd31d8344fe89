import Glibc
import Machine
import RV64Core
import TestSupport

/// Saves a machine at random places of its run, and compares how it and its restored copies go on.
@main
enum SaveCheck {
    static let usage = """
        usage: savecheck [options] PROGRAM
          --plain            the plain machine instead of a guest
          --kernel FILE      what the firmware of a plain machine starts
          --harts N          (default: 1)
          --memory MIB       (default: 256)
          --append TEXT      more boot arguments
          --input TEXT       typed at the start; \\n is Return
          --points N         places to save at (default: 100)
          --seed N           which places (default: 1)
          --limit N          end after so many instructions (default: 10000000000)
        """

    static func main() {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            let chain = SaveChain(input: options.input, limit: options.limit) { console in
                try MachineHost(clock: .instructions).makeMachine(options.configuration, console: console)
            }
            let length = try chain.length()
            var random = SplitMix64(seed: options.seed)
            let places = Set((0..<options.points).map { _ in UInt64.random(in: 1...max(length, 1), using: &random) })
            let outcome = try chain.check(places.sorted())
            let ending = outcome.ending.map { "\($0)" } ?? "it goes on"
            say("\(outcome.places) places in \(length) instructions are equal; \(ending)")
        } catch {
            say("savecheck: \(CommandLine.arguments.dropFirst().joined(separator: " ")): \(error)")
            exit(1)
        }
    }

    private static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = Glibc.write(1, bytes, bytes.count)
    }
}

/// The command line.
private struct Options {
    var configuration: MachineConfiguration
    var input: [UInt8] = []
    var points = 100
    var seed: UInt64 = 1
    var limit: UInt64 = 10_000_000_000

    init(_ arguments: some Sequence<String>) throws {
        let usage = SaveChain.Failure(SaveCheck.usage)
        let isa = try ISAConfiguration(parsing: MachineConfiguration.defaultISA)
        configuration = MachineConfiguration(name: "savecheck", imagePath: "", isa: isa)
        configuration.seed = 1
        configuration.input = .absent
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            if argument == "--plain" {
                configuration.profile = .plain
                configuration.isa = .standard
                continue
            }
            guard argument.hasPrefix("--") else {
                configuration.imagePath = argument
                continue
            }
            guard let value = rest.next() else { throw usage }
            switch argument {
            case "--kernel": configuration.kernelPath = value
            case "--harts": configuration.hartCount = Int(try Self.number(value))
            case "--memory": configuration.memorySize = try Self.number(value) << 20
            case "--append": configuration.appendedArguments.append(value)
            case "--input":
                input = Array(
                    value.split(separator: "\\n", omittingEmptySubsequences: false)
                        .joined(separator: "\n").utf8
                )
            case "--points": points = Int(try Self.number(value))
            case "--seed": seed = try Self.number(value)
            case "--limit": limit = try Self.number(value)
            default: throw usage
            }
        }
        guard !configuration.imagePath.isEmpty else { throw usage }
    }

    private static func number(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text), value < 1 << 40 else {
            throw SaveChain.Failure("'\(text)' is not a number")
        }
        return value
    }
}
