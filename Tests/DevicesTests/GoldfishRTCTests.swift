import Platform
import Testing

@testable import Devices

@Suite struct GoldfishRTCTests {
    let wires = RecordingInterruptSink()
    let clock = ManualClock()
    let rtc: GoldfishRTC

    init() { rtc = GoldfishRTC(clock: clock, interrupt: InterruptLine(to: wires, source: 11)) }

    private var isInterrupting: Bool { wires.isAsserted(11) }

    private func time() throws -> UInt64 {
        let low = try rtc.read32(0x00)
        return UInt64(try rtc.read32(0x04)) << 32 | UInt64(low)
    }

    private func setAlarm(_ time: UInt64) throws {
        try rtc.write32(UInt32(time >> 32), at: 0x0c)
        try rtc.write32(UInt32(truncatingIfNeeded: time), at: 0x08)
    }

    @Test func readsWallTime() throws {
        clock.set(123_456_789)
        #expect(try time() == ManualClock.epoch + 123_456_789)
    }

    @Test func readingLowLatchesHigh() throws {
        clock.set((1 << 32) - 1 - (ManualClock.epoch & 0xffff_ffff))
        #expect(try rtc.read32(0x00) == 0xffff_ffff)
        clock.set(clock.nanoseconds + 1)
        #expect(try rtc.read32(0x04) == UInt32(ManualClock.epoch >> 32))
        #expect(try rtc.read32(0x00) == 0)
        #expect(try rtc.read32(0x04) == UInt32(ManualClock.epoch >> 32) + 1)
    }

    @Test func timeCanBeSet() throws {
        let wanted: UInt64 = 0x0123_4567_89ab_cdef
        try rtc.write32(UInt32(wanted >> 32), at: 0x04)
        try rtc.write32(UInt32(truncatingIfNeeded: wanted), at: 0x00)
        #expect(try time() == wanted)
        clock.set(1000)
        #expect(try time() == wanted + 1000)
    }

    @Test func alarmFiresWhenItsTimeComes() throws {
        clock.set(500)
        try rtc.write32(1, at: 0x10)
        try setAlarm(ManualClock.epoch + 2000)
        #expect(try rtc.read32(0x18) == 1)
        #expect(rtc.nextDeadline == 2000)
        clock.set(1999)
        rtc.timePassed()
        #expect(!isInterrupting)
        clock.set(2000)
        rtc.timePassed()
        #expect(isInterrupting)
        #expect(rtc.nextDeadline == nil)
        #expect(try rtc.read32(0x18) == 0)
        try rtc.write32(1, at: 0x1c)
        #expect(!isInterrupting)
    }

    @Test func alarmInThePastFiresAtOnce() throws {
        try setAlarm(ManualClock.epoch - 1)
        #expect(!isInterrupting)
        try rtc.write32(1, at: 0x10)
        #expect(isInterrupting, "it was pending while disabled")
        try rtc.write32(0, at: 0x10)
        #expect(!isInterrupting)
    }

    @Test func clearedAlarmDoesNotFire() throws {
        try rtc.write32(1, at: 0x10)
        try setAlarm(ManualClock.epoch + 10)
        try rtc.write32(1, at: 0x14)
        #expect(rtc.nextDeadline == nil)
        clock.set(100)
        rtc.timePassed()
        #expect(!isInterrupting)
    }

    @Test func settingTheTimeMovesTheDeadline() throws {
        try setAlarm(ManualClock.epoch + 1_000_000)
        try rtc.write32(UInt32(truncatingIfNeeded: ManualClock.epoch) &+ 400_000, at: 0x00)
        #expect(rtc.nextDeadline == 600_000)
    }

    @Test func farthestAlarmDoesNotWrap() throws {
        clock.set(.max - ManualClock.epoch - 5)
        try setAlarm(.max)
        #expect(rtc.nextDeadline == clock.nanoseconds + 5)
    }

    @Test(arguments: [AccessWidth.byte, .half, .double])
    func onlyWordAccesses(width: AccessWidth) {
        #expect(throws: BusFault.unsupportedWidth) { try rtc.read(width, at: 0) }
        #expect(throws: BusFault.unsupportedWidth) { try rtc.write(0, width, at: 0) }
    }

    @Test(arguments: [0x02, 0x20, 0xffc] as [UInt64])
    func nothingElsewhere(offset: UInt64) {
        #expect(throws: BusFault.unmapped) { try rtc.read32(offset) }
    }
}

@Suite struct TestFinisherTests {
    let power = RecordingPowerSink()

    @Test(
        arguments: [
            (0x5555, .off(0)), (0x7777, .reset), (0x002a_3333, .off(42)), (0xffff_3333, .off(0xffff)),
            (0x0000_3333, .off(1)), (0x0001_5555, .off(0)),
        ] as [(UInt32, RecordingPowerSink.Event)]
    )
    func reports(value: UInt32, event: RecordingPowerSink.Event) throws {
        let finisher = TestFinisher(power: power)
        try finisher.write32(value, at: 0)
        #expect(power.events == [event])
    }

    @Test(arguments: [0, 1, 0x5554, 0x5555_0000, 0xffff_ffff] as [UInt32])
    func ignoresOtherValues(value: UInt32) throws {
        let finisher = TestFinisher(power: power)
        try finisher.write32(value, at: 0)
        #expect(power.events.isEmpty)
        #expect(try finisher.read32(0) == 0)
    }

    /// Firmware writes the low half alone (OpenSBI's driver of it).
    @Test(arguments: [(0x5555, .off(0)), (0x7777, .reset), (0x3333, .off(1))] as [(UInt64, RecordingPowerSink.Event)])
    func takesHalves(value: UInt64, event: RecordingPowerSink.Event) throws {
        let finisher = TestFinisher(power: power)
        try finisher.write(value, .half, at: 2)
        #expect(power.events.isEmpty, "the upper half says nothing alone")
        try finisher.write(value, .half, at: 0)
        #expect(power.events == [event])
        #expect(try finisher.read(.half, at: 0) == 0)
    }

    @Test func onlyTheOneRegister() throws {
        let finisher = TestFinisher(power: power)
        try finisher.write32(0x5555, at: 4)
        #expect(try finisher.read32(0xffc) == 0)
        #expect(throws: BusFault.unsupportedWidth) { try finisher.write(0x5555, .double, at: 0) }
        #expect(throws: BusFault.unsupportedWidth) { try finisher.write(0x5555, .half, at: 1) }
        #expect(throws: BusFault.unsupportedWidth) { try finisher.write(0x55, .byte, at: 0) }
        #expect(throws: BusFault.unsupportedWidth) { try finisher.read(.byte, at: 0) }
        #expect(power.events.isEmpty)
    }
}
