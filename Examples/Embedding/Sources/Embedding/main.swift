// Runs the guest named on the command line in this process: the Hypervisor library without the rvhv tool.
//
//     swift run --package-path Examples/Embedding Embedding guests/hello.elf
import Glibc
import Machine
import RV64Core

func fail(_ message: String, status: Int32) -> Never {
    _ = write(STDERR_FILENO, message + "\n", message.utf8.count + 1)
    exit(status)
}

guard let path = CommandLine.arguments.dropFirst().first else { fail("usage: Embedding GUEST", status: 2) }
do {
    let isa = try ISAConfiguration(parsing: MachineConfiguration.defaultISA)
    var configuration = MachineConfiguration(name: "guest", imagePath: path, isa: isa)
    configuration.memorySize = 64 << 20
    let machine = try MachineHost().makeMachine(configuration) { bytes in _ = write(STDOUT_FILENO, bytes, bytes.count) }
    let reason = try machine.run()
    print("ended: \(reason), after \(machine.instructions) instructions")
    exit(reason == .exited(code: 0) ? 0 : 1)
} catch {
    fail("\(error)", status: 1)
}
