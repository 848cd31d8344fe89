import Testing

/// Guests that mean harm hurt only themselves: the guest beside them finishes its work, and rvhv says what happened.
@Suite(.serialized) struct HostileGuestTests {
    @Test(arguments: ["hostile-jump", "hostile-garbage", "hostile-traploop", "hostile-pagetables"])
    func isStoppedWhileItsNeighbourGoesOn(_ name: String) throws {
        let run = try RvhvProcess.run([RvhvProcess.guest(name), RvhvProcess.guest("bare")], seconds: 120)
        #expect(!run.timedOut, "\(run.output)")
        #expect(run.status > 0, "\(run.output)")
        #expect(run.output.contains("bare: all is well, shutting down"), "\(run.output)")
        #expect(!run.output.contains("came back") && !run.output.contains("still alive"), "\(run.output)")
    }

    @Test(arguments: ["hostile-sbi", "hostile-csr", "hostile-mmio"])
    func outlivesItsOwnNonsense(_ name: String) throws {
        let run = try RvhvProcess.run([RvhvProcess.guest(name), RvhvProcess.guest("bare")], seconds: 240)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("\(name): survived"), "\(run.output)")
        #expect(run.output.contains("bare: all is well, shutting down"), "\(run.output)")
    }

    @Test func hypervisorRegistersAreOutOfReach() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("hostile-csr")], seconds: 120)
        #expect(run.output.contains("CSRs of M and HS that answer: 0"), "\(run.output)")
    }

    /// By the instruction clock: beside one that makes the host work, a guest takes at most twice its own time.
    @Test(arguments: ["hostile-flood", "hostile-queue"])
    func workForAnotherGuestIsNotPaidByThisOne(_ name: String) throws {
        let alone = try seconds(ofBareBeside: nil)
        let beside = try seconds(ofBareBeside: name)
        #expect(alone > 0.05 && beside >= alone && beside <= 2 * alone, "\(beside) s beside it, \(alone) s alone")
    }

    private func seconds(ofBareBeside other: String?) throws -> Double {
        let guests = [other, "bare"].compactMap { $0 }.map(RvhvProcess.guest).joined(separator: " ")
        let line = """
            cd "$(mktemp -d)" && trap 'rm -r "$PWD"' EXIT
            \(RvhvProcess.root)/.build/release/rvhv --clock instructions --stats=json --log log \(guests) >out &
            until grep -q 'bare: all is well' out; do sleep 0.1; done
            kill $!; wait $!; cat log
            """
        let run = try RvhvProcess.run(program: "/bin/sh", ["-c", line], seconds: 60)
        let statistics = try #require(run.output.split(separator: "\"name\":\"bare\"").last)
        let value = try #require(statistics.split(separator: "\"wall_seconds\":").last?.prefix { $0 != "," })
        return try #require(Double(value), "\(run.output)")
    }

    @Test func floodDoesNotDrownTheNeighbour() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("hostile-flood"), RvhvProcess.guest("bare")], seconds: 15)
        #expect(run.timedOut)
        #expect(run.status != -9, "rvhv did not obey SIGTERM")
        #expect(run.output.contains("bare: all is well, shutting down"))
    }
}
