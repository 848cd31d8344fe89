extension ExtensionSet {
    /// What a hart with these extensions lacks to execute an encoding: for reports that explain an illegal instruction.
    /// Empty where an extension is not the reason.
    package func missing(for raw: UInt32) -> ExtensionSet {
        if raw & 3 != 3, !contains(.zca) { return [.c] }
        let instruction = Decoder.complete.decode(raw)
        if instruction.isCSRAccess {
            let address = CSRAddress(UInt16(truncatingIfNeeded: instruction.immediate))
            guard contains(.zicsr) else { return [.zicsr] }
            guard let row = address.row, !row.exists(address, with: self) else { return [] }
            return row.providers
        }
        guard let row = InstructionTable.rowByOpcode[Int(instruction.opcode.rawValue)], !row.isAvailable(in: self)
        else { return [] }
        let ways = row.availability.map { $0.subtracting(self) }
        return ways.min { $0.members.count < $1.members.count } ?? []
    }
}
