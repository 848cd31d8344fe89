import Platform
import Synchronization

/// What the host did for a machine beside running its instructions, in instructions.
///
/// A scheduler that counts instructions charges it, in turns and in time. It depends on the machine alone and never on
/// the host, and it is generous: who makes the host work pays at least what it costs.
package final class HostWork: Sendable {
    private enum Price {
        static let exit: UInt64 = 500
        static let consoleByte: UInt64 = 32
        static let deviceByte: UInt64 = 1
    }

    private let instructions = Atomic<UInt64>(0)

    package init() {}

    /// A hart left its guest for the hypervisor.
    package func addExit() { add(Price.exit) }

    package func addConsoleOutput(bytes: Int) { add(UInt64(bytes) &* Price.consoleByte) }

    /// A device moved bytes from or to the machine's memory.
    package func addTransfer(bytes: Int) { add(UInt64(bytes) &* Price.deviceByte) }

    private func add(_ amount: UInt64) { instructions.wrappingAdd(amount, ordering: .relaxed) }

    /// What has been done since the last call.
    package func take() -> UInt64 { instructions.exchange(0, ordering: .relaxed) }
}

extension HostWork: Savable {
    package func save(to writer: inout StateWriter) { writer.write(instructions.load(ordering: .relaxed)) }

    package func restore(from reader: inout StateReader) throws(StateError) {
        let work = try reader.read(UInt64.self)
        try reader.require(work < 1 << 32, "the host works for ever")
        instructions.store(work, ordering: .relaxed)
    }
}
