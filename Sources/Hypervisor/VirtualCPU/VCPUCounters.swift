import RV64Core

/// What one vCPU's exits came to. Written by its own thread, read when it has ended.
package struct VCPUCounters {
    package struct Tally: Equatable {
        package var count: UInt64 = 0
        package var nanoseconds: UInt64 = 0
    }

    package internal(set) var guestNanoseconds: UInt64 = 0
    /// From each return of the hart to the end of its handling, traps or not.
    package private(set) var hypervisorNanoseconds: UInt64 = 0
    private var tallies = [64 of Tally](repeating: Tally())
    package private(set) var calls: [SBITarget: UInt64] = [:]
    /// The kind of trap that is being handled.
    private var current: Int?

    package init() {}

    /// Exits by cause, those that happened.
    package var exits: [(cause: String, tally: Tally)] {
        tallies.indices.filter { tallies[$0].count > 0 }.map { (VCPUExit.name(ofKind: $0), tallies[$0]) }
    }

    mutating func beginExit(_ exit: VCPUExit) {
        current = exit.kind
        tallies[exit.kind].count &+= 1
    }

    /// The handling is over, of a trap or of something else that brought the hart out of its guest.
    mutating func finishExit(nanoseconds: UInt64) {
        hypervisorNanoseconds &+= nanoseconds
        if let current { tallies[current].nanoseconds &+= nanoseconds }
        current = nil
    }

    mutating func count(_ target: SBITarget) { calls[target, default: 0] &+= 1 }

    package mutating func merge(_ other: VCPUCounters) {
        guestNanoseconds &+= other.guestNanoseconds
        hypervisorNanoseconds &+= other.hypervisorNanoseconds
        for kind in tallies.indices {
            tallies[kind].count &+= other.tallies[kind].count
            tallies[kind].nanoseconds &+= other.tallies[kind].nanoseconds
        }
        calls.merge(other.calls, uniquingKeysWith: &+)
    }
}

extension VCPUExit {
    private static let firstInterrupt = 32
    private static let unexpectedKind = 63

    /// A number below 64 for each kind of exit, under which it is counted: a cause's own code, interrupts above.
    var kind: Int {
        switch self {
        case .environmentCall: Self.kind(.environmentCallFromVS)
        case .guestPageFault(let fault): Self.kind(ExceptionCause(guestPageFault: fault.kind))
        case .virtualInstruction: Self.kind(.virtualInstruction)
        case .exception(let cause, _): Self.kind(cause)
        case .interrupt(let cause): Self.firstInterrupt + Int(cause.rawValue)
        case .unexpected: Self.unexpectedKind
        }
    }

    private static func kind(_ cause: ExceptionCause) -> Int { Int(cause.rawValue) }

    /// The name under which exits of a kind are counted: the manual's words.
    static func name(ofKind kind: Int) -> String {
        let code = UInt64(kind)
        guard kind >= firstInterrupt else { return ExceptionCause(rawValue: code)?.name ?? "unexpected" }
        return InterruptCause(rawValue: code - UInt64(firstInterrupt))?.name ?? "unexpected"
    }
}
