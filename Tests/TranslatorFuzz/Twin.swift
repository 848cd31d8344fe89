import Glibc
import Platform
import RV64Core
import RV64JIT
import Synchronization

/// Two machines of one hart each that differ in nothing but the engine.
///
/// Traps to M-mode and HS-mode return to the caller, which sees all that they wrote.
package final class Twin {
    package static let base: UInt64 = 0x8000_0000
    package static let size: UInt64 = 1 << 20
    package static let device: UInt64 = 0x1000_0000

    /// Everything but double traps and resumable interrupts, which stop a hart that nobody looks after.
    package static let extensions = ExtensionSet.all.subtracting([.smdbltrp, .ssdbltrp, .smrnmi])

    package struct Side {
        package let memory: PhysicalMemory
        package let hart: Hart
        package let device: CountingDevice

        package var state: UnsafeMutablePointer<HartState> { hart.state }
    }

    package let interpreted: Side
    package let translated: Side

    package init(
        extensions: ExtensionSet = Twin.extensions,
        _ makeEngine: @escaping @Sendable () -> (any Engine)? = { try? NativeEngine(threshold: .first) }
    ) throws {
        interpreted = try Self.side(extensions, nil)
        translated = try Self.side(extensions, makeEngine)
    }

    private static func side(
        _ extensions: ExtensionSet,
        _ makeEngine: (@Sendable () -> (any Engine)?)?
    ) throws -> Side {
        let memory = try PhysicalMemory(base: base, size: size)
        let device = CountingDevice()
        var bus = Bus()
        bus.attach(device, at: Self.device, size: 0x1000)
        let configuration = HartConfiguration(
            extensions: extensions,
            hostedModes: .virtualized,
            entropy: EntropySource { 0x1234 },
            makeEngine: makeEngine
        )
        let hart = Hart(configuration: configuration, memory: memory, bus: bus, clock: InstructionClock())
        return Side(memory: memory, hart: hart, device: device)
    }

    package func forBoth(_ body: (Side) -> Void) {
        body(interpreted)
        body(translated)
    }

    package func write(_ bytes: [UInt8], at address: UInt64) {
        forBoth { side in bytes.withUnsafeBytes { _ = side.memory.write($0, at: address) } }
    }

    /// Both harts at reset, with all gates open and all bits of memory as they were.
    package func reset() {
        forBoth { side in
            side.hart.reset()
            side.device.reset()
            for (register, value) in Self.openGates { side.hart.writeCSR(CSRAddress(register), value) }
            side.hart.synchronizeInstructionFetch()
        }
    }

    /// Counters, state enables, environment configurations, delegation and protection: all that could forbid something.
    private static let openGates: [(UInt16, UInt64)] =
        [0x306, 0x606, 0x106, 0x303, 0x302, 0x30C, 0x60C, 0x10C].map { ($0, ~0) }
        + [0x30A, 0x60A, 0x10A].map { ($0, 0xF0) } + [(0x3B0, ~0), (0x3A0, 0x1F)]

    // MARK: - Running

    /// Runs both.
    ///
    /// - Returns: why both returned, or in words how they differ.
    package func run(instructions: UInt64) -> Outcome {
        let first = interpreted.hart.run(instructions: instructions)
        let second = translated.hart.run(instructions: instructions)
        guard first == second else {
            return .differ("the interpreter ended with \(first), the translator with \(second)")
        }
        if let difference { return .differ(difference) }
        return .same(first)
    }

    package enum Outcome {
        case same(HartExit)
        case differ(String)
    }

    /// How the states differ, in the order interpreter, translator.
    package var difference: String? {
        var first = interpreted.state.pointee
        var second = translated.state.pointee
        // What instructions with rd = x0 write is nobody's.
        for sink in 32..<40 { (first.x[sink], second.x[sink]) = (0, 0) }
        // Field by field only where something is another one, if only a gap between fields.
        if memcmp(&first, &second, MemoryLayout<HartState>.size) == 0 { return deviceDifference }
        guard first.mode == second.mode else { return "mode: \(first.mode), \(second.mode)" }
        guard first.isInCriticalError == second.isInCriticalError else { return "critical error" }
        let (a, b) = (Self.fields(&first), Self.fields(&second))
        let differing = zip(a, b).enumerated().filter { $0.element.0 != $0.element.1 }
        guard !differing.isEmpty else { return deviceDifference }
        return differing.prefix(6).map { index, values in
            "\(HartState.fieldNames[index]): \(Self.hex(values.0)), \(Self.hex(values.1))"
        }.joined(separator: "; ")
    }

    private var deviceDifference: String? {
        let (a, b) = (interpreted.device.accesses, translated.device.accesses)
        return a == b ? nil : "the device was accessed otherwise: \(a), \(b)"
    }

    /// The first byte of RAM that differs.
    package var memoryDifference: String? {
        guard let a = interpreted.memory.pointer(at: Self.base, count: Self.size),
            let b = translated.memory.pointer(at: Self.base, count: Self.size)
        else { return "no memory" }
        if memcmp(a, b, Int(Self.size)) == 0 { return nil }
        for offset in stride(from: 0, to: Int(Self.size), by: 8) {
            let x = a.load(fromByteOffset: offset, as: UInt64.self)
            let y = b.load(fromByteOffset: offset, as: UInt64.self)
            if x != y { return "memory at \(Self.hex(Self.base + UInt64(offset))): \(Self.hex(x)), \(Self.hex(y))" }
        }
        return nil
    }

    private static func fields(_ state: inout HartState) -> [UInt64] {
        var result: [UInt64] = []
        result.reserveCapacity(300)
        state.forEachField { result.append($0) }
        return result
    }

    package static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
}

/// A device whose every answer depends on all that was asked before.
package final class CountingDevice: MMIODevice {
    private let hash = Atomic<UInt64>(1)

    package var accesses: UInt64 { hash.load(ordering: .relaxed) }

    package func reset() { hash.store(1, ordering: .relaxed) }

    package func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 {
        if offset & 0x800 != 0 { throw .unmapped }
        return note(offset &<< 8 | width.bytes)
    }

    package func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
        if offset & 0x800 != 0 { throw .unmapped }
        _ = note(value ^ offset &<< 40 ^ width.bytes &<< 60)
    }

    private func note(_ value: UInt64) -> UInt64 {
        let next = (hash.load(ordering: .relaxed) ^ value) &* 0x9E37_79B9_7F4A_7C15
        hash.store(next ^ next &>> 29, ordering: .relaxed)
        return next
    }

    package func save(to writer: inout StateWriter) { writer.write(accesses) }

    package func restore(from reader: inout StateReader) throws(StateError) {
        hash.store(try reader.read(), ordering: .relaxed)
    }
}
