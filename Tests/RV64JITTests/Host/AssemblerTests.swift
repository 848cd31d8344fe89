import Testing

@testable import RV64JIT

/// Every row of the encoder, read back by a disassembler that knows nothing of it.
@Suite struct AssemblerTests {
    /// What was written, and what it should read as.
    final class Listing {
        private let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 20)
        private(set) var assembler: Assembler
        private(set) var starts: [Int] = []
        private(set) var expected: [HostText] = []

        init() { assembler = Assembler(at: buffer) }

        deinit { buffer.deallocate() }

        var bytes: [UInt8] { Array(UnsafeBufferPointer(start: buffer, count: assembler.cursor - buffer)) }

        func write(_ text: HostText, _ body: (inout Assembler) -> Void) {
            starts.append(assembler.cursor - buffer)
            expected.append(text)
            body(&assembler)
        }
    }

    @Test func everyInstructionHasARow() {
        #expect(Set(HostRows.all.map(\.instruction)) == Set(HostInstruction.allCases))
        #expect(HostRows.all.count == HostInstruction.allCases.count)
    }

    @Test(
        .enabled(if: NativeEngine.isSupported),
        arguments: [
            HostRows.moves, HostRows.arithmetic, HostRows.shifts, HostRows.memoryAndControl, HostRows.vectorMoves,
            HostRows.floats, HostRows.fused,
        ]
    )
    func rowsReadBack(_ rows: [HostRow]) throws {
        let listing = Listing()
        for row in rows {
            for size in row.hasSizes ? [HostSize.double, .quad] : [.quad] { Self.write(row, size, to: listing) }
        }
        try Self.check(listing)
    }

    @Test func specialFormsReadBack() throws {
        let listing = Listing()
        for register in HostRegister.allCases {
            for value: UInt64 in [0, 1, 0xFFFF_FFFF, 0x1_0000_0000, ~0, 0xFFFF_FFFF_8000_0000, 0x8000_0000] {
                let isShort = value <= 0xFFFF_FFFF
                let isWide = !isShort && value < 0xFFFF_FFFF_8000_0000
                let name = HostRow.name(register.rawValue, isShort ? .double : .quad, .quad)
                let number = isShort ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
                let text = HostText(mnemonic: isWide ? "movabs" : "mov", operands: [.text(name), .immediate(number)])
                listing.write(text) { $0.load(register, constant: value) }
            }
            for condition in HostCondition.allCases {
                let suffix = Self.suffixes[Int(condition.rawValue)]
                let byte = HostRow.name(register.rawValue, .byte, .quad)
                listing.write(HostText(mnemonic: "set" + suffix, operands: [.text(byte)])) {
                    $0.set(condition, register)
                }
                for size in [HostSize.double, .quad] {
                    for other in [HostRegister.rax, .rsp, .r13] {
                        let names = [register, other].map { HostRow.name($0.rawValue, .byOperand, size) }
                        listing.write(HostText(mnemonic: "cmov" + suffix, operands: names.map { .text($0) })) {
                            $0.move(condition, register, .register(other), size)
                        }
                    }
                    let operands: [HostText.Operand] = [
                        .text(HostRow.name(register.rawValue, .byOperand, size)), .text("[r13 + r12*8 - 5]"),
                    ]
                    let pointer = HostRow.pointer(.byOperand, size)
                    listing.write(HostText(mnemonic: "cmov" + suffix, operands: operands, memorySize: pointer)) {
                        $0.move(condition, register, .indexed(.r13, .r12, scale: 3, -5), size)
                    }
                }
            }
        }
        try Self.check(listing)
    }

    private static let suffixes = [
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g",
    ]

    @Test func jumpsReadBack() throws {
        let listing = Listing()
        let start = listing.assembler.cursor
        for condition in HostCondition.allCases {
            let mnemonic = "j" + Self.suffixes[Int(condition.rawValue)]
            listing.write(HostText(mnemonic: mnemonic, operands: [.immediate(0)])) { $0.jump(condition, to: start) }
        }
        listing.write(HostText(mnemonic: "jmp", operands: [.immediate(0)])) { $0.jump(to: start) }
        listing.write(HostText(mnemonic: "call", operands: [.immediate(0)])) { $0.call(start) }
        let next = Int64(listing.bytes.count + 5)
        listing.write(HostText(mnemonic: "jmp", operands: [.immediate(next)])) { assembler in
            let fixup = assembler.jump()
            assembler.bind(fixup)
        }
        for register in HostRegister.allCases {
            let name = HostRow.name(register.rawValue, .quad, .quad)
            listing.write(HostText(mnemonic: "lea", operands: [.text(name), .text("[rip]")])) { assembler in
                let fixup = assembler.load(register, relative: ())
                assembler.bind(fixup)
            }
        }
        try Self.check(listing)
    }

    // MARK: - Checking

    private static func check(_ listing: Listing) throws {
        let read = try Disassembler.read(listing.bytes, starts: listing.starts)
        var failures = 0
        for (index, expected) in listing.expected.enumerated() where index < read.count && failures < 10 {
            let actual = read[index]
            var text = actual.text
            // Without a size to it.
            if text.mnemonic == "lea" || expected.memorySize == nil { text.memorySize = expected.memorySize }
            if actual.offset == listing.starts[index], agree(expected, text) { continue }
            failures += 1
            let end = index + 1 < listing.starts.count ? listing.starts[index + 1] : listing.bytes.count
            let bytes = listing.bytes[listing.starts[index]..<end].map { String($0, radix: 16) }
            Issue.record("\(expected) is \(bytes), which reads as \(actual.text) at \(actual.offset)")
            if actual.offset != listing.starts[index] { break }
        }
        #expect(read.count == listing.expected.count)
    }

    /// Immediates are written with the width of the operands, or with a sign.
    private static func agree(_ expected: HostText, _ actual: HostText) -> Bool {
        guard expected.mnemonic == actual.mnemonic, expected.memorySize == actual.memorySize,
            expected.operands.count == actual.operands.count
        else { return false }
        return zip(expected.operands, actual.operands).allSatisfy { pair in
            switch pair {
            case (.text(let a), .text(let b)): a == b
            case (.immediate(let a), .immediate(let b)):
                a == b || Int32(truncatingIfNeeded: a) == Int32(truncatingIfNeeded: b) && b >> 32 == 0
                    || UInt8(truncatingIfNeeded: a) == UInt8(truncatingIfNeeded: b) && b >> 8 == 0
            default: false
            }
        }
    }
}
