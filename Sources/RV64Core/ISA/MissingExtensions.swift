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

/// An instruction that was illegal for want of its extension, and where it stood.
struct MissingInstruction: Equatable {
    var raw: UInt32
    var pc: UInt64
}

extension Hart {
    /// Keeps an instruction that was illegal for reports, if that is for want of its extension. Software that probes for
    /// extensions goes on by itself; other software ends far from here.
    ///
    /// `value` is what `xtval` received, `offered` what software was told that it has.
    package func noteIllegalInstruction(_ value: UInt64, at pc: UInt64, offered: ExtensionSet) {
        // Most that there are many of are one, again and again.
        guard value != illegalInstruction else { return }
        illegalInstruction = value
        guard let raw = UInt32(exactly: value), !offered.missing(for: raw).isEmpty else { return }
        missingInstruction = MissingInstruction(raw: raw, pc: pc)
    }

    /// What to tell the user where software has tried an instruction that it was not offered.
    ///
    /// - Parameters:
    ///   - offered: the extensions that it was told of.
    ///   - place: says where an address is.
    /// - Returns: the line, or nil where it has not.
    package func missingInstructionReport(offered: ExtensionSet, _ place: (UInt64) -> String) -> String? {
        missingInstruction.map { missing in
            let names = offered.missing(for: missing.raw).members.map(\.name).joined(separator: " or ")
            return "hart \(configuration.id) tried \(disassemble(missing.raw, at: missing.pc)) at "
                + "\(place(missing.pc)), which needs \(names), which --isa leaves out"
        }
    }
}
