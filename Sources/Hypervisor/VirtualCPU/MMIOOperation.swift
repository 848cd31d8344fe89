import Platform
import RV64Core

/// A load or store of a guest that hit a device, as the one decoder sees it.
package struct MMIOOperation: Equatable, Sendable {
    package enum Direction: Equatable, Sendable {
        /// The value goes to an integer register, extended from its width.
        case load(register: UInt8, isSigned: Bool)
        case loadFloatingPoint(register: UInt8)
        case store(register: UInt8)
        case storeFloatingPoint(register: UInt8)
    }

    package let direction: Direction
    package let width: AccessWidth
    /// Bytes of the original instruction: how far `sepc` moves.
    package let length: UInt64

    /// From `htinst`'s transformed instruction, whose bit 1 says whether the original was compressed.
    ///
    /// nil for what no device understands: AMOs, and the rest of an access that began on another page ("Addr. Offset",
    /// in place of rs1, is not zero).
    package init?(transformed: UInt64, decoder: Decoder) {
        guard transformed & 1 == 1, transformed <= UInt64(UInt32.max), transformed >> 15 & 0x1F == 0 else { return nil }
        let instruction = decoder.decode(UInt32(truncatingIfNeeded: transformed) | 2)
        self.init(instruction, length: transformed & 2 == 0 ? 2 : 4)
    }

    /// From an instruction as fetched.
    package init?(encoding: UInt32, decoder: Decoder) {
        let instruction = decoder.decode(encoding)
        self.init(instruction, length: UInt64(instruction.length))
    }

    private init?(_ instruction: DecodedInstruction, length: UInt64) {
        self.length = length
        switch instruction.opcode.execution {
        case .load(let width, let form):
            direction = .load(register: instruction.rd, isSigned: form == .signExtended)
            self.width = width
        case .floatLoad(let format):
            direction = .loadFloatingPoint(register: instruction.rd)
            width = format.width
        case .store(let width):
            direction = .store(register: instruction.rs2)
            self.width = width
        case .floatStore(let format):
            direction = .storeFloatingPoint(register: instruction.rs2)
            width = format.width
        case .loop, .jump, .float, .scalar, .atomic, .modify, .cacheBlock, .csr, .hypervisorLoad, .hypervisorStore,
            .system, .illegal:
            return nil
        }
    }

    /// What was done, once it is: a load's value as the device gave it.
    func access(at address: UInt64, state: UnsafeMutablePointer<RV64Core.HartState>) -> DeviceAccess {
        switch direction {
        case .load(let register, _): DeviceAccess(.read, address, width, state.pointee.x[Int(register)])
        case .loadFloatingPoint(let register): DeviceAccess(.read, address, width, state.pointee.f[Int(register)])
        case .store(let register): DeviceAccess(.write, address, width, state.pointee.x[Int(register)])
        case .storeFloatingPoint(let register): DeviceAccess(.write, address, width, state.pointee.f[Int(register)])
        }
    }

    /// Performs the access against a bus, and the register write-back.
    ///
    /// - Throws: `BusFault` where no device answers; nothing has changed then.
    func perform(
        on bus: Bus,
        at address: UInt64,
        state: UnsafeMutablePointer<RV64Core.HartState>
    ) throws(BusFault) {
        guard address & (width.bytes - 1) == 0 else { throw .unsupportedWidth }
        switch direction {
        case .load(let register, let isSigned):
            let value = try bus.read(width, at: address)
            let unused = 64 - width.bytes * 8
            state.pointee.x[Int(register)] =
                isSigned ? UInt64(bitPattern: (Int64(bitPattern: value) << Int64(unused)) >> Int64(unused)) : value
        case .loadFloatingPoint(let register):
            let value = try bus.read(width, at: address)
            // Narrower values are NaN-boxed.
            state.pointee.f[Int(register)] = value | ~width.mask
            // As the instruction itself would have done. norm:vsstatus_fs_op
            state.pointee.mstatus[.fs] = ContextStatus.dirty
            state.pointee.vsstatus[.fs] = ContextStatus.dirty
        case .store(let register): try bus.write(state.pointee.x[Int(register)], width, at: address)
        case .storeFloatingPoint(let register): try bus.write(state.pointee.f[Int(register)], width, at: address)
        }
    }
}

/// The last load and the last store that were decoded: a driver's loop consists of few.
struct KnownOperations {
    /// By `htinst`, where zero is no instruction.
    private var entries: [2 of Entry] = [Entry(), Entry()]

    private struct Entry {
        var transformed: UInt64 = 0
        var operation: MMIOOperation?
    }

    subscript(transformed: UInt64) -> MMIOOperation? {
        get {
            let entry = entries[Self.index(transformed)]
            return entry.transformed == transformed ? entry.operation : nil
        }
        set { entries[Self.index(transformed)] = Entry(transformed: transformed, operation: newValue) }
    }

    /// STORE and STORE-FP differ from LOAD and LOAD-FP by bit 5.
    private static func index(_ transformed: UInt64) -> Int { Int(truncatingIfNeeded: transformed >> 5 & 1) }
}
