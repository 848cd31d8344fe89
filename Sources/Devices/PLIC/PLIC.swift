import Platform

/// The platform-level interrupt controller, `sifive,plic-1.0.0` (RISC-V PLIC Specification 1.0.0).
///
/// Sources are level-triggered. 32-bit accesses only; what does not exist reads as zero and ignores writes.
///
/// Lock order: a device's lock, then this one, then whatever the context lines lead to. Those are driven under this
/// lock, so that the last level a hart sees is the last one decided; they must not call back.
package final class PLIC: MMIODevice, InterruptSink {
    /// Enough for every device of a guest, and three words of the enable registers.
    package static let defaultSourceCount = 95
    /// The specification's limit.
    package static let maximumSourceCount = 1023
    /// The specification's limit.
    package static let maximumContextCount = 15872

    /// Bytes of address space that the registers of `contextCount` contexts need.
    package static func registerBytes(contextCount: Int) -> UInt64 { 0x20_0000 + 0x1000 * UInt64(contextCount) }

    private struct Guarded {
        var state: State
        /// The last level of each context line.
        var outputs: [Bool]
    }

    private let guarded: Lock<Guarded>
    private let contextLines: [InterruptLine]

    /// Sources are numbered `1...sourceCount`; contexts are the indices of `contextLines`.
    package init(sourceCount: Int = defaultSourceCount, contextLines: [InterruptLine]) {
        precondition((1...Self.maximumSourceCount).contains(sourceCount), "no such number of sources")
        precondition(contextLines.count <= Self.maximumContextCount, "too many contexts")
        self.contextLines = contextLines
        let state = State(sourceCount: sourceCount, contextCount: contextLines.count)
        guarded = Lock(Guarded(state: state, outputs: contextLines.map { _ in false }))
    }

    package var state: State { guarded.withLock { $0.state } }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) { state.save(to: &writer) }

    package func restore(from reader: inout StateReader) throws(StateError) {
        var state = state
        try state.restore(from: &reader)
        guarded.withLock { [state] guarded in
            guarded.state = state
            for context in contextLines.indices {
                guarded.outputs[context] = state.isNotifying(context: context)
                contextLines[context].set(guarded.outputs[context])
            }
        }
    }

    // MARK: - InterruptSink

    package func setLevel(_ isAsserted: Bool, source: UInt32) {
        guarded.withLock { guarded in
            // Devices repeat their level at every access.
            if guarded.state.setLevel(isAsserted, source: Int(source)) { drive(&guarded) }
        }
    }

    // MARK: - MMIODevice

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        guard width == .word, offset % 4 == 0 else { throw .unsupportedWidth }
        guard let register = PLICRegister(offset: offset) else { return 0 }
        return UInt64(update { $0.read(register) })
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        guard width == .word, offset % 4 == 0 else { throw .unsupportedWidth }
        guard let register = PLICRegister(offset: offset) else { return }
        update { $0.write(UInt32(truncatingIfNeeded: value), to: register) }
    }

    private func update<Result: Sendable>(_ change: (inout State) -> Result) -> Result {
        guarded.withLock { guarded in
            let result = change(&guarded.state)
            drive(&guarded)
            return result
        }
    }

    private func drive(_ guarded: inout Guarded) {
        for context in contextLines.indices {
            let isNotifying = guarded.state.isNotifying(context: context)
            guard isNotifying != guarded.outputs[context] else { continue }
            guarded.outputs[context] = isNotifying
            contextLines[context].set(isNotifying)
        }
    }
}
