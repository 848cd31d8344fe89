import Hypervisor
import Testing

@testable import rvhv

@Suite struct StatisticsReportTests {
    private let linux = GuestStatistics(
        name: "linux",
        harts: 2,
        wallSeconds: 3.2144,
        instructions: 1_234_567_890,
        secondsInGuest: 3,
        secondsInHypervisor: 1,
        exits: [
            .init(cause: "wfi", count: 12, seconds: 0.5),
            .init(cause: "load guest-page fault", count: 12_345, seconds: 0.012345),
            .init(cause: "environment call", count: 12, seconds: 0),
        ],
        sbiCalls: [.init(name: "set_timer", count: 3), .init(name: "hart_start", count: 4)],
        unknownSBICalls: 1
    )

    @Test func table() {
        let expected = """
            guest linux: 2 harts, 3.214 s
              instructions   1,234,567,890 (411.5 MIPS)
              in guest       3.000 s (75.0 %)
              in hypervisor  1.000 s (25.0 %)
              exits by cause                    count      seconds  each (us)
              load guest-page fault            12,345     0.012345       1.00
              environment call                     12     0.000000       0.00
              wfi                                  12     0.500000   41666.67
              all exits                        12,369     0.512345      41.42
              SBI calls                         count
              hart_start                            4
              set_timer                             3
              unknown calls                         1

            """
        #expect(StatisticsReport.table([linux]) == expected)
    }

    @Test func tableOfAGuestThatDidNothing() {
        let lines = StatisticsReport.table([GuestStatistics(name: "a"), GuestStatistics(name: "b")]).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        #expect(lines[0] == "guest a: 1 hart, 0.000 s")
        #expect(lines[1] == "  instructions   0 (0.0 MIPS)")
        #expect(lines[2] == "  in guest       0.000 s (- %)")
        #expect(lines.contains("guest b: 1 hart, 0.000 s"))
        #expect(lines.contains("  all exits                             0     0.000000          -"))
    }

    @Test func json() {
        let text = StatisticsReport.json([linux, GuestStatistics(name: "q\"\\\u{1b}\n")])
        #expect(
            text == #"{"guests":[{"name":"linux","harts":2,"wall_seconds":3.214400000,"instructions":1234567890,"#
                + #""seconds_in_guest":3.000000000,"seconds_in_hypervisor":1.000000000,"#
                + #""exits":[{"cause":"load guest-page fault","count":12345,"seconds":0.012345000},"#
                + #"{"cause":"environment call","count":12,"seconds":0.000000000},"#
                + #"{"cause":"wfi","count":12,"seconds":0.500000000}],"#
                + #""sbi_calls":[{"name":"hart_start","count":4},{"name":"set_timer","count":3}],"#
                + #""unknown_sbi_calls":1},{"name":"q\"\\\u001b\n","harts":1,"wall_seconds":0.000000000,"#
                + #""instructions":0,"seconds_in_guest":0.000000000,"seconds_in_hypervisor":0.000000000,"#
                + #""exits":[],"sbi_calls":[],"unknown_sbi_calls":0}]}"# + "\n"
        )
    }
}

@Suite struct NumberTextTests {
    private static let groups: [(UInt64, String)] = [
        (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (.max, "18,446,744,073,709,551,615"),
    ]

    @Test(arguments: groups)
    func grouped(number: UInt64, text: String) {
        #expect(NumberText.grouped(number) == text)
    }

    private static let fixedRows: [(Double, Int, String)] = [
        (0, 3, "0.000"), (1.9996, 3, "2.000"), (0.05, 1, "0.1"), (12.3456, 2, "12.35"), (-1.5, 1, "-1.5"),
        (-0.001, 1, "0.0"), (7.6, 0, "8"), (.nan, 1, "0.0"), (.infinity, 1, "0.0"), (1e300, 1, "0.0"),
    ]

    @Test(arguments: fixedRows)
    func fixed(value: Double, decimals: Int, text: String) {
        #expect(NumberText.fixed(value, decimals: decimals) == text)
    }

    @Test func addresses() {
        #expect(NumberText.address(0) == "0x0000000000000000")
        #expect(NumberText.address(0xffff_ffff_8000_1234) == "0xffffffff80001234")
    }
}

@Suite struct TrapTraceFormatterTests {
    private let record = TrapTraceRecord(
        guest: "bare",
        hart: 1,
        nanoseconds: 1_234_567_890,
        mode: "VS",
        pc: 0x8020_0010,
        symbol: .init(symbol: "uart_put", offset: 0x10),
        cause: "store guest-page fault",
        instruction: "sb a0, 0(a1)",
        trapValue: 0x1000_0000,
        guestPhysicalAddress: 0x1000_0000,
        action: "uart write 1 byte"
    )

    @Test func plainLine() {
        let line = TrapTraceFormatter(guests: ["linux", "bare"], decoration: .plain).line(record)
        #expect(
            line == "bare/1       1.234567890 VS 0x0000000080200010 uart_put+0x10                store guest-page fault"
                + "         sb a0, 0(a1)                 stval=0x10000000 gpa=0x10000000 -> uart write 1 byte"
        )
    }

    @Test func columnsAlign() {
        var interrupt = record
        (interrupt.guest, interrupt.hart, interrupt.symbol, interrupt.instruction) = ("linux", 0, nil, nil)
        (interrupt.trapValue, interrupt.guestPhysicalAddress, interrupt.nanoseconds) = (nil, nil, 5)
        interrupt.cause = "supervisor timer interrupt"
        let formatter = TrapTraceFormatter(guests: ["linux", "bare"], decoration: .plain)
        let (first, second) = (formatter.line(record), formatter.line(interrupt))
        let column = first.firstIndex(of: "V").map { first.distance(from: first.startIndex, to: $0) }
        #expect(column == second.firstIndex(of: "V").map { second.distance(from: second.startIndex, to: $0) })
        #expect(second.hasSuffix(" -> uart write 1 byte") && second.contains("     0.000000005 VS"))
    }

    @Test func colorsWrapTheColumnsOnly() {
        let line = TrapTraceFormatter(guests: ["linux", "bare"], decoration: .colored).line(record)
        #expect(line.hasPrefix("\u{1b}[32mbare/1  \u{1b}[0m "))
        #expect(line.hasSuffix("\u{1b}[32m-> uart write 1 byte\u{1b}[0m"))
    }

    @Test func symbolsOfAHostileFileStayOnTheLine() {
        var hostile = record
        hostile.symbol = .init(symbol: "a\n\u{1b}[2J\u{9b}2J", offset: 0)
        let line = TrapTraceFormatter(guests: ["bare"], decoration: .plain).line(hostile)
        #expect(line.contains(" a\u{FFFD}\u{FFFD}[2J\u{FFFD}2J "))
        #expect(!line.contains("\n") && !line.contains("\u{1b}"))
    }
}
