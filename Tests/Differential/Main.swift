import Glibc
import RV64Core

/// Random programs on rvhv's plain machine and on QEMU: Tests/Differential/README says how to read the outcome.
@main
enum Differential {
    static let usage = """
        usage: differential --runtime FILE [options]
          --seed N           the first program's seed (default: 1)
          --programs N       how many programs, with seeds one after the other (default: 10)
          --instructions N   end once so many instructions have been compared
          --modes M,...      of the modes m, s, u, vs, vu (default: all)
          --directory DIR    for the files of this run (default: .)
          --failures N       end after so many programs that failed (default: 1)
          --floating-point N every Nth of the tuples of instruction, rounding mode and edge values instead
          --case N           shrink what differs in that case
          --no-shrink        only list the first difference of each case that has one
        """

    static func main() {
        do {
            let options = try Options(CommandLine.arguments.dropFirst())
            exit(try run(options) ? 0 : 1)
        } catch {
            let message = Array("differential: \(error)\n".utf8)
            _ = Glibc.write(2, message, message.count)
            exit(2)
        }
    }

    private static func run(_ options: Options) throws -> Bool {
        let runtime = try File.read(options.runtime)
        let machines = Machines(extensions: Machines.extensions, directory: options.directory)
        let source = ProgramSource(extensions: Machines.extensions, modes: options.modes)
        let shrinker = Shrinker(machines: machines, runtime: runtime)
        if let step = options.floatingPointStep { return try runFloatingPoint(step, options, shrinker) }
        let overhead = try machines.overhead(runtime: runtime)
        say("\(overhead)")
        var instructions: UInt64 = 0
        var failures = 0
        var programs: UInt64 = 0
        while programs < options.programs, instructions < options.instructions, failures < options.failures {
            let seed = options.seed &+ programs
            programs += 1
            let program: TestProgram
            let comparison: Comparison
            do {
                (program, comparison) = try judged(source.program(seed: seed), shrinker)
            } catch let failure as MachineFailure {
                failures += 1
                say("seed \(seed): \(failure)")
                continue
            }
            let runtimes =
                UInt64(comparison.cases) &* (overhead.case &- overhead.trap) &+ comparison.traps &* overhead.trap
            instructions += comparison.executed &- min(comparison.executed, runtimes)
            let differences = comparison.differences()
            guard let first = differences.first else { continue }
            failures += 1
            say("seed \(seed): \(differences.count) differences")
            if !options.shrinks {
                say(Report.summary(program, differences))
                continue
            }
            let chosen = differences.first { $0.index == options.suspect } ?? first
            let small = shrinker.shrink(program, to: chosen)
            say(Report.text(small, shrinker.differences(of: small)))
        }
        say("\(programs) programs, \(instructions) instructions, \(failures) programs with a difference")
        return failures == 0
    }
}

extension Differential {
    private static func runFloatingPoint(_ step: Int, _ options: Options, _ shrinker: Shrinker) throws -> Bool {
        let source = FloatingPointSource(
            extensions: Machines.extensions,
            first: Int(truncatingIfNeeded: options.seed & 0xFFFF_FFFF),
            step: step
        )
        var failures = 0
        for index in 0..<source.programCount where failures < options.failures {
            let program = source.program(index)
            let differences = try shrinker.comparison(of: program).differences()
            guard let first = differences.first else { continue }
            failures += 1
            say("floating point, program \(index): \(differences.count) differences")
            if options.shrinks {
                let small = shrinker.shrink(program, to: first)
                say(Report.text(small, shrinker.differences(of: small)))
            } else {
                say(Report.summary(program, differences))
            }
        }
        say("\(source.count) floating-point operations, \(failures) programs with a difference")
        return failures == 0
    }

    /// The program without the cases in which QEMU's way is another one, as documented, and what the machines made of it.
    private static func judged(_ program: TestProgram, _ shrinker: Shrinker) throws -> (TestProgram, Comparison) {
        var program = program
        while true {
            let comparison = try shrinker.comparison(of: program)
            let divergent = comparison.divergentCases
            if divergent.isEmpty { return (program, comparison) }
            program.cases = program.cases.indices.filter { !divergent.contains($0) }.map { program.cases[$0] }
        }
    }
}

/// Prints a line at once, for those who look at the log of a long run.
private func say(_ text: String) {
    print(text)
    fflush(nil)
}

struct Options {
    var runtime = ""
    var seed: UInt64 = 1
    var programs: UInt64 = 10
    var instructions: UInt64 = .max
    var modes: [PrivilegeMode] = [.machine, .supervisor, .user, .virtualSupervisor, .virtualUser]
    var directory = "."
    var failures = 1
    var shrinks = true
    var suspect: Int?
    var floatingPointStep: Int?

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            if argument == "--no-shrink" {
                shrinks = false
                continue
            }
            guard let value = rest.next() else { throw MachineFailure(description: Differential.usage) }
            switch argument {
            case "--runtime": runtime = value
            case "--seed": seed = try Self.number(value)
            case "--programs": programs = try Self.number(value)
            case "--instructions":
                instructions = try Self.number(value)
                programs = .max
            case "--case": suspect = Int(try Self.number(value) & 0xFFFF)
            case "--floating-point": floatingPointStep = max(1, Int(try Self.number(value) & 0xFFFF_FFFF))
            case "--modes": modes = try value.split(separator: ",").map(Self.mode)
            case "--directory": directory = value
            case "--failures": failures = Int(try Self.number(value) & 0xFFFF_FFFF)
            default: throw MachineFailure(description: Differential.usage)
            }
        }
        guard !runtime.isEmpty else { throw MachineFailure(description: Differential.usage) }
    }

    private static func number(_ text: String) throws -> UInt64 {
        guard let value = UInt64(text.filter { $0 != "_" }) else {
            throw MachineFailure(description: "'\(text)' is not a number")
        }
        return value
    }

    private static func mode(_ name: Substring) throws -> PrivilegeMode {
        let modes: [Substring: PrivilegeMode] = [
            "m": .machine, "s": .supervisor, "u": .user, "vs": .virtualSupervisor, "vu": .virtualUser,
        ]
        guard let mode = modes[name] else { throw MachineFailure(description: "'\(name)' is not a mode") }
        return mode
    }
}
