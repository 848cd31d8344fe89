import Platform
import RV64Core

/// The machine that a vCPU belongs to: what all its vCPUs share, and what they reach beyond the hart.
///
/// Any vCPU's thread may use it.
package protocol GuestMachine: AnyObject, Sendable {
    var name: String { get }
    /// The extensions that the guest is offered; its harts have more, for the hypervisor.
    var offered: ExtensionSet { get }
    var clock: any MachineClock { get }
    /// The machine's `time` at which the guest's own starts.
    var timeOrigin: UInt64 { get }
    var decoder: Decoder { get }
    var hartStates: HartStateMachine { get }
    /// In the order of their numbers.
    var harts: [VirtualCPU] { get }
    var observer: (any TrapObserver)? { get }
    /// Whether the time in the guest and in the hypervisor is measured, which costs two looks at the clock per exit.
    var measuresTime: Bool { get }

    /// Ends the guest. The first reason counts, but a reset gives way to a real end.
    func stop(_ reason: StopReason)

    /// A hart has stopped through HSM.
    func hartStopped()

    // MARK: - Devices

    var bus: Bus { get }

    /// A device and the offset into it, for traces.
    func deviceName(at address: UInt64) -> String

    /// A device's timer may have moved.
    func deviceAccessed(by hart: VirtualCPU)

    /// Sixteen random bits for the guest's `seed`.
    var entropy: UInt16 { get }

    func writeConsole(_ bytes: [UInt8])

    /// Takes what was typed, `maximum` bytes at most.
    func readConsole(maximum: Int) -> [UInt8]

    // MARK: - Reports

    /// The symbol of the guest's file that an address belongs to.
    func symbol(at address: UInt64) -> TrapTraceRecord.SymbolOffset?
}

extension GuestMachine {
    /// An address with its symbol, where the guest's file has one.
    func describe(_ address: UInt64) -> String {
        guard let place = symbol(at: address) else { return hex(address) }
        return "\(hex(address)) (\(place.symbol)+\(hex(place.offset)))"
    }
}
