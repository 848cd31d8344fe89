import Devices
import Platform

/// What was typed for a guest and not yet taken: the UART's driver takes it, or SBI's console calls do.
package final class GuestConsoleInput: ReceiveSpaceObserver {
    private static let limit = 4096

    private let waiting = Lock<[UInt8]>([])
    private let receiver = Lock<(any ConsoleReceiver)?>(nil)
    /// Called when there is room for more, on any thread.
    private let roomMade: @Sendable () -> Void

    init(roomMade: @escaping @Sendable () -> Void) { self.roomMade = roomMade }

    func connect(_ device: any ConsoleReceiver) {
        receiver.withLock { $0 = device }
        device.observeReceiveSpace(self)
    }

    /// Takes as many of the first bytes as there is room for, and says how many.
    package func offer(_ bytes: [UInt8]) -> Int {
        let count = waiting.withLock { waiting in
            let count = min(bytes.count, Self.limit - waiting.count)
            waiting += bytes.prefix(count)
            return count
        }
        pump()
        return count
    }

    /// What SBI's console calls take.
    func take(_ maximum: Int) -> [UInt8] {
        let taken = waiting.withLock { waiting in
            let taken = Array(waiting.prefix(maximum))
            waiting.removeFirst(taken.count)
            return taken
        }
        if !taken.isEmpty { roomMade() }
        return taken
    }

    package func onReceiveSpace(in receiver: any ConsoleReceiver) { pump() }

    /// Moves what fits into the device.
    private func pump() {
        guard let device = receiver.withLock({ $0 }) else { return }
        let moved = waiting.withLock { waiting in
            let count = device.receive(waiting[...])
            waiting.removeFirst(count)
            return count
        }
        if moved > 0 { roomMade() }
    }
}
