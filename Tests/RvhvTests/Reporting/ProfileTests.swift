import Glibc
import RV64Core
import Testing

@testable import rvhv

/// What `--profile` and `--perf-map` write.
@Suite struct ProfileTests {
    private static func sample(_ mode: PrivilegeMode, _ microseconds: UInt64) -> HartSample {
        HartSample(mode: mode, pc: 0, nanoseconds: microseconds * 1000)
    }

    private static let profile: Profile = {
        let profile = Profile()
        profile.add(sample(.virtualSupervisor, 1500), hart: 0, guest: "linux", place: "memcpy")
        profile.add(sample(.virtualSupervisor, 500), hart: 1, guest: "linux", place: "memcpy")
        profile.add(sample(.virtualSupervisor, 700), hart: 0, guest: "linux", place: "memcpy")
        profile.add(sample(.virtualUser, 1000), hart: 0, guest: "linux", place: "0x0000000000010000")
        profile.add(sample(.machine, 300), hart: 0, guest: "fw", place: "a;b\u{1b} c")
        return profile
    }()

    @Test func folded() {
        let expected = """
            fw;hart 0;M;a:b\u{FFFD} c 300
            linux;hart 0;VS;memcpy 2200
            linux;hart 0;VU;0x0000000000010000 1000
            linux;hart 1;VS;memcpy 500

            """
        #expect(Self.profile.folded == expected)
    }

    @Test func table() {
        let expected = """
            profile: 0.004 s in 5 samples
               seconds    share  guest  mode  place
                 0.003   67.5 %  linux  VS    memcpy
                 0.001   25.0 %  linux  VU    0x0000000000010000
                 0.000    7.5 %  fw     M     a;b\u{FFFD} c
            """
        #expect(Self.profile.table() == expected)
        #expect(Self.profile.table(rows: 1).split(separator: "\n").count == 3)
    }

    @Test func ofNothing() {
        #expect(Profile().folded == "")
        #expect(Profile().table() == "profile: 0.000 s in 0 samples")
    }

    @Test func placesHaveALimit() {
        let profile = Profile()
        for place in 0..<70_000 { profile.add(Self.sample(.user, 1), hart: 0, guest: "g", place: "\(place)") }
        let lines = profile.folded.split(separator: "\n")
        #expect(lines.count == 65_537)
        #expect(lines.contains("g;hart 0;U;others 4464"))
    }

    @Test func perfMap() throws {
        var template = Array("/tmp/rvhv-perf-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        defer { unlink(path) }
        let map = try PerfMap(path: path)
        let code = TranslatedCode(pc: 0xffff_ffff_8012_3456, code: 0x7f00_1000..<0x7f00_1080)
        map.add(code, guest: "linux", symbol: nil)
        map.add(TranslatedCode(pc: 0x1_0000, code: 0..<0xa), guest: "bare", symbol: "main\n")
        try map.finish()
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = fread(&bytes, 1, bytes.count, file)
        let expected = "7f001000 80 [linux] 0xffffffff80123000\n0 a [bare] main\u{FFFD}\n"
        #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == expected)
    }

    /// In a folder where everybody may write, a link is somebody else's idea.
    @Test func perfMapFollowsNoLink() throws {
        let path = "/tmp/rvhv-perf-link-\(getpid())"
        try #require(symlink("/tmp/rvhv-perf-target-\(getpid())", path) == 0)
        defer { unlink(path) }
        #expect(throws: HostFailure.cannotOpen(path: path, purpose: "--perf-map", code: ELOOP)) {
            try PerfMap(path: path)
        }
    }
}
