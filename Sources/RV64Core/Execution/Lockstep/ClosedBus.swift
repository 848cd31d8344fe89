import Platform

/// A hart's bus with every device in its place and none of them answering, and what was asked of it.
final class ClosedBus: @unchecked Sendable {
    // @unchecked: only the thread that runs the hart uses it.

    private(set) var bus = Bus()
    private(set) var wasDeviceReached = false
    private(set) var wasEntropyAsked = false
    /// The hart that runs on it now.
    unowned var hart: Hart?

    /// Takes the place of a bus.
    func replace(_ original: Bus) {
        bus = Bus()
        for region in original.regions { bus.attach(Device(self), at: region.base, size: region.size) }
    }

    /// From here on what is reached is noted.
    func begin(_ hart: Hart) {
        (wasDeviceReached, wasEntropyAsked) = (false, false)
        self.hart = hart
    }

    private func reachDevice() {
        wasDeviceReached = true
        // Nothing goes on behind the fault.
        hart?.runState.pointee.exit = .requested
    }

    var entropy: EntropySource {
        EntropySource { [unowned self] in
            wasEntropyAsked = true
            return nil
        }
    }

    private final class Device: MMIODevice {
        private unowned let owner: ClosedBus

        init(_ owner: ClosedBus) { self.owner = owner }

        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
            owner.reachDevice()
            throw .unmapped
        }

        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
            owner.reachDevice()
            throw .unmapped
        }

        // It has nothing to save.
        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) {}
    }
}
