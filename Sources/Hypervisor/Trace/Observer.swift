import Platform
import RV64Core

/// Told of what a machine does. Which machines is said when they are made.
///
/// Called on the thread of the hart that did it, after the event and before that hart does anything else; harts may call
/// at the same time. Those of one machine are called in the order in which they were given to it.
package protocol Observer: AnyObject, Sendable {
    /// What it is told of; asked once for each machine.
    var events: ObservedEvents { get }

    func observe(_ record: EventRecord, of machine: any ObservedMachine)
}

/// Kinds of events. Those of harts exist in both profiles, those of the hypervisor in a guest alone.
package struct ObservedEvents: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let exceptions = Self(.exception)
    package static let interrupts = Self(.interrupt)
    package static let trapReturns = Self(.trapReturn)
    package static let csrWrites = Self(.csrWrite)
    package static let deviceAccesses = Self(.deviceAccess)
    package static let samples = Self(.sample)
    package static let translations = Self(.translation)
    /// What needs no look at any trap.
    static let ofProfiles: Self = [.samples, .translations]
    /// SBI calls with their results.
    package static let sbiCalls = Self(rawValue: 1 << 8)
    /// Traps to HS with what was done about them. Who wants these sees illegal instructions in HS first, which are the
    /// guest's own otherwise.
    package static let exits = Self(rawValue: 1 << 9)

    private init(_ hart: HartEvents) { self.init(rawValue: UInt16(hart.rawValue)) }

    /// The hart's part: the low byte.
    var ofHart: HartEvents { HartEvents(rawValue: UInt8(truncatingIfNeeded: rawValue)) }
}

/// One event, as values: who wants text makes it.
package struct EventRecord: Equatable, Sendable {
    package var hart: Int
    /// The machine's time, as far as the hart has come.
    package var nanoseconds: UInt64
    package var event: MachineEvent
}

package enum MachineEvent: Equatable, Sendable {
    case hart(HartEvent)
    case sbiCall(SBICall, SBIOutcome)
    case exit(HandledExit)
    case hypervisorSample(HypervisorSample)

    var kind: ObservedEvents {
        switch self {
        case .hart(.trap(let trap)): trap.isInterrupt ? .interrupts : .exceptions
        case .hart(.trapReturn): .trapReturns
        case .hart(.csrWrite): .csrWrites
        case .hart(.deviceAccess): .deviceAccesses
        case .hart(.sample): .samples
        case .hart(.translation): .translations
        case .sbiCall: .sbiCalls
        case .exit: .exits
        case .hypervisorSample: .samples
        }
    }
}

/// A trap to HS, and what the hypervisor did about it.
package struct HandledExit: Equatable, Sendable {
    package var exit: VCPUExit
    package var site: TrapSite
    package var action: TrapAction
}

/// What an observer may ask about the machine, from its own call.
package protocol ObservedMachine: AnyObject, Sendable {
    var name: String { get }

    /// The machine's time as of the hart's last turn.
    var nanoseconds: UInt64 { get }

    /// A device and the offset into it.
    func deviceName(at address: UInt64) -> String

    /// The symbol that an address belongs to, of the program's file or of its kernel's.
    func symbol(at address: UInt64) -> SymbolOffset?

    /// The symbol of a place where a hart was sampled.
    func symbol(of sample: HartSample) -> SymbolOffset?
}

/// The nearest symbol at or below an address.
package struct SymbolOffset: Equatable, Sendable {
    package var symbol: String
    package var offset: UInt64

    package init(symbol: String, offset: UInt64) {
        self.symbol = symbol
        self.offset = offset
    }
}
