import Devices
import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

extension Encoding {
    static let ecall: UInt32 = 0x0000_0073
    static let supervisorReturn: UInt32 = 0x1020_0073
    static let machineReturn: UInt32 = 0x3020_0073

    static func csrSet(_ csr: CSRAddress, _ rs1: UInt32) -> UInt32 { i(0x73, 2, 0, rs1, Int32(csr.rawValue)) }
    static func add(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 { rs2 << 20 | rs1 << 15 | rd << 7 | 0x33 }
    static func sub(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 { add(rd, rs1, rs2) | 0x4000_0000 }
    static func lw(_ rd: UInt32, _ rs1: UInt32, _ offset: Int32 = 0) -> UInt32 { i(0x03, 2, rd, rs1, offset) }
    static func sb(_ rs2: UInt32, _ rs1: UInt32, _ offset: Int32 = 0) -> UInt32 { store(0, rs2, rs1, offset) }
    static func jumpRegister(_ rs1: UInt32) -> UInt32 { i(0x67, 0, 0, rs1, 0) }
    static func blt(_ rs1: UInt32, _ rs2: UInt32, _ offset: Int32) -> UInt32 { branch(4, rs1, rs2, offset) }
    static func amoadd(_ rd: UInt32, _ rs2: UInt32, _ rs1: UInt32) -> UInt32 {
        rs2 << 20 | rs1 << 15 | 3 << 12 | rd << 7 | 0x2F
    }
}

/// A guest in VS-mode, an instruction at a time; registers are plain numbers.
struct GuestProgram {
    static let base: UInt64 = 0x8000_0000
    /// RAM that the program does not lie in.
    static let data: UInt64 = 0x8010_0000

    private(set) var words: [UInt32] = []

    init(_ build: (inout GuestProgram) -> Void) { build(&self) }

    /// Where the next instruction goes.
    var address: UInt64 { Self.base + UInt64(words.count) * 4 }

    mutating func emit(_ instructions: UInt32...) { words += instructions }

    /// Any 64-bit number, always in eleven instructions.
    mutating func load(_ register: UInt32, _ value: UInt64) {
        emit(Encoding.addi(register, 0, Int32(value >> 55)))
        for shift in stride(from: 44, through: 0, by: -11) {
            emit(Encoding.shiftLeft(register, 11))
            emit(Encoding.addi(register, register, Int32(value >> UInt64(shift) & 0x7FF)))
        }
    }

    /// An SBI call with the arguments as they are in a0 and on.
    mutating func call(_ extensionID: UInt64, _ function: UInt64) {
        load(17, extensionID)
        load(16, function)
        emit(Encoding.ecall)
    }

    mutating func call(_ extensionID: UInt64, _ function: UInt64, _ arguments: UInt64...) {
        for (index, argument) in arguments.enumerated() { load(10 + UInt32(index), argument) }
        call(extensionID, function)
    }

    /// Prints a character that stands in a0.
    mutating func print() { call(0x4442_434E, 2) }

    mutating func print(_ character: Character) {
        load(10, UInt64(character.asciiValue ?? 0))
        print()
    }

    /// SRST: shutdown, cold reboot, ...
    mutating func reset(_ kind: UInt64, reason: UInt64 = 0) { call(0x5352_5354, 0, kind, reason) }

    /// A backward branch.
    mutating func branchBack(_ branch: (UInt32, UInt32, Int32) -> UInt32, _ a: UInt32, _ b: UInt32, to target: UInt64) {
        emit(branch(a, b, Int32(truncatingIfNeeded: Int64(bitPattern: target &- address))))
    }

    /// An instruction that branches over what `body` emits.
    mutating func skip(
        _ branch: (UInt32, UInt32, Int32) -> UInt32,
        _ a: UInt32,
        _ b: UInt32,
        _ body: (inout Self) -> Void
    ) {
        let place = words.count
        emit(0)
        body(&self)
        words[place] = branch(a, b, Int32(words.count - place) * 4)
    }

    /// A trap handler that prints 'A' plus the cause, and for an interrupt 'a' plus the code; then the guest ends.
    mutating func installReporter() {
        var handler = GuestProgram { program in
            program.emit(Encoding.csrRead(10, .scause), Encoding.addi(10, 10, 0x41))
            program.skip(Encoding.blt, 0, 10) { $0.emit(Encoding.addi(10, 10, 0x20)) }
            program.print()
            program.reset(0)
        }.words
        // Over the handler, and over what sets it.
        let length = Int32(handler.count * 4)
        emit(Encoding.beq(0, 0, length + 4))
        let place = address
        emit(words: &handler)
        load(5, place)
        emit(Encoding.csrWrite(.stvec, 5))
    }

    /// A trap handler that steps over the instruction, which is one of four bytes.
    mutating func installSkipper() {
        emit(Encoding.beq(0, 0, 5 * 4))
        let place = address
        emit(Encoding.csrRead(5, .sepc), Encoding.addi(5, 5, 4), Encoding.csrWrite(.sepc, 5), Encoding.supervisorReturn)
        load(5, place)
        emit(Encoding.csrWrite(.stvec, 5))
    }

    private mutating func emit(words more: inout [UInt32]) { words += more }

    /// Stores another program's instructions, which do not depend on where they stand.
    mutating func store(_ other: GuestProgram, at address: UInt64) {
        for (index, word) in other.words.enumerated() {
            load(5, address + UInt64(index) * 4)
            load(6, UInt64(word))
            emit(Encoding.sw(6, 5))
        }
    }

    /// Waits until hart 1 is in a state.
    mutating func await(_ state: HartStatus) {
        let top = address
        call(0x48_534D, 2, 1)
        load(5, state.rawValue)
        branchBack(Encoding.bne, 11, 5, to: top)
    }

    /// Enables the timer interrupt and lets it come in two milliseconds.
    mutating func wakeByTimer() {
        load(5, InterruptCause.supervisorTimer.mask)
        emit(Encoding.csrWrite(.sie, 5))
        // A fifth of a second: a busy host must not be later with what comes before it.
        load(7, 2_000_000)
        emit(Encoding.csrRead(10, .time), Encoding.add(10, 10, 7))
        call(0x5449_4D45, 0)
    }

    // MARK: - Running

    struct Run {
        let reason: StopReason
        let console: String
        let statistics: GuestStatistics
        let machine: Machine
    }

    static let isa = MachineConfiguration.defaultISA

    /// The machine, not yet running.
    func make(
        on host: MachineHost? = nil,
        clock: MachineHost.ClockSource = .host,
        harts: Int = 1,
        isa: String = Self.isa,
        console: any ConsoleSink,
        observers: [any Observer] = [],
        configure: (inout MachineConfiguration) -> Void = { _ in }
    ) throws -> Machine {
        let path = try write()
        defer { unlink(path) }
        var configuration = try Self.configuration(path: path, harts: harts, isa: isa)
        configure(&configuration)
        let host = try host ?? MachineHost(clock: clock)
        return try host.makeMachine(configuration, console: console, observers: observers, measuresTime: true)
    }

    static func configuration(path: String = "", harts: Int = 1, isa: String = Self.isa) throws
        -> MachineConfiguration
    {
        var configuration = MachineConfiguration(
            name: "test",
            imagePath: path,
            isa: try ISAConfiguration(parsing: isa)
        )
        configuration.memorySize = 16 << 20
        configuration.hartCount = harts
        configuration.seed = 1
        return configuration
    }

    func run(harts: Int = 1, isa: String = Self.isa, input: String = "") throws -> Run {
        let console = CollectingConsole()
        let machine = try make(harts: harts, isa: isa, console: console)
        #expect(machine.input.offer(Array(input.utf8)) == input.utf8.count)
        let reason = try machine.run()
        return Run(reason: reason, console: console.text, statistics: machine.statistics, machine: machine)
    }

    /// Runs while another thread does something to the machine.
    func run(harts: Int = 1, meanwhile action: @escaping @Sendable (Machine) -> Void) throws -> StopReason {
        let machine = try make(harts: harts, console: CollectingConsole())
        let other = try HostThread { action(machine) }
        let reason = try machine.run()
        other.join()
        return reason
    }

    /// Its ELF file in a temporary place.
    func write() throws -> String {
        var elf = ELFBuilder()
        elf.segments = [.init(Self.base, contents: words.flatMap(ELFBuilder.word))]
        var template = Array("/tmp/rvhv-guest-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let bytes = elf.bytes()
        #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
