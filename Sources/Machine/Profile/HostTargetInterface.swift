import Devices
import Platform

/// HTIF: the mailbox by which test programs talk to their simulator, at the symbols `tohost` and `fromhost`.
///
/// The program stores a command: bits 63:56 the device, 55:48 the command, the rest the payload. The mailbox is RAM
/// whose stores come here, so a command is served before the next instruction. A 32-bit store to the lower half may be
/// all of a command, since device 0 and command 0 mean the system-call proxy, or half of one: it counts when the upper
/// half follows, when it is stored again, or once it has stayed for two looks.
final class HostTargetInterface: MMIODevice {
    /// Where stores come here instead of going to RAM.
    let mailbox: Range<UInt64>
    private let toHost: UInt64
    private let fromHost: UInt64?
    private let memory: PhysicalMemory
    private let console: any ConsoleSink
    private let power: any PowerSink
    /// The lock makes one hart's thread serve each command.
    private let undecided = Lock<Undecided?>(nil)

    private struct Undecided {
        let value: UInt64
        var looks: UInt8 = 0
    }

    /// Longer writes through the proxy are cut: the program sees how much was taken.
    private static let writeLimit: UInt64 = 1 << 20
    private static let write: UInt64 = 64
    private static let exit: UInt64 = 93
    private static let size: UInt64 = 8

    /// Whether the program talks to its simulator so.
    static func isUsed(by image: GuestImage) -> Bool { image.address(of: "tohost") != nil }

    /// Where a program's mailbox is; nil for a program without a `tohost` in memory.
    static func mailbox(of image: GuestImage, in memory: PhysicalMemory) -> Range<UInt64>? {
        guard let toHost = image.address(of: "tohost"), toHost % Self.size == 0,
            memory.pointer(at: toHost, count: Self.size) != nil
        else { return nil }
        return toHost..<toHost + Self.size
    }

    /// - Returns: nil for a program without a `tohost` in memory.
    init?(
        image: GuestImage,
        memory: PhysicalMemory,
        console: any ConsoleSink,
        power: any PowerSink
    ) {
        guard let mailbox = Self.mailbox(of: image, in: memory) else { return nil }
        self.mailbox = mailbox
        toHost = mailbox.lowerBound
        fromHost = image.address(of: "fromhost")
        self.memory = memory
        self.console = console
        self.power = power
    }

    // MARK: - Stores of the program

    func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        guard let pointer = memory.pointer(at: toHost &+ offset, count: width.bytes) else { throw .unmapped }
        return pointer.loadBytes(width)
    }

    func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        guard let pointer = memory.pointer(at: toHost &+ offset, count: width.bytes) else { throw .unmapped }
        undecided.withLock { undecided in
            pointer.storeBytes(value, width)
            memory.haveStored(UnsafeRawBufferPointer(start: pointer, count: Int(width.bytes)))
            guard let command = load(toHost), command != 0 else {
                undecided = nil
                return
            }
            if offset &+ width.bytes == Self.size || command >> 48 != 0 || command == undecided?.value {
                undecided = nil
                serve(command)
            } else {
                undecided = Undecided(value: command)
            }
        }
    }

    /// Whether a command waits for looks.
    var isUndecided: Bool { undecided.withLock { $0 != nil } }

    /// Serves a command that has stayed.
    func look() {
        undecided.withLock { current in
            guard var waiting = current else { return }
            current = nil
            guard let command = load(toHost), command == waiting.value else { return }
            waiting.looks += 1
            if waiting.looks > 1 { serve(command) } else { current = waiting }
        }
    }

    // MARK: - Savable

    func save(to writer: inout StateWriter) {
        writer.write(toHost)
        undecided.withLock { undecided in
            writer.write(undecided?.value)
            writer.write(undecided?.looks ?? 0)
        }
    }

    func restore(from reader: inout StateReader) throws(StateError) {
        try reader.requireSame("the mailbox", saved: reader.read(UInt64.self), here: toHost)
        let value = try reader.read(UInt64?.self)
        let looks = try reader.read(UInt8.self)
        undecided.withLock { $0 = value.map { Undecided(value: $0, looks: looks) } }
    }

    // MARK: - Commands

    private func serve(_ value: UInt64) {
        let payload = value & 0xFFFF_FFFF_FFFF
        switch (value >> 56, value >> 48 & 0xFF) {
        case (0, 0) where payload & 1 == 1: return power.powerOff(code: Int(payload >> 1))
        case (0, 0):
            if let code = systemCall(payload) { return power.powerOff(code: code) }
            store(0, at: toHost)
            if let fromHost { store(1, at: fromHost) }
        case (1, 1):
            console.write(UInt8(truncatingIfNeeded: payload))
            store(0, at: toHost)
        default: store(0, at: toHost)
        }
    }

    /// The proxy: the payload points at the call's number and arguments; the result replaces the number.
    ///
    /// - Returns: the exit code, if the program ended itself.
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
        guard let pointer = memory.pointer(at: address, count: 8) else { return }
        pointer.storeBytes(of: value.littleEndian, as: UInt64.self)
        memory.haveStored(UnsafeRawBufferPointer(start: pointer, count: 8))
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func loadBytes(_ width: AccessWidth) -> UInt64 {
        (0..<Int(width.bytes)).reversed().reduce(0) { $0 << 8 | UInt64(load(fromByteOffset: $1, as: UInt8.self)) }
    }

    fileprivate func storeBytes(_ value: UInt64, _ width: AccessWidth) {
        for index in 0..<Int(width.bytes) {
            storeBytes(of: UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))), toByteOffset: index, as: UInt8.self)
        }
    }
}
