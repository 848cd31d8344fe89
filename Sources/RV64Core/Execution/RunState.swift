/// What a hart needs to run besides its architectural state: derived from that, or where execution stands.
///
/// Its place is behind `HartState` in the hart's area, so that generated code reaches both from one register.
package struct RunState: BitwiseCopyable {
    // MARK: Derived from HartState by `updateContext`
    /// The TLB banks of loads and stores, and of fetches.
    package var data: TLBBank
    package var fetch: TLBBank
    package var floatingPoint = FloatingPointStatus.off

    // MARK: Leaving the engine
    /// The trap that the instruction just executed raised.
    package var trap = Trap(.illegalInstruction)
    /// Set when `run` is to return at the end of this instruction.
    var exit: HartExit?
    /// Traps taken since an instruction last retired.
    var idleTraps = 0
    /// Traps taken since the last return from one, or since `noteProgress`.
    var unreturnedTraps = 0

    // MARK: Slices and time
    /// Instructions until the clock is looked at again, and until `run` returns.
    var slice = 0
    var left = 0
    /// `retired` as of which both are right.
    var accountedAt: UInt64 = 0
    /// `retired` when `run` was entered: what an instruction clock counts from.
    var retiredAtEntry: UInt64 = 0
    var pace = Pace()
    /// The `time` at which fetches last began to look at memory anew without being asked.
    var fetchEpochTick: UInt64 = 0
    /// Timer bits of `mip` (STIP, VSTIP, MTIP) as of the last look at the clock.
    package var timerPending: UInt64 = 0

    // MARK: Counters
    /// The counters that advance with `retired` in the current mode.
    var runningCounters: UInt64 = 0
    /// The other events that a counter counts in the current mode.
    var countedEvents: UInt64 = 0
    /// The filter bits that any counter has which counts something.
    var counterFilters: UInt64 = 0
    /// `retired` when the running counters were last looked at, and at their next overflow or the next sample.
    var countersCheckedAt: UInt64 = 0
    var nextCounterOverflow: UInt64 = .max
    var samples = SampleClock()

    // MARK: Reservation
    /// The host address that LR reserved, with its width in bit 0, or 0 for none; and the value it saw.
    package var reservationAddress: UInt64 = 0
    package var reservationValue: UInt64 = 0

    // MARK: Rights to store
    /// The generation of watches up to which none is left that somebody watches.
    var grantGeneration: UInt64 = 0
    var revocations: UInt64 = 0
    var isResting = true
    /// No other hart of the machine runs: since an LR whose SC could not tell otherwise.
    var isAlone = false

    // MARK: Generated code
    package var native = NativeState()
}

/// The FS field in force: `mstatus.FS`, and in V also `vsstatus.FS`.
package enum FloatingPointStatus: UInt8, BitwiseCopyable {
    case off
    case clean
    case dirty
}
