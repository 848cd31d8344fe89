/// How one guest's run ended.
enum GuestOutcome: Equatable, Sendable {
    /// The guest shut down by itself and said that all is well.
    case shutDown
    /// The guest shut down with a failure code of its own.
    case failed(code: Int)
    /// The hypervisor stopped the guest for what it did.
    case stopped(reason: String)
    /// The user asked for the end.
    case interrupted
}

/// What the process tells its parent.
enum ExitStatus: Equatable, Sendable {
    case success
    /// rvhv could not do its work: a file missing, no memory.
    case hostFailure
    case usage
    case guest(UInt8)
    /// Ended by a signal, in the shell's way of saying so.
    case signal(Int32)

    var code: Int32 {
        switch self {
        case .success: 0
        case .hostFailure: 1
        case .usage: 2
        case .guest(let code): Int32(code)
        case .signal(let number): 128 &+ number
        }
    }

    /// The status of a whole run: that of the first guest, in the order of the command line, that failed.
    init(outcomes: [GuestOutcome]) {
        self = outcomes.lazy.compactMap(Self.failure(of:)).first ?? .success
    }

    private static func failure(of outcome: GuestOutcome) -> ExitStatus? {
        switch outcome {
        case .shutDown, .interrupted: nil
        // A code whose low byte is 0 would read as success.
        case .failed(let code): .guest(UInt8(truncatingIfNeeded: code) == 0 ? 1 : UInt8(truncatingIfNeeded: code))
        case .stopped: .guest(1)
        }
    }
}
