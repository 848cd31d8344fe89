import RV64Core

/// What one vCPU's exits came to. Written by its own thread, read when it has ended.
struct VCPUCounters {
    var guestNanoseconds: UInt64 = 0
    var hypervisorNanoseconds: UInt64 = 0
    private(set) var exits: [String: UInt64] = [:]
    private(set) var calls: [String: UInt64] = [:]

    mutating func count(_ exit: VCPUExit) { exits[exit.name, default: 0] &+= 1 }

    mutating func count(_ call: SBICall) { calls[call.name, default: 0] &+= 1 }

    mutating func merge(_ other: VCPUCounters) {
        guestNanoseconds &+= other.guestNanoseconds
        hypervisorNanoseconds &+= other.hypervisorNanoseconds
        exits.merge(other.exits, uniquingKeysWith: &+)
        calls.merge(other.calls, uniquingKeysWith: &+)
    }
}
