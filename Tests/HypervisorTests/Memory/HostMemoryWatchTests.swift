import Platform
import Synchronization
import Testing

@testable import Hypervisor

/// Which machine is ended when memory is used up, and how often the watch looks.
@Suite struct HostMemoryWatchTests {
    private final class Machine: WatchedMemory {
        let filled: Atomic<UInt64>
        let report = Lock<String?>(nil)

        init(_ mebibytes: UInt64) { filled = Atomic(mebibytes << 20) }

        var filledBytes: UInt64 { filled.load(ordering: .relaxed) }
        func memoryUsedUp(_ report: String) { self.report.withLock { $0 = report } }
        func grow(_ mebibytes: UInt64) { filled.wrappingAdd(mebibytes << 20, ordering: .relaxed) }
    }

    private static func room(_ mebibytes: UInt64) -> HostMemoryLimits.Room {
        HostMemoryLimits.Room(bound: .host, limit: 4 << 30, available: mebibytes << 20)
    }

    @Test func theOneThatGrowsIsEnded() {
        let watch = HostMemoryWatch()
        let large = Machine(2000)
        let growing = Machine(100)
        watch.watching(large) {
            watch.watching(growing) {
                watch.look(Self.room(900))
                #expect(large.report.withLock { $0 } == nil && growing.report.withLock { $0 } == nil)
                growing.grow(700)
                watch.look(Self.room(200))
                #expect(large.report.withLock { $0 } == nil)
                #expect(
                    growing.report.withLock { $0 }
                        == "the guest needs more memory than there is: it has 800 MiB, and 200 of 4096 MiB are left on "
                        + "the host"
                )
            }
        }
    }

    /// Others use up the host: machines that stand still are left alone.
    @Test func nobodyIsEndedForOthers() {
        let watch = HostMemoryWatch()
        let machine = Machine(2000)
        watch.watching(machine) {
            watch.look(Self.room(900))
            watch.look(Self.room(10))
            watch.look(Self.room(0))
        }
        #expect(machine.report.withLock { $0 } == nil)
    }

    @Test(
        arguments: [
            (100_000, 1_000_000_000), (4096 + 256, 268_435_456), (256, 2_000_000), (0, 2_000_000),
        ] as [(UInt64, UInt64)]
    )
    func intervalIsShortWhereLittleIsLeft(mebibytes: UInt64, nanoseconds: UInt64) {
        #expect(HostMemoryWatch.interval(Self.room(mebibytes)) == nanoseconds)
    }

    @Test func machinesComeAndGo() throws {
        let watch = HostMemoryWatch()
        let threads = try (0..<8).map { _ in
            try HostThread {
                for _ in 0..<50 { watch.watching(Machine(1)) {} }
            }
        }
        for thread in threads { thread.join() }
    }
}

extension HostMemoryWatch {
    /// Watches the machine while `body` runs.
    fileprivate func watching<Result>(_ memory: any WatchedMemory, _ body: () throws -> Result) rethrows -> Result {
        begin(memory)
        defer { end(memory) }
        return try body()
    }
}
