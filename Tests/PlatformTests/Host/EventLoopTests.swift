import Glibc
import Testing

@testable import Platform

@Suite(.timeLimit(.minutes(10))) struct EventLoopTests {
    /// Long enough for any host; no test waits for it.
    private var later: UInt64 { MonotonicTime.nanoseconds() + 300_000_000_000 }

    @Test func eventsWakeIt() throws {
        let first = try #require(Event())
        let second = try #require(Event())
        let loop = try EventLoop()
        loop.watch(first.descriptor, for: .readable)
        loop.watch(second.descriptor, for: .readable)
        #expect(loop.wait(until: 0).isEmpty)
        second.signal()
        #expect(loop.wait(until: later) == [second.descriptor: .readable])
        first.signal()
        #expect(Set(loop.wait(until: later).keys) == [first.descriptor, second.descriptor])
        second.clear()
        #expect(loop.wait(until: later) == [first.descriptor: .readable])
        loop.watch(first.descriptor, for: [])
        #expect(loop.wait(until: 0).isEmpty)
    }

    @Test func anotherThreadWakesIt() throws {
        let event = try #require(Event())
        let loop = try EventLoop()
        loop.watch(event.descriptor, for: .readable)
        let thread = try HostThread {
            usleep(20_000)
            event.signal()
        }
        #expect(loop.wait(until: .max) == [event.descriptor: .readable])
        thread.join()
    }

    @Test func deadlinePasses() throws {
        let loop = try EventLoop()
        let deadline = MonotonicTime.nanoseconds() + 3_000_000
        #expect(loop.wait(until: deadline).isEmpty)
        #expect(MonotonicTime.nanoseconds() >= deadline)
    }

    /// Only what is asked for is told; an end is told to whoever waits for anything.
    @Test func pipes() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let loop = try EventLoop()
        loop.watch(ends[1], for: .writable)
        loop.watch(ends[0], for: .readable)
        #expect(loop.wait(until: later) == [ends[1]: .writable])
        var byte: UInt8 = 1
        try #require(write(ends[1], &byte, 1) == 1)
        #expect(loop.wait(until: later) == [ends[0]: .readable, ends[1]: .writable])
        loop.watch(ends[1], for: [])
        try #require(read(ends[0], &byte, 1) == 1)
        close(ends[1])
        #expect(loop.wait(until: later) == [ends[0]: .readable], "the end of the pipe")
        loop.watch(ends[0], for: [])
        close(ends[0])
    }

    /// A regular file is always ready, though `epoll` refuses it.
    @Test func regularFile() throws {
        let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        try #require(file >= 0)
        defer { close(file) }
        let loop = try EventLoop()
        loop.watch(file, for: .readable)
        #expect(loop.wait(until: .max) == [file: .readable])
        loop.watch(file, for: [])
        #expect(loop.wait(until: 0).isEmpty)
    }
}

@Suite(.timeLimit(.minutes(10))) struct ParkingSpotTests {
    @Test func aWakeBeforeTheSleepIsKept() {
        let spot = ParkingSpot()
        spot.wake()
        spot.sleep(nanoseconds: nil)
        let start = MonotonicTime.nanoseconds()
        spot.sleep(nanoseconds: 2_000_000)
        #expect(MonotonicTime.nanoseconds() - start >= 2_000_000, "and counts once")
    }

    @Test func anotherThreadWakes() throws {
        let spot = ParkingSpot()
        let thread = try HostThread { spot.wake() }
        spot.sleep(nanoseconds: nil)
        thread.join()
    }
}
