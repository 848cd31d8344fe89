import Testing

/// Limits of the host: a guest that needs more than there is ends with a report, and the others go on.
@Suite(.serialized) struct MemoryLimitTests {
    private static let gibibyte = 1 << 20

    /// `ulimit -v` for the process. The guest with much RAM touches all of it, the one beside it little.
    @Test func aGuestBeyondTheAddressSpaceIsStopped() throws {
        let run = try RvhvProcess.run(
            ["--memory", "4G", RvhvProcess.guest("bare"), RvhvProcess.guest("hello"), "--memory", "64M"],
            addressSpaceKiB: Self.gibibyte,
            seconds: 120
        )
        #expect(!run.timedOut, "\(run.output)")
        #expect(run.status == 1, "\(run.output)")
        #expect(run.output.contains("of the process's address space (ulimit -v)"), "\(run.output)")
        #expect(run.output.contains("hello | "), "\(run.output)")
    }

    /// Where it is enough, nothing is noticed.
    @Test func aGuestWithinTheAddressSpaceIsNot() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("bare")], addressSpaceKiB: Self.gibibyte, seconds: 120)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("bare: all is well, shutting down"), "\(run.output)")
    }

    /// A hundred guests in one process, each with its own frames.
    @Test func aHundredGuests() throws {
        let guests = Array(repeating: RvhvProcess.guest("hello"), count: 100)
        let run = try RvhvProcess.run(["--memory", "16M"] + guests, seconds: 120)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.lines.count { $0.contains("hello-100") } > 0, "\(run.output)")
    }
}
