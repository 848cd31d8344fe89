import Platform
import Testing

@testable import rvhv

/// A multiplexer whose output and time a test sees.
private struct Bench {
    let output = RecordingSink()
    let diagnostics = RecordingSink()
    let time = TestTime()
    let wakes = CallCounter()
    let closures = CallCounter()
    let multiplexer: ConsoleMultiplexer

    init(_ guests: [String], style: ScreenStyle = ScreenStyle()) {
        let (wakes, closures) = (wakes, closures)
        multiplexer = ConsoleMultiplexer(
            guests: guests,
            output: output,
            diagnostics: diagnostics,
            style: style,
            now: time.now,
            callbacks: ScreenCallbacks(
                deadlineChanged: { wakes.call() },
                outputFailed: { _ in closures.call() }
            )
        )
    }

    static func terminal(_ guests: [String], columns: Int = 80) -> Bench {
        Bench(guests, style: ScreenStyle(terminalColumns: { columns }, diagnostics: .sameScreen))
    }

    func write(_ text: String, to guest: Int) { multiplexer.consoles[guest].write(text) }

    func pass(_ nanoseconds: UInt64) {
        time.advance(nanoseconds)
        multiplexer.showDue()
    }
}

private let erase = "\u{1b}[0m\r\u{1b}[K"

@Suite struct SingleGuestTests {
    @Test func bytesAreUntouched() {
        let bench = Bench(["one"])
        let text = "a\r\n\u{1b}[2J\u{0}\u{7}\rb\n\n\u{1b}]0;title\u{7}"
        bench.write(text, to: 0)
        bench.multiplexer.finish()
        #expect(bench.output.text == text)
    }

    @Test func invalidUTF8IsUntouched() {
        let sink = RecordingSink()
        let multiplexer = ConsoleMultiplexer(guests: ["one"], output: sink, diagnostics: sink)
        multiplexer.consoles[0].write([0xff, 0xc2, 0x80, 0x0a])
        #expect(sink.text == String(decoding: [0xff, 0xc2, 0x80, 0x0a] as [UInt8], as: UTF8.self))
    }

    @Test func aPromptIsShownAfterTheDelay() {
        let bench = Bench(["one"])
        bench.write("~ ", to: 0)
        bench.write("# ", to: 0)
        #expect(bench.output.text == "" && bench.wakes.count == 1)
        bench.pass(SharedScreen.terminalDelay)
        #expect(bench.output.text == "~ # " && bench.multiplexer.nextDeadline == .max)
    }

    @Test func manyBytesWithoutALineEndAreNotKept() {
        let bench = Bench(["one"])
        for _ in 0..<GuestConsole.lineLimit { bench.write("x", to: 0) }
        #expect(bench.output.text.count == GuestConsole.lineLimit && bench.output.count == 1)
    }

    @Test func diagnosticsStartALineOfTheirOwn() {
        let bench = Bench.terminal(["one"])
        bench.write("~ # ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        _ = bench.multiplexer.diagnose("rvhv: status")
        _ = bench.multiplexer.diagnose("rvhv: again")
        #expect(bench.output.text == "~ # \n" && bench.diagnostics.text == "rvhv: status\nrvhv: again\n")
    }

    @Test func diagnosticsElsewhereLeaveTheOutputAlone() {
        let bench = Bench(["one"])
        bench.write("~ # ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        _ = bench.multiplexer.diagnose("rvhv: status")
        #expect(bench.output.text == "~ # " && bench.diagnostics.text == "rvhv: status\n")
    }
}

@Suite struct SeveralGuestsTests {
    @Test func linesCarryTheNameInColumns() {
        let bench = Bench(["linux", "b"])
        bench.write("one\ntw", to: 0)
        bench.write("x\r\n\n", to: 1)
        bench.write("o\n", to: 0)
        #expect(bench.output.text == "linux | one\nb     | x\nb     | \nlinux | two\n")
    }

    @Test func colorsPerGuest() {
        let bench = Bench(["a", "b"], style: ScreenStyle(decoration: .colored))
        bench.write("x\n", to: 0)
        bench.write("\u{1b}[1my\n", to: 1)
        #expect(bench.output.text == "\u{1b}[36ma |\u{1b}[0m x\n\u{1b}[32mb |\u{1b}[0m \u{1b}[1my\u{1b}[0m\n")
    }

    @Test func longLinesAreSplit() {
        let bench = Bench(["a", "b"])
        bench.write(String(repeating: "x", count: GuestConsole.lineLimit + 3) + "\n", to: 1)
        #expect(bench.output.text == "b | " + String(repeating: "x", count: GuestConsole.lineLimit) + "\nb | xxx\n")
    }

    @Test func unfinishedLinesOfGuestsOutOfFocusWait() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("typing", to: 1)
        bench.pass(1_000_000_000)
        #expect(bench.output.text == "" && bench.multiplexer.nextDeadline == .max)
        bench.multiplexer.setFocus(1)
        bench.multiplexer.showFocused()
        #expect(bench.output.text == "b | typing")
        bench.multiplexer.finish()
        #expect(bench.output.text == "b | typing\n")
    }

    @Test func aPromptTakenAwayIsBackAtTheEnd() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("$ hi", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        _ = bench.multiplexer.diagnose("rvhv: stopping")
        bench.multiplexer.finish()
        bench.multiplexer.finish()
        #expect(bench.output.text == "a | $ hi\(erase)a | $ hi\n")
    }

    @Test func theEndOfAGuestShowsAnUnfinishedLineOnce() {
        let bench = Bench(["a", "b"])
        bench.write("$ ", to: 0)
        bench.pass(SharedScreen.pipeDelay)
        bench.write("rest", to: 1)
        bench.multiplexer.consoles[1].end()
        bench.multiplexer.finish()
        bench.multiplexer.finish()
        #expect(bench.output.text == "a | $ \nb | rest\n")
    }

    @Test func onlyNewBytesAreAddedToTheOpenLine() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("$ ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        bench.write("ls", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        bench.write("\r\nfile\r\n", to: 0)
        #expect(bench.output.text == "a | $ ls\na | file\n")
    }

    @Test func aPromptComesBackBelowAnotherGuestsLine() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("$ ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        bench.write("one\ntwo\n", to: 1)
        #expect(bench.output.text == "a | $ \(erase)b | one\nb | two\n")
        #expect(bench.multiplexer.nextDeadline == bench.time.now() + SharedScreen.reshowDelay)
        bench.pass(SharedScreen.reshowDelay)
        #expect(bench.output.text.hasSuffix("b | two\na | $ "))
        bench.write("x\n", to: 0)
        #expect(bench.output.text.hasSuffix("b | two\na | $ x\n"))
    }

    @Test func aWrappedPromptIsEndedInstead() {
        let bench = Bench.terminal(["a", "b"], columns: 10)
        bench.write("long line", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        bench.write("one\n", to: 1)
        #expect(bench.output.text == "a | long line\u{1b}[0m\nb | one\n")
    }

    @Test func inAPipeAPromptIsShownLateAndTheWholeLineFollows() {
        let bench = Bench(["a", "b"])
        bench.write("=> ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        #expect(bench.output.text == "")
        bench.pass(SharedScreen.pipeDelay)
        bench.write("one\n", to: 1)
        bench.pass(1_000_000_000)
        #expect(bench.output.text == "a | => \nb | one\n")
        bench.write("go\n", to: 0)
        #expect(bench.output.text == "a | => \nb | one\na | => go\n")
    }

    @Test func aLoneCarriageReturnKeepsThePrefix() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("10%\r", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        #expect(bench.output.text == "a | 10%")
        bench.write("20%\r", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        bench.write("\n", to: 0)
        #expect(bench.output.text == "a | 10%\ra | 20%\n")
    }

    @Test func diagnosticsDoNotCutALine() {
        let bench = Bench.terminal(["a", "b"])
        bench.write("$ ", to: 0)
        bench.pass(SharedScreen.terminalDelay)
        _ = bench.multiplexer.diagnose("rvhv: status")
        bench.pass(SharedScreen.reshowDelay)
        #expect(bench.output.text == "a | $ \(erase)a | $ " && bench.diagnostics.text == "rvhv: status\n")
    }

    @Test func oneWakeUpPerDelayHoweverManyLines() {
        let bench = Bench.terminal(["a", "b"])
        for _ in 0..<1000 {
            for byte in ["x", "y", "\n"] { bench.write(byte, to: 0) }
        }
        #expect(bench.wakes.count == 1)
    }

    @Test func closedOutputIsReportedOnce() {
        let bench = Bench(["a", "b"])
        bench.output.close()
        for _ in 0..<3 { bench.write("x\n", to: 0) }
        bench.write("x\n", to: 1)
        #expect(bench.closures.count == 1)
    }

    @Test func manyThreadsNeverMixTheirLines() throws {
        let names = (0..<8).map { "guest\($0)" }
        let output = RecordingSink()
        let style = ScreenStyle(terminalColumns: { 200 })
        let multiplexer = ConsoleMultiplexer(guests: names, output: output, diagnostics: output, style: style)
        let lines = 200
        var threads: [HostThread] = []
        for index in names.indices {
            let thread = try HostThread {
                let console = multiplexer.consoles[index]
                for line in 0..<lines {
                    for byte in Array("line \(line) of \(index) end".utf8) { console.write([byte]) }
                    console.write("\r\n")
                }
            }
            threads.append(thread)
        }
        for round in 0..<200 {
            multiplexer.setFocus(round % names.count)
            multiplexer.showFocused()
            multiplexer.showDue()
        }
        for thread in threads { thread.join() }
        multiplexer.finish()
        let seen = output.text.split(separator: "\n").map { $0.replacing("\u{1b}[0m", with: "") }
        for (index, name) in names.enumerated() {
            // What was shown unfinished and taken away again stands before the last CR of its line.
            let own = seen.compactMap { line -> Substring? in
                let text = line.split(separator: "\r\u{1b}[K").last ?? ""
                return text.hasPrefix(name + " | ") && text.hasSuffix("end") ? text : nil
            }
            #expect(own.map(String.init) == (0..<lines).map { "\(name) | line \($0) of \(index) end" })
        }
    }
}
