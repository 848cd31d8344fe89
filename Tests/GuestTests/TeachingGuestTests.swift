import Testing

/// Our own guests, each saying for itself whether it found what it should.
@Suite(.serialized) struct TeachingGuestTests {
    @Test(arguments: ["hello", "bare", "devices"])
    func endsCleanly(_ name: String) throws {
        let run = try RvhvProcess.run([RvhvProcess.guest(name)], seconds: 60)
        #expect(run.status == 0, "\(run.output)")
        #expect(!run.output.contains("FAILED"), "\(run.output)")
    }

    @Test func bareReportsEachPart() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("bare")], seconds: 60)
        let parts = [
            "memory 256 MiB at 0x80000000", "through SBI", "memory: 1 MiB tested in full", "ebreak gives cause 3",
            "Sv39 on", "all is well, shutting down",
        ]
        for part in parts { #expect(run.output.contains(part), "\(part) is not in:\n\(run.output)") }
    }

    @Test(arguments: [1, 2, 4])
    func hartsWorkTogether(_ count: Int) throws {
        let run = try RvhvProcess.run(["--harts", "\(count)", RvhvProcess.guest("harts")], seconds: 120)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("\(count) harts in all"), "\(run.output)")
        let total = count * 20000
        #expect(run.output.contains("counted to \(total) with amoadd, \(total) with lr/sc, \(total) under a lock"))
    }

    @Test func neighboursAtOneAddressDoNotMeet() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("left"), RvhvProcess.guest("right")], seconds: 120)
        #expect(run.status == 0, "\(run.output)")
        #expect(!run.output.contains("FAILED"), "\(run.output)")
        for name in ["left", "right"] {
            #expect(run.output.contains("\(name): 20 rounds at physical 0x81000000"), "\(run.output)")
            #expect(run.output.contains("\(name): I saw only my own memory"), "\(run.output)")
        }
        #expect(run.lines.count { $0.contains("0 of my words changed, 0 words of the other seen") } == 2)
        #expect(run.lines.count { $0.contains("refused, 0 answered, 0 words of the other seen") } == 2)
    }

    @Test func eightGuestsRunTogether() throws {
        let run = try RvhvProcess.run(
            Array(repeating: RvhvProcess.guest("bare"), count: 8),
            seconds: 240
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.lines.count { $0.contains("all is well, shutting down") } == 8, "\(run.output)")
    }

    @Test func idleGuestCostsNoTime() throws {
        let start = try RvhvProcess.run([RvhvProcess.guest("hello")], seconds: 30)
        let run = try RvhvProcess.run([RvhvProcess.guest("idle")], seconds: 10)
        #expect(run.timedOut)
        #expect(run.status != -9, "rvhv did not obey SIGTERM")
        #expect(run.output.contains("sleeping for ever"))
        #expect(run.cpuSeconds - start.cpuSeconds < 0.1, "\(run.cpuSeconds) s of CPU in 10 s of sleep")
    }
}
