import Platform

/// The states of a guest's harts, and where those that are being started begin.
///
/// The requests come from any hart's thread, the completions from the hart's own; each is one atomic step. The lock is
/// held for the step alone.
package final class HartStateMachine: Sendable {
    /// How many harts there are.
    package let hartCount: Int
    private let slots: Lock<[Slot]>

    private struct Slot {
        var state: HartStatus
        /// Set exactly while the state is `startPending`.
        var entry: HartEntry?
    }

    /// Makes a guest whose boot hart is `STARTED` and whose others are `STOPPED`.
    package init(hartCount: Int, bootHart: Int = 0) {
        precondition((0..<hartCount).contains(bootHart), "the boot hart is not one of the harts")
        self.hartCount = hartCount
        slots = Lock(Self.initialSlots(hartCount: hartCount, bootHart: bootHart))
    }

    /// The state of a hart.
    package func state(of hart: Int) -> HartStatus { slots.withLock { $0[hart].state } }

    /// Whether no hart runs, nor will without help from outside: the guest is at its end.
    package var areAllStopped: Bool { slots.withLock { $0.allSatisfy { $0.state == .stopped } } }

    /// Back to how the guest began, for a reboot. No hart may be running.
    package func reset(bootHart: Int = 0) {
        precondition((0..<hartCount).contains(bootHart), "the boot hart is not one of the harts")
        slots.withLock { $0 = Self.initialSlots(hartCount: hartCount, bootHart: bootHart) }
    }

    // MARK: - Start

    /// `STOPPED` to `START_PENDING`: exactly one of several requests wins.
    ///
    /// - Throws: `alreadyAvailable` if the hart runs, sleeps or is being started; `failed` if it is about to stop, so
    ///   that the caller can try again.
    package func requestStart(of hart: Int, at entry: HartEntry) throws(SBIError) {
        let state = slots.withLock { slots in
            let state = slots[hart].state
            if state == .stopped { slots[hart] = Slot(state: .startPending, entry: entry) }
            return state
        }
        switch state {
        case .stopped: return
        case .stopPending: throw .failed
        case .started, .startPending, .suspended, .suspendPending, .resumePending: throw .alreadyAvailable
        }
    }

    /// `START_PENDING` to `STARTED`, on the hart's own thread.
    ///
    /// - Returns: where the hart begins, or nil if nobody has started it.
    package func completeStart(of hart: Int) -> HartEntry? {
        slots.withLock { slots in
            guard slots[hart].state == .startPending, let entry = slots[hart].entry else { return nil }
            slots[hart] = Slot(state: .started, entry: nil)
            return entry
        }
    }

    // MARK: - Stop

    /// `STARTED` to `STOP_PENDING`; false if the hart is in another state.
    package func requestStop(of hart: Int) -> Bool { advance(hart, from: .started, to: .stopPending) }

    /// `STOP_PENDING` to `STOPPED`: from now on another hart may start it. False if the hart is in another state.
    @discardableResult
    package func completeStop(of hart: Int) -> Bool { advance(hart, from: .stopPending, to: .stopped) }

    // MARK: - Suspend

    /// `STARTED` to `SUSPEND_PENDING`; false if the hart is in another state.
    package func requestSuspend(of hart: Int) -> Bool { advance(hart, from: .started, to: .suspendPending) }

    /// `STARTED` to `SUSPEND_PENDING` with all other harts `STOPPED`, which is what suspending the system asks for;
    /// false, and nothing changed, otherwise.
    package func requestSystemSuspend(by hart: Int) -> Bool {
        slots.withLock { slots in
            guard slots.indices.allSatisfy({ slots[$0].state == ($0 == hart ? .started : .stopped) }) else {
                return false
            }
            slots[hart].state = .suspendPending
            return true
        }
    }

    /// `SUSPEND_PENDING` to `SUSPENDED`; false if the hart is in another state.
    @discardableResult
    package func enterSuspend(of hart: Int) -> Bool { advance(hart, from: .suspendPending, to: .suspended) }

    /// `SUSPENDED` to `RESUME_PENDING`: an interrupt has woken the hart. False if the hart is in another state.
    @discardableResult
    package func requestResume(of hart: Int) -> Bool { advance(hart, from: .suspended, to: .resumePending) }

    /// `RESUME_PENDING` to `STARTED`; false if the hart is in another state.
    @discardableResult
    package func completeResume(of hart: Int) -> Bool { advance(hart, from: .resumePending, to: .started) }

    // MARK: - Steps

    private func advance(_ hart: Int, from: HartStatus, to: HartStatus) -> Bool {
        assert(from.successors.contains(to), "not an arrow of the state machine")
        return slots.withLock { slots in
            guard slots[hart].state == from else { return false }
            slots[hart].state = to
            return true
        }
    }

    private static func initialSlots(hartCount: Int, bootHart: Int) -> [Slot] {
        (0..<hartCount).map { Slot(state: $0 == bootHart ? .started : .stopped, entry: nil) }
    }
}

// MARK: - Savable

/// At rest no hart is between two states but one that is to start.
extension HartStateMachine: Savable {
    package func save(to writer: inout StateWriter) {
        for slot in slots.withLock({ $0 }) {
            writer.write(slot.state)
            writer.write(slot.entry?.address.rawValue)
            writer.write(slot.entry?.opaque)
        }
    }

    package func restore(from reader: inout StateReader) throws(StateError) {
        var restored: [Slot] = []
        for hart in 0..<hartCount {
            let state: HartStatus = try reader.read()
            let entry = try HartEntry(from: &reader)
            let isAtRest =
                switch state {
                case .started, .stopped, .suspended: entry == nil
                case .startPending: entry != nil
                case .stopPending, .suspendPending, .resumePending: false
                }
            try reader.require(isAtRest, "hart \(hart) is in no state to be saved in")
            restored.append(Slot(state: state, entry: entry))
        }
        slots.withLock { [restored] in $0 = restored }
    }
}

extension HartEntry {
    /// What was saved as two optional numbers: both are there, or neither.
    init?(from reader: inout StateReader) throws(StateError) {
        let (address, opaque) = (try reader.read(UInt64?.self), try reader.read(UInt64?.self))
        try reader.require((address == nil) == (opaque == nil), "half of where a hart begins")
        guard let address, let opaque else { return nil }
        self.init(address: GuestPhysicalAddress(address), opaque: opaque)
    }
}
