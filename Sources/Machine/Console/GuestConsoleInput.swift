import Devices
import Platform

/// What was typed for a guest and not yet taken: the UART's driver takes it, or SBI's console calls do.
///
/// Lock order: this lock, then the device's.
package final class GuestConsoleInput: ReceiveSpaceObserver, Savable {
    fileprivate static let limit = 4096

    private struct State {
        var waiting: [UInt8] = []
        /// Input that was all there at the start, from which `waiting` is filled up.
        var script: ArraySlice<UInt8> = []
        var receiver: (any ConsoleReceiver)?

        mutating func refill() {
            let piece = script.prefix(max(0, GuestConsoleInput.limit - waiting.count))
            waiting += piece
            script = script.dropFirst(piece.count)
        }
    }

    private let guarded = Lock(State())
    /// Called when there is room for more, on any thread.
    private let roomMade: @Sendable () -> Void

    init(roomMade: @escaping @Sendable () -> Void) { self.roomMade = roomMade }

    /// Makes a device the guest's console. What its predecessor had taken and the guest has not read comes again.
    func connect(_ device: any ConsoleReceiver) {
        guarded.withLock { state in
            state.waiting.insert(contentsOf: state.receiver?.takeUnread() ?? [], at: 0)
            state.receiver = device
        }
        device.observeReceiveSpace(self)
    }

    /// Types all of this, as the guest has room for it, before anything that is offered.
    package func preload(_ bytes: [UInt8]) {
        guarded.withLock { state in
            state.script += bytes
            state.refill()
        }
        pump()
    }

    /// Takes as many of the first bytes as there is room for, and says how many.
    package func offer(_ bytes: [UInt8]) -> Int {
        let count = guarded.withLock { state in
            let count = min(bytes.count, max(0, Self.limit - state.waiting.count))
            state.waiting += bytes.prefix(count)
            return count
        }
        pump()
        return count
    }

    /// What SBI's console calls take.
    func take(_ maximum: Int) -> [UInt8] {
        let taken = guarded.withLock { state in
            let taken = Array(state.waiting.prefix(max(0, maximum)))
            state.waiting.removeFirst(taken.count)
            state.refill()
            return taken
        }
        if !taken.isEmpty { roomMade() }
        return taken
    }

    // MARK: - Savable

    package func save(to writer: inout StateWriter) {
        let (waiting, script) = guarded.withLock { ($0.waiting, Array($0.script)) }
        writer.write(waiting)
        writer.write(script)
    }

    /// The device has taken what it had room for, and asks for more as it did before.
    package func restore(from reader: inout StateReader) throws(StateError) {
        let waiting: [UInt8] = try reader.read(limit: .max)
        let script: [UInt8] = try reader.read(limit: .max)
        guarded.withLock { state in
            state.waiting = waiting
            state.script = script[...]
        }
        roomMade()
    }

    package func onReceiveSpace(in receiver: any ConsoleReceiver) { pump() }

    /// Moves what fits into the device.
    private func pump() {
        let moved = guarded.withLock { state in
            guard let device = state.receiver else { return 0 }
            let count = device.receive(state.waiting[...])
            state.waiting.removeFirst(count)
            state.refill()
            return count
        }
        if moved > 0 { roomMade() }
    }
}
