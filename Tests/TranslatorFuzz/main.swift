import Glibc
import RV64Core

// translatorfuzz [--programs N] [--seed S]: random programs on the interpreter and on the translator, which must not
// differ. Every fourth one consists of one row of the instruction table.

func fail(_ message: String) -> Never {
    let line = "translatorfuzz: \(message)\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(2)
}

var programs: UInt64 = 10_000
var seed: UInt64 = 1
var arguments = CommandLine.arguments.dropFirst()
while let option = arguments.popFirst() {
    guard let text = arguments.popFirst(), let value = UInt64(text) else { fail("\(option) takes a number") }
    switch option {
    case "--programs": programs = value
    case "--seed": seed = value
    default: fail("no option \(option); there are --programs N and --seed S")
    }
}

let comparison = try Comparison()
var failures = 0
for program in 0..<programs {
    let row = program & 3 == 0 ? Rows.all[Int(program / 4 % UInt64(Rows.all.count))] : nil
    guard let difference = comparison.run(seed: seed &+ program, of: row) else { continue }
    if let row { print(row.mnemonic, terminator: ": ") }
    print(difference)
    failures += 1
    if failures == 20 { break }
}
print("\(programs) programs from seed \(seed): \(failures == 0 ? "no difference" : "\(failures) differ")")
exit(failures == 0 ? 0 : 1)
