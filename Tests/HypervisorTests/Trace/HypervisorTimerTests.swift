import Platform
import RV64Core
import Testing

@testable import Hypervisor

/// Which of a hart's exits are timed, and what they stand for.
@Suite struct HypervisorTimerTests {
    /// Work of one sort, on a clock of the test's own.
    private struct Work {
        var timer = HypervisorTimer(.unused)
        var now: UInt64 = 1_000_000_000
        var timed = 0
        var estimate: UInt64 = 0

        mutating func work(_ sort: Int, nanoseconds: UInt64, thenGuest guest: UInt64) {
            now += nanoseconds
            if timer.isDue(sort) {
                timed += 1
                estimate += timer.finish(sort, nanoseconds: nanoseconds, at: now)
            }
            now += guest
        }
    }

    @Test func rareWorkIsTimedEachTime() {
        var work = Work()
        for _ in 0..<100 { work.work(5, nanoseconds: 700, thenGuest: 2_000_000) }
        #expect(work.timed == 100)
        #expect(work.estimate == 70_000)
    }

    /// A second of exits as fast as they come: some thousand are timed, and stand for all.
    @Test func frequentWorkIsTimedNowAndThen() {
        var work = Work()
        for number in 0..<5_000_000 as Range<UInt64> { work.work(5, nanoseconds: 50 + number % 3, thenGuest: 149) }
        #expect((1000...4000).contains(work.timed), "\(work.timed)")
        #expect((240_000_000...270_000_000).contains(work.estimate), "\(work.estimate)")
    }

    /// One that waited while no processor was free is not taken for all of them for ever.
    @Test func oneHasALimit() {
        var work = Work()
        work.work(5, nanoseconds: .max / 2, thenGuest: 0)
        #expect(work.estimate == 1 << 32)
    }

    @Test func sortsDoNotMind() {
        var work = Work()
        for _ in 0..<1_000_000 { work.work(5, nanoseconds: 50, thenGuest: 50) }
        let (timed, estimate) = (work.timed, work.estimate)
        work.work(6, nanoseconds: 1000, thenGuest: 0)
        #expect(work.timed == timed + 1)
        #expect(work.estimate == estimate + 1000)
    }

    /// What was frequent and is rare: at most one stands for too many.
    @Test func periodFallsAtOnce() {
        var work = Work()
        for _ in 0..<1_000_000 { work.work(5, nanoseconds: 50, thenGuest: 50) }
        work.timed = 0
        while work.timed == 0 { work.work(5, nanoseconds: 50, thenGuest: 10_000_000) }
        work.estimate = 0
        for _ in 0..<10 { work.work(5, nanoseconds: 50, thenGuest: 10_000_000) }
        #expect(work.timed == 11)
        #expect(work.estimate == 500)
    }
}
