import Glibc

/// What standard output and standard error are connected to.
enum HostScreen {
    static func style(_ color: ColorChoice) -> ScreenStyle {
        var style = ScreenStyle()
        style.decoration = decoration(color, descriptor: STDOUT_FILENO)
        if isatty(STDOUT_FILENO) == 1 { style.terminalColumns = columns }
        if isSamePlace(STDOUT_FILENO, STDERR_FILENO) { style.diagnostics = .sameScreen }
        return style
    }

    static func decoration(_ color: ColorChoice, descriptor: Int32) -> Decoration {
        switch color {
        case .always: .colored
        case .never: .plain
        case .auto: isatty(descriptor) == 1 && !isColorUnwanted() ? .colored : .plain
        }
    }

    /// https://no-color.org: set and not empty.
    private static func isColorUnwanted() -> Bool { getenv("NO_COLOR").map { $0.pointee != 0 } ?? false }

    @Sendable private static func columns() -> Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func isSamePlace(_ a: Int32, _ b: Int32) -> Bool {
        var (first, second) = (stat(), stat())
        guard fstat(a, &first) == 0, fstat(b, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}

/// The file that `--log` names.
final class LogFile: Sendable {
    private let descriptor: Int32
    private let sink: FileDescriptorSink

    init(path: String) throws(HostFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw .cannotOpen(path: path, purpose: "--log", code: errno) }
        self.descriptor = descriptor
        sink = FileDescriptorSink(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Appends a line with one write, so that lines of several threads do not mix.
    func write(_ line: String) { _ = sink.write(Array((line + "\n").utf8)) }
}
