import Devices
import Glibc
import Hypervisor
import Machine
import Platform
import RV64Core

/// Why a machine gave no answer.
struct MachineFailure: Error, CustomStringConvertible {
    let description: String
    /// Neither machine came to the end: the program has destroyed what the runtime needs.
    var isMutual = false
}

/// The two machines: each runs a program and returns the memory that it leaves.
struct Machines {
    let extensions: ExtensionSet
    /// A directory of this process's own.
    let directory: String
    private let qemu = "qemu-system-riscv64"

    /// What both machines can be told to have. QEMU 7.2 always has the rest of RV64GCH.
    static let extensions: ExtensionSet =
        ([
            .i, .m, .a, .f, .d, .c, .h, .zicsr, .zifencei, .zicntr, .zihpm, .zihintpause, .zba, .zbb, .zbc, .zbs, .zbkb,
            .zbkc, .zbkx,
            .zknd, .zkne, .zknh, .zfh, .zfhmin, .sv39, .sv48, .sv57, .svadu, .svinval, .svnapot, .svpbmt, .sstc,
        ] as ExtensionSet).closure
    private static let processor =
        "rv64,h=true,zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,zbkc=true,zbkx=true,zknd=true,zkne=true,"
        + "zknh=true,Zfh=true,Zfhmin=true,svinval=true,svnapot=true,svpbmt=true,sstc=true,sscofpmf=false,pmu-num=29"

    var programPath: String { "\(directory)/program.elf" }
    private var memoryPath: String { "\(directory)/memory" }
    private var messagePath: String { "\(directory)/message" }

    /// Both machines' memory after the program, and how many instructions rvhv took for it.
    struct Outcome {
        let rvhv: [UInt8]
        let qemu: [UInt8]
        let executed: UInt64
    }

    func run(_ program: MemoryImage) throws -> Outcome {
        try File.write(ProgramFile.contents(program), to: programPath)
        try File.write([], to: memoryPath)
        let process = try startQEMU()
        let ours = Result { try runRvhv() }
        let status = try wait(for: process)
        if status != 0, case .failure(let failure as MachineFailure) = ours {
            throw MachineFailure(description: "QEMU did not come to the end either: \(failure)", isMutual: true)
        }
        guard status == 0 else {
            let message = (try? File.read(messagePath)) ?? []
            throw MachineFailure(
                description: "QEMU did not come to the program's end (status \(status)): "
                    + String(decoding: message.suffix(500), as: UTF8.self)
            )
        }
        let (bytes, executed) = try ours.get()
        return Outcome(
            rvhv: bytes,
            qemu: Array(try File.read(memoryPath).prefix(Int(Layout.size))),
            executed: executed
        )
    }

    /// What the runtime executes for a case with one trap, and for each further trap.
    func overhead(runtime: [UInt8]) throws -> (case: UInt64, trap: UInt64) {
        func executed(_ cases: [[UInt32]]) throws -> UInt64 {
            let program = TestProgram(
                seed: 0,
                cases: cases.map { code in
                    var test = TestCase(mode: .machine)
                    test.fields = [.entry: Layout.base, .status: 0xA_0000_7800, .mtvec: Layout.machineVectors]
                    test.code = code.map { GeneratedInstruction($0) }
                    return test
                },
                background: MemoryImage()
            )
            try File.write(ProgramFile.contents(program.image(runtime: runtime)), to: programPath)
            return try runRvhv().executed
        }
        let ecall: UInt32 = 0x73
        let one = try executed([[]])
        return (try executed([[], []]) &- one, try executed([[ecall]]) &- one)
    }

    private func runRvhv() throws -> (bytes: [UInt8], executed: UInt64) {
        var configuration = MachineConfiguration(
            name: "rvhv",
            profile: .plain,
            imagePath: programPath,
            isa: try ISAConfiguration(extensions)
        )
        configuration.memorySize = Layout.memory
        configuration.instructionLimit = 20_000_000
        configuration.input = .absent
        configuration.seed = 0
        let machine = try MachineHost(clock: .host).makeMachine(configuration, console: NoConsole())
        let outcome = try machine.run()
        guard outcome == .exited(code: 0) else { throw MachineFailure(description: "rvhv: \(outcome)") }
        let bytes = machine.memory.bytes(at: GuestPhysicalAddress(Layout.base), count: Int(Layout.size))
        return bytes.map { ($0, machine.instructions) } ?? ([], 0)
    }

    private func startQEMU() throws -> pid_t {
        let arguments = [
            "timeout", "30", qemu, "-M", "virt,memory-backend=ram", "-m", "\(Layout.memory >> 20)M", "-object",
            "memory-backend-file,id=ram,size=\(Layout.memory >> 20)M,mem-path=\(memoryPath),share=on",
            "-cpu", Self.processor, "-bios", "none", "-kernel", programPath,
            "-nodefaults", "-display", "none", "-serial", "none", "-monitor", "none",
        ]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, messagePath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        pointers.append(nil)
        var process: pid_t = 0
        let code = posix_spawnp(&process, "timeout", &actions, nil, pointers, environ)
        guard code == 0 else {
            throw MachineFailure(description: "cannot start QEMU: " + String(cString: strerror(code)))
        }
        return process
    }

    private func wait(for process: pid_t) throws -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw MachineFailure(description: "waitpid: \(errno)") }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

private final class NoConsole: ConsoleSink {
    func write(_ bytes: UnsafeRawBufferPointer) {}
}

/// An ELF file of one segment.
enum ProgramFile {
    static func contents(_ image: MemoryImage) -> [UInt8] {
        var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
        func append(_ value: UInt64, _ size: Int) {
            for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
        }
        append(2, 2)  // ET_EXEC
        append(243, 2)  // EM_RISCV
        append(1, 4)
        append(Layout.base, 8)
        append(64, 8)  // program headers
        append(0, 8)
        append(5, 4)  // RVC, double-float ABI
        for size: UInt64 in [64, 56, 1, 0, 0, 0] { append(size, 2) }
        append(1, 4)  // PT_LOAD
        append(7, 4)
        for value in [4096, Layout.base, Layout.base, Layout.size, Layout.size, 4096] { append(value, 8) }
        bytes += [UInt8](repeating: 0, count: 4096 - bytes.count)
        return bytes + image.bytes
    }
}

/// Whole files.
enum File {
    static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw failure("read", path) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw failure("write", path) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw failure("write", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> MachineFailure {
        MachineFailure(description: "cannot \(verb) '\(path)': " + String(cString: strerror(errno)))
    }
}
