import Glibc
import RV64Core
import Testing

@testable import Hypervisor
@testable import rvhv

/// What `--profile` and `--perf-map` write.
@Suite struct ProfileTests {
    /// A machine with these symbols.
    private final class Named: ObservedMachine {
        let name: String
        let symbols: [UInt64: String]
        let nanoseconds: UInt64 = 0

        init(_ name: String, _ symbols: [UInt64: String] = [:]) { (self.name, self.symbols) = (name, symbols) }

        func deviceName(at address: UInt64) -> String { "uart+0x\(String(address & 0xff, radix: 16))" }

        func symbol(at address: UInt64) -> SymbolOffset? {
            symbols[address].map { SymbolOffset(symbol: $0, offset: 0) }
        }

        func symbol(of sample: HartSample) -> SymbolOffset? { symbol(at: sample.guestCode ?? sample.pc) }
    }

    private static let linux = Named("linux", [1: "memcpy", 2: "sbi_ecall", 7: "inner"])
    private static let firmware = Named("fw", [1: "a;b\u{1b} c"])

    private static func observe(_ event: MachineEvent, of machine: Named, hart: Int = 0, _ profile: Profile) {
        profile.observe(EventRecord(hart: hart, nanoseconds: 0, event: event), of: machine)
    }

    private static func program(
        _ mode: PrivilegeMode,
        _ pc: UInt64,
        _ microseconds: UInt64,
        translating: UInt64 = 0
    ) -> MachineEvent {
        let nanoseconds = microseconds * 1000
        return .hart(.sample(HartSample(mode: mode, pc: pc, nanoseconds: nanoseconds, translating: translating * 1000)))
    }

    private static func work(_ work: HypervisorWork, _ pc: UInt64, _ microseconds: UInt64) -> MachineEvent {
        .hypervisorSample(
            HypervisorSample(work: work, mode: .virtualSupervisor, pc: pc, nanoseconds: microseconds * 1000)
        )
    }

    private static let call = HypervisorWork.call(.function(0, extension: 0))

    private static let profile: Profile = {
        let profile = Profile()
        observe(program(.virtualSupervisor, 1, 1500), of: linux, profile)
        observe(program(.virtualSupervisor, 1, 500), of: linux, hart: 1, profile)
        observe(program(.virtualSupervisor, 1, 700), of: linux, profile)
        observe(program(.virtualUser, 0x1_0000, 1000), of: linux, profile)
        observe(program(.machine, 1, 300), of: firmware, profile)
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

    /// Each hart's next sample says how much time there was; what is nobody else's is the program's.
    private static let shared: Profile = {
        let profile = Profile()
        observe(work(call, 2, 100), of: linux, profile)
        observe(work(.device(.init(.load, 0x1000_0005)), 1, 200), of: linux, profile)
        observe(work(call, 2, 50), of: linux, profile)
        observe(work(call, 2, 10), of: linux, hart: 1, profile)
        observe(program(.virtualSupervisor, 1, 1000, translating: 300), of: linux, profile)
        observe(program(.virtualSupervisor, 1, 1000), of: linux, profile)
        return profile
    }()

    @Test func hypervisorIsUnderItsCaller() {
        let expected = """
            linux;hart 0;VS;memcpy 1350
            linux;hart 0;VS;memcpy;[hypervisor];load uart 200
            linux;hart 0;VS;sbi_ecall;[hypervisor];SBI TIME.set_timer 150
            linux;hart 0;[translator] 300

            """
        #expect(Self.shared.folded == expected)
    }

    @Test func tableOfAll() {
        let expected = """
            profile: 0.002 s in 2 samples: program 67.5 %, hypervisor 17.5 %, translator 15.0 %
               seconds    share  guest  mode  place
                 0.001   67.5 %  linux  VS    memcpy
                 0.000   15.0 %  linux        [translator]
                 0.000   10.0 %  linux  HS    [hypervisor] load uart
                 0.000    7.5 %  linux  HS    [hypervisor] SBI TIME.set_timer
            """
        #expect(Self.shared.table() == expected)
    }

    /// What was measured of some exits stands for all, and may be too much: then it is as much as there is.
    @Test func hypervisorHasNoMoreThanThereIs() {
        let profile = Profile()
        Self.observe(Self.work(Self.call, 2, 3000), of: Self.linux, profile)
        Self.observe(Self.work(.page(.store), 1, 1000), of: Self.linux, profile)
        Self.observe(Self.program(.virtualSupervisor, 1, 500, translating: 100), of: Self.linux, profile)
        let expected = """
            linux;hart 0;VS;memcpy;[hypervisor];page for a store 100
            linux;hart 0;VS;sbi_ecall;[hypervisor];SBI TIME.set_timer 300
            linux;hart 0;[translator] 100

            """
        #expect(profile.folded == expected)
    }

    @Test(
        arguments: [
            (.page(.fetch), "page for a fetch"),
            (.virtualInstruction(0x1050_0073), "virtual instruction wfi"),
            (.exception(.breakpoint), "breakpoint passed on"),
            (.interrupt(.supervisorTimer), "supervisor timer interrupt"),
            (.unexpected, "unexpected trap"),
            (.betweenTurns, "console, timers and sleep"),
        ] as [(HypervisorWork, String)]
    )
    func frames(_ work: HypervisorWork, _ frame: String) {
        let profile = Profile()
        Self.observe(Self.work(work, 1, 3), of: Self.linux, profile)
        Self.observe(Self.program(.virtualSupervisor, 1, 3), of: Self.linux, profile)
        #expect(profile.folded == "linux;hart 0;VS;memcpy;[hypervisor];\(frame) 3\n")
    }

    /// One address is two places where one of them is a guest's own guest's.
    @Test func guestsOfPrograms() {
        let profile = Profile()
        for guestCode in [7, 8] as [UInt64] {
            var sample = HartSample(mode: .virtualSupervisor, pc: 1, nanoseconds: 1000)
            sample.guestCode = guestCode
            Self.observe(.hart(.sample(sample)), of: Self.linux, profile)
        }
        Self.observe(Self.program(.supervisor, 1, 1), of: Self.linux, profile)
        let expected = """
            linux;hart 0;HS;memcpy 1
            linux;hart 0;VS;0x0000000000000000 1
            linux;hart 0;VS;inner 1

            """
        #expect(profile.folded == expected)
    }

    @Test func ofNothing() {
        #expect(Profile().folded == "")
        #expect(Profile().table() == "profile: 0.000 s in 0 samples")
    }

    @Test func placesHaveALimit() {
        let profile = Profile()
        for page in 0..<70_000 as Range<UInt64> {
            Self.observe(Self.program(.user, page << 12, 1), of: Self.linux, profile)
        }
        Self.observe(Self.work(Self.call, 0x5000_0000, 2), of: Self.linux, profile)
        Self.observe(Self.program(.user, 0x5000_0000, 5), of: Self.linux, profile)
        let lines = profile.folded.split(separator: "\n")
        #expect(lines.count == 65_538)
        let others = lines.filter { $0.contains("others") }
        #expect(others == ["linux;hart 0;U;others 4467", "linux;hart 0;VS;others;[hypervisor];others 2"])
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
