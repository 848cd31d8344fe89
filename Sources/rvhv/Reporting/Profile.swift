import Hypervisor
import Platform
import RV64Core

/// Where guests spend the host's time: what `--profile` writes.
final class Profile: Observer {
    private struct HartKey: Hashable {
        var guest: String
        var hart: Int
    }

    /// What the hypervisor did at one place.
    private struct Site: Hashable {
        var work: HypervisorWork
        var mode: PrivilegeMode
        var pc: UInt64
    }

    private struct State {
        /// More places than any program's symbols; what a hostile one adds is `others`.
        private static let placeLimit = 1 << 16
        private static let others = "others"

        var nanoseconds: [Stack: UInt64] = [:]
        /// What the hypervisor took since a hart's last sample, by estimate.
        var pending: [HartKey: [Site: UInt64]] = [:]
        var samples = 0
        /// Names that were looked up, for each guest: finding one takes as long as a few exits.
        private var places: [String: [Address: String]] = [:]

        private struct Address: Hashable {
            var pc: UInt64
            var guestCode: UInt64?
        }

        mutating func add(_ time: UInt64, _ hart: HartKey, _ place: Stack.Place) {
            var stack = Stack(guest: hart.guest, hart: hart.hart, place: place)
            if nanoseconds.count >= Self.placeLimit, nanoseconds[stack] == nil {
                switch place {
                case .program(let mode, _): stack.place = .program(mode, place: Self.others)
                case .hypervisor(let mode, _, _):
                    stack.place = .hypervisor(mode, place: Self.others, work: Self.others)
                case .translator: break
                }
            }
            nanoseconds[stack, default: 0] &+= time
        }

        mutating func place(of sample: HartSample, _ machine: any ObservedMachine) -> String {
            let (name, address) = (machine.name, Address(pc: sample.pc, guestCode: sample.guestCode))
            if let known = places[name]?[address] { return known }
            let place = machine.place(of: sample)
            if places[name, default: [:]].count >= Self.placeLimit { places[name] = [:] }
            places[name, default: [:]][address] = place
            return place
        }
    }

    let events: ObservedEvents = .samples
    private let state = Lock(State())

    func observe(_ record: EventRecord, of machine: any ObservedMachine) {
        switch record.event {
        case .hart(.sample(let sample)): add(sample, hart: record.hart, of: machine)
        case .hypervisorSample(let sample): add(sample, hart: record.hart, guest: machine.name)
        case .hart, .sbiCall, .exit: break
        }
    }

    private func add(_ sample: HypervisorSample, hart: Int, guest: String) {
        let site = Site(work: sample.work, mode: sample.mode, pc: sample.pc)
        state.withLock { state in
            state.pending[HartKey(guest: guest, hart: hart), default: [:]][site, default: 0] &+= sample.nanoseconds
        }
    }

    /// The time since the last sample is the translator's, the hypervisor's, and for the rest the program's.
    ///
    /// What was measured of the hypervisor is some of its work for all of it, on a clock that goes on while the thread
    /// waits for a processor: together it is no more than there is.
    private func add(_ sample: HartSample, hart: Int, of machine: any ObservedMachine) {
        let key = HartKey(guest: machine.name, hart: hart)
        state.withLock { state in
            state.samples += 1
            let translating = min(sample.translating, sample.nanoseconds)
            if translating > 0 { state.add(translating, key, .translator) }
            var left = sample.nanoseconds - translating
            if let pending = state.pending.removeValue(forKey: key) {
                let measured = pending.values.reduce(0, &+)
                let scale = measured > left ? Double(left) / Double(measured) : 1
                for (site, time) in pending {
                    let time = min(left, UInt64(Double(time) * scale))
                    left -= time
                    let place = state.place(of: HartSample(mode: site.mode, pc: site.pc, nanoseconds: 0), machine)
                    state.add(time, key, .hypervisor(site.mode, place: place, work: site.work.frame(on: machine)))
                }
            }
            state.add(left, key, .program(sample.mode, place: state.place(of: sample, machine)))
        }
    }

    /// A line each: frames from the outermost to the innermost, with semicolons between, and microseconds.
    var folded: String {
        let lines = state.withLock { $0.nanoseconds }.compactMap { stack, nanoseconds in
            let microseconds = (nanoseconds + 500) / 1000
            return microseconds == 0 ? nil : stack.frames.map(\.frame).joined(separator: ";") + " \(microseconds)\n"
        }
        return lines.sorted().joined()
    }

    /// The places that took most, of all harts together, and the hypervisor's kinds of work, of all places together.
    func table(rows limit: Int = 20) -> String {
        let (nanoseconds, samples) = state.withLock { ($0.nanoseconds, $0.samples) }
        var rows: [Row: UInt64] = [:]
        var parts = [UInt64](repeating: 0, count: Part.allCases.count)
        for (stack, time) in nanoseconds {
            rows[Row(stack), default: 0] &+= time
            parts[stack.place.part.rawValue] &+= time
        }
        let total = parts.reduce(0, &+)
        var title = "profile: \(Self.seconds(total)) s in \(samples) samples"
        if parts[Part.program.rawValue] != total {
            let shares = Part.allCases.filter { parts[$0.rawValue] > 0 }.map { part in
                "\(part) \(NumberText.percent(Double(parts[part.rawValue]), of: Double(total)))"
            }
            title += ": " + shares.joined(separator: ", ")
        }
        let top = rows.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(limit)
        guard !top.isEmpty else { return title }
        let width = max(5, top.map(\.key.guest.count).max() ?? 0)
        let heading = "seconds".leftPadded(to: 10) + "share".leftPadded(to: 9) + "  " + "guest".padded(to: width)
        let lines = top.map { row, time in
            let share = NumberText.percent(Double(time), of: Double(total))
            return Self.seconds(time).leftPadded(to: 10) + share.leftPadded(to: 9) + "  "
                + row.guest.padded(to: width) + "  " + row.mode.padded(to: 4) + "  " + row.place.printable
        }
        return ([title, heading + "  mode  place"] + lines).joined(separator: "\n")
    }

    private static func seconds(_ nanoseconds: UInt64) -> String {
        NumberText.fixed(Double(nanoseconds) / 1e9, decimals: 3)
    }
}

/// One line of the folded stacks: a guest's hart at one place, or what was done for it there.
private struct Stack: Hashable {
    var guest: String
    var hart: Int
    var place: Place

    enum Place: Hashable {
        case program(PrivilegeMode, place: String)
        case hypervisor(PrivilegeMode, place: String, work: String)
        case translator

        var part: Part {
            switch self {
            case .program: .program
            case .hypervisor: .hypervisor
            case .translator: .translator
            }
        }
    }

    /// From the outermost to the innermost.
    var frames: [String] {
        let outer = [guest, "hart \(hart)"]
        switch place {
        case .program(let mode, let place): return outer + [mode.name, place]
        case .hypervisor(let mode, let place, let work): return outer + [mode.name, place, Part.hypervisor.frame, work]
        case .translator: return outer + [Part.translator.frame]
        }
    }
}

/// Whose time it is.
private enum Part: Int, CaseIterable {
    case program
    case hypervisor
    case translator

    /// In brackets, as no symbol is.
    var frame: String { "[\(self)]" }
}

/// A line of the table.
private struct Row: Hashable, Comparable {
    var guest: String
    var mode: String
    var place: String

    init(_ stack: Stack) {
        guest = stack.guest
        switch stack.place {
        case .program(let mode, let place): (self.mode, self.place) = (mode.name, place)
        case .hypervisor(_, _, let work):
            (mode, place) = (PrivilegeMode.supervisor.name, "\(Part.hypervisor.frame) \(work)")
        case .translator: (mode, place) = ("", Part.translator.frame)
        }
    }

    static func < (a: Row, b: Row) -> Bool { (a.guest, a.mode, a.place) < (b.guest, b.mode, b.place) }
}

extension HypervisorWork {
    /// The work as a frame, in the words of statistics and traces.
    fileprivate func frame(on machine: any ObservedMachine) -> String {
        switch self {
        case .call(let target): "SBI \(target.name)"
        case .device(let work):
            // Registers are many, and a device's cost much the same.
            "\(work.kind) \(machine.deviceName(at: work.address).prefix { $0 != "+" })"
        case .page(let kind): "page for a \(kind)"
        case .virtualInstruction(let encoding): "virtual instruction \(disassemble(encoding, at: 0))"
        case .exception(let cause): "\(cause.name) passed on"
        case .interrupt(let cause): cause.name
        case .unexpected: "unexpected trap"
        case .betweenTurns: "console, timers and sleep"
        }
    }
}

extension ObservedMachine {
    /// The function that a hart was in; where the program's file names none, the page.
    fileprivate func place(of sample: HartSample) -> String {
        symbol(of: sample)?.symbol ?? NumberText.address(sample.pc & ~Page.offsetMask)
    }
}

extension String {
    /// The text as a frame, whose end a semicolon would be.
    fileprivate var frame: String { String(printable.map { $0 == ";" ? ":" : $0 }) }
}
