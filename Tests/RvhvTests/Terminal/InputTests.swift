import Glibc
import Platform
import Testing

@testable import rvhv

@Suite struct KeyDecoderTests {
    private static let rows: [([UInt8], [KeyDecoder.Event])] = [
        ([], []),
        ([0x61, 0x0d, 0x03], [.input([0x61, 0x0d, 0x03])]),
        ([0x01], []),
        ([0x61, 0x01, 0x6e, 0x62], [.input([0x61]), .command(.nextGuest), .input([0x62])]),
        ([0x01, 0x73, 0x01, 0x78], [.command(.status), .command(.quit)]),
        ([0x01, 0x68, 0x01, 0x3f, 0x01, 0x48], [.command(.help), .command(.help), .command(.help)]),
        ([0x61, 0x01, 0x01, 0x62, 0x01, 0x61], [.input([0x61, 0x01, 0x62, 0x01])]),
        ([0x01, 0x7a, 0x78], [.unknownKey(0x7a), .input([0x78])]),
    ]

    @Test(arguments: rows)
    func decoded(bytes: [UInt8], events: [KeyDecoder.Event]) {
        var decoder = KeyDecoder()
        #expect(decoder.decode(bytes) == events)
    }

    @Test func thePrefixMayEndARead() {
        var decoder = KeyDecoder()
        #expect(decoder.decode([0x61, 0x01]) == [.input([0x61])])
        #expect(decoder.decode([0x78, 0x62]) == [.command(.quit), .input([0x62])])
    }

    @Test func everyCommandHasItsKeyInHelp() {
        for command in KeyCommand.allCases where command != .sendPrefix {
            #expect(KeyCommand(key: command.keyName.utf8.first ?? 0) == command)
        }
        #expect(KeyCommand(key: 0x01) == .sendPrefix)
    }
}

/// A guest with room for so many bytes.
private final class FakeInput: GuestInput {
    private let state = Lock<(room: Int, taken: [UInt8])>((0, []))

    init(room: Int) { state.withLock { $0.room = room } }

    var taken: [UInt8] { state.withLock { $0.taken } }

    func makeRoom(_ count: Int) { state.withLock { $0.room += count } }

    func offer(_ bytes: [UInt8]) -> Int {
        state.withLock { state in
            let count = min(state.room, bytes.count)
            state.taken += bytes[..<count]
            state.room -= count
            return count
        }
    }
}

@Suite struct InputPumpTests {
    @Test func whatDoesNotFitWaitsInOrder() {
        let guest = FakeInput(room: 2)
        var pump = InputPump(guests: [guest])
        pump.send([1, 2, 3, 4, 5], to: 0, at: 0)
        #expect(guest.taken == [1, 2] && pump.isBackedUp && pump.retryDeadline == 10_000_000)
        guest.makeRoom(1)
        pump.send([6], to: 0, at: 1)
        #expect(guest.taken == [1, 2, 3])
        guest.makeRoom(10)
        pump.offer(at: 2)
        #expect(guest.taken == [1, 2, 3, 4, 5, 6] && !pump.isBackedUp && pump.retryDeadline == .max)
    }

    @Test func aGuestThatDoesNotListenIsAskedLessAndLessOften() {
        var pump = InputPump(guests: [FakeInput(room: 0)])
        pump.send([1], to: 0, at: 0)
        var delays: [UInt64] = []
        for _ in 0..<6 {
            delays.append(pump.retryDeadline / 1_000_000)
            pump.offer(at: 0)
        }
        #expect(delays == [20, 40, 80, 160, 160, 160])
    }

    @Test func waitingBytesKeepTheirGuest() {
        let (first, second) = (FakeInput(room: 0), FakeInput(room: 9))
        var pump = InputPump(guests: [first, second])
        pump.send([1], to: 0, at: 0)
        pump.send([2], to: 1, at: 0)
        first.makeRoom(1)
        pump.offer(at: 0)
        #expect(first.taken == [1] && second.taken == [2])
    }

    @Test func whatIsBeyondTheLimitIsLostAndSaidToBe() {
        let guest = FakeInput(room: 0)
        var pump = InputPump(guests: [guest])
        #expect(pump.send(Array(repeating: 7, count: InputPump.limit - 1), to: 0, at: 0) == 0)
        #expect(pump.send([1, 2, 3], to: 0, at: 0) == 2)
        guest.makeRoom(.max / 2)
        pump.offer(at: 0)
        #expect(guest.taken.count == InputPump.limit && guest.taken.last == 1 && !pump.isBackedUp)
    }

    @Test func keysAreReadAheadOnlySoFarWhileTheGuestTakesThem() {
        let guest = FakeInput(room: 0)
        var pump = InputPump(guests: [guest])
        let start: UInt64 = 5_000_000_000
        #expect(pump.readsKeys(for: 0, at: start))
        pump.send(Array(repeating: 7, count: InputPump.lookAhead - 1), to: 0, at: start)
        #expect(pump.readsKeys(for: 0, at: start))
        pump.send([7], to: 0, at: start)
        #expect(!pump.readsKeys(for: 0, at: start + InputPump.patience - 1))
        // A command may stand behind what the guest does not take.
        #expect(pump.readsKeys(for: 0, at: start + InputPump.patience))
        guest.makeRoom(1)
        pump.send([7], to: 0, at: start + InputPump.patience)
        #expect(!pump.readsKeys(for: 0, at: start + InputPump.patience + 1))
        guest.makeRoom(1)
        pump.offer(at: start + InputPump.patience)
        #expect(pump.readsKeys(for: 0, at: start + InputPump.patience))
        #expect(pump.readsKeys(for: 9, at: 0))
    }

    @Test func aLyingGuestDoesNotHurt() {
        final class Liar: GuestInput {
            func offer(_ bytes: [UInt8]) -> Int { bytes.count > 1 ? 1000 : -5 }
        }
        var pump = InputPump(guests: [Liar()])
        pump.send([1, 2], to: 0, at: 0)
        pump.send([1], to: 0, at: 0)
        pump.send([1], to: 7, at: 0)
        #expect(pump.isBackedUp)
    }
}

@Suite struct EventTests {
    @Test func signalsDoNotPileUp() throws {
        let event = try #require(Event())
        for _ in 0..<100_000 { event.signal() }
        event.clear()
        event.signal()
        event.clear()
    }

    @Test(.timeLimit(.minutes(10))) func aCancelledSinkReleasesItsWriter() throws {
        // A pipe nobody reads: 1 MiB does not fit.
        let pipe = try #require(HostPipe())
        let sink = FileDescriptorSink(descriptor: pipe.writeEnd)
        let result = Lock<OutputState?>(nil)
        let thread = try HostThread {
            let state = sink.write(Array(repeating: 0, count: 1 << 20))
            result.withLock { $0 = state }
        }
        sink.cancel()
        thread.join()
        #expect(result.withLock { $0 } == .givenUp)
        #expect(sink.write([1]) == .givenUp)
    }

    @Test func whyAWriteFailsIsSaid() throws {
        let pipe = try #require(HostPipe())
        pipe.closeReadEnd()
        signal(SIGPIPE, SIG_IGN)
        #expect(FileDescriptorSink(descriptor: pipe.writeEnd).write([1]) == .failed(EPIPE))
        #expect(FileDescriptorSink(descriptor: 9999).write([1]) == .failed(EBADF))
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        #expect(FileDescriptorSink(descriptor: full).write([1]) == .failed(ENOSPC))
    }
}
