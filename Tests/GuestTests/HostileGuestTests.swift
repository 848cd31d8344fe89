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

    @Test func floodDoesNotDrownTheNeighbour() throws {
        let run = try RvhvProcess.run([RvhvProcess.guest("hostile-flood"), RvhvProcess.guest("bare")], seconds: 15)
        #expect(run.timedOut)
        #expect(run.status != -9, "rvhv did not obey SIGTERM")
        #expect(run.output.contains("bare: all is well, shutting down"))
    }
}
