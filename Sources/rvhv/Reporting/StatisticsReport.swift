import Hypervisor

/// The statistics of a run, for readers and for scripts.
enum StatisticsReport {
    /// A table per guest, each line ended.
    static func table(_ guests: [GuestStatistics]) -> String {
        guests.map { tableLines($0).map { $0 + "\n" }.joined() }.joined(separator: "\n")
    }

    /// One line: `{"guests":[...]}`.
    static func json(_ guests: [GuestStatistics]) -> String {
        JSONValue.object([("guests", .array(guests.map(object)))]).text + "\n"
    }

    private static func tableLines(_ guest: GuestStatistics) -> [String] {
        let exits = ordered(guest.exits)
        let calls = ordered(guest.sbiCalls)
        let nameWidth = max(24, (exits.map(\.cause.count) + calls.map(\.name.count)).max() ?? 0)
        let total = exits.reduce(into: (count: UInt64(0), seconds: 0.0)) { sum, exit in
            sum.count &+= exit.count
            sum.seconds += exit.seconds
        }
        var lines = summary(guest)
        lines.append(row("exits by cause", "count", "seconds", "each (us)", nameWidth))
        for exit in exits { lines.append(row(exit.cause, exit.count, exit.seconds, nameWidth)) }
        lines.append(row("all exits", total.count, total.seconds, nameWidth))
        lines.append(row("SBI calls", "count", "", "", nameWidth))
        for call in calls { lines.append(row(call.name, NumberText.grouped(call.count), "", "", nameWidth)) }
        lines.append(row("unknown calls", NumberText.grouped(guest.unknownSBICalls), "", "", nameWidth))
        return lines
    }

    private static func summary(_ guest: GuestStatistics) -> [String] {
        let busy = guest.secondsInGuest + guest.secondsInHypervisor
        let speed = guest.secondsInGuest > 0 ? Double(guest.instructions) / guest.secondsInGuest / 1e6 : 0
        let harts = guest.harts == 1 ? "1 hart" : "\(guest.harts) harts"
        return [
            "guest \(guest.name): \(harts), \(NumberText.fixed(guest.wallSeconds, decimals: 3)) s",
            "  instructions   \(NumberText.grouped(guest.instructions)) (\(NumberText.fixed(speed, decimals: 1)) MIPS)",
            "  in guest       \(NumberText.fixed(guest.secondsInGuest, decimals: 3)) s"
                + " (\(NumberText.percent(guest.secondsInGuest, of: busy)))",
            "  in hypervisor  \(NumberText.fixed(guest.secondsInHypervisor, decimals: 3)) s"
                + " (\(NumberText.percent(guest.secondsInHypervisor, of: busy)))",
        ]
    }

    private static func row(_ name: String, _ count: UInt64, _ seconds: Double, _ nameWidth: Int) -> String {
        let each = count > 0 ? NumberText.fixed(seconds * 1e6 / Double(count), decimals: 2) : "-"
        return row(name, NumberText.grouped(count), NumberText.fixed(seconds, decimals: 6), each, nameWidth)
    }

    private static func row(
        _ name: String,
        _ count: String,
        _ seconds: String,
        _ each: String,
        _ nameWidth: Int
    ) -> String {
        let text =
            "  " + name.padded(to: nameWidth) + count.leftPadded(to: 15) + seconds.leftPadded(to: 13)
            + each.leftPadded(to: 11)
        return String(text.reversed().drop { $0 == " " }.reversed())
    }

    private static func object(_ guest: GuestStatistics) -> JSONValue {
        let exits: [JSONValue] = ordered(guest.exits).map { exit in
            .object([
                ("cause", .string(exit.cause)), ("count", .integer(exit.count)), ("seconds", .seconds(exit.seconds)),
            ])
        }
        let calls: [JSONValue] = ordered(guest.sbiCalls).map { call in
            .object([("name", .string(call.name)), ("count", .integer(call.count))])
        }
        return .object([
            ("name", .string(guest.name)),
            ("harts", .integer(UInt64(max(0, guest.harts)))),
            ("wall_seconds", .seconds(guest.wallSeconds)),
            ("instructions", .integer(guest.instructions)),
            ("seconds_in_guest", .seconds(guest.secondsInGuest)),
            ("seconds_in_hypervisor", .seconds(guest.secondsInHypervisor)),
            ("exits", .array(exits)),
            ("sbi_calls", .array(calls)),
            ("unknown_sbi_calls", .integer(guest.unknownSBICalls)),
        ])
    }

    /// The most frequent first; equal counts by name.
    private static func ordered(_ exits: [GuestStatistics.ExitCount]) -> [GuestStatistics.ExitCount] {
        exits.sorted { ($1.count, $0.cause) < ($0.count, $1.cause) }
    }

    private static func ordered(_ calls: [GuestStatistics.CallCount]) -> [GuestStatistics.CallCount] {
        calls.sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    }
}
