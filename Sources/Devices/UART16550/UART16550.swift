import Platform

/// A serial port, `ns16550a` (National Semiconductor PC16550D data sheet, chapter 8, "Registers").
///
/// Byte registers. A wider access, aligned, is one to the register at its address, as on QEMU's `virt` board: the other
/// bytes read as zero and are not written. Transmission takes no time: a byte written goes to the sink before the write
/// returns. Received bytes wait in the 16-byte FIFO; what does not fit, or comes before the guest listens, stays with
/// the caller, so nothing is lost.
///
/// Lock order: this device's lock, then the interrupt controller's. The sink and the observer are called without it.
package final class UART16550: MMIODevice, ConsoleReceiver {
    /// Bytes of address space: eight registers.
    package static let registerBytes: UInt64 = 8

    private struct Guarded {
        var state = State()
        weak var observer: (any ReceiveSpaceObserver)?
    }

    private let guarded = Lock(Guarded())
    private let interrupt: InterruptLine
    private let sink: any ConsoleSink

    package init(interrupt: InterruptLine, sink: any ConsoleSink) {
        self.interrupt = interrupt
        self.sink = sink
    }

    package var state: State { guarded.withLock { $0.state } }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) { state.save(to: &writer) }

    package func restore(from reader: inout StateReader) throws(StateError) {
        var state = State()
        try state.restore(from: &reader)
        guarded.withLock { [state] guarded in
            guarded.state = state
            interrupt.set(state.interrupt != .none)
        }
    }

    // MARK: - MMIODevice

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        let register = try register(width, at: offset)
        return UInt64(update { $0.read(register) })
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        let register = try register(width, at: offset)
        let transmitted = update { $0.write(UInt8(truncatingIfNeeded: value), to: register) }
        if let transmitted { sink.write(transmitted) }
    }

    private func register(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UARTRegister {
        guard offset % width.bytes == 0 else { throw .unsupportedWidth }
        guard let register = UARTRegister(rawValue: offset) else { throw .unmapped }
        return register
    }

    /// Runs one guest access, and drives the wire under the lock so that levels keep the order of their causes.
    private func update<Result: Sendable>(_ access: (inout State) -> Result) -> Result {
        let (result, observer) = guarded.withLock { guarded in
            let (capacity, wasAsserted) = (guarded.state.receiveCapacity, guarded.state.interrupt != .none)
            let result = access(&guarded.state)
            guarded.state.settle()
            let isAsserted = guarded.state.interrupt != .none
            if isAsserted != wasAsserted { interrupt.set(isAsserted) }
            let hasNewSpace = guarded.state.hasEmptyReceiver && guarded.state.receiveCapacity > capacity
            return (result, hasNewSpace ? guarded.observer : nil)
        }
        observer?.onReceiveSpace(in: self)
        return result
    }

    // MARK: - ConsoleReceiver

    package var receiveCapacity: Int { guarded.withLock { $0.state.receiveCapacity } }

    package func receive(_ bytes: ArraySlice<UInt8>) -> Int {
        guarded.withLock { guarded in
            let count = guarded.state.receive(bytes)
            interrupt.set(guarded.state.interrupt != .none)
            return count
        }
    }

    package func takeUnread() -> [UInt8] {
        guarded.withLock { guarded in
            let bytes = guarded.state.takeUnread()
            interrupt.set(guarded.state.interrupt != .none)
            return bytes
        }
    }

    package func observeReceiveSpace(_ observer: any ReceiveSpaceObserver) {
        guarded.withLock { $0.observer = observer }
    }
}
