/// One instruction: everything the decoder and the disassembler know about it.
package struct InstructionRow: Sendable {
    package let mnemonic: String
    package let pattern: BitPattern
    package let format: InstructionFormat
    /// The instruction exists when any one of these sets is enabled in full.
    package let availability: [ExtensionSet]
    package let opcode: Opcode
    package let execution: Execution

    package init(
        _ mnemonic: String,
        _ pattern: StaticString,
        _ format: InstructionFormat,
        _ brought: ISAExtension,
        _ opcode: Opcode,
        _ execution: Execution
    ) {
        self.init(mnemonic, pattern, format, anyOf: [[brought]], opcode, execution)
    }

    package init(
        _ mnemonic: String,
        _ pattern: StaticString,
        _ format: InstructionFormat,
        anyOf availability: [ExtensionSet],
        _ opcode: Opcode,
        _ execution: Execution
    ) {
        self.mnemonic = mnemonic
        self.pattern = BitPattern(pattern)
        self.format = format
        self.availability = availability
        self.opcode = opcode
        self.execution = execution
    }

    package func isAvailable(in extensions: ExtensionSet) -> Bool {
        availability.contains { extensions.isSuperset(of: $0) }
    }
}

/// All rows. To add an instruction: a case in ``Opcode``, a row in the file of its extension, its semantics.
package enum InstructionTable {
    package static let rows: [InstructionRow] = {
        let families = [
            baseRows, multiplyRows, atomicRows, singleFloatRows, doubleFloatRows, systemRows, hypervisorRows,
            bitManipulationRows, cryptographyRows, userSystemRows, extendedAtomicRows, orderedRows, halfFloatRows,
            additionalFloatRows,
        ]
        var rows: [InstructionRow] = []
        // Once, and not for each family anew: every start does this.
        rows.reserveCapacity(families.reduce(0) { $0 + $1.count })
        for family in families { rows += family }
        return rows
    }()

    /// The row of each opcode that has one, by raw value.
    static let rowByOpcode: [InstructionRow?] = {
        var result = [InstructionRow?](repeating: nil, count: Opcode.allCases.count)
        for row in rows { result[Int(row.opcode.rawValue)] = row }
        return result
    }()
}
