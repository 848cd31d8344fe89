import Hypervisor
import Platform
import RV64Core

/// Where guests spend the host's time: what `--profile` writes.
final class Profile: Observer {
    /// One line of the folded stacks: a guest's hart in one mode at one place.
    private struct Stack: Hashable {
        var guest: String
        var hart: Int
        var mode: PrivilegeMode
        var place: String

        var frames: [String] { [guest, "hart \(hart)", mode.name, place] }
    }

    private struct State {
        var nanoseconds: [Stack: UInt64] = [:]
        var samples = 0
    }

    /// More places than any program's symbols; what a hostile one adds is `others`.
    private static let placeLimit = 1 << 16
    private static let others = "others"

    let events: ObservedEvents = .samples
    private let state = Lock(State())

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        guard case .hart(.sample(let sample)) = record.event else { return }
        add(sample, hart: record.hart, guest: machine.name, place: machine.place(of: sample.pc))
    }

    func add(_ sample: HartSample, hart: Int, guest: String, place: String) {
        var stack = Stack(guest: guest, hart: hart, mode: sample.mode, place: place)
        state.withLock { state in
            if state.nanoseconds.count >= Self.placeLimit, state.nanoseconds[stack] == nil { stack.place = Self.others }
            state.nanoseconds[stack, default: 0] &+= sample.nanoseconds
            state.samples += 1
        }
    }

    /// A line each: frames from the outermost to the innermost, with semicolons between, and microseconds.
    var folded: String {
        let lines = state.withLock { $0.nanoseconds }.map { stack, nanoseconds in
            stack.frames.map(\.frame).joined(separator: ";") + " \(nanoseconds / 1000)\n"
        }
        return lines.sorted().joined()
    }

    /// The places that took most, of all harts together.
    func table(rows limit: Int = 20) -> String {
        let (nanoseconds, samples) = state.withLock { ($0.nanoseconds, $0.samples) }
        var places: [Stack: UInt64] = [:]
        for (stack, time) in nanoseconds {
            var place = stack
            place.hart = 0
            places[place, default: 0] &+= time
        }
        let total = nanoseconds.values.reduce(0, &+)
        let top = places.sorted { ($1.value, $0.key.frames.joined()) < ($0.value, $1.key.frames.joined()) }.prefix(
            limit
        )
        let width = top.map(\.key.guest.count).max() ?? 0
        var lines = ["profile: \(Self.seconds(total)) s in \(samples) samples"]
        if !top.isEmpty {
            lines.append(
                "seconds".leftPadded(to: 10) + "share".leftPadded(to: 9) + "  " + "guest".padded(to: width)
                    + "  mode  place"
            )
        }
        for (place, time) in top {
            let share = NumberText.percent(Double(time), of: Double(total))
            lines.append(
                Self.seconds(time).leftPadded(to: 10) + share.leftPadded(to: 9) + "  "
                    + place.guest.padded(to: max(width, 5))
                    + "  " + place.mode.name.padded(to: 4) + "  " + place.place.printable
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        NumberText.fixed(Double(nanoseconds) / 1e9, decimals: 3)
    }
}

extension ObservedMachine {
    /// The function that an address belongs to; where the program's file names none, the page.
    func place(of address: UInt64) -> String {
        symbol(at: address)?.symbol ?? NumberText.address(address & ~Page.offsetMask)
    }
}

extension String {
    /// The text as a frame, whose end a semicolon would be.
    fileprivate var frame: String { String(printable.map { $0 == ";" ? ":" : $0 }) }
}
