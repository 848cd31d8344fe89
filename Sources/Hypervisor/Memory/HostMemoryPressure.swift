import Glibc

/// How much memory the host can still give, so that guests stop with a report before the host ends the process.
enum HostMemoryPressure {
    /// What is left to the host itself.
    private static let reserveKiB: UInt64 = 256 << 10

    /// Whether the host would feel the loss of more frames. False where it does not say.
    static var isHigh: Bool { isHigh(in: meminfo) }

    /// `meminfo` is the text of `/proc/meminfo`.
    static func isHigh(in meminfo: String) -> Bool {
        guard let total = value(of: "MemTotal:", in: meminfo), let available = value(of: "MemAvailable:", in: meminfo)
        else { return false }
        return available < min(reserveKiB, total / 8)
    }

    private static func value(of name: String, in meminfo: String) -> UInt64? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        }
        return nil
    }

    private static var meminfo: String {
        let descriptor = open("/proc/meminfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
