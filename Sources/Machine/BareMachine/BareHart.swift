import Hypervisor
import Platform
import RV64Core
import Synchronization

/// One hart of a plain machine and where its thread sleeps.
final class BareHart: Sendable {
    let hart: Hart
    private let parking = ParkingSpot()

    init(_ hart: Hart) { self.hart = hart }

    /// A wire: a bit of `mip`.
    func setLine(_ interrupt: InterruptCause, _ isAsserted: Bool) {
        if isAsserted {
            hart.lines.bitwiseOr(interrupt.mask, ordering: .sequentiallyConsistent)
            wake()
        } else {
            hart.lines.bitwiseAnd(~interrupt.mask, ordering: .sequentiallyConsistent)
        }
    }

    /// `mtimecmp`, in ticks.
    func setTimer(_ deadline: UInt64) {
        hart.machineTimer.store(deadline, ordering: .sequentiallyConsistent)
        wake()
    }

    func wake() {
        hart.request(.wake)
        parking.wake()
    }

    /// Sleeps on the host's clock, or until a wake.
    func pause(nanoseconds: UInt64) { parking.sleep(nanoseconds: nanoseconds) }

    /// Sleeps until a wire, a request, or the time given in clock ticks.
    func sleep(untilTick tick: UInt64, deviceDeadline: UInt64?) {
        let now = hart.clock.nanoseconds
        let (own, overflows) = tick.multipliedReportingOverflow(by: Timebase.nanosecondsPerTick)
        let deadline = min(overflows ? .max : own, deviceDeadline ?? .max)
        parking.sleep(nanoseconds: deadline == .max ? nil : deadline &- min(deadline, now))
    }
}

/// A wire from an interrupt controller to a bit of `mip`.
final class HartInterruptSink: InterruptSink {
    private let hart: BareHart
    private let interrupt: InterruptCause

    init(_ hart: BareHart, _ interrupt: InterruptCause) {
        self.hart = hart
        self.interrupt = interrupt
    }

    func setLevel(_ isAsserted: Bool, source: UInt32) { hart.setLine(interrupt, isAsserted) }
}
