/// The text of one instruction as the common disassemblers write it, with ABI register names and the usual
/// pseudo-instructions. `raw` holds a 16-bit form in its low half; compressed forms read as what they expand to.
///
/// Every extension with rows is understood, whatever the hart at hand has; what is not an instruction comes out as
/// an `.insn` directive, which an assembler accepts.
///
/// - Parameters:
///   - raw: The encoding; 16-bit ones need only the low half.
///   - pc: Where the instruction stands: branch and jump targets are printed as addresses.
///   - symbol: The name of an address, printed beside targets.
/// - Returns: Mnemonic and operands, separated by one space; operands by a comma and a space.
public func disassemble(
    _ raw: UInt32,
    at pc: UInt64 = 0,
    symbol: (UInt64) -> String? = { _ in nil }
) -> String {
    let instruction = Decoder.complete.decode(raw)
    guard let row = InstructionTable.rowByOpcode[Int(instruction.opcode.rawValue)] else {
        if instruction.length == 2 && instruction.raw == 0 { return "unimp" }
        return ".insn \(instruction.length), \(Disassembly.hexadecimal(UInt64(instruction.raw)))"
    }
    // norm:Zcmop_enc: no base form has this name.
    if instruction.length == 2, let number = CompressedTable.mayBeOperation(raw) { return "c.mop.\(number)" }
    let word = Decoder.complete.baseEncoding(of: raw) ?? raw
    let alias = Disassembly.aliases[Int(instruction.opcode.rawValue)].first { $0.matches(word) }
    let text = Disassembly(word: word, pc: pc, row: row)
    let operands = (alias?.operands ?? row.format.operands).compactMap { text.operand($0, symbol: symbol) }
    let mnemonic = text.completed(alias?.mnemonic ?? row.mnemonic)
    return operands.isEmpty ? mnemonic : "\(mnemonic) \(operands.joined(separator: ", "))"
}

/// One instruction being written out.
private struct Disassembly {
    let word: UInt32
    let pc: UInt64
    let row: InstructionRow

    /// The aliases of each opcode, by raw value.
    static let aliases: [[AliasRow]] = {
        var result = [[AliasRow]](repeating: [], count: Opcode.allCases.count)
        for alias in AliasTable.rows {
            guard let row = InstructionTable.rows.first(where: { $0.pattern.matches(alias.pattern.match) })
            else { continue }
            result[Int(row.opcode.rawValue)].append(alias)
        }
        return result
    }()

    private static let roundingModes = ["rne", "rtz", "rdn", "rup", "rmm", "5", "6", "dyn"]

    private var fields: OperandFields { OperandFields(word: word) }

    static func hexadecimal(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

    /// The mnemonic with what the encoding adds to it.
    func completed(_ mnemonic: String) -> String {
        switch row.format.suffix {
        case .none: mnemonic
        case .ordering: mnemonic + ["", ".rl", ".aq", ".aqrl"][Int(word >> 25 & 3)]
        case .acquire: word >> 25 & 1 == 0 ? mnemonic : mnemonic + "rl"
        case .release: word >> 26 & 1 == 0 ? mnemonic : mnemonic.dropLast(2) + "aqrl"
        case .mayBe: mnemonic + ".\(word >> 26 & 16 | word >> 24 & 12 | word >> 20 & 3)"
        case .mayBeBinary: mnemonic + ".\(word >> 28 & 4 | word >> 26 & 3)"
        }
    }

    /// The text of one operand; `nil` when it is not written.
    func operand(_ operand: Operand, symbol: (UInt64) -> String?) -> String? {
        switch operand {
        case .rd, .evenRd: RegisterNames.integer[Int(fields.rd)]
        case .rs1: RegisterNames.integer[Int(fields.rs1)]
        case .rs2, .evenRs2: RegisterNames.integer[Int(fields.rs2)]
        case .floatRd: RegisterNames.float[Int(fields.rd)]
        case .floatRs1: RegisterNames.float[Int(fields.rs1)]
        case .floatRs2: RegisterNames.float[Int(fields.rs2)]
        case .floatRs3: RegisterNames.float[Int(fields.thirdSource)]
        case .immediate: "\(fields.immediateI)"
        case .upper: Self.hexadecimal(UInt64(word >> 12))
        case .shiftAmount: "\(fields.shiftAmount)"
        case .loadAddress: "\(fields.immediateI)(\(RegisterNames.integer[Int(fields.rs1)]))"
        case .storeAddress: "\(fields.immediateS)(\(RegisterNames.integer[Int(fields.rs1)]))"
        case .baseAddress: "(\(RegisterNames.integer[Int(fields.rs1)]))"
        case .branchTarget: target(fields.immediateB, symbol: symbol)
        case .jumpTarget: target(fields.immediateJ, symbol: symbol)
        case .csr: CSRAddress(UInt16(word >> 20)).name ?? Self.hexadecimal(UInt64(word >> 20))
        case .csrImmediate: "\(fields.rs1)"
        case .predecessors: accessSet(word >> 24)
        case .successors: accessSet(word >> 20)
        case .roundingMode, .fixedRoundingMode: roundingMode
        case .roundNumber: "\(fields.roundNumber)"
        case .floatConstant: FloatingPointConstants.names[Int(fields.rs1)]
        }
    }

    private func target(_ offset: Int32, symbol: (UInt64) -> String?) -> String {
        let address = pc &+ UInt64(bitPattern: Int64(offset))
        guard let name = symbol(address) else { return Self.hexadecimal(address) }
        return "\(Self.hexadecimal(address)) <\(name)>"
    }

    /// The letters of a fence's access set: device input and output, memory reads and writes.
    private func accessSet(_ bits: UInt32) -> String {
        let letters = zip([8, 4, 2, 1] as [UInt32], "iorw").filter { bits & $0.0 != 0 }.map(\.1)
        return letters.isEmpty ? "0" : String(letters)
    }

    /// Assemblers choose `dyn`, but `rne` for the conversions that are always exact.
    private var roundingMode: String? {
        let isExact = [.fcvtDS, .fcvtDW, .fcvtDWu, .fcvtSH, .fcvtDH].contains(row.opcode)
        let field = Int(word >> 12 & 7)
        return field == (isExact ? 0 : 7) ? nil : Self.roundingModes[field]
    }
}
