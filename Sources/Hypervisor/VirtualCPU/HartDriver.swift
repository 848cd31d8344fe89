import Platform
import RV64Core

/// What runs one hart of a machine: what a scheduler sees of it.
///
/// One thread at a time calls `turn` and `sleepsUntil`; any may call `wake`. Saving is a fence: a hart that sleeps looks
/// again.
package protocol HartDriver: AnyObject, Sendable, Savable {
    var hart: Hart { get }
    /// Where the hart's thread sleeps.
    var parking: ParkingSpot { get }
    /// The extensions that the hart's software was told of.
    var offered: ExtensionSet { get }
    /// Instructions retired since the machine was made, as of the last turn.
    var instructions: UInt64 { get }
    /// The `time` until which the hart sleeps, where a scheduler with one thread for all keeps it; nil while it does not.
    var sleepsUntil: UInt64? { get set }

    /// Runs the hart once, for about so many instructions at most, and does what it left its code for.
    func turn(limit: UInt64) -> Turn
}

/// What a turn came to.
package enum Turn: Equatable, Sendable {
    case ran
    /// Nothing to do until a wake or this `time`.
    case sleep(untilTick: UInt64)
    /// Nothing to do until a wake: stopped through HSM.
    case stopped
    /// The machine cannot go on, or has ended itself.
    case ended(StopReason)
}

extension HartDriver {
    /// Brings the hart out of its turn, or out of its sleep.
    package func wake() {
        hart.request(.wake)
        parking.wake()
    }

    /// Whether somebody has woken the hart since `acknowledge`.
    package var isAwaited: Bool { !hart.pendingRequests.isEmpty }

    /// Before a turn, and before what it depends on is looked at: what is asked from here on cuts the turn short.
    package func acknowledge() { hart.takeRequests() }

    /// The `time` until which the hart sleeps; nil once it is due or was woken.
    package var sleepDeadline: UInt64? {
        guard let tick = sleepsUntil else { return nil }
        if tick <= hart.clock.ticks || isAwaited { sleepsUntil = nil }
        return sleepsUntil
    }
}
