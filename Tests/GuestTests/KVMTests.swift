import Testing

/// Other people's firmware, kernel and hypervisor on the plain machine: Debian's OpenSBI and Linux, whose KVM runs our
/// guest and the same Linux in VS-mode.
@Suite(.serialized) struct KVMTests {
    @Test(arguments: [1, 2]) func runsGuestsOnOurHypervisorExtension(harts: Int) throws {
        let run = try RvhvProcess.run(
            [
                "machine", "--harts", "\(harts)", "--memory", "512M", "--kernel", RvhvProcess.guest("kvm"),
                "--append", "quiet rvhv.poweroff", RvhvProcess.guest("opensbi"),
            ],
            seconds: 600
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.lines.contains("rvhv-kvm: kernel: hypervisor extension available"), "\(run.output)")
        for line in [
            "guest with 1 harts ended well", "guest with 2 harts ended well", "Linux with \(harts) harts ended well",
        ] {
            #expect(run.lines.contains("rvhv-kvm: \(line)"), "\(run.output)")
        }
        #expect(run.lines.contains { $0.hasPrefix("inner: second hart: 50 interrupts answered") }, "\(run.output)")
        #expect(run.lines.contains { $0.contains("rvhv-guest: Linux 6.") && $0.contains(" up, \(harts) harts, ") })
        #expect(!run.output.contains("FAILED"), "\(run.output)")
        #expect(!run.output.contains("kvm ["), "the kernel complains: \(run.output)")
    }
}
