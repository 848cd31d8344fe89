import Platform
import Testing

@testable import Hypervisor

/// What the host says about memory, from texts as kernels write them.
@Suite struct HostMemoryLimitsTests {
    typealias Room = HostMemoryLimits.Room

    @Test(
        arguments: [
            (
                "MemTotal: 24000000 kB\nMemFree: 1 kB\nMemAvailable: 20000000 kB\n",
                Room(bound: .host, limit: 24_000_000 << 10, available: 20_000_000 << 10), false
            ),
            (
                "MemTotal: 24000000 kB\nMemFree: 1 kB\nMemAvailable: 200000 kB\n",
                Room(bound: .host, limit: 24_000_000 << 10, available: 200_000 << 10), true
            ),
            (
                "MemTotal: 1000000 kB\nMemAvailable: 200000 kB\n",
                Room(bound: .host, limit: 1_000_000 << 10, available: 200_000 << 10), false
            ),
        ] as [(String, Room, Bool)]
    )
    func host(meminfo: String, expected: Room, isUsedUp: Bool) {
        let room = HostMemoryLimits.hostRoom(meminfo: meminfo)
        #expect(room == expected)
        #expect(room?.isUsedUp == isUsedUp)
    }

    @Test(arguments: [
        "", "MemTotal: x", "MemAvailable:\nMemTotal:", "MemTotal: 99999999999999999 kB\nMemAvailable: 1 kB",
    ])
    func saysNothing(meminfo: String) { #expect(HostMemoryLimits.hostRoom(meminfo: meminfo) == nil) }

    @Test(
        arguments: [("25000 1234 0 1 0 1 0\n", 971_341_824), ("300000 1 1", 0), ("262144", 0)] as [(String, UInt64)]
    )
    func addressSpace(statm: String, available: UInt64) {
        let room = HostMemoryLimits.addressSpaceRoom(limit: 1 << 30, statm: statm)
        #expect(room == Room(bound: .addressSpace, limit: 1 << 30, available: available))
    }

    @Test(arguments: ["", "x", "99999999999999999999 1"])
    func addressSpaceUnknown(statm: String) {
        #expect(HostMemoryLimits.addressSpaceRoom(limit: 1 << 30, statm: statm) == nil)
    }

    /// Harts cannot do with less: without this, the end of the process is theirs to find.
    @Test func addressesForHarts() throws {
        let room = Room(bound: .addressSpace, limit: 1 << 30, available: 200 << 20)
        try HostMemoryLimits.requireAddresses(forHarts: 64, in: nil)
        try HostMemoryLimits.requireAddresses(forHarts: 2, in: room)
        let error = #expect(throws: HostMemoryError.self) {
            try HostMemoryLimits.requireAddresses(forHarts: 3, in: room)
        }
        #expect(
            error?.description
                == "cannot reserve 240 MiB of host memory for the machine: 200 of 1024 MiB are left of the process's "
                + "address space (ulimit -v), and 3 harts need as much; raise the limit, or ask "
                + "for fewer with --harts"
        )
    }

    /// The translator takes a quarter of what is left at most.
    @Test func addressesForSpeed() {
        let room = Room(bound: .addressSpace, limit: 1 << 30, available: 800 << 20)
        #expect(HostMemoryLimits.maySpend(addresses: 200 << 20, of: room))
        #expect(!HostMemoryLimits.maySpend(addresses: 201 << 20, of: room))
        #expect(HostMemoryLimits.maySpend(addresses: 1 << 40, of: nil))
    }

    /// This host says something.
    @Test func thisHost() throws {
        let limits = HostMemoryLimits()
        let room = try #require(limits.room)
        #expect(room.available <= room.limit)
        #expect(try #require(limits.hostBytes) >= 64 << 20)
    }
}

/// Control groups in both versions, nested, in containers, and where there are none.
@Suite struct ControlGroupTests {
    private static let first = """
        24 30 0:22 / /proc rw,nosuid - proc proc rw
        35 32 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
        36 32 0:30 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
        """
    private static let second = "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate\n"

    private static func first(_ folders: [String]) -> [ControlGroup] {
        folders.map { ControlGroup(version: .first, folder: $0) }
    }

    private static func second(_ folders: [String]) -> [ControlGroup] {
        folders.map { ControlGroup(version: .second, folder: $0) }
    }

    @Test func firstVersion() {
        let groups = ControlGroup.all(membership: "5:cpu:/x\n4:memory:/a/b\n1:name=systemd:/a\n", mounts: Self.first)
        #expect(
            groups == Self.first(["/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory"])
        )
    }

    @Test func secondVersion() {
        let groups = ControlGroup.all(membership: "0::/user.slice/run-1:2.scope\n", mounts: Self.second)
        let root = "/sys/fs/cgroup"
        #expect(groups == Self.second(["\(root)/user.slice/run-1:2.scope", "\(root)/user.slice", root]))
    }

    /// Both hierarchies, of which the memory controller is in one: the other has no files of it.
    @Test func bothVersions() {
        let mounts = Self.first + "\n41 32 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        let groups = ControlGroup.all(membership: "9:pids,memory:/a\n0::/b\n", mounts: mounts)
        #expect(groups.map(\.folder).contains("/sys/fs/cgroup/memory/a"))
        #expect(groups.map(\.folder).contains("/sys/fs/cgroup/unified/b"))
    }

    /// A container sees its own group at the mount point; with a name space of its own its path is "/".
    @Test(
        arguments: [
            ("/docker/1f2e", "/docker/1f2e", ["/sys/fs/cgroup"]),
            ("/docker/1f2e", "/docker/1f2e/x", ["/sys/fs/cgroup/x", "/sys/fs/cgroup"]),
            ("/docker/1f2e", "/docker/1f2e4", ["/sys/fs/cgroup"]),
            ("/docker/1f2e", "/", ["/sys/fs/cgroup"]),
            ("/", "/", ["/sys/fs/cgroup"]),
            ("/", "/../other", ["/sys/fs/cgroup"]),
        ] as [(String, String, [String])]
    )
    func container(root: String, group: String, folders: [String]) {
        let mounts = "30 24 0:26 \(root) /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        #expect(ControlGroup.all(membership: "0::\(group)\n", mounts: mounts) == Self.second(folders))
    }

    @Test func pathsWithSpaces() {
        let mounts = "30 24 0:26 / /mnt/c\\040g\\134 rw - cgroup2 cgroup2 rw\n"
        #expect(
            ControlGroup.all(membership: "0::/a b\n", mounts: mounts) == Self.second(["/mnt/c g\\/a b", "/mnt/c g\\"])
        )
    }

    @Test(arguments: ["", "nonsense", "0::", "4:memory", "::::", "0::/a"])
    func noGroups(membership: String) {
        #expect(ControlGroup.all(membership: membership, mounts: "a b - c\n- - -\n").isEmpty)
    }

    private static func room(_ version: ControlGroup.Version, _ files: [String: String]) -> HostMemoryLimits.Room? {
        ControlGroup(version: version, folder: "/g").room { path in files[path] ?? "" }
    }

    @Test func limitOfFirstVersion() throws {
        var files = [
            "/g/memory.limit_in_bytes": "536870912\n", "/g/memory.usage_in_bytes": "104857600\n",
            "/g/memory.stat": "cache 1\ninactive_file 1\ntotal_inactive_file 20971520\ntotal_active_file 10485760\n",
        ]
        let room = try #require(Self.room(.first, files))
        #expect(room.bound == .controlGroup("/g"))
        #expect(room.limit == 512 << 20)
        #expect(room.available == (512 - 100 + 20 + 5) << 20)
        files["/g/memory.limit_in_bytes"] = "9223372036854771712\n"
        #expect(Self.room(.first, files) == nil)
    }

    @Test func limitOfSecondVersion() throws {
        var files = ["/g/memory.max": "max\n", "/g/memory.high": "max\n", "/g/memory.current": "104857600\n"]
        #expect(Self.room(.second, files) == nil)
        files["/g/memory.max"] = "536870912\n"
        #expect(Self.room(.second, files)?.available == 412 << 20)
        files["/g/memory.high"] = "314572800\n"
        files["/g/memory.stat"] = "anon 5\ninactive_file 4096\n"
        let room = try #require(Self.room(.second, files))
        #expect(room.limit == 300 << 20)
        #expect(room.available == (200 << 20) + 4096)
    }

    /// More in use than allowed, files counted twice: no arithmetic minds.
    @Test func impossibleNumbers() {
        let files = [
            "/g/memory.max": "1000", "/g/memory.current": "18446744073709551615",
            "/g/memory.stat": "inactive_file 18446744073709551615\nactive_file 18446744073709551615\n",
        ]
        #expect(Self.room(.second, files)?.limit == 1000)
        #expect(Self.room(.second, ["/g/memory.max": "1000", "/g/memory.current": "2000"])?.available == 0)
        #expect(Self.room(.second, [:]) == nil)
    }
}
