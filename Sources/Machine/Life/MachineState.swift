import Platform

/// Where a machine is in its life.
///
///     created ──start──► running ◄──resume── paused
///        │                  │                  ▲
///        │                  └──pause─► pausing ┤        stop leads from each of them to stopped
///        └──boot, or a restore ────────────────┘
public enum MachineState: Sendable, CaseIterable {
    /// It is there, and nothing is in it yet.
    case created
    case running
    /// It is to pause, and not all of its harts are at rest.
    case pausing
    /// Its harts are at rest between two turns, its time stands still, and so do its devices' timers.
    case paused
    /// It has ended, and cannot go on.
    case stopped
}

/// What can be asked of a machine: by the command line, by keys, by a program that embeds it.
public enum MachineRequest: Equatable, Sendable {
    /// Power-on.
    case start
    case pause
    case resume(PauseGap)
    /// Power off and on again; a machine that is paused stays so.
    case reset
    case stop

    /// Every request, for checks that range over all of them.
    package static let all: [MachineRequest] = [.start, .pause, .resume(.skipped), .resume(.seen), .reset, .stop]

    /// The states in which it can be asked.
    public var allowedStates: Set<MachineState> {
        switch self {
        case .start: [.created]
        case .pause: [.running, .pausing, .paused]
        case .resume: [.pausing, .paused]
        case .reset: [.running, .pausing, .paused]
        case .stop: Set(MachineState.allCases)
        }
    }

    fileprivate var verb: String {
        switch self {
        case .start: "start"
        case .pause: "pause"
        case .resume: "resume"
        case .reset: "reset"
        case .stop: "stop"
        }
    }
}

/// A request that the machine's state does not allow.
public struct MachineRequestRefused: Error, Equatable, CustomStringConvertible {
    /// The machine's name.
    public let machine: String
    /// What was asked.
    public let request: MachineRequest
    /// The state that the machine was in.
    public let state: MachineState

    /// One line for the user.
    public var description: String { "\(machine): cannot \(request.verb) a machine that is \(state)" }
}
