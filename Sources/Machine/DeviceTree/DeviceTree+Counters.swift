import RV64Core

extension DeviceTreeConfiguration {
    /// `mhpmcounter3` to `mhpmcounter31`, a bit each.
    private static let programmableCounters: UInt32 = 0xFFFF_FFF8

    /// The node from which firmware learns what the hart's counters count: what OpenSBI needs to offer SBI's
    /// performance monitoring, which is what a kernel's `perf` stands on.
    ///
    /// Events that SBI numbers have their SBI index as selector; all others are raw ones.
    func writeCounters(_ writer: borrowing FlattenedTreeWriter) throws(FlattenedTreeWriter.Failure) {
        let events = HardwareEvent.allCases.filter { $0 != .noEvent }
        let numbered = events.compactMap(\.sbiIndex)
        let raw = events.filter { $0.sbiIndex == nil }
        try writer.node("pmu") { () throws(FlattenedTreeWriter.Failure) in
            try writer.property("compatible", "riscv,pmu")
            try writer.property("riscv,event-to-mhpmevent", cells: numbered.flatMap { [$0, 0, $0] })
            // From an index to an index; `mcycle` and `minstret` count their own event as well.
            try writer.property(
                "riscv,event-to-mhpmcounters",
                cells: numbered.flatMap { [$0, $0, Self.programmableCounters | Self.fixedCounter(of: $0)] }
            )
            // A selector and the bits of it that count, two cells each.
            try writer.property(
                "riscv,raw-event-to-mhpmcounters",
                cells: raw.flatMap {
                    [0, UInt32(truncatingIfNeeded: $0.selector), .max, .max, Self.programmableCounters]
                }
            )
        }
    }

    private static func fixedCounter(of index: UInt32) -> UInt32 {
        switch UInt64(index) {
        case HardwareEvent.cycles.selector: UInt32(truncatingIfNeeded: CounterSet.cycle)
        case HardwareEvent.instructions.selector: UInt32(truncatingIfNeeded: CounterSet.instret)
        default: 0
        }
    }
}

extension HardwareEvent {
    /// The index under which SBI's performance-monitoring extension knows the event; nil for one of this hart's own.
    fileprivate var sbiIndex: UInt32? {
        switch self {
        case .noEvent, .pageTableWalk, .exception, .interrupt, .guestExit, .blockDecoded: nil
        case .cycles, .instructions, .loadTranslationMiss, .storeTranslationMiss, .fetchTranslationMiss:
            UInt32(truncatingIfNeeded: selector)
        }
    }
}
