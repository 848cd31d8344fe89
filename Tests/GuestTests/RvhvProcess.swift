import Glibc

/// Runs the program the way a user does: the release build, guests from `guests/`, output and exit status.
/// `make test` builds both before it calls `swift test`.
struct RvhvProcess {
    /// The exit status, or minus the number of the signal that ended the process.
    var status: Int32
    /// Standard output and standard error in the order written.
    var output: String
    /// User and system time of the process.
    var cpuSeconds: Double
    /// Whether it had to be ended because its time was over.
    var timedOut: Bool

    var lines: [Substring] { output.split(whereSeparator: \.isNewline) }

    /// The repository's root, from this file's place in it.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
        separator: "/"
    )

    static func guest(_ name: String) -> String { "\(root)/guests/\(name).elf" }

    /// A run that is over when the process is, or when `seconds` have passed: then it gets SIGTERM.
    ///
    /// `addressSpaceKiB` is the process's `ulimit -v`.
    static func run(
        program: String = "\(root)/.build/release/rvhv",
        _ arguments: [String],
        input: String = "",
        addressSpaceKiB: Int? = nil,
        seconds: Int
    ) throws(Failure) -> RvhvProcess {
        guard access(program, X_OK) == 0 else { throw .missing(program) }
        let directory = try temporaryDirectory()
        defer { remove(directory) }
        let inputPath = "\(directory)/input"
        let outputPath = "\(directory)/output"
        defer {
            unlink(inputPath)
            unlink(outputPath)
        }
        try write(input, to: inputPath)
        var words = [program] + arguments
        if let addressSpaceKiB {
            words = ["/bin/sh", "-c", "ulimit -v \(addressSpaceKiB); exec \"$0\" \"$@\""] + words
        }
        let child = try spawn(words[0], Array(words.dropFirst()), inputPath: inputPath, outputPath: outputPath)
        var run = try wait(for: child, seconds: seconds)
        run.output = try read(outputPath)
        return run
    }

    enum Failure: Error {
        case missing(String)
        case system(String, Int32)
    }
}

extension RvhvProcess {
    static func temporaryDirectory() throws(Failure) -> String {
        var template = Array("/tmp/rvhv-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let base = buffer.baseAddress, let path = mkdtemp(base) else { return nil }
            return String(cString: path)
        }
        guard let made else { throw .system("mkdtemp", errno) }
        return made
    }

    private static func spawn(
        _ program: String,
        _ arguments: [String],
        inputPath: String,
        outputPath: String
    ) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        return try spawn(program, arguments, actions: &actions)
    }

    /// Starts a program as a shell would: what a run of tests blocks or ignores is not passed on.
    static func spawn(
        _ program: String,
        _ arguments: [String],
        actions: inout posix_spawn_file_actions_t,
        flags: Int16 = 0
    ) throws(Failure) -> pid_t {
        // Threads of a test run have signals blocked, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        posix_spawnattr_setflags(&attributes, flags | Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = ([program] + arguments).map { strdup($0) }
        words.append(nil)
        defer { words.forEach { free($0) } }
        var child: pid_t = 0
        let error = posix_spawn(&child, program, &actions, &attributes, words, environ)
        guard error == 0 else { throw .system("posix_spawn", error) }
        return child
    }

    private static func wait(for child: pid_t, seconds: Int) throws(Failure) -> RvhvProcess {
        var status: Int32 = 0
        var usage = rusage()
        var waitedMilliseconds = 0
        var timedOut = false
        while true {
            let ended = wait4(child, &status, WNOHANG, &usage)
            guard ended >= 0 else { throw .system("wait4", errno) }
            if ended == child { break }
            if waitedMilliseconds >= seconds * 1000, !timedOut {
                timedOut = true
                kill(child, SIGTERM)
            }
            // A process that does not obey SIGTERM within ten seconds is a failure that its status will show.
            if waitedMilliseconds >= (seconds + 10) * 1000 { kill(child, SIGKILL) }
            usleep(10_000)
            waitedMilliseconds += 10
        }
        let signal = status & 0x7f
        return RvhvProcess(
            status: signal == 0 ? (status >> 8) & 0xff : -signal,
            output: "",
            cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds,
            timedOut: timedOut
        )
    }

    private static func write(_ text: String, to path: String) throws(Failure) {
        guard let file = fopen(path, "w") else { throw .system("fopen", errno) }
        defer { fclose(file) }
        fputs(text, file)
    }

    private static func read(_ path: String) throws(Failure) -> String {
        guard let file = fopen(path, "r") else { throw .system("fopen", errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1_000_000 }
}
