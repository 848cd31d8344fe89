@testable import RV64JIT

/// All operands of a row: each register in each place, memory at every base, index, scale and size of displacement, and
/// immediates at their edges.
extension AssemblerTests {
    private struct Other {
        let operand: HostOperand
        /// Nil for a register.
        let memory: String?
    }

    private static let displacements = [0, 1, -1, 127, 128, -128, -129, 0x7FFF_FFFF, -0x8000_0000]

    private static let memories: [Other] = {
        var result: [Other] = []
        for (number, base) in HostRegister.allCases.enumerated() {
            for step in 0..<5 {
                let displacement = displacements[(number * 5 + step) % displacements.count]
                result.append(Other(operand: .memory(base, displacement), memory: text(base, nil, 0, displacement)))
            }
        }
        let bases: [HostRegister] = [.rax, .rbp, .rsp, .r12, .r13, .r8]
        for (number, index) in HostRegister.allCases.enumerated() where index != .rsp {
            for scale in 0..<4 {
                let base = bases[(number + scale) % bases.count]
                let displacement = displacements[(number * 4 + scale) % displacements.count]
                result.append(
                    Other(
                        operand: .indexed(base, index, scale: UInt8(scale), displacement),
                        memory: text(base, index, scale, displacement)
                    )
                )
            }
        }
        return result
    }()

    private static func text(_ base: HostRegister, _ index: HostRegister?, _ scale: Int, _ displacement: Int) -> String
    {
        var result = "[" + HostRow.name(base.rawValue, .quad, .quad)
        if let index {
            result += " + " + HostRow.name(index.rawValue, .quad, .quad)
            if scale > 0 { result += "*\(1 << scale)" }
        }
        if displacement != 0 {
            let size = abs(displacement)
            result += (displacement < 0 ? " - " : " + ") + (size < 10 ? "\(size)" : "0x" + String(size, radix: 16))
        }
        return result + "]"
    }

    /// Pairs of a register number and another operand.
    private static func operands(_ row: HostRow) -> [(register: UInt8, other: Other)] {
        var result: [(UInt8, Other)] = []
        let isVector = row.other == .vector
        func register(_ number: UInt8) -> Other {
            let operand: HostOperand =
                isVector
                ? .vector(HostVector(rawValue: number) ?? .xmm0) : .register(HostRegister(rawValue: number) ?? .rax)
            return Other(operand: operand, memory: nil)
        }
        if row.hasRegister {
            for number: UInt8 in 0..<16 {
                for other: UInt8 in [0, 3, 4, 5, 7, 12, 15] {
                    result += [(number, register(other)), (other, register(number))]
                }
            }
        }
        if row.hasMemory {
            for (number, memory) in memories.enumerated() { result.append((UInt8(number * 7 % 16), memory)) }
        }
        return result
    }

    static func write(_ row: HostRow, _ size: HostSize, to listing: Listing) {
        switch row.form {
        case .plain:
            let mnemonic = row.instruction == .cqo && size == .double ? "cdq" : row.mnemonic
            listing.write(HostText(mnemonic: mnemonic, operands: [])) { assembler in
                if row.instruction == .mfence {
                    assembler.emit(.mfence, .register(.rax))
                } else {
                    assembler.emit(row.instruction, size: size)
                }
            }
        case .short:
            for register in HostRegister.allCases {
                let name = HostRow.name(register.rawValue, row.register, size)
                listing.write(HostText(mnemonic: row.mnemonic, operands: [.text(name)])) {
                    $0.emit(row.instruction, register, size: size)
                }
            }
        default:
            for (register, other) in operands(row) { write(row, size, register, other, to: listing) }
        }
    }

    private static func write(_ row: HostRow, _ size: HostSize, _ register: UInt8, _ other: Other, to listing: Listing)
    {
        let first = HostText.Operand.text(HostRow.name(register, row.register, size))
        let second = HostText.Operand.text(other.memory ?? HostRow.name(other.operand.base, row.other, size))
        let pointer = other.memory == nil ? nil : HostRow.pointer(row.memory, size)
        let third = (register &* 5 &+ 3) & 15
        let last = HostText.Operand.text(HostRow.name(third, row.register, size))
        func add(_ operands: [HostText.Operand], _ body: (inout Assembler) -> Void) {
            listing.write(HostText(mnemonic: row.mnemonic, operands: operands, memorySize: pointer), body)
        }
        let instruction = row.instruction
        let immediates: [Int32] =
            row.isByteImmediate ? [0, 1, 31, 63, 127] : [0, 1, -1, 127, 128, -128, -129, .max, .min]
        let immediate = immediates[listing.starts.count % immediates.count]
        let value = HostText.Operand.immediate(Int64(immediate))
        switch row.form {
        case .registerAndOther:
            add([first, second]) { emit(&$0, row, register, other.operand, size) }
        case .otherAndRegister:
            add([second, first]) { emit(&$0, row, register, other.operand, size) }
        case .other: add([second]) { $0.emit(instruction, other.operand, size) }
        case .otherAndCount: add([second, .text("cl")]) { $0.emit(instruction, other.operand, size) }
        case .otherAndImmediate:
            add([second, value]) { $0.emit(instruction, other.operand, immediate: immediate, size) }
        case .registerOtherAndImmediate:
            add([first, second, value]) {
                $0.emit(
                    instruction,
                    HostRegister(rawValue: register) ?? .rax,
                    other.operand,
                    immediate: immediate,
                    size
                )
            }
        case .vectorAndVector:
            add([second, first, value]) {
                $0.emit(instruction, HostVector(rawValue: register) ?? .xmm0, other.operand, immediate: immediate)
            }
        case .other3:
            add([first, second, last]) { $0.emit(vex: instruction, register, other.operand, second: third, size) }
        case .register3, .fused:
            add([first, last, second]) { $0.emit(vex: instruction, register, other.operand, second: third, size) }
        case .immediate3:
            add([first, second, value]) {
                $0.emit(vex: instruction, register, other.operand, size, immediate: immediate)
            }
        case .plain, .short: break
        }
    }

    private static func emit(
        _ assembler: inout Assembler,
        _ row: HostRow,
        _ register: UInt8,
        _ other: HostOperand,
        _ size: HostSize
    ) {
        if row.register == .vector {
            assembler.emit(row.instruction, HostVector(rawValue: register) ?? .xmm0, other, size)
        } else {
            assembler.emit(row.instruction, HostRegister(rawValue: register) ?? .rax, other, size)
        }
    }
}
