import Glibc
import Platform
import RV64Core
import Testing

@testable import Machine

/// Programs of a few instructions, run as a suite from a folder of their own.
@Suite struct ConformanceRunnerTests {
    private static let toHost: UInt64 = 0x8000_1000
    /// `auipc t5, 1; sw gp, -offset(t5); j .`: ends the test with the value in `gp`, at word `index`.
    private static func end(at index: UInt32) -> [UInt32] {
        let offset = UInt32(bitPattern: -4 * Int32(index))
        let immediate = (offset >> 5 & 0x7F) << 25 | (offset & 31) << 7
        return [0x0000_1F17, immediate | 3 << 20 | 30 << 15 | 2 << 12 | 0x23, 0x0000_006F]
    }

    private static func elf(_ words: [UInt32], checks: [(String, UInt64)] = []) -> ELFBuilder {
        var elf = ELFBuilder()
        elf.segments = [
            .init(0x8000_0000, contents: words.flatMap(ELFBuilder.word)),
            .init(toHost, contents: [0, 0, 0, 0, 0, 0, 0, 0, 0x0D, 0xF0, 0xAD, 0xBA, 1, 2, 3, 4], memorySize: 64),
        ]
        elf.symbols = [
            .init(name: "_start", value: 0x8000_0000), .init(name: "tohost", value: toHost, type: 1),
            .init(name: "begin_signature", value: toHost + 8, type: 0),
            .init(name: "end_signature", value: toHost + 16, type: 0),
        ]
        elf.symbols += checks.map { .init(name: $0.0, value: $0.1, type: 0) }
        return elf
    }

    private static let passing = elf([0x0010_0193] + end(at: 1))

    /// `li gp, 2; li a4, 7; li t2, 8; bne a4, t2, fail; nop; fail: slli gp, gp, 1; ori gp, gp, 1`, then the end.
    private static let failing = elf(
        [0x0020_0193, 0x0070_0713, 0x0080_0393, 0x0077_1463, 0x0000_0013, 0x0011_9193, 0x0011_E193] + end(at: 7),
        checks: [("test_2", 0x8000_0004), ("fail", 0x8000_0014)]
    )

    private final class Folder {
        let path: String

        init() throws {
            var template = Array("/tmp/rvhv-conformance-XXXXXX".utf8CString)
            path = String(cString: try #require(mkdtemp(&template)))
        }

        deinit {
            for name in names { unlink(path + "/" + name) }
            rmdir(path)
        }

        private var names: [String] = []

        func write(_ bytes: [UInt8], _ name: String) throws {
            let file = try #require(fopen(path + "/" + name, "w"))
            #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
            fclose(file)
            names.append(name)
        }
    }

    private func verdicts(
        _ programs: [(String, ELFBuilder)],
        reference: [(String, String)] = [],
        isa: ISAConfiguration = .full
    ) throws -> [String: ConformanceVerdict] {
        let folder = try Folder()
        for (name, elf) in programs { try folder.write(elf.bytes(), name) }
        for (name, text) in reference { try folder.write(Array(text.utf8), name) }
        try folder.write(Array("no program".utf8), "README")
        var configuration = ConformanceConfiguration(isa: isa)
        configuration.memorySize = 4 << 20
        configuration.instructionLimit = 100_000
        configuration.jobs = 3
        configuration.referenceFolder = reference.isEmpty ? nil : folder.path
        let done = Lock(0)
        let tests = try TestDiscovery.tests(at: [folder.path])
        let runner = ConformanceRunner(tests, configuration: configuration) { _ in done.withLock { $0 += 1 } }
        let results = try runner.run()
        #expect(done.withLock { $0 } == programs.count)
        #expect(results.map(\.test.name) == programs.map(\.0).sorted())
        return Dictionary(uniqueKeysWithValues: results.map { ($0.test.name, $0.verdict) })
    }

    @Test func exitCodeDecides() throws {
        let verdicts = try verdicts([("good", Self.passing), ("rv64ui-p-bad", Self.failing)])
        #expect(verdicts["good"] == .passed)
        let text = "check 2 failed, at test_2 (0x80000004); bne a4, t2, 0x80000014 <fail>: expected 0x8, seen 0x7"
        #expect(verdicts["rv64ui-p-bad"] == .failed(text))
    }

    /// Writes Sv57 to `satp` and reads it back: suites find every mode, unless the ISA string names a lesser one.
    @Test(arguments: [("rv64imac_zicsr", true), ("rv64imac_zicsr_sv39", false)])
    func pagingModes(isa: String, hasSv57: Bool) throws {
        let program = Self.elf(
            [0x00A0_0293, 0x03C2_9293, 0x1802_9073, 0x1800_2373, 0x0010_0193, 0x0062_8463, 0x0030_0193]
                + Self.end(at: 7)
        )
        let verdict = try verdicts([("modes", program)], isa: try ISAConfiguration(parsing: isa))["modes"]
        #expect((verdict == .passed) == hasSv57)
    }

    @Test func folderOfAnyNameNeedsNothing() {
        #expect(ConformanceTest(path: "p", name: "good", folder: "rvhv-conformance-ZXLd6K").unknownNeed == nil)
    }

    @Test func programsThatDoNotEnd() throws {
        let loop = Self.elf([0x0000_006F])
        let wait = Self.elf([0x1050_0073, 0xFFDF_F06F])
        // Writes the finisher's reset.
        let reset = Self.elf([0x0010_02B7, 0x0000_7337, 0x7773_0313, 0x0062_A023, 0x0000_006F])
        let verdicts = try verdicts([("loop", loop), ("wait", wait), ("reset", reset)])
        guard case .failed(let looping)? = verdicts["loop"], case .failed(let waiting)? = verdicts["wait"],
            case .failed(let resetting)? = verdicts["reset"]
        else {
            Issue.record("\(verdicts)")
            return
        }
        #expect(looping.hasPrefix("no end within 100000 instructions: pc 0x80000000 <_start> in M-mode"))
        #expect(waiting.hasPrefix("waits for an interrupt that cannot come: pc"))
        #expect(resetting.hasPrefix("resets for ever: pc"))
    }

    @Test func signaturesAreCompared() throws {
        let programs = ["equal", "wide", "other", "short", "none"].map { ($0 + ".elf", Self.passing) }
        let verdicts = try verdicts(
            programs,
            reference: [
                ("equal.signature", "baadf00d\n04030201\n"), ("wide.reference_output", "04030201BAADF00D\n"),
                ("other.elf.signature", "baadf00d\n14030201\n"), ("short.sig", "baadf00d\n"),
            ]
        )
        #expect(verdicts["equal.elf"] == .passed && verdicts["wide.elf"] == .passed)
        let difference = "signature line 2 (offset 0x4, begin_signature+0x4): expected 14030201, seen 04030201; "
        #expect(verdicts["other.elf"] == .failed(difference + "1 of 2 lines differ"))
        #expect(verdicts["short.elf"] == .failed("the signature has 2 lines, the reference's 1"))
        #expect(verdicts["none.elf"] == .skipped("the reference has no signature of it"))
    }

    @Test func whatTheHartLacksIsSkipped() throws {
        var narrow = Self.passing
        narrow.fileClass = 1
        let verdicts = try verdicts(
            [("rv32ui-p-add", narrow), ("rv64uf-p-fadd", Self.passing), ("rv64uzfinx-p-fadd", Self.passing)],
            isa: ISAConfiguration(parsing: "rv64imac_zicsr")
        )
        #expect(verdicts["rv32ui-p-add"] == .skipped("it is a 32-bit program"))
        #expect(verdicts["rv64uf-p-fadd"] == .skipped("it needs f, which is not in --isa"))
        #expect(verdicts["rv64uzfinx-p-fadd"] == .skipped("it needs zfinx, which rvhv does not have"))
    }

    @Test func pathsThatCannotBeUsed() {
        #expect(throws: TestDiscoveryError(path: "/nonexistent", reason: .unreadable(errno: ENOENT))) {
            try TestDiscovery.tests(at: ["/nonexistent"])
        }
        #expect(throws: TestDiscoveryError(path: "/etc/passwd", reason: .notProgram)) {
            try TestDiscovery.tests(at: ["/etc/passwd"])
        }
    }
}
