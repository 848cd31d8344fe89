import Hypervisor

/// Prints a trap on one line, in columns:
///
///     linux/0      0.001234567 VS 0xffffffff80001234 memcpy+0x10   load guest-page fault   lw a0, 4(a1)   stval=...
struct TrapTraceFormatter: Sendable {
    private let decoration: Decoration
    private let guests: [String]
    private let guestWidth: Int

    /// A formatter for these guests, whose names give the first column its width and its colours.
    init(guests: [String], decoration: Decoration) {
        self.guests = guests
        self.decoration = decoration
        guestWidth = (guests.map(\.count).max() ?? 0) + 3
    }

    /// The line, without its end. Symbols come from a guest's file: control characters in them are not printed.
    func line(_ record: TrapTraceRecord) -> String {
        var columns = [
            guestColumn(record),
            NumberText.fixed(Double(record.nanoseconds) / 1e9, decimals: 9).leftPadded(to: 15),
            record.mode.padded(to: 2),
            NumberText.address(record.pc),
            decorated(place(record).padded(to: 28), Color.dim),
            decorated(record.cause.printable.padded(to: 30), Color.bold),
            (record.instruction ?? "-").printable.padded(to: 28),
        ]
        let addresses = addressText(record)
        if !addresses.isEmpty { columns.append(addresses) }
        columns.append(decorated("-> " + record.action.printable, Color.green.sequence))
        return columns.joined(separator: " ")
    }

    private func guestColumn(_ record: TrapTraceRecord) -> String {
        let text = "\(record.guest)/\(record.hart)".printable.padded(to: guestWidth)
        return decorated(text, Color.ofGuest(guests.firstIndex(of: record.guest) ?? 0).sequence)
    }

    private func place(_ record: TrapTraceRecord) -> String {
        guard let symbol = record.symbol else { return "-" }
        return symbol.symbol.printable + (symbol.offset == 0 ? "" : "+0x" + String(symbol.offset, radix: 16))
    }

    private func addressText(_ record: TrapTraceRecord) -> String {
        var parts: [String] = []
        if let value = record.trapValue { parts.append("stval=0x" + String(value, radix: 16)) }
        if let address = record.guestPhysicalAddress { parts.append("gpa=0x" + String(address, radix: 16)) }
        return parts.joined(separator: " ")
    }

    private func decorated(_ text: String, _ sequence: String) -> String { decoration.colored(text, sequence) }
}
