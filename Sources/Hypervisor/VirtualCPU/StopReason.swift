/// How a guest ended.
public enum StopReason: Equatable, Sendable {
    /// It shut itself down.
    case shutDown
    /// It reported a failure of its own, with a code for the process's exit status.
    case guestFailure(code: Int)
    /// It asked to start again.
    case reset
    /// It cannot go on: what it did, in one line.
    case failed(String)
    /// The host asked for it.
    case requested

    init(_ reset: SBIReset) {
        switch (reset.kind, reset.reason) {
        case (.shutdown, .none): self = .shutDown
        case (.shutdown, .systemFailure): self = .guestFailure(code: 1)
        case (.coldReboot, _), (.warmReboot, _): self = .reset
        }
    }
}
