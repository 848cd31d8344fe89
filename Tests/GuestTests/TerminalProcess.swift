import Glibc

/// The program at a terminal of its own, started by a shell with job control: what a user types, sees, and finds the
/// terminal to be afterwards.
final class TerminalProcess {
    /// The second `fg` is for a test that stops the program: a line typed to the shell continues it.
    private static let script = """
        set -m
        SWIFT_BACKTRACE=enable=no sh -c 'echo "[process $$]"; exec "$@"' sh "$@"
        echo "[status $?]"
        read line
        fg >/dev/null
        echo "[status $?]"
        read line
        """

    /// POSIX_SPAWN_SETSID, which the header gives only to programs that ask for GNU's extensions.
    private static let newSession: Int16 = 0x80

    /// The program, once it is known.
    private(set) var process: pid_t = -1
    private let shell: pid_t
    /// The user's side of the terminal.
    private let screen: Int32
    private(set) var seen: [UInt8] = []

    init(_ arguments: [String]) throws(RvhvProcess.Failure) {
        let program = "\(RvhvProcess.root)/.build/release/rvhv"
        guard access(program, X_OK) == 0 else { throw .missing(program) }
        var (user, far) = (Int32(-1), Int32(-1))
        var name = [CChar](repeating: 0, count: 64)
        guard openpty(&user, &far, &name, nil, nil) == 0 else { throw .system("openpty", errno) }
        screen = user
        _ = fcntl(screen, F_SETFD, FD_CLOEXEC)
        close(far)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that a session's leader opens becomes its own.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        shell = try RvhvProcess.spawn(
            "/bin/sh",
            ["-c", Self.script, "sh", program] + arguments,
            actions: &actions,
            flags: Self.newSession
        )
        _ = fcntl(screen, F_SETFL, O_NONBLOCK)
        guard expect("]"), let number = text.firstMatch(of: /\[process (\d+)\]/), let process = pid_t(number.1) else {
            throw .system("no process: \(text)", 0)
        }
        self.process = process
    }

    deinit {
        for child in [process, shell] where child > 0 { kill(child, SIGKILL) }
        var status: Int32 = 0
        waitpid(shell, &status, 0)
        close(screen)
    }

    var text: String { String(decoding: seen, as: UTF8.self) }

    /// Whether the terminal treats lines and keys as a shell expects it.
    var isCooked: Bool {
        var settings = termios()
        let needed = tcflag_t(ICANON | ECHO | ISIG)
        return tcgetattr(screen, &settings) == 0 && settings.c_lflag & needed == needed
    }

    /// Types everything, and reads what is shown meanwhile. False when the terminal did not take it in time.
    func type(_ bytes: [UInt8], seconds: Double = 30) -> Bool {
        var position = 0
        return wait(seconds) {
            look()
            let count = min(4096, bytes.count - position)
            let written = bytes[position..<position + count].withUnsafeBytes { write(screen, $0.baseAddress, count) }
            position += max(0, written)
            return position == bytes.count
        }
    }

    /// Types a few bytes without looking at the screen, as if nobody read it.
    func typeBlindly(_ bytes: [UInt8]) -> Bool { write(screen, bytes, bytes.count) == bytes.count }

    /// Waits until the text was shown.
    func expect(_ part: String, seconds: Double = 30) -> Bool {
        wait(seconds) {
            look()
            return text.contains(part)
        }
    }

    /// Waits until the program is gone, whether or not the screen is read meanwhile.
    func isGone(within seconds: Double, reading: Bool = true) -> Bool {
        wait(seconds) {
            if reading { look() }
            return kill(process, 0) != 0
        }
    }

    /// Waits until something is so.
    func wait(_ seconds: Double, until isTrue: () -> Bool) -> Bool {
        for _ in 0..<Int(seconds * 200) {
            if isTrue() { return true }
            usleep(5000)
        }
        return isTrue()
    }

    private func look() {
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        // Bounded: a guest that floods never leaves the terminal empty.
        for _ in 0..<16 {
            let count = read(screen, &chunk, chunk.count)
            guard count > 0 else { return }
            seen += chunk[..<count]
            if seen.count > 1 << 16 { seen.removeFirst(seen.count - 1 << 15) }
        }
    }
}
