/// A control group that holds the process, or holds a group that does: its memory limit binds.
struct ControlGroup: Equatable, Sendable {
    /// The interface that its files follow.
    enum Version: Sendable {
        /// The memory controller's own hierarchy.
        case first
        case second
    }

    let version: Version
    /// Where its files are.
    let folder: String

    /// The groups from the process's own up to the root, in each hierarchy that counts memory.
    ///
    /// - Parameters:
    ///   - membership: the text of `/proc/self/cgroup`.
    ///   - mounts: the text of `/proc/self/mountinfo`.
    /// - Returns: innermost first.
    static func all(membership: String, mounts: String) -> [ControlGroup] {
        let hierarchies = mounts.parts(between: "\n").compactMap { Mount($0) }
        return membership.parts(between: "\n").flatMap { line -> [ControlGroup] in
            // "4:memory:/user.slice", or "0::/user.slice" in the second version. A path may hold colons.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let version: Version
            if fields[0] == "0", fields[1].isEmpty {
                version = .second
            } else if fields[1].split(separator: ",").contains("memory") {
                version = .first
            } else {
                return []
            }
            guard let mount = hierarchies.first(where: { $0.version == version }) else { return [] }
            return mount.folders(of: String(fields[2])).map { ControlGroup(version: version, folder: $0) }
        }
    }

    /// What the group leaves.
    ///
    /// Clean pages of files count as used, and the kernel drops them before it ends a process: what was not used
    /// lately counts as free, and half of the rest.
    ///
    /// - Parameter text: reads one file; empty where there is none.
    /// - Returns: nil where the group sets no limit.
    func room(reading text: (String) -> String) -> HostMemoryLimits.Room? {
        func number(_ name: String) -> UInt64? {
            UInt64(text("\(folder)/\(name)").trimmingSpace)
        }
        let limit: UInt64?
        let used: UInt64?
        let prefix: String
        switch version {
        case .first:
            limit = number("memory.limit_in_bytes")
            used = number("memory.usage_in_bytes")
            prefix = "total_"
        case .second:
            // "max" is no number. At `high` the kernel begins to stall the process.
            limit = [number("memory.max"), number("memory.high")].compactMap { $0 }.min()
            used = number("memory.current")
            prefix = ""
        }
        // No limit is a number too in the first version: one that no host has.
        guard let limit, let used, limit < 1 << 60 else { return nil }
        let statistics = text("\(folder)/memory.stat")
        func pages(_ name: String) -> UInt64 {
            let line = statistics.parts(between: "\n").first { $0.hasPrefix("\(prefix)\(name) ") }
            return line?.parts(between: " ").last.flatMap { UInt64($0) } ?? 0
        }
        let droppable = min(used, pages("inactive_file") &+ pages("active_file") / 2)
        return HostMemoryLimits.Room(
            bound: .controlGroup(folder),
            limit: limit,
            available: limit - min(limit, used - droppable)
        )
    }

    /// A mounted hierarchy.
    private struct Mount {
        let version: Version
        /// The group that is seen at the mount point: not the root in a container.
        let root: String
        let point: String

        /// `36 32 0:30 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory`
        init?(_ line: Substring) {
            let fields = line.parts(between: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 5, fields.count > dash + 3 else { return nil }
            switch fields[dash + 1] {
            case "cgroup2": version = .second
            case "cgroup":
                guard fields[dash + 3].split(separator: ",").contains("memory") else { return nil }
                version = .first
            // Names of file systems: no other is of control groups.
            default: return nil
            }
            root = Self.unescaped(fields[3])
            point = Self.unescaped(fields[4])
        }

        /// Spaces and the like in paths are written as three octal digits.
        private static func unescaped(_ text: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while let byte = rest.popFirst() {
                let digits = rest.prefix(3)
                if byte == UInt8(ascii: "\\"), digits.count == 3,
                    let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
                {
                    bytes.append(value)
                    rest = rest.dropFirst(3)
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }

        /// The folders of a group and of all above it that can be seen here.
        func folders(of group: String) -> [String] {
            var inside = group
            if root != "/" {
                // A group that is not below what is mounted is not seen: what is mounted binds at least.
                inside = group == root || group.hasPrefix(root + "/") ? String(group.dropFirst(root.count)) : ""
            }
            var names = inside.split(separator: "/")
            guard !names.contains("..") else { return [point] }
            var folders: [String] = []
            while !names.isEmpty {
                folders.append(point + "/" + names.joined(separator: "/"))
                names.removeLast()
            }
            return folders + [point]
        }
    }
}

extension StringProtocol where UTF8View.SubSequence == Substring.UTF8View {
    /// As `split` does, by bytes: what the kernel writes is long, and every start reads it.
    func parts(between separator: Unicode.Scalar) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator)).map { Substring($0) }
    }
}

extension String {
    fileprivate var trimmingSpace: Substring {
        self[...].drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    }
}
