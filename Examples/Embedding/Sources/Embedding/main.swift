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
    let isa = try ISAConfiguration(parsing: VirtualMachineConfiguration.defaultISA)
    var configuration = VirtualMachineConfiguration(name: "guest", imagePath: path, isa: isa)
    configuration.memorySize = 64 << 20
    let host = try VirtualizationHost()
    let machine = try host.makeMachine(configuration) { bytes in _ = write(STDOUT_FILENO, bytes, bytes.count) }
    let reason = machine.run()
    print("ended: \(reason), after \(machine.instructions) instructions")
    exit(reason == .shutDown ? 0 : 1)
} catch {
    fail("\(error)", status: 1)
}
