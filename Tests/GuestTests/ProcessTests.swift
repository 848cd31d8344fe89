import Testing

/// What surrounds the process: its descriptors, its files, its limits, and signals before it runs.
@Suite(.serialized) struct ProcessTests {
    /// Runs a line of shell in a folder of its own. `rvhv`, `hello` and so on are the program and the guests.
    private func shell(_ line: String, seconds: Int = 20) throws -> RvhvProcess {
        let script = """
            rvhv() { "\(RvhvProcess.root)/.build/release/rvhv" "$@"; }
            for guest in hello bare idle halves; do eval "$guest=\(RvhvProcess.root)/guests/$guest.elf"; done
            cd "$(mktemp -d)" || exit 99
            \(line)
            status=$?
            rm -rf "$PWD"
            exit $status
            """
        return try RvhvProcess.run(program: "/bin/sh", ["-c", script], seconds: seconds)
    }

    private static let badDescriptor = "rvhv: cannot write standard output: Bad file descriptor\n"

    @Test(arguments: [
        ("rvhv --version >&-", 1, badDescriptor), ("rvhv --harts 0 2>&-", 2, ""), ("rvhv $hello >&-", 1, badDescriptor),
        ("rvhv $hello 2>&-", 0, "hello from hart 0"), ("rvhv $hello <&-", 0, "hello from hart 0"),
        ("rvhv $hello <&- >&- 2>&-", 1, ""), ("rvhv --clock instructions $hello <&-", 0, "hello from hart 0"),
        ("rvhv --stats $hello 2>&-", 1, "hello from hart 0"),
    ])
    func closedDescriptors(line: String, status: Int32, output: String) throws {
        let run = try shell(line)
        #expect(run.status == status && !run.timedOut && run.output.contains(output), "\(run.output)")
    }

    @Test(arguments: [
        ("rvhv --help >/dev/full", "standard output: No space left on device"),
        ("rvhv $hello >/dev/full", "standard output: No space left on device"),
        ("rvhv $hello $hello >/dev/full", "standard output: No space left on device"),
        ("rvhv --trace traps --log /dev/full $idle", "'/dev/full': No space left on device"),
        ("rvhv --stats --log /dev/full $hello", "'/dev/full': No space left on device"),
        ("rvhv --dump-dtb /dev/full $hello", "'/dev/full': No space left on device"),
        ("rvhv --dump-dtb . $hello", "'.': Is a directory"),
        ("rvhv --log no/log $hello", "'no/log' for --log: No such file or directory"),
        ("ulimit -f 1; rvhv --dump-dtb tree $hello", "'tree': File too large"),
        ("ulimit -f 1; rvhv --trace traps --log traps $bare", "'traps': File too large"),
        ("rvhv conform --max-instructions 9 --junit /dev/full $hello", "'/dev/full': No space left on device"),
        ("{ sleep 0.5; rvhv --help; echo $? >status; } | true; exit $(cat status)", "standard output: Broken pipe"),
        ("{ sleep 0.5; rvhv $hello; echo $? >status; } | true; exit $(cat status)", "standard output: Broken pipe"),
    ])
    func whatCannotBeWrittenIsSaidInALine(line: String, message: String) throws {
        let run = try shell(line)
        #expect(run.status == 1 && !run.timedOut, "\(run.output)")
        let complaints = run.lines.filter { $0.hasPrefix("rvhv: cannot ") }
        #expect(complaints.count == 1 && complaints[0].hasSuffix(message), "\(run.output)")
    }

    @Test(arguments: [
        "cp $hello g; rvhv --log g g", "cp $hello g; ln g h; rvhv --dump-dtb h g",
        "cp $hello g; ln -s g h; rvhv --log h g",
        "rvhv --log x --dump-dtb ./x $hello", "ln -s x y; rvhv --log x --dump-dtb y $hello",
        "cp $hello i; rvhv --initrd i --log i $hello", "echo >i; rvhv --log i $hello <i",
        "cp $hello g; exec 4<g; rvhv --log /dev/fd/4 g",
    ])
    func nothingIsWrittenOverWhatIsRead(line: String) throws {
        let run = try shell(line)
        #expect(run.status == 2, "\(run.output)")
        #expect(run.lines.count == 1 && run.output.hasPrefix("rvhv: --"), "\(run.output)")
    }

    @Test func theFileBehindStandardOutputMayBeTheLog() throws {
        let run = try shell("rvhv --stats --log /dev/stdout $hello >x; status=$?; cat x; exit $status")
        #expect(run.status == 0 && run.output.contains("hello from hart") && run.output.contains("SBI calls"))
    }

    @Test(arguments: [
        "rvhv --clock instructions $hello <fifo", "rvhv --log fifo $hello", "rvhv --dump-dtb fifo $hello",
    ])
    func signalsWorkWhileAFileIsAwaited(line: String) throws {
        // Open at both ends for input, at none for output: each waits.
        let run = try shell(
            """
            mkfifo fifo
            case "\(line)" in *'<fifo') exec 3<>fifo ;; esac
            \(line) & child=$!
            sleep 1
            kill -TERM $(pgrep -P $child || echo $child)
            wait $child
            """
        )
        #expect(run.status == 143 && !run.timedOut, "\(run.output)")
    }

    /// The same bytes on standard output, whatever else the host does: unfinished lines are shown by the guests' time.
    @Test func outputOfSeveralGuestsIsRepeatable() throws {
        let line =
            "rvhv --clock instructions $halves --name a --memory 256M $halves --name b --memory 128M $halves --name c --memory 64M 2>/dev/null"
        let quiet = try shell(line)
        let slow = try shell("\(line) | while IFS= read -r l; do sleep 0.02; echo \"$l\"; done")
        #expect(quiet.status == 0 && quiet.output == slow.output)
        // Some pauses are longer than an unfinished line is kept back, and others write meanwhile.
        #expect(quiet.lines.contains { $0.hasPrefix("a | line") && $0.hasSuffix(" ms ") }, "\(quiet.output)")
    }

    /// A symbol's name is text of the guest's file, and the report of its end shows it.
    @Test func noEscapeSequenceOfAFileReachesTheTerminal() throws {
        let program = HostileELF.file(symbol: "\u{1b}]0;OWNED\u{7}\u{1b}[31mred\nrvhv: linux: stopped: forged\u{202e}")
        let octal = program.map { "\\0" + String($0, radix: 8) }.joined()
        let run = try shell("printf '%b' '\(octal)' >\"$(printf 'e\\033[2J')\"; rvhv e*; rvhv e* no; rvhv no*")
        #expect(!run.output.utf8.contains { $0 == 0x1b || $0 == 0x07 } && !run.output.contains("\u{202e}"))
        #expect(run.lines.allSatisfy { !$0.hasPrefix("rvhv: linux") } && run.output.contains("red"), "\(run.output)")
    }
}

/// A program whose only symbol has a name of the test's choice, and whose trap handler traps.
private enum HostileELF {
    private static let address: UInt64 = 0x8020_0000

    static func file(symbol name: String) -> [UInt8] {
        // auipc t0, 0; csrw stvec, t0; an illegal instruction
        let code = words([0x0000_0297, 0x1052_9073, 0])
        let strings = [0] + Array(name.utf8) + [0]
        let symbols = [UInt8](repeating: 0, count: 24) + words([1]) + [0x12, 0, 1, 0] + doubles([address, 16])
        let codeOffset: UInt64 = 64 + 56
        let symbolOffset = codeOffset + UInt64(code.count)
        let stringOffset = symbolOffset + UInt64(symbols.count)
        let sectionOffset = stringOffset + UInt64(strings.count)
        var file: [UInt8] = [0x7f] + Array("ELF".utf8) + [2, 1, 1] + [UInt8](repeating: 0, count: 9)
        file += halves([2, 243]) + words([1]) + doubles([address, 64, sectionOffset]) + words([0])
        file += halves([64, 56, 1, 64, 3, 0])
        file += words([1, 7]) + doubles([codeOffset, address, address, UInt64(code.count), UInt64(code.count), 1])
        file += code + symbols + strings
        file += [UInt8](repeating: 0, count: 64)
        file += section(kind: 2, offset: symbolOffset, size: symbols.count, link: 2, entry: 24)
        file += section(kind: 3, offset: stringOffset, size: strings.count, link: 0, entry: 0)
        return file
    }

    private static func section(kind: UInt32, offset: UInt64, size: Int, link: UInt32, entry: UInt64) -> [UInt8] {
        words([0, kind]) + doubles([0, 0, offset, UInt64(size)]) + words([link, 0]) + doubles([1, entry])
    }

    private static func halves(_ values: [UInt16]) -> [UInt8] { values.flatMap(bytes) }
    private static func words(_ values: [UInt32]) -> [UInt8] { values.flatMap(bytes) }
    private static func doubles(_ values: [UInt64]) -> [UInt8] { values.flatMap(bytes) }

    private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
