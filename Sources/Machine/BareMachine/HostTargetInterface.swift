import Devices
import Platform

/// HTIF: the mailbox by which test programs talk to their simulator, at the symbols `tohost` and `fromhost`.
///
/// The program stores a command: bits 63:56 the device, 55:48 the command, the rest the payload. A 32-bit store
/// works too, since device 0 and command 0 mean the system-call proxy.
final class HostTargetInterface: Sendable {
    private let toHost: UInt64
    private let fromHost: UInt64?
    private let memory: PhysicalMemory
    private let console: any ConsoleSink
    /// A command without an upper half, as first seen: it may be the lower half of another one, under way in two
    /// stores, and counts once it has stayed. The lock makes one hart's thread serve each command.
    private let undecided = Lock<UInt64>(0)

    /// Longer writes through the proxy are cut: the program sees how much was taken.
    private static let writeLimit: UInt64 = 1 << 20
    private static let write: UInt64 = 64
    private static let exit: UInt64 = 93

    /// - Returns: nil for a program without a `tohost`.
    init?(image: GuestImage, memory: PhysicalMemory, console: any ConsoleSink) {
        guard let toHost = image.address(of: "tohost") else { return nil }
        self.toHost = toHost
        fromHost = image.address(of: "fromhost")
        self.memory = memory
        self.console = console
    }

    /// Whether a command has been seen that the next look decides.
    var isUndecided: Bool { undecided.withLock { $0 != 0 } }

    /// Serves a command that waits.
    ///
    /// - Returns: the exit code, if the program ended itself.
    func poll() -> Int? {
        undecided.withLock { undecided in
            guard let value = load(toHost), value != 0 else {
                undecided = 0
                return nil
            }
            guard value >> 48 != 0 || value == undecided else {
                undecided = value
                return nil
            }
            undecided = 0
            return serve(value)
        }
    }

    private func serve(_ value: UInt64) -> Int? {
        let payload = value & 0xFFFF_FFFF_FFFF
        switch (value >> 56, value >> 48 & 0xFF) {
        case (0, 0) where payload & 1 == 1: return Int(payload >> 1)
        case (0, 0):
            if let code = systemCall(payload) { return code }
            store(0, at: toHost)
            fromHost.map { store(1, at: $0) }
        case (1, 1):
            console.write(UInt8(truncatingIfNeeded: payload))
            store(0, at: toHost)
        default: store(0, at: toHost)
        }
        return nil
    }

    /// The proxy: the payload points at the call's number and arguments; the result replaces the number.
    private func systemCall(_ block: UInt64) -> Int? {
        guard let number = load(block), let first = load(block &+ 8), let second = load(block &+ 16),
            let third = load(block &+ 24)
        else { return nil }
        switch number {
        case Self.exit: return Int(truncatingIfNeeded: first & 0xFF)
        case Self.write:
            let count = min(third, Self.writeLimit)
            if let bytes = memory.pointer(at: second, count: count) {
                console.write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                store(count, at: block)
            } else {
                store(UInt64(bitPattern: -14), at: block)  // -EFAULT
            }
        default: store(UInt64(bitPattern: -38), at: block)  // -ENOSYS
        }
        return nil
    }

    private func load(_ address: UInt64) -> UInt64? {
        memory.pointer(at: address, count: 8).map { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    }

    private func store(_ value: UInt64, at address: UInt64) {
        memory.pointer(at: address, count: 8)?.storeBytes(of: value.littleEndian, as: UInt64.self)
    }
}
