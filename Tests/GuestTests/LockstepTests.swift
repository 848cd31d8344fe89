import Testing

/// Guests with the interpreter and the translator one after the other, compared: `Tests/Lockstep/run` has more.
@Suite(.serialized) struct LockstepTests {
    private static let runs: [[String]] = [
        [RvhvProcess.guest("hello")],
        [RvhvProcess.guest("bare"), RvhvProcess.guest("devices")],
        ["--harts", "4", RvhvProcess.guest("harts")],
        ["--harts", "2", RvhvProcess.guest("linux"), "--append", "rvhv.poweroff"],
    ]

    @Test(arguments: runs)
    func enginesAgree(_ arguments: [String]) throws {
        let run = try RvhvProcess.run(["--engine", "lockstep"] + arguments, seconds: 300)
        #expect(run.status == 0, "\(run.output)")
        #expect(!run.output.contains("FAILED"), "\(run.output)")
    }

    /// With devices on the harts' own bus.
    @Test func enginesAgreeOnThePlainMachine() throws {
        let run = try RvhvProcess.run(
            [
                "machine", "--engine", "lockstep", "--harts", "2", "--kernel", RvhvProcess.guest("uboot"),
                RvhvProcess.guest("opensbi"),
            ],
            input: "\nsbi\npoweroff\n",
            seconds: 300
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("Hart State Management Extension"), "\(run.output)")
    }

    /// It is the same run: time, and what the guest says of it, included.
    @Test func comparingChangesNothing() throws {
        let arguments = [
            "--clock", "instructions", "--harts", "2", RvhvProcess.guest("harts"), RvhvProcess.guest("bare"),
        ]
        let compared = try RvhvProcess.run(arguments + ["--engine", "lockstep"], seconds: 300)
        let alone = try RvhvProcess.run(arguments, seconds: 300)
        #expect(compared.output == alone.output)
    }
}
