import Devices
import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Instructions of the test programs by field; registers are plain numbers.
enum Encoding {
    static func i(_ opcode: UInt32, _ funct3: UInt32, _ rd: UInt32, _ rs1: UInt32, _ immediate: Int32) -> UInt32 {
        UInt32(bitPattern: immediate) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
    }

    static func store(_ funct3: UInt32, _ rs2: UInt32, _ rs1: UInt32, _ offset: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: offset)
        return (bits >> 5 & 0x7F) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (bits & 31) << 7 | 0x23
    }

    static func branch(_ funct3: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ offset: Int32) -> UInt32 {
        let bits = UInt32(bitPattern: offset)
        let high = (bits >> 12 & 1) << 31 | (bits >> 5 & 0x3F) << 25
        let low = (bits >> 1 & 0xF) << 8 | (bits >> 11 & 1) << 7
        return high | rs2 << 20 | rs1 << 15 | funct3 << 12 | low | 0x63
    }

    static let wfi: UInt32 = 0x1050_0073
    /// `jal x0, 0`: for ever.
    static let spin: UInt32 = 0x0000_006F

    static func addi(_ rd: UInt32, _ rs1: UInt32, _ value: Int32) -> UInt32 { i(0x13, 0, rd, rs1, value) }
    static func shiftLeft(_ rd: UInt32, _ amount: Int32) -> UInt32 { i(0x13, 1, rd, rd, amount) }
    static func or(_ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 {
        rs2 << 20 | rs1 << 15 | 6 << 12 | rd << 7 | 0x33
    }
    static func lui(_ rd: UInt32, _ value: UInt32) -> UInt32 { value << 12 | rd << 7 | 0x37 }
    static func ld(_ rd: UInt32, _ rs1: UInt32, _ offset: Int32 = 0) -> UInt32 { i(0x03, 3, rd, rs1, offset) }
    static func sw(_ rs2: UInt32, _ rs1: UInt32, _ offset: Int32 = 0) -> UInt32 { store(2, rs2, rs1, offset) }
    static func sd(_ rs2: UInt32, _ rs1: UInt32, _ offset: Int32 = 0) -> UInt32 { store(3, rs2, rs1, offset) }
    static func bne(_ rs1: UInt32, _ rs2: UInt32, _ offset: Int32) -> UInt32 { branch(1, rs1, rs2, offset) }
    static func beq(_ rs1: UInt32, _ rs2: UInt32, _ offset: Int32) -> UInt32 { branch(0, rs1, rs2, offset) }
    static func csrRead(_ rd: UInt32, _ csr: CSRAddress) -> UInt32 { i(0x73, 2, rd, 0, Int32(csr.rawValue)) }
    static func csrWrite(_ csr: CSRAddress, _ rs1: UInt32) -> UInt32 { i(0x73, 1, 0, rs1, Int32(csr.rawValue)) }
}

/// Console output, kept.
final class CollectingConsole: ConsoleSink {
    private let bytes = Lock<[UInt8]>([])

    func write(_ buffer: UnsafeRawBufferPointer) {
        let copy = Array(buffer)
        bytes.withLock { $0 += copy }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}

/// A program for the plain machine: code at the start of RAM, one page of data with `tohost` and `fromhost`.
struct PlainTestProgram {
    static let data: UInt64 = 0x8000_1000
    static let signature: Range<UInt64> = data + 0x40..<data + 0x58
    /// The register that the prologue points at `data`.
    static let dataRegister: UInt32 = 20

    var words: [UInt32]
    var dataBytes: [UInt8] = []
    var hasMailbox = true
    /// Where `tohost` and `fromhost` are.
    var mailbox = Self.data
    /// What the file has beside code and data.
    var segments: [ELFBuilder.Segment] = []
    var configure: (inout MachineConfiguration) -> Void = { _ in }

    init(_ words: [UInt32]) { self.words = words }

    /// Puts the address of the data page into its register.
    private static let prologue = [
        Encoding.addi(dataRegister, 0, 1), Encoding.shiftLeft(dataRegister, 31),
        Encoding.lui(21, 1), Encoding.or(dataRegister, dataRegister, 21),
    ]

    private var elf: [UInt8] {
        var elf = ELFBuilder()
        elf.segments =
            [
                .init(0x8000_0000, contents: (Self.prologue + words).flatMap(ELFBuilder.word)),
                .init(Self.data, contents: Array(repeating: 0, count: 16) + dataBytes, memorySize: 0x1000),
            ] + segments
        elf.symbols = [
            .init(name: "begin_signature", value: Self.signature.lowerBound, type: 0),
            .init(name: "end_signature", value: Self.signature.upperBound, type: 0),
        ]
        if hasMailbox {
            elf.symbols.append(.init(name: "tohost", value: mailbox, type: 1))
            elf.symbols.append(.init(name: "fromhost", value: mailbox + 8, type: 1))
        }
        return elf.bytes()
    }

    struct Run {
        let outcome: StopReason
        let console: String
        let machine: Machine
        /// What the machine's time came to.
        var nanoseconds: UInt64 { machine.clock.nanoseconds }
    }

    /// Runs it to its end.
    func run(clock: MachineHost.ClockSource = .host) throws -> Run {
        let console = CollectingConsole()
        let machine = try make(on: MachineHost(clock: clock), console)
        return Run(outcome: try machine.run(), console: console.text, machine: machine)
    }

    /// Runs it until another thread stops it.
    func runAndStop(afterNanoseconds delay: UInt32) throws -> StopReason {
        let machine = try make(on: MachineHost(clock: .host), CollectingConsole())
        let stopper = try HostThread {
            usleep(delay / 1000)
            machine.stop()
        }
        defer { stopper.join() }
        return try machine.run()
    }

    /// The machine, not yet running.
    func make(
        on host: MachineHost,
        _ console: any ConsoleSink,
        observers: [any Observer] = []
    ) throws -> Machine {
        var template = Array("/tmp/rvhv-plain-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        defer { unlink(path) }
        let bytes = elf
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)

        var configuration = MachineConfiguration(name: "test", profile: .plain, imagePath: path, isa: .standard)
        configuration.memorySize = 16 << 20
        configuration.seed = 1
        configure(&configuration)
        return try host.makeMachine(configuration, console: console, observers: observers)
    }
}
