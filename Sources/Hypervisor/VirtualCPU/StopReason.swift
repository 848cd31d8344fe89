/// How a machine ended.
public enum StopReason: Equatable, Sendable {
    /// It ended itself: 0 is success, anything else a failure of its own.
    case exited(code: Int)
    /// The instruction limit was reached first.
    case instructionLimit
    /// It cannot go on: what it did, in one line.
    case failed(String)
    /// The host asked for it.
    case requested
}
