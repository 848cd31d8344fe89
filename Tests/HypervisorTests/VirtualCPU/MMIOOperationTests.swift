import Platform
import RV64Core
import Testing

@testable import Hypervisor

/// Device accesses of a guest: decoding, the bus access, the write-back.
@Suite struct MMIOOperationTests {
    private static let decoder = Decoder(extensions: ISAConfiguration.full.extensions)

    /// A device that answers with a pattern and notes what is written.
    private final class PatternDevice: MMIODevice {
        static let pattern: UInt64 = 0x8182_8384_8586_8788
        let writes = Lock<[UInt64]>([])

        func read(_ width: AccessWidth, at offset: UInt64) throws(BusFault) -> UInt64 { Self.pattern & width.mask }

        func write(_ value: UInt64, _ width: AccessWidth, at offset: UInt64) throws(BusFault) {
            writes.withLock { $0.append(value) }
        }

        func save(to writer: inout StateWriter) {}
        func restore(from reader: inout StateReader) throws(StateError) {}
    }

    struct Form: CustomTestStringConvertible, Sendable {
        let name: String
        let encoding: UInt32
        let direction: MMIOOperation.Direction
        let width: AccessWidth
        let length: UInt64
        /// What the register holds after a load of the pattern, or what a store of `stored` puts on the bus.
        let result: UInt64

        var testDescription: String { name }
    }

    private static let stored: UInt64 = 0xF1F2_F3F4_F5F6_F7F8

    private static func load(_ funct3: UInt32) -> UInt32 { 12 << 15 | funct3 << 12 | 11 << 7 | 0x03 }
    private static func store(_ funct3: UInt32) -> UInt32 { 11 << 20 | 12 << 15 | funct3 << 12 | 0x23 }

    static let forms: [Form] = [
        Form(
            name: "lb",
            encoding: load(0),
            direction: .load(register: 11, isSigned: true),
            width: .byte,
            length: 4,
            result: 0xFFFF_FFFF_FFFF_FF88
        ),
        Form(
            name: "lh",
            encoding: load(1),
            direction: .load(register: 11, isSigned: true),
            width: .half,
            length: 4,
            result: 0xFFFF_FFFF_FFFF_8788
        ),
        Form(
            name: "lw",
            encoding: load(2),
            direction: .load(register: 11, isSigned: true),
            width: .word,
            length: 4,
            result: 0xFFFF_FFFF_8586_8788
        ),
        Form(
            name: "ld",
            encoding: load(3),
            direction: .load(register: 11, isSigned: false),
            width: .double,
            length: 4,
            result: PatternDevice.pattern
        ),
        Form(
            name: "lbu",
            encoding: load(4),
            direction: .load(register: 11, isSigned: false),
            width: .byte,
            length: 4,
            result: 0x88
        ),
        Form(
            name: "lhu",
            encoding: load(5),
            direction: .load(register: 11, isSigned: false),
            width: .half,
            length: 4,
            result: 0x8788
        ),
        Form(
            name: "lwu",
            encoding: load(6),
            direction: .load(register: 11, isSigned: false),
            width: .word,
            length: 4,
            result: 0x8586_8788
        ),
        Form(
            name: "flw",
            encoding: load(2) | 4,
            direction: .loadFloatingPoint(register: 11),
            width: .word,
            length: 4,
            result: 0xFFFF_FFFF_8586_8788
        ),
        Form(
            name: "fld",
            encoding: load(3) | 4,
            direction: .loadFloatingPoint(register: 11),
            width: .double,
            length: 4,
            result: PatternDevice.pattern
        ),
        Form(name: "sb", encoding: store(0), direction: .store(register: 11), width: .byte, length: 4, result: 0xF8),
        Form(name: "sh", encoding: store(1), direction: .store(register: 11), width: .half, length: 4, result: 0xF7F8),
        Form(
            name: "sw",
            encoding: store(2),
            direction: .store(register: 11),
            width: .word,
            length: 4,
            result: 0xF5F6_F7F8
        ),
        Form(
            name: "sd",
            encoding: store(3),
            direction: .store(register: 11),
            width: .double,
            length: 4,
            result: stored
        ),
        Form(
            name: "fsw",
            encoding: store(2) | 4,
            direction: .storeFloatingPoint(register: 11),
            width: .word,
            length: 4,
            result: 0xF5F6_F7F8
        ),
        Form(
            name: "fsd",
            encoding: store(3) | 4,
            direction: .storeFloatingPoint(register: 11),
            width: .double,
            length: 4,
            result: stored
        ),
        // Compressed forms, all with x11 (f11) and x12.
        Form(
            name: "c.lw",
            encoding: 0x420C,
            direction: .load(register: 11, isSigned: true),
            width: .word,
            length: 2,
            result: 0xFFFF_FFFF_8586_8788
        ),
        Form(
            name: "c.ld",
            encoding: 0x620C,
            direction: .load(register: 11, isSigned: false),
            width: .double,
            length: 2,
            result: PatternDevice.pattern
        ),
        Form(
            name: "c.fld",
            encoding: 0x220C,
            direction: .loadFloatingPoint(register: 11),
            width: .double,
            length: 2,
            result: PatternDevice.pattern
        ),
        Form(
            name: "c.lwsp",
            encoding: 0x4582,
            direction: .load(register: 11, isSigned: true),
            width: .word,
            length: 2,
            result: 0xFFFF_FFFF_8586_8788
        ),
        Form(
            name: "c.ldsp",
            encoding: 0x6582,
            direction: .load(register: 11, isSigned: false),
            width: .double,
            length: 2,
            result: PatternDevice.pattern
        ),
        Form(
            name: "c.sw",
            encoding: 0xC20C,
            direction: .store(register: 11),
            width: .word,
            length: 2,
            result: 0xF5F6_F7F8
        ),
        Form(
            name: "c.sd",
            encoding: 0xE20C,
            direction: .store(register: 11),
            width: .double,
            length: 2,
            result: stored
        ),
        Form(
            name: "c.fsd",
            encoding: 0xA20C,
            direction: .storeFloatingPoint(register: 11),
            width: .double,
            length: 2,
            result: stored
        ),
        Form(
            name: "c.swsp",
            encoding: 0xC02E,
            direction: .store(register: 11),
            width: .word,
            length: 2,
            result: 0xF5F6_F7F8
        ),
        Form(
            name: "c.sdsp",
            encoding: 0xE02E,
            direction: .store(register: 11),
            width: .double,
            length: 2,
            result: stored
        ),
    ]

    /// Runs an operation with `stored` in x11 and f11.
    private static func perform(
        _ operation: MMIOOperation,
        at address: UInt64 = 0x1000
    ) throws -> (state: RV64Core.HartState, writes: [UInt64]) {
        let device = PatternDevice()
        var bus = Bus()
        bus.attach(device, at: 0x1000, size: 0x100)
        var state = RV64Core.HartState()
        state.x[11] = stored
        state.f[11] = stored
        try operation.perform(on: bus, at: address, state: &state)
        return (state, device.writes.withLock { $0 })
    }

    /// The last load and the last store are known; what they displaced is not.
    @Test func knownOperations() throws {
        var known = KnownOperations()
        let encodings: [UInt64] = [0x0000_3583, 0x0000_0503, 0x00B0_3023]
        let operations = try encodings.map {
            try #require(MMIOOperation(transformed: $0, decoder: Self.decoder))
        }
        for encoding in encodings + [0] { #expect(known[encoding] == nil) }
        known[encodings[0]] = operations[0]
        known[encodings[2]] = operations[2]
        #expect(known[encodings[0]] == operations[0])
        #expect(known[encodings[1]] == nil)
        #expect(known[encodings[2]] == operations[2])
        known[encodings[1]] = operations[1]
        #expect(known[encodings[0]] == nil)
        #expect(known[encodings[1]] == operations[1])
        #expect(known[encodings[2]] == operations[2])
    }

    @Test(arguments: forms)
    func fetchedForm(form: Form) throws {
        let operation = try #require(MMIOOperation(encoding: form.encoding, decoder: Self.decoder))
        #expect(operation.direction == form.direction)
        #expect(operation.width == form.width)
        #expect(operation.length == form.length)
        let (state, writes) = try Self.perform(operation)
        switch form.direction {
        case .load:
            #expect(state.x[11] == form.result)
            #expect(writes.isEmpty)
        case .loadFloatingPoint:
            #expect(state.f[11] == form.result)
            // The registers are dirty now, at both levels: or the guest would not save them.
            #expect(state.vsstatus[.fs] == 3 && state.mstatus[.fs] == 3)
        case .store, .storeFloatingPoint: #expect(writes == [form.result])
        }
    }

    /// As `htinst` has it: rs1 and the immediates cleared, bit 1 cleared for a compressed original.
    @Test(arguments: forms)
    func transformedForm(form: Form) throws {
        let expanded =
            form.length == 4
            ? form.encoding : try #require(Self.decoder.baseEncoding(of: form.encoding))
        let isStore = expanded & 0x20 != 0
        let kept = expanded & (isStore ? 0x01F0_707F : 0x0000_7FFF)
        let transformed = UInt64(form.length == 2 ? kept & ~2 : kept)
        let fromTransformed = try #require(MMIOOperation(transformed: transformed, decoder: Self.decoder))
        #expect(fromTransformed == MMIOOperation(encoding: form.encoding, decoder: Self.decoder))
    }

    /// The second half of an access that began on another page is no device access of its own.
    @Test(arguments: 1...7)
    func restOfAnotherPage(offset: UInt64) {
        #expect(MMIOOperation(transformed: UInt64(Self.load(2) & 0x7FFF) | offset << 15, decoder: Self.decoder) == nil)
    }

    /// AMOs, LR, SC, page-table walks, and what is no instruction at all.
    @Test(
        arguments: [0x00C5_A5AF, 0x1005_25AF, 0x18B5_252F, 0x0000_3000, 0x0000_3020, 0, ~0, 1 << 32 | 0x3] as [UInt64]
    )
    func notEmulated(instruction: UInt64) {
        #expect(MMIOOperation(transformed: instruction, decoder: Self.decoder) == nil)
    }

    @Test func loadIntoZeroRegisterIsDropped() throws {
        let operation = try #require(MMIOOperation(encoding: 0x0000_3003, decoder: Self.decoder))
        #expect(try Self.perform(operation).state.x[0] == 0)
    }

    @Test(arguments: [0x1001, 0x1002, 0x1003] as [UInt64])
    func misaligned(address: UInt64) throws {
        let operation = try #require(MMIOOperation(encoding: Self.load(2), decoder: Self.decoder))
        #expect(throws: BusFault.self) { try Self.perform(operation, at: address) }
    }

    @Test func nothingThere() throws {
        let operation = try #require(MMIOOperation(encoding: Self.store(3), decoder: Self.decoder))
        #expect(throws: BusFault.unmapped) { try Self.perform(operation, at: 0x2000) }
    }
}
