import Platform

/// What a device tells its driver: interrupt status, configuration generation, "needs reset".
///
/// A lock of its own, innermost but for the interrupt controller's, so that a queue can signal while it is processed.
package final class VirtioSignals: Sendable {
    package struct State: Equatable, Sendable {
        var interruptStatus: UInt32 = 0
        var configurationGeneration: UInt32 = 0
        var needsReset = false
        /// Before DRIVER_OK the device sends nothing (Virtio 1.2, section 3.1.1).
        var isDriverReady = false
    }

    static let usedBuffer: UInt32 = 1 << 0
    static let configurationChange: UInt32 = 1 << 1

    private let guarded = Lock(State())
    private let interrupt: InterruptLine

    init(interrupt: InterruptLine) { self.interrupt = interrupt }

    var state: State { guarded.withLock { $0 } }

    func restore(_ state: State) { update { $0 = state } }

    /// The device used buffers.
    func raiseUsedBuffer() { update { $0.raise(Self.usedBuffer) } }

    /// The configuration space has changed (section 2.5).
    package func configurationChanged() {
        update { state in
            state.configurationGeneration &+= 1
            state.raise(Self.configurationChange)
        }
    }

    /// The driver broke a rule that the device cannot go on without (section 2.1.1).
    package func deviceNeedsReset() {
        update { state in
            state.needsReset = true
            state.raise(Self.configurationChange)
        }
    }

    func acknowledge(_ bits: UInt32) { update { $0.interruptStatus &= ~bits } }

    func driverReady() { update { $0.isDriverReady = true } }

    /// The generation goes on counting: a driver that reads across a reset must notice.
    func reset() {
        update { $0 = State(configurationGeneration: $0.configurationGeneration) }
    }

    private func update(_ change: (inout State) -> Void) {
        guarded.withLock { state in
            change(&state)
            interrupt.set(state.interruptStatus != 0)
        }
    }
}

extension VirtioSignals.State: Savable {
    package func save(to writer: inout StateWriter) {
        writer.write(interruptStatus)
        writer.write(configurationGeneration)
        writer.write(needsReset)
        writer.write(isDriverReady)
    }

    package mutating func restore(from reader: inout StateReader) throws(StateError) {
        interruptStatus = try reader.read()
        configurationGeneration = try reader.read()
        needsReset = try reader.read()
        isDriverReady = try reader.read()
        let known = VirtioSignals.usedBuffer | VirtioSignals.configurationChange
        try reader.require(interruptStatus & ~known == 0, "InterruptStatus has bits that do not exist")
    }
}

extension VirtioSignals.State {
    fileprivate mutating func raise(_ bit: UInt32) {
        if isDriverReady { interruptStatus |= bit }
    }
}
