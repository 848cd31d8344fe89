import Glibc
import Synchronization

/// The one source of time. Everything that ticks (the `time` CSR, timers, the RTC) reads it.
package protocol MachineClock: AnyObject, Sendable {
    /// Nanoseconds since the machine started.
    var nanoseconds: UInt64 { get }

    /// Whether each retired instruction is a nanosecond: then a running hart is ahead of `nanoseconds` by what it
    /// has retired since it was entered.
    var followsInstructions: Bool { get }

    /// Nanoseconds since the Unix epoch, for real-time clocks.
    var unixNanoseconds: UInt64 { get }
}

/// The machine's timebase: the `time` CSR counts at 10 MHz.
package enum Timebase {
    package static let frequency: UInt64 = 10_000_000
    package static let nanosecondsPerTick: UInt64 = 1_000_000_000 / frequency

    /// When a tick begins; nil beyond the end of time.
    package static func nanoseconds(ofTick tick: UInt64) -> UInt64? {
        let (nanoseconds, isNever) = tick.multipliedReportingOverflow(by: nanosecondsPerTick)
        return isNever ? nil : nanoseconds
    }
}

extension MachineClock {
    /// The value of the `time` CSR: ticks of `Timebase.frequency` since the machine started.
    package var ticks: UInt64 { nanoseconds / Timebase.nanosecondsPerTick }
}

/// The host's monotonic clock.
package final class HostClock: MachineClock {
    private let origin: UInt64

    package let followsInstructions = false

    package init() { origin = MonotonicTime.nanoseconds() }

    package var nanoseconds: UInt64 { MonotonicTime.nanoseconds() &- origin }
    package var unixNanoseconds: UInt64 { timespec.now(CLOCK_REALTIME).nanoseconds }
}

/// Time derived from retired instructions: only the scheduler moves it, so that two runs are equal.
package final class InstructionClock: MachineClock {
    /// 2025-01-01 00:00:00 UTC: the wall-clock time at which every such run starts.
    package static let epoch: UInt64 = 1_735_689_600_000_000_000

    private let now = Atomic<UInt64>(0)
    package let followsInstructions = true

    package init() {}

    package var nanoseconds: UInt64 { now.load(ordering: .relaxed) }
    package var unixNanoseconds: UInt64 { Self.epoch &+ nanoseconds }

    /// Moves time on: by a hart's retired instructions after its turn, or to the next deadline when all sleep.
    package func advance(byNanoseconds amount: UInt64) { now.wrappingAdd(amount, ordering: .relaxed) }
}
