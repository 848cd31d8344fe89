import Testing

@testable import RV64Core

@Suite("Instruction rows")
struct InstructionTableTests {
    @Test("Every opcode that has encodings has one row, and every row its own opcode")
    func bijection() {
        let opcodes = InstructionTable.rows.map(\.opcode)
        #expect(Set(opcodes).count == opcodes.count)
        #expect(Set(opcodes) == Set(Opcode.allCases).subtracting([.illegal]))
        #expect(Set(InstructionTable.rows.map(\.mnemonic)).count == InstructionTable.rows.count)
        for (index, opcode) in Opcode.allCases.enumerated() { #expect(Int(opcode.rawValue) == index) }
    }

    @Test("Opcode names are the mnemonics in lower camel case", arguments: InstructionTable.rows)
    func naming(row: InstructionRow) {
        let pieces = row.mnemonic.split(separator: ".")
        let expected = pieces[0] + pieces.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        #expect("\(row.opcode)" == expected)
    }

    @Test("Patterns are 32 bits of the 32-bit encoding space", arguments: InstructionTable.rows)
    func wellFormed(row: InstructionRow) {
        #expect(row.pattern.isWellFormed)
        #expect(row.pattern.width == 32)
        #expect(row.pattern.mask & 0x7F == 0x7F)
        #expect(row.pattern.match & 3 == 3)
        #expect(row.pattern.match & 0x1F != 0x1F, "longer than 32 bits")
    }

    @Test("No encoding belongs to two rows, but zext.h to packw")
    func noOverlap() {
        let rows = InstructionTable.rows
        for (index, a) in rows.enumerated() {
            for b in rows[(index + 1)...] {
                let common = a.pattern.mask & b.pattern.mask
                // Where both exist the first row is found; where only Zbb is there the second does not exist.
                if (a.opcode, b.opcode) == (.zextH, .packw) { continue }
                #expect(a.pattern.match & common != b.pattern.match & common, "\(a.mnemonic) and \(b.mnemonic)")
            }
        }
    }

    @Test("A row leaves exactly its format's operand bits open", arguments: InstructionTable.rows)
    func openBits(row: InstructionRow) {
        // The fields of fence.i are reserved and ignored: no operands, but open.
        let expected = row.opcode == .fenceI ? 0xFFFF_8F80 : row.format.operandMask
        #expect(~row.pattern.mask == expected)
    }

    @Test("Every format has its row, in the order of the cases")
    func formats() {
        #expect(FormatTable.rows.map(\.format) == InstructionFormat.allCases)
        #expect(MemoryLayout<OperandLayout>.size == 6)
    }

    @Test("No 16-bit encoding belongs to two rows, and every form expands to a row's opcode")
    func compressedRows() {
        for row in CompressedTable.allRows {
            #expect(row.pattern.isWellFormed && row.pattern.width == 16, "\(row.mnemonic)")
            #expect(InstructionTable.rowByOpcode[Int(row.expandsTo.rawValue)] != nil, "\(row.mnemonic)")
        }
        for half in UInt32(0)...0xFFFF {
            let count = CompressedTable.allRows.count { $0.pattern.matches(half) }
            if count > 1 { Issue.record("\(String(half, radix: 16)) matches \(count) rows") }
        }
    }

    @Test("Each alias is a narrower pattern of one row", arguments: AliasTable.rows.map(\.mnemonic))
    func aliases(mnemonic: String) {
        for alias in AliasTable.rows where alias.mnemonic == mnemonic {
            let rows = InstructionTable.rows.filter {
                $0.pattern.mask & ~alias.pattern.mask == 0
                    && alias.pattern.match & $0.pattern.mask == $0.pattern.match
            }
            #expect(rows.count == 1)
        }
    }
}

extension InstructionFormat {
    /// The bits that hold operands, written down independently of the rows.
    fileprivate var operandMask: UInt32 {
        let rd: UInt32 = 31 << 7
        let rm: UInt32 = 7 << 12
        let rs1: UInt32 = 31 << 15
        let rs2: UInt32 = 31 << 20
        return switch self {
        case .r, .float, .floatCompare: rd | rs1 | rs2
        case .unary, .floatConstant, .floatTruncated: rd | rs1
        case .mayBe: rd | rs1 | 1 << 30 | 3 << 26 | 3 << 20
        case .mayBeBinary: rd | rs1 | rs2 | 1 << 30 | 3 << 26
        case .roundNumber: rd | rs1 | 15 << 20
        case .cacheBlock: rs1
        case .atomicPair: rd | rs1 | rs2 | 3 << 25
        case .i, .load, .jumpRegister, .floatLoad, .csr, .csrImmediate, .fence: rd | rs1 | 0xFFF0_0000
        case .store, .floatStore, .branch: rs1 | rs2 | 0xFE00_0F80
        case .upper, .jump: 0xFFFF_FF80
        case .shift: rd | rs1 | 63 << 20
        case .shiftWord: rd | rs1 | 31 << 20
        case .none: 0
        case .loadReserved: rd | rs1 | 3 << 25
        case .atomic: rd | rs1 | rs2 | 3 << 25
        case .loadAcquire: rd | rs1 | 1 << 25
        case .storeRelease: rs1 | rs2 | 1 << 26
        case .translationFence, .hypervisorStore: rs1 | rs2
        case .hypervisorLoad, .floatToInteger, .integerToFloat: rd | rs1
        case .fused: rd | rm | rs1 | rs2 | 31 << 27
        case .floatRounded: rd | rm | rs1 | rs2
        case .floatUnaryRounded, .floatToIntegerRounded, .integerToFloatRounded: rd | rm | rs1
        }
    }
}
