import Hypervisor

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
    init(reasons: [StopReason]) {
        self = reasons.lazy.compactMap(Self.failure(of:)).first ?? .success
    }

    private static func failure(of reason: StopReason) -> ExitStatus? {
        switch reason {
        case .exited(code: 0), .requested: nil
        // A code whose low byte is 0 would read as success.
        case .exited(let code): .guest(UInt8(truncatingIfNeeded: code) == 0 ? 1 : UInt8(truncatingIfNeeded: code))
        case .instructionLimit, .failed: .guest(1)
        }
    }
}
