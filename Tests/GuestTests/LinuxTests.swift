import Testing

/// A Linux that nobody here wrote.
@Suite(.serialized) struct LinuxTests {
    @Test func bootsAndPowersOffBesideABareGuest() throws {
        let run = try RvhvProcess.run(
            [RvhvProcess.guest("linux"), "--append", "rvhv.poweroff", RvhvProcess.guest("bare")],
            seconds: 300
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.lines.count { $0.contains("rvhv-guest: Linux 6.") && $0.contains(" up, 1 harts, ") } == 1)
        #expect(run.output.contains("bare: all is well, shutting down"), "\(run.output)")
    }

    @Test func answersAtItsConsole() throws {
        let run = try RvhvProcess.run(
            ["--harts", "2", RvhvProcess.guest("linux")],
            input: "uname -m\nnproc\ncat /proc/interrupts\npoweroff -f\n",
            seconds: 300
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.lines.contains("riscv64"), "\(run.output)")
        #expect(run.lines.contains("2"), "\(run.output)")
        #expect(run.output.contains("ttyS0"), "\(run.output)")
        #expect(run.output.contains("RISC-V INTC"), "\(run.output)")
    }
}
