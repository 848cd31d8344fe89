import Platform

/// Register offsets (Goldfish virtual hardware guide, "Goldfish RTC").
enum GoldfishRTCRegister: UInt64 {
    /// Bits 31:0 of the time; reading it latches bits 63:32, writing it sets the time's low half.
    case timeLow = 0x00
    case timeHigh = 0x04
    /// Bits 31:0 of the alarm; writing it arms the alarm.
    case alarmLow = 0x08
    case alarmHigh = 0x0c
    case interruptEnabled = 0x10
    case clearAlarm = 0x14
    /// 1 while an alarm is armed.
    case alarmStatus = 0x18
    case clearInterrupt = 0x1c
}

/// A real-time clock with an alarm, `google,goldfish-rtc` (Goldfish virtual hardware guide, "Goldfish RTC").
///
/// Counts nanoseconds since the Unix epoch: the machine clock's wall time plus an offset that the guest moves by
/// setting the time. 32-bit accesses only.
///
/// Lock order: this device's lock, then the interrupt controller's.
package final class GoldfishRTC: MMIODevice, TimedDevice {
    /// All there is to save.
    package struct State: Equatable, Sendable {
        /// Guest time minus the machine's wall time, modulo 2^64.
        var offset: UInt64 = 0
        var latchedTimeHigh: UInt32 = 0
        var alarm: UInt64 = 0
        var isAlarmArmed = false
        var isInterruptEnabled = false
        var isInterruptPending = false
    }

    private let guarded = Lock(State())
    private let clock: any MachineClock
    private let interrupt: InterruptLine

    package init(clock: any MachineClock, interrupt: InterruptLine) {
        self.clock = clock
        self.interrupt = interrupt
    }

    package var state: State { guarded.withLock { $0 } }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) {
        let state = state
        writer.write(state.offset)
        writer.write(state.latchedTimeHigh)
        writer.write(state.alarm)
        writer.write(state.isAlarmArmed)
        writer.write(state.isInterruptEnabled)
        writer.write(state.isInterruptPending)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        let state = State(
            offset: try reader.read(),
            latchedTimeHigh: try reader.read(),
            alarm: try reader.read(),
            isAlarmArmed: try reader.read(),
            isInterruptEnabled: try reader.read(),
            isInterruptPending: try reader.read()
        )
        // An alarm that is due fires when time passes, as it would have.
        guarded.withLock { guarded in
            guarded = state
            interrupt.set(state.isInterruptEnabled && state.isInterruptPending)
        }
    }

    // MARK: - MMIODevice

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        let register = try register(width, at: offset)
        return update { state, wallTime in
            switch register {
            case .timeLow:
                let time = wallTime &+ state.offset
                state.latchedTimeHigh = UInt32(truncatingIfNeeded: time >> 32)
                return time & 0xffff_ffff
            case .timeHigh: return UInt64(state.latchedTimeHigh)
            case .alarmLow: return state.alarm & 0xffff_ffff
            case .alarmHigh: return state.alarm >> 32
            case .interruptEnabled: return state.isInterruptEnabled ? 1 : 0
            case .alarmStatus: return state.isAlarmArmed ? 1 : 0
            case .clearAlarm, .clearInterrupt: return 0
            }
        }
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        let register = try register(width, at: offset)
        let value = value & 0xffff_ffff
        update { state, wallTime in
            let time = wallTime &+ state.offset
            switch register {
            case .timeLow: state.offset = (time & ~0xffff_ffff | value) &- wallTime
            case .timeHigh: state.offset = (time & 0xffff_ffff | value << 32) &- wallTime
            case .alarmLow:
                state.alarm = state.alarm & ~0xffff_ffff | value
                state.isAlarmArmed = true
            case .alarmHigh: state.alarm = state.alarm & 0xffff_ffff | value << 32
            case .interruptEnabled: state.isInterruptEnabled = value & 1 != 0
            case .clearAlarm: state.isAlarmArmed = false
            case .clearInterrupt: state.isInterruptPending = false
            case .alarmStatus: break
            }
        }
    }

    private func register(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> GoldfishRTCRegister {
        guard width == .word else { throw .unsupportedWidth }
        guard let register = GoldfishRTCRegister(rawValue: offset) else { throw .unmapped }
        return register
    }

    /// Runs an access, lets a due alarm fire, and drives the wire, all under the lock so that levels keep their order.
    private func update<Result: Sendable>(_ access: (inout State, _ wallTime: UInt64) -> Result) -> Result {
        guarded.withLock { state in
            let wallTime = clock.unixNanoseconds
            let result = access(&state, wallTime)
            if state.isAlarmArmed, wallTime &+ state.offset >= state.alarm {
                state.isAlarmArmed = false
                state.isInterruptPending = true
            }
            interrupt.set(state.isInterruptEnabled && state.isInterruptPending)
            return result
        }
    }

    // MARK: - TimedDevice

    package var nextDeadline: UInt64? {
        guarded.withLock { state in
            guard state.isAlarmArmed else { return nil }
            let time = clock.unixNanoseconds &+ state.offset
            let remaining = state.alarm > time ? state.alarm - time : 0
            let (deadline, isBeyondTime) = clock.nanoseconds.addingReportingOverflow(remaining)
            return isBeyondTime ? .max : deadline
        }
    }

    package func timePassed() { update { _, _ in } }
}
