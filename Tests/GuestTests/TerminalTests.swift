import Glibc
import Testing

private let quit: [UInt8] = [0x01, 0x78]

/// What happens at a terminal: keys, pastes, signals.
@Suite(.serialized) struct TerminalTests {
    // MARK: - Keys and pastes

    /// A terminal's queue, the UART and what lies between them hold a few kilobytes; a paste is longer.
    @Test(arguments: [100 << 10, 3 << 20])
    func pasteArrivesWhole(size: Int) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("listen")])
        #expect(terminal.expect("listening"), "\(terminal.text)")
        var (bytes, hash, state) = ([UInt8](), UInt64(0xcbf2_9ce4_8422_2325), UInt64(88))
        for _ in 0..<size {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let byte = UInt8(0x20 + state >> 32 % 0x5f)
            bytes.append(byte)
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        #expect(terminal.type(bytes + [4], seconds: 120))
        let answer = "listen: heard \(size) bytes with hash 0x\(String(hash, radix: 16))"
        #expect(terminal.expect(answer, seconds: 120), "\(answer) expected: \(terminal.text)")
        #expect(terminal.expect("[status 0]"))
    }

    /// The guest takes nothing, so that the command stands behind the whole paste.
    @Test(arguments: [0, 100 << 10, 2 << 20])
    func quitIsFoundBehindAPasteForADeafGuest(size: Int) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle")])
        #expect(terminal.expect("sleeping for ever"), "\(terminal.text)")
        #expect(terminal.type(Array(repeating: 0x78, count: size) + quit))
        #expect(terminal.isGone(within: 5), "\(terminal.text)")
        #expect(terminal.expect("[status 0]") && terminal.text.contains("rvhv: stopping"), "\(terminal.text)")
        #expect(terminal.isCooked)
    }

    @Test(arguments: [true, false])
    func quitEndsAFlood(whileItIsRead isRead: Bool) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("hostile-flood")])
        #expect(terminal.expect("flood, line"), "\(terminal.text)")
        if !isRead { usleep(500_000) }
        #expect(terminal.typeBlindly(quit))
        #expect(terminal.isGone(within: 2.5, reading: isRead))
        #expect(terminal.expect("[status 0]"))
        #expect(terminal.isCooked)
    }

    @Test func helpNamesEveryKey() throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle"), RvhvProcess.guest("hello")])
        #expect(terminal.expect("sleeping for ever"), "\(terminal.text)")
        for key in [0x3f, 0x73, 0x7a] as [UInt8] { #expect(terminal.type([0x01, key])) }
        for text in ["Ctrl-A n ", "Ctrl-A s ", "Ctrl-A x ", "Ctrl-A h ", "* idle", "no such command"] {
            #expect(terminal.expect(text), "\(text) is not in \(terminal.text)")
        }
        #expect(terminal.type(quit) && terminal.expect("[status 0]"), "\(terminal.text)")
    }

    // MARK: - Signals

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func isEndedInOrder(by number: Int32) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle")])
        #expect(terminal.expect("sleeping for ever") && !terminal.isCooked, "\(terminal.text)")
        kill(terminal.process, number)
        #expect(terminal.expect("[status \(128 + number)]", seconds: 5), "\(terminal.text)")
        #expect(terminal.isCooked)
    }

    /// Whatever ends the process, its terminal is as it was.
    @Test(arguments: [
        SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU, SIGIO, SIGPWR, SIGSTKFLT, SIGSEGV, SIGBUS, SIGFPE,
        SIGILL,
        SIGTRAP, SIGABRT, SIGSYS, 34, 64,
    ])
    func isEnded(by number: Int32) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle")])
        #expect(terminal.expect("sleeping for ever") && !terminal.isCooked, "\(terminal.text)")
        kill(terminal.process, number)
        #expect(terminal.expect("[status \(128 + number)]", seconds: 10), "\(terminal.text)")
        #expect(terminal.isCooked)
    }

    @Test(arguments: [SIGTSTP, SIGTTIN, SIGTTOU])
    func aStopGivesTheTerminalBackAndContinuingTakesItAgain(by number: Int32) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle")])
        #expect(terminal.expect("sleeping for ever") && !terminal.isCooked, "\(terminal.text)")
        kill(terminal.process, number)
        #expect(terminal.expect("[status \(128 + SIGSTOP)]", seconds: 10), "\(terminal.text)")
        #expect(terminal.isCooked)
        // In the background it may run, and the terminal is still the shell's.
        kill(terminal.process, SIGCONT)
        usleep(100_000)
        #expect(terminal.isCooked)
        #expect(terminal.type([0x0a]) && terminal.wait(10) { !terminal.isCooked }, "\(terminal.text)")
        #expect(terminal.type(quit) && terminal.expect("[status 0]"), "\(terminal.text)")
        #expect(terminal.isCooked)
    }

    @Test(arguments: [SIGPIPE, SIGXFSZ, SIGURG, SIGCHLD, SIGWINCH])
    func isNotDisturbed(by number: Int32) throws {
        let terminal = try TerminalProcess([RvhvProcess.guest("idle")])
        #expect(terminal.expect("sleeping for ever"), "\(terminal.text)")
        kill(terminal.process, number)
        #expect(terminal.type([0x01, 0x73]) && terminal.expect("* idle"), "\(terminal.text)")
        #expect(!terminal.isCooked)
    }
}
