/// The state of a hart. SBI 3.0, "Hart State Management Extension", table "HSM Hart States".
package enum HartStatus: UInt64, CaseIterable, Sendable {
    case started = 0
    case stopped = 1
    case startPending = 2
    case stopPending = 3
    case suspended = 4
    case suspendPending = 5
    case resumePending = 6

    /// Whether an interrupt that is sent to the hart reaches it. One that is off, or not yet on, has none pending when
    /// it starts.
    package var takesInterrupts: Bool {
        switch self {
        case .started, .suspended, .suspendPending, .resumePending: true
        case .stopped, .startPending, .stopPending: false
        }
    }

    /// The states that may follow: the arrows of the figure "SBI HSM State Machine".
    package var successors: [HartStatus] {
        switch self {
        case .started: [.stopPending, .suspendPending]
        case .stopped: [.startPending]
        case .startPending: [.started]
        case .stopPending: [.stopped]
        case .suspended: [.resumePending]
        case .suspendPending: [.suspended]
        case .resumePending: [.started]
        }
    }
}
