import Glibc
import Testing

/// `--profile` and `--perf-map` as a user has them.
@Suite(.serialized) struct ProfilingTests {
    private func read(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "\(path) was not written")
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The same run has the same profile, in functions that the guest has, on either engine.
    @Test func foldedStacks() throws {
        let folder = try RvhvProcess.temporaryDirectory()
        defer { rmdir(folder) }
        let profiles = try ["jit", "jit", "interpreter"].map { engine in
            let path = "\(folder)/profile"
            defer { unlink(path) }
            let run = try RvhvProcess.run(
                ["--clock", "instructions", "--engine", engine, "--profile", path, RvhvProcess.guest("bare")],
                seconds: 60
            )
            #expect(run.status == 0, "\(run.output)")
            #expect(run.output.contains("  guest  mode  place"), "\(run.output)")
            return try read(path)
        }
        #expect(profiles[0].hasPrefix("bare;hart 0;VS;"), "\(profiles[0])")
        #expect(profiles.allSatisfy { $0 == profiles[0] }, "\(profiles)")
    }

    /// The guest prints and sets timers: what its hypervisor does for that is under the functions that ask.
    @Test(arguments: ["jit", "interpreter"])
    func hypervisorIsShown(engine: String) throws {
        let folder = try RvhvProcess.temporaryDirectory()
        defer { rmdir(folder) }
        let path = "\(folder)/profile"
        defer { unlink(path) }
        let arguments = ["--engine", engine, "--profile", path, RvhvProcess.guest("bare")]
        let run = try RvhvProcess.run(arguments, seconds: 60)
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("  HS    [hypervisor] SBI DBCN.write\n"), "\(run.output)")
        #expect(run.output.contains(/samples: program [0-9.]+ %, hypervisor [0-9.]+ %/), "\(run.output)")
        let profile = try read(path)
        #expect(profile.contains(/bare;hart 0;VS;report;\[hypervisor\];SBI DBCN\.write [0-9]+\n/), "\(profile)")
        for line in profile.split(separator: "\n") {
            #expect(line.wholeMatch(of: /bare;hart 0(;[^;]+)+ [1-9][0-9]*/) != nil, "\(line)")
        }
    }

    @Test func perfMapNamesFunctions() throws {
        let script = "echo pid $$; exec \(RvhvProcess.root)/.build/release/rvhv --perf-map \(RvhvProcess.guest("bare"))"
        let run = try RvhvProcess.run(program: "/bin/sh", ["-c", script], seconds: 60)
        #expect(run.status == 0, "\(run.output)")
        let number = try #require(run.lines.first { $0.hasPrefix("pid ") }?.dropFirst(4))
        let path = "/tmp/perf-\(number).map"
        defer { unlink(path) }
        let map = try read(path)
        #expect(map.contains(" [bare] guest_main\n"), "\(map.prefix(1000))")
        for line in map.split(separator: "\n") {
            #expect(line.wholeMatch(of: /[0-9a-f]+ [0-9a-f]+ \[bare\] \S+/) != nil, "\(line)")
        }
    }
}
