/// A command to rvhv itself, typed after the Ctrl-A prefix.
enum KeyCommand: CaseIterable, Equatable, Sendable {
    case nextGuest
    case status
    case pause
    case quit
    case help
    case sendPrefix

    var keyName: String {
        switch self {
        case .nextGuest: "n"
        case .status: "s"
        case .pause: "p"
        case .quit: "x"
        case .help: "h"
        case .sendPrefix: "Ctrl-A"
        }
    }

    var summary: String {
        switch self {
        case .nextGuest: "keys go to the next guest"
        case .status: "show what every guest does"
        case .pause: "pause the guest that has the keys, or let it go on"
        case .quit: "stop all guests and quit"
        case .help: "show these keys (also Ctrl-A ?)"
        case .sendPrefix: "send Ctrl-A itself to the guest (also Ctrl-A a)"
        }
    }

    /// The keys, a line each, as help shows them.
    static var table: [(String, String)] { allCases.map { ("Ctrl-A \($0.keyName)", $0.summary) } }

    /// The command of the key after the prefix.
    init?(key: UInt8) {
        switch key {
        case UInt8(ascii: "n"), UInt8(ascii: "N"): self = .nextGuest
        case UInt8(ascii: "s"), UInt8(ascii: "S"): self = .status
        case UInt8(ascii: "p"), UInt8(ascii: "P"): self = .pause
        case UInt8(ascii: "x"), UInt8(ascii: "X"): self = .quit
        case UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "?"): self = .help
        case UInt8(ascii: "a"), UInt8(ascii: "A"), KeyDecoder.prefix: self = .sendPrefix
        default: return nil
        }
    }
}

/// Takes typed bytes apart into what the guest gets and what rvhv itself is told.
struct KeyDecoder: Equatable, Sendable {
    /// Ctrl-A.
    static let prefix: UInt8 = 0x01

    enum Event: Equatable, Sendable {
        case input([UInt8])
        case command(KeyCommand)
        case unknownKey(UInt8)
    }

    private var isAfterPrefix = false

    /// The prefix may end one read and its key begin the next.
    mutating func decode(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var input: [UInt8] = []
        for byte in bytes {
            guard isAfterPrefix else {
                if byte == Self.prefix { isAfterPrefix = true } else { input.append(byte) }
                continue
            }
            isAfterPrefix = false
            let command = KeyCommand(key: byte)
            if command == .sendPrefix {
                input.append(Self.prefix)
                continue
            }
            if !input.isEmpty { events.append(.input(input)) }
            input = []
            events.append(command.map(Event.command) ?? .unknownKey(byte))
        }
        if !input.isEmpty { events.append(.input(input)) }
        return events
    }
}
