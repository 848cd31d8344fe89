import Glibc
import Platform

/// How much memory the process may still take, so that a guest stops with a report before the host ends the process.
package struct HostMemoryLimits: Sendable {
    /// What bounds the process.
    package enum Bound: Equatable, Sendable {
        /// The host's own memory.
        case host
        /// A control group above the process, by its folder.
        case controlGroup(String)
        /// RLIMIT_AS.
        case addressSpace
    }

    /// What a bound leaves.
    package struct Room: Equatable, Sendable {
        package let bound: Bound
        package let limit: UInt64
        package let available: UInt64

        /// What the host, or the rest of the process, needs for itself: an eighth, within reason.
        package var reserve: UInt64 { min(max(limit / 8, 16 << 20), 256 << 20) }

        /// Whether no guest may get more.
        package var isUsedUp: Bool { available < reserve }
    }

    private let groups: [ControlGroup]

    /// Finds the control groups of the process, which are looked at by `room` each time.
    package init() {
        groups = ControlGroup.all(
            membership: HostFile.text("/proc/self/cgroup"),
            mounts: HostFile.text("/proc/self/mountinfo")
        )
    }

    /// The tightest bound of memory in use; nil where the host does not say.
    package var room: Room? {
        let host = Self.hostRoom(meminfo: HostFile.text("/proc/meminfo"))
        return (groups.compactMap { $0.room(reading: HostFile.text) } + [host].compactMap { $0 })
            .min { ($0.available, $0.limit) < ($1.available, $1.limit) }
    }

    /// What RLIMIT_AS leaves; nil without one.
    package var addressSpace: Room? { Self.addressSpace }

    private static var addressSpace: Room? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur != .max else {
            return nil
        }
        return addressSpaceRoom(limit: UInt64(limit.rlim_cur), statm: HostFile.text("/proc/self/statm"))
    }

    /// Whether RLIMIT_AS leaves so much that addresses may be spent on speed: a quarter of it at most.
    package static func maySpend(addresses bytes: UInt64) -> Bool { maySpend(addresses: bytes, of: addressSpace) }

    static func maySpend(addresses bytes: UInt64, of room: Room?) -> Bool {
        guard let room else { return true }
        return bytes <= room.available / 4
    }

    /// Addresses for a hart's decoded blocks and translations, and for a thread's stack.
    private static let hartAddresses: UInt64 = 80 << 20

    /// Checks that RLIMIT_AS has room for more harts, which cannot do with less.
    ///
    /// - Throws: `HostMemoryError`.
    package func requireAddresses(forHarts count: Int) throws(HostMemoryError) {
        try Self.requireAddresses(forHarts: count, in: addressSpace)
    }

    static func requireAddresses(forHarts count: Int, in room: Room?) throws(HostMemoryError) {
        guard let room else { return }
        let needed = UInt64(count) * hartAddresses
        guard needed <= room.available else {
            let harts = count == 1 ? "a hart needs" : "\(count) harts need"
            throw HostMemoryError(
                requestedBytes: needed,
                reason: "\(room), and \(harts) as much",
                remedy: "raise the limit, or ask for fewer with --harts"
            )
        }
    }

    /// All the memory that the host has, with what it can swap out.
    package var hostBytes: UInt64? {
        let meminfo = HostFile.text("/proc/meminfo")
        return Self.value(of: "MemTotal:", in: meminfo).map { total in
            (total &+ (Self.value(of: "SwapTotal:", in: meminfo) ?? 0)) << 10
        }
    }

    /// `meminfo` is the text of `/proc/meminfo`.
    static func hostRoom(meminfo: String) -> Room? {
        guard let total = value(of: "MemTotal:", in: meminfo), let available = value(of: "MemAvailable:", in: meminfo),
            total < 1 << 50, available < 1 << 50
        else { return nil }
        return Room(bound: .host, limit: total << 10, available: available << 10)
    }

    /// `statm` is the text of `/proc/self/statm`, whose first number counts the process's pages.
    static func addressSpaceRoom(limit: UInt64, statm: String) -> Room? {
        guard let pages = statm.parts(between: " ").first.flatMap({ UInt64($0) }), pages < 1 << 50 else { return nil }
        let used = pages << Page.shift
        return Room(bound: .addressSpace, limit: limit, available: limit - min(limit, used))
    }

    private static func value(of name: String, in text: String) -> UInt64? {
        for line in text.parts(between: "\n") where line.hasPrefix(name) {
            return line.parts(between: " ").dropFirst().first.flatMap { UInt64($0) }
        }
        return nil
    }
}

extension HostMemoryLimits.Room: CustomStringConvertible {
    /// For reports: what is left of what.
    package var description: String {
        let left = "\(available >> 20) of \(limit >> 20) MiB are left"
        return switch bound {
        case .host: "\(left) on the host"
        case .controlGroup(let folder): "\(left) in control group \(folder)"
        case .addressSpace: "\(left) of the process's address space (ulimit -v)"
        }
    }
}

/// Small files that the kernel writes.
enum HostFile {
    /// More than a host with hundreds of mounts has to say.
    private static let limit = 1 << 20

    /// The text; empty where there is no such file.
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
