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
