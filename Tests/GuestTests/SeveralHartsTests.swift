import Testing

/// Harts at the same memory at once: nightly runs do the same for longer, and disturb it (`Tests/Harts/run`).
@Suite(.serialized) struct SeveralHartsTests {
    private static let engines = ["jit", "interpreter", "eager"]

    private func expectEnd(_ run: RvhvProcess, _ line: String) {
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains(line), "\(run.output)")
        #expect(!run.output.contains("FAILED"), "\(run.output)")
    }

    @Test(arguments: [2, 4], engines)
    func nothingThatTheMemoryModelForbids(harts: Int, engine: String) throws {
        let run = try RvhvProcess.run(
            ["--engine", engine, "--harts", "\(harts)", RvhvProcess.guest("litmus"), "--append", "rounds=1024"],
            seconds: 120
        )
        expectEnd(run, "no outcome that the memory model forbids, on \(harts) harts")
        // What the host's store buffers show without a fence: otherwise the rest means little.
        #expect(run.output.contains("SB+fence.rw.rws"), "\(run.output)")
        #expect(run.output.contains("IRIW+fence.r.rs") == (harts == 4), "\(run.output)")
    }

    /// The extensions that guests get only by name.
    @Test func misalignedAccessesAreWhole() throws {
        let isa = "rv64gc_zicntr_zba_zbb_zbs_zacas_zama16b_sstc"
        let run = try RvhvProcess.run(
            ["--isa", isa, "--harts", "2", RvhvProcess.guest("litmus"), "--append", "rounds=1024"],
            seconds: 120
        )
        expectEnd(run, "no outcome that the memory model forbids, on 2 harts")
        #expect(run.output.contains("misaligned: "), "\(run.output)")
    }

    @Test(arguments: [2, 4, 8], engines)
    func locksQueuesAndCounters(harts: Int, engine: String) throws {
        let run = try RvhvProcess.run(
            ["--engine", engine, "--harts", "\(harts)", RvhvProcess.guest("contention")],
            seconds: 120
        )
        expectEnd(run, "all is well with \(harts) harts")
    }

    @Test(arguments: ["litmus", "contention"])
    func onThePlainMachine(guest: String) throws {
        let run = try RvhvProcess.run(
            ["machine", "--harts", "2", "--kernel", RvhvProcess.guest(guest), RvhvProcess.guest("opensbi")],
            seconds: 120
        )
        expectEnd(run, guest == "litmus" ? "no outcome that the memory model forbids" : "all is well with 2 harts")
    }

    /// Harts that take turns by an instruction clock.
    @Test func byAnInstructionClock() throws {
        let arguments = ["--clock", "instructions", "--harts", "2", RvhvProcess.guest("contention")]
        let runs = try (0..<2).map { _ in try RvhvProcess.run(arguments, seconds: 120) }
        expectEnd(runs[0], "all is well with 2 harts")
        #expect(runs[0].output == runs[1].output)
    }

    @Test(arguments: [2, 4])
    func linuxUnderLoad(harts: Int) throws {
        let work = "(n=0; while [ $n -lt 5 ]; do seq 1 50 | sort -r | wc -l >/dev/null; n=$((n + 1)); done) &"
        let run = try RvhvProcess.run(
            ["--harts", "\(harts)", RvhvProcess.guest("linux")],
            input: "for i in 1 2 3 4; do \(work) done; wait; echo load-\"done\"\npoweroff -f\n",
            seconds: 300
        )
        expectEnd(run, "load-done")
    }
}
