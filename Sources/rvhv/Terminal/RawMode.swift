import Glibc
import Synchronization

/// The terminal of standard input in raw mode: each key goes to a guest as it is typed.
///
/// The terminal belongs to the process, and what restores it runs in signal handlers and at exit: so its state is
/// global, and what a handler reads is touched once before the handler is installed.
enum RawMode {
    /// Whether standard input is a terminal that this process may read now; in the background it may not.
    static var isForeground: Bool { isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp() }

    /// Enters raw mode for the first time, and makes sure that every way out leaves it.
    static func enter() {
        guard isatty(STDIN_FILENO) == 1, tcgetattr(STDIN_FILENO, savedTerminal) == 0 else { return }
        isWanted.store(true, ordering: .releasing)
        isActive.store(false, ordering: .releasing)
        if !hasHandlers.exchange(true, ordering: .acquiringAndReleasing) {
            atexit { RawMode.leave() }
            installHandlers()
        }
        resume()
    }

    /// Enters raw mode again, after the process was stopped.
    static func resume() {
        guard isWanted.load(ordering: .acquiring), isForeground else { return }
        var raw = savedTerminal.pointee
        cfmakeraw(&raw)
        // The guests' line feeds, and our own, still start a new line.
        raw.c_oflag = savedTerminal.pointee.c_oflag
        isActive.store(true, ordering: .releasing)
        // Not TCSADRAIN: it would wait for whoever reads the output.
        tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    }

    /// Gives the terminal back as it was. Safe in a signal handler.
    static func leave() {
        guard isActive.exchange(false, ordering: .acquiringAndReleasing) else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, savedTerminal)
    }

    /// Gives the terminal back for good.
    static func end() {
        isWanted.store(false, ordering: .releasing)
        leave()
    }

    /// For the signals that end the process and do not come to `HostSignals`.
    private static func installHandlers() {
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT, SIGSYS, SIGUSR1]
        where !HostSignals.isIgnored(number) {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = restoreAndPassOn
            action.sa_flags = Int32(SA_ONSTACK)
            sigaction(number, &action, previousActions + Int(number))
        }
    }
}

private let isWanted = Atomic<Bool>(false)
private let isActive = Atomic<Bool>(false)
private let hasHandlers = Atomic<Bool>(false)

// SAFETY: written by `enter` before it activates anything; afterwards only read.
nonisolated(unsafe) private let savedTerminal: UnsafeMutablePointer<termios> = {
    let pointer = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    pointer.initialize(to: termios())
    return pointer
}()

// SAFETY: written by `installHandlers` before the handler that reads it can run for that signal; indexed by
// signal numbers below 65.
nonisolated(unsafe) private let previousActions: UnsafeMutablePointer<sigaction> = {
    let pointer = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    pointer.initialize(repeating: sigaction(), count: 65)
    return pointer
}()

/// Restores the terminal and lets the signal go its way: to the handler installed before ours, or to the end.
private func restoreAndPassOn(_ number: Int32) {
    RawMode.leave()
    sigaction(number, previousActions + Int(number), nil)
    raise(number)
}
