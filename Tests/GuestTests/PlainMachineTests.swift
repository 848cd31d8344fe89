import Testing

/// Other people's firmware, boot loader, kernel and hypervisor on the plain machine, all Debian's.
@Suite(.serialized) struct PlainMachineTests {
    /// Linux on OpenSBI, whose KVM runs our guest and the same Linux in VS-mode.
    @Test(arguments: [1, 2]) func kvmRunsGuests(harts: Int) throws {
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

    @Test(arguments: [1, 2]) func bootLoader(harts: Int) throws {
        let run = try RvhvProcess.run(
            [
                "machine", "--harts", "\(harts)", "--kernel", RvhvProcess.guest("uboot"), RvhvProcess.guest("opensbi"),
            ],
            input: "\nsbi\npoweroff\n",
            seconds: 60
        )
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("U-Boot 20"), "\(run.output)")
        #expect(run.lines.contains { $0.hasPrefix("OpenSBI ") }, "\(run.output)")
        #expect(run.output.contains("Hart State Management Extension"), "\(run.output)")
    }
}
