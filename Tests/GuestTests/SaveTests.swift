import Testing

/// Whole machines saved at random places of their runs: `savecheck` runs a restored copy beside the original from each
/// place to the next, and compares what both are there, byte for byte.
@Suite(.serialized) struct SaveTests {
    private static func check(_ arguments: [String], places: Int, seconds: Int) throws {
        let run = try RvhvProcess.run(
            program: "\(RvhvProcess.root)/.build/release/savecheck",
            arguments + ["--points", "\(places)"],
            seconds: seconds
        )
        #expect(run.status == 0 && !run.timedOut, "\(run.output)")
        #expect(run.lines.count { $0.contains(" are equal; ") } == 1, "\(run.output)")
    }

    @Test(arguments: [1, 2])
    func linux(harts: Int) throws {
        let arguments = ["--harts", "\(harts)", "--append", "rvhv.poweroff", RvhvProcess.guest("linux")]
        try Self.check(arguments, places: 30, seconds: 600)
    }

    @Test(arguments: [1, 2])
    func bootLoader(harts: Int) throws {
        let arguments = [
            "--plain", "--harts", "\(harts)", "--kernel", RvhvProcess.guest("uboot"), "--input", #"\nsbi\npoweroff\n"#,
            RvhvProcess.guest("opensbi"),
        ]
        try Self.check(arguments, places: 30, seconds: 120)
    }

    @Test(
        arguments: [
            "hello", "bare", "devices", "harts", "hostile-csr", "hostile-garbage", "hostile-jump", "hostile-mmio",
            "hostile-pagetables", "hostile-sbi", "hostile-traploop", "hostile-flood",
        ]
    )
    func guest(_ name: String) throws {
        let arguments = ["--harts", "2", "--limit", "50000000", RvhvProcess.guest(name)]
        try Self.check(arguments, places: 30, seconds: 120)
    }
}
