import Platform

/// How many instructions a slice has: as many as the hart executes in `sliceNanoseconds`, by its own measure.
///
/// Between two looks at the clock, which cost about as much as twenty instructions, a hart must not run for long, because
/// timers and fetches wait for them; how many instructions that is depends on engine, guest and host. On an instruction
/// clock it is a number, because there an instruction is a nanosecond, and nothing is measured.
struct Pace: BitwiseCopyable {
    static let sliceNanoseconds: UInt64 = 16_000
    private static let sliceTicks = sliceNanoseconds / Timebase.nanosecondsPerTick
    private static let limits: ClosedRange<UInt64> = 2048...1 << 20

    private var length: UInt64 = 8192
    private var tick: UInt64 = 0
    private var retired: UInt64 = 0
    /// The hart has not left `run` since `tick`.
    private var isContinuing = false

    /// The hart was elsewhere: the time until the next look says nothing about its speed.
    mutating func interrupt() { isContinuing = false }

    /// The length of the slice that begins at `tick`.
    mutating func slice(at tick: UInt64, retired: UInt64) -> Int {
        let (executed, elapsed) = (retired &- self.retired, max(1, tick &- self.tick))
        // A slice full of traps or devices says nothing either. One measurement that something disturbed halves the length
        // at most.
        if isContinuing, executed >= length / 2 {
            let measured = executed.multipliedReportingOverflow(by: Self.sliceTicks).partialValue / elapsed
            let bounded = min(max(measured, length / 2), length * 2)
            length = min(max(bounded, Self.limits.lowerBound), Self.limits.upperBound)
        }
        (self.tick, self.retired, isContinuing) = (tick, retired, true)
        return Int(length)
    }
}
