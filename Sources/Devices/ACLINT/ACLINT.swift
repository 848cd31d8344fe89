import Platform

/// One decoded register address of the SiFive CLINT layout.
enum ACLINTRegister: Equatable {
    /// MSWI: bit 0 is the hart's machine software interrupt.
    case softwareInterrupt(hart: Int)
    /// MTIMER: the time at which the hart's timer interrupt becomes pending.
    case timeCompare(hart: Int)
    /// MTIMER: the time.
    case time

    static let timeCompareOffset: UInt64 = 0x4000
    static let timeOffset: UInt64 = 0xbff8

    /// The upper half of a 64-bit register, as an access of its own, names the same register.
    init?(offset: UInt64, hartCount: Int) {
        let harts = UInt64(hartCount)
        switch offset {
        case 0..<(4 * harts): self = .softwareInterrupt(hart: Int(offset / 4))
        case Self.timeCompareOffset..<(Self.timeCompareOffset + 8 * harts):
            self = .timeCompare(hart: Int((offset - Self.timeCompareOffset) / 8))
        case Self.timeOffset..<(Self.timeOffset + 8): self = .time
        // Offsets: no register there.
        default: return nil
        }
    }
}

/// Machine-level software interrupts and timers in the SiFive CLINT layout, `riscv,clint0`
/// (RISC-V ACLINT specification, "MSWI" and "MTIMER", "Backward Compatibility With SiFive CLINT").
///
/// 32-bit accesses everywhere, 64-bit ones to the 64-bit registers. Harts that do not exist read as zero.
///
/// Lock order: this device's lock, then whatever the hart sink takes; it is called under the lock so that the last
/// level a hart sees is the last one written.
package final class ACLINT: MMIODevice {
    /// Bytes of address space.
    package static let registerBytes: UInt64 = 0xc000
    /// The specification's limit of both devices.
    package static let maximumHartCount = 4095

    /// All there is to save.
    package struct State: Equatable, Sendable {
        var softwareInterrupts: [Bool]
        /// MTIMECMP; reset leaves it unknown to software, so it starts at "never".
        var timeCompares: [UInt64]
        /// MTIME minus the machine clock's ticks, modulo 2^64.
        package var timeOffset: UInt64 = 0

        package init(hartCount: Int) {
            softwareInterrupts = [Bool](repeating: false, count: hartCount)
            timeCompares = [UInt64](repeating: .max, count: hartCount)
        }
    }

    private let guarded: Lock<State>
    private let hartCount: Int
    private let clock: any MachineClock
    private let harts: any HartTimerSink

    package init(hartCount: Int, clock: any MachineClock, harts: any HartTimerSink) {
        precondition((1...Self.maximumHartCount).contains(hartCount), "no such number of harts")
        guarded = Lock(State(hartCount: hartCount))
        self.hartCount = hartCount
        self.clock = clock
        self.harts = harts
    }

    package var state: State { guarded.withLock { $0 } }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) {
        let state = state
        writer.write(UInt64(hartCount))
        for hart in 0..<hartCount {
            writer.write(state.softwareInterrupts[hart])
            writer.write(state.timeCompares[hart])
        }
        writer.write(state.timeOffset)
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the number of harts", saved: reader.read(UInt64.self), here: UInt64(hartCount))
        var state = State(hartCount: hartCount)
        for hart in 0..<hartCount {
            state.softwareInterrupts[hart] = try reader.read()
            state.timeCompares[hart] = try reader.read()
        }
        state.timeOffset = try reader.read()
        guarded.withLock { [state] guarded in
            guarded = state
            for hart in 0..<hartCount {
                harts.setSoftwareInterrupt(state.softwareInterrupts[hart], hart: hart)
                armTimer(of: hart, state)
            }
        }
    }

    // MARK: - MMIODevice

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        let register = try register(width, at: offset)
        let value = guarded.withLock { state -> UInt64 in
            switch register {
            case .softwareInterrupt(let hart): state.softwareInterrupts[hart] ? 1 : 0
            case .timeCompare(let hart): state.timeCompares[hart]
            case .time: clock.ticks &+ state.timeOffset
            case nil: 0
            }
        }
        return (value >> Self.shift(of: offset, register)) & width.mask
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        let register = try register(width, at: offset)
        let shift = Self.shift(of: offset, register)
        let mask = width.mask << shift
        let bits = value << shift & mask
        guarded.withLock { state in
            switch register {
            case .softwareInterrupt(let hart):
                state.softwareInterrupts[hart] = bits & 1 != 0
                harts.setSoftwareInterrupt(bits & 1 != 0, hart: hart)
            case .timeCompare(let hart):
                state.timeCompares[hart] = state.timeCompares[hart] & ~mask | bits
                armTimer(of: hart, state)
            case .time:
                let ticks = clock.ticks
                state.timeOffset = ((ticks &+ state.timeOffset) & ~mask | bits) &- ticks
                for hart in 0..<hartCount { armTimer(of: hart, state) }
            case nil:
                break
            }
        }
    }

    /// - Returns: nil for a reserved address.
    private func register(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> ACLINTRegister? {
        guard width == .word || width == .double, offset % width.bytes == 0 else { throw .unsupportedWidth }
        let register = ACLINTRegister(offset: offset, hartCount: hartCount)
        if width == .double, case .softwareInterrupt = register { throw .unsupportedWidth }
        return register
    }

    /// Where an access starts within its register.
    private static func shift(of offset: UInt64, _ register: ACLINTRegister?) -> UInt64 {
        switch register {
        case .timeCompare, .time: offset % 8 * 8
        case .softwareInterrupt, nil: 0
        }
    }

    /// Harts compare the machine clock, which the guest cannot set: translate what it asked of MTIME.
    private func armTimer(of hart: Int, _ state: State) {
        let compare = state.timeCompares[hart]
        guard compare != .max else { return harts.setTimerDeadline(ticks: .max, hart: hart) }
        let ticks = clock.ticks
        let time = ticks &+ state.timeOffset
        guard compare > time else { return harts.setTimerDeadline(ticks: ticks, hart: hart) }
        let (deadline, isBeyondTime) = ticks.addingReportingOverflow(compare - time)
        harts.setTimerDeadline(ticks: isBeyondTime ? .max : deadline, hart: hart)
    }
}
