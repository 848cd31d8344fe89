import Platform

/// When a hart next tells where it is: about once in each millisecond of the host's CPU time that it takes.
///
/// A sample is due at a number of retired instructions, and ends a slice as an overflowing counter does. So the place is
/// one that the engine has in full, and no trap or exit draws samples to itself. How many instructions make a millisecond
/// is measured from one sample to the next, and varied by chance, so that no loop of the program keeps in step.
struct SampleClock: BitwiseCopyable {
    static let nanoseconds: UInt64 = 1_000_000
    private static let periods: ClosedRange<UInt64> = 1000...1 << 32

    /// `retired` at the next sample; never while nobody wants any.
    var next: UInt64 = .max
    /// `retired` at the last one, and the thread's CPU time.
    private var retired: UInt64 = 0
    private var time: UInt64 = 0
    /// What translating has taken since then, in nanoseconds.
    var translating: UInt64 = 0
    private var period: UInt64 = 400_000
    private var random: UInt64 = 0x73616D706C65

    /// The count of retired instructions begins anew there.
    mutating func start(at retired: UInt64) {
        self.retired = retired
        next = retired &+ period
    }

    /// Ends the interval, whose length in nanoseconds is measured by the clock of instructions or by the thread's.
    ///
    /// - Returns: that length.
    mutating func take(at retired: UInt64, clock: any MachineClock) -> UInt64 {
        let executed = retired &- self.retired
        self.retired = retired
        var elapsed = executed
        if clock.followsInstructions {
            period = Self.nanoseconds
        } else {
            let now = ThreadTime.nanoseconds()
            // Another thread has another clock: what it did before is not the hart's.
            elapsed = now >= time ? now - time : 0
            time = now
            let measured = executed.multipliedReportingOverflow(by: Self.nanoseconds).partialValue / max(1, elapsed)
            period = min(max(measured, period / 4), period &* 4)
        }
        period = min(max(period, Self.periods.lowerBound), Self.periods.upperBound)
        random ^= random &<< 13
        random ^= random &>> 7
        random ^= random &<< 17
        next = retired &+ period * 3 / 4 &+ random % (period / 2)
        return elapsed
    }
}

/// Where a hart was.
package struct HartSample: Equatable, Sendable {
    package var mode: PrivilegeMode
    package var pc: UInt64
    /// Where the code is in memory, if it is that of a program's own guest: `pc` is an address of that guest's then, which
    /// may mean something else to the program.
    package var guestCode: UInt64?
    /// What it stands for: CPU time of the thread since the last one; with a clock of instructions, instructions.
    package var nanoseconds: UInt64
    /// The part of that in which an engine translated code; none, with a clock of instructions.
    package var translating: UInt64

    package init(mode: PrivilegeMode, pc: UInt64, nanoseconds: UInt64, translating: UInt64 = 0) {
        self.mode = mode
        self.pc = pc
        self.nanoseconds = nanoseconds
        self.translating = translating
    }
}

extension Hart {
    /// Samples are wanted from here on, if they are wanted at all.
    func startSampling() {
        guard isObserved(.sample) else { return }
        runState.pointee.samples.start(at: state.pointee.retired)
        findNextOverflow()
    }

    /// For engines: what of a sample's time is theirs and not the program's.
    package func translating<Result>(_ translate: () -> Result) -> Result {
        guard isObserved(.sample), !clock.followsInstructions else { return translate() }
        let start = MonotonicTime.nanoseconds()
        let result = translate()
        runState.pointee.samples.translating &+= MonotonicTime.nanoseconds() &- start
        return result
    }

    func takeSample() {
        let elapsed = runState.pointee.samples.take(at: state.pointee.retired, clock: clock)
        let translating = runState.pointee.samples.translating
        runState.pointee.samples.translating = 0
        let (mode, pc) = (state.pointee.mode, state.pointee.pc)
        var sample = HartSample(mode: mode, pc: pc, nanoseconds: elapsed, translating: translating)
        if mode.isVirtual, configuration.hostedModes == .bare {
            let place = runState.pointee.fetch.location(of: pc, .fetch)
            sample.guestCode = place.flatMap { memory.address(ofHost: $0) }
        }
        tell(.sample(sample))
    }
}
