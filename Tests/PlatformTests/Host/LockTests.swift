import Glibc
import Platform
import Synchronization
import Testing

@Suite struct LockTests {
    private enum Refusal: Error { case refused }

    @Test func countsWithoutLoss() async {
        final class Counter: Sendable { let value = Lock<Int>(0) }
        let counter = Counter()
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 { counter.value.withLock { $0 += 1 } }
                }
            }
        }
        #expect(counter.value.withLock { $0 } == 80_000)
    }

    @Test func isFreeAfterAnError() {
        let value = Lock<Int>(1)
        #expect(throws: Refusal.refused) {
            try value.withLock { value throws(Refusal) in
                value = 2
                throw .refused
            }
        }
        #expect(value.withLock { $0 } == 2)
    }

    @Test func destroysItsValue() {
        final class Witness: Sendable {
            let count: Shared
            init(_ count: Shared) { self.count = count }
            deinit { count.value.wrappingAdd(1, ordering: .relaxed) }
        }
        final class Shared: Sendable { let value = Atomic<Int>(0) }
        let count = Shared()
        do {
            let lock = Lock<[Witness]>([])
            lock.withLock { $0 = [Witness(count), Witness(count)] }
            #expect(count.value.load(ordering: .relaxed) == 0)
        }
        #expect(count.value.load(ordering: .relaxed) == 2)
    }
}

@Suite struct ClockTests {
    @Test func hostClockMovesOn() {
        let clock = HostClock()
        let start = clock.nanoseconds
        usleep(2_000)
        #expect(clock.nanoseconds >= start + 2_000_000)
        #expect(!clock.followsInstructions)
        // After 2025 and before 2200: nanoseconds, from the Unix epoch.
        #expect((InstructionClock.epoch..<7_258_118_400_000_000_000).contains(clock.unixNanoseconds))
    }

    @Test func instructionClockMovesOnlyWhenMoved() {
        let clock = InstructionClock()
        #expect(clock.nanoseconds == 0 && clock.unixNanoseconds == InstructionClock.epoch)
        clock.advance(byNanoseconds: 1_234)
        #expect(clock.nanoseconds == 1_234)
        #expect(clock.unixNanoseconds == InstructionClock.epoch + 1_234)
        #expect(clock.followsInstructions)
    }

    @Test(arguments: [(0, 0), (99, 0), (100, 1), (1_000_000_000, 10_000_000)] as [(UInt64, UInt64)])
    func timeCountsAtTenMegahertz(_ nanoseconds: UInt64, _ ticks: UInt64) {
        let clock = InstructionClock()
        clock.advance(byNanoseconds: nanoseconds)
        #expect(clock.ticks == ticks)
    }
}

@Suite struct InterruptLineTests {
    private final class Sink: InterruptSink {
        let levels = Lock<[UInt32: Bool]>([:])
        func setLevel(_ isAsserted: Bool, source: UInt32) { levels.withLock { $0[source] = isAsserted } }
    }

    @Test func carriesItsSource() {
        let sink = Sink()
        InterruptLine(to: sink, source: 10).set(true)
        InterruptLine(to: sink, source: 3).set(false)
        InterruptLine.disconnected.set(true)
        #expect(sink.levels.withLock { $0 } == [10: true, 3: false])
    }
}
