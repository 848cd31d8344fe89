import Glibc
import Hypervisor
import Platform
import RV64Core
import Testing

@testable import Machine

/// Further RAM, raw binaries, an entry point, and segments that only name what is outside RAM.
@Suite(.timeLimit(.minutes(10))) struct PlainMemoryTests {
    private static let data = PlainTestProgram.dataRegister
    private static let high: Range<UInt64> = 0x1_0000_0000..<0x1_0010_0000

    /// x5 = x7 << 1 | 1, the exit command with what a register has.
    private static let exitWithX7 = [
        Encoding.shiftLeft(7, 1), Encoding.addi(5, 7, 1), Encoding.sd(5, data), Encoding.spin,
    ]

    /// A file of the test's own.
    private static func withFile<R>(_ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
        var template = Array("/tmp/rvhv-binary-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        return try body(path)
    }

    @Test func furtherRAM() throws {
        var program = PlainTestProgram(
            [
                Encoding.addi(9, 0, 1), Encoding.shiftLeft(9, 32), Encoding.addi(6, 0, 21), Encoding.sd(6, 9, 0x128),
                Encoding.ld(7, 9, 0x128),
            ] + Self.exitWithX7
        )
        program.configure = { $0.furtherRAM = [Self.high] }
        #expect(try program.run().outcome == .exited(code: 21))
        program.configure = { $0.instructionLimit = 100_000 }
        let outcome = try program.run().outcome
        #expect(outcome != .exited(code: 21), "there is nothing without it")
    }

    /// Loaded bytes are found where they were asked for, the harts start where they were told to.
    @Test func binariesAndEntry() throws {
        try Self.withFile(ELFBuilder.double(33)) { path in
            var program = PlainTestProgram(
                [
                    Encoding.addi(9, 0, 1), Encoding.shiftLeft(9, 32), Encoding.ld(7, 9, 0x40),
                ] + Self.exitWithX7 + Array(repeating: Encoding.spin, count: 8)
            )
            program.configure = {
                $0.furtherRAM = [Self.high]
                $0.binaries = [(path, Self.high.lowerBound + 0x40)]
            }
            let found = try program.run().outcome
            #expect(found == .exited(code: 33))
            // Behind the prologue, into the spin.
            program.configure = {
                $0.entry = 0x8000_0000 + 4 * 12
                $0.instructionLimit = 50_000
            }
            let spun = try program.run().outcome
            #expect(spun == .instructionLimit)
        }
    }

    /// A raw binary is a program of its own: the finisher ends it.
    @Test func aRawProgram() throws {
        let words = [
            Encoding.lui(5, 0x100), Encoding.lui(6, 5), Encoding.addi(6, 6, 0x555), Encoding.sw(6, 5), Encoding.spin,
        ]
        try Self.withFile([0, 0, 0, 0] + words.flatMap(ELFBuilder.word)) { path in
            var configuration = MachineConfiguration(name: "raw", profile: .plain, imagePath: path, isa: .standard)
            configuration.memorySize = 16 << 20
            configuration.programAddress = 0x8010_0000
            configuration.entry = 0x8010_0004
            let machine = try MachineHost(clock: .host).makeMachine(configuration, console: CollectingConsole())
            #expect(try machine.run() == .exited(code: 0))
        }
    }

    @Test func segmentsWithoutBytesOutsideRAM() throws {
        var program = PlainTestProgram([Encoding.addi(7, 0, 2)] + Self.exitWithX7)
        program.segments = [
            .init(MemoryMap.uart.base, memorySize: 0x100), .init(0x4000_0000, memorySize: 0x10_0000),
        ]
        #expect(try program.run().outcome == .exited(code: 2))
        program.segments = [.init(0x4000_0000, contents: [1], memorySize: 0x10_0000)]
        #expect(throws: MachineError.self) { try program.run() }
        program.segments = [.init(0x7FFF_F000, memorySize: 0x2000)]
        #expect(throws: MachineError.self, "half of it is RAM") { try program.run() }
    }

    private static let refusedRows: [(@Sendable (inout MachineConfiguration, String) -> Void, String)] = [
        (
            { configuration, _ in configuration.furtherRAM = [0x80F0_0000..<0x8200_0000] },
            "RAM at [0x80f00000, 0x82000000) overlaps the RAM at [0x80000000, 0x81000000)"
        ),
        (
            { configuration, _ in configuration.furtherRAM = [Self.high, 0x1_0008_0000..<0x1_0020_0000] },
            "RAM at [0x100080000, 0x100200000) overlaps the RAM at [0x100000000, 0x100100000)"
        ),
        (
            { configuration, _ in configuration.furtherRAM = [0x0200_0000..<0x0300_0000] },
            "RAM at [0x2000000, 0x3000000) overlaps the device at [0x2000000, 0x2010000)"
        ),
        ({ $0.binaries = [($1, 0x8000_0000)] }, "at [0x80000000, 0x80000008) overlaps"),
        ({ $0.binaries = [($1, 0x8080_0000), ($1, 0x8080_0004)] }, "at [0x80800004, 0x8080000c) overlaps"),
        (
            { $0.binaries = [($1, 0x80FF_FFFC)] },
            "takes [0x80fffffc, 0x81000004), and RAM is [0x80000000, 0x81000000); load it elsewhere, or add RAM with --ram"
        ),
        (
            { configuration, _ in configuration.entry = 0x8000_0001 },
            "the entry point 0x80000001 is not an even address in RAM; correct --entry"
        ),
        (
            { configuration, _ in configuration.entry = 0x1000_0000 },
            "the entry point 0x10000000 is not an even address in RAM; correct --entry"
        ),
    ]

    @Test(arguments: refusedRows.indices) func refused(row: Int) throws {
        let (change, message) = Self.refusedRows[row]
        try Self.withFile(ELFBuilder.double(1)) { path in
            var program = PlainTestProgram([Encoding.spin])
            program.configure = { change(&$0, path) }
            let error = #expect(throws: MachineError.self) { try program.run() }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }
}
