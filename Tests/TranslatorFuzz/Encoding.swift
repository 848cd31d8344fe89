import RV64Core

/// Encodings, from the fields of the manual's base formats.
package enum Encoding {
    package static func r(_ match: UInt32, _ rd: UInt32, _ rs1: UInt32, _ rs2: UInt32) -> UInt32 {
        match | rd << 7 | rs1 << 15 | rs2 << 20
    }

    package static func i(_ match: UInt32, _ rd: UInt32, _ rs1: UInt32, _ immediate: Int) -> UInt32 {
        match | rd << 7 | rs1 << 15 | UInt32(truncatingIfNeeded: immediate & 0xFFF) << 20
    }

    package static func s(_ match: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ immediate: Int) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: immediate)
        return match | rs1 << 15 | rs2 << 20 | (value & 0x1F) << 7 | (value >> 5 & 0x7F) << 25
    }

    package static func b(_ match: UInt32, _ rs1: UInt32, _ rs2: UInt32, _ distance: Int) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: distance)
        let low = (value >> 1 & 0xF) << 8 | (value >> 11 & 1) << 7
        return match | rs1 << 15 | rs2 << 20 | low | (value >> 5 & 0x3F) << 25 | (value >> 12 & 1) << 31
    }

    package static func u(_ match: UInt32, _ rd: UInt32, _ upper: Int) -> UInt32 {
        match | rd << 7 | UInt32(truncatingIfNeeded: upper & 0xF_FFFF) << 12
    }

    package static func j(_ rd: UInt32, _ distance: Int) -> UInt32 {
        let value = UInt32(truncatingIfNeeded: distance)
        let upper = (value >> 1 & 0x3FF) << 21 | (value >> 11 & 1) << 20
        return 0x6F | rd << 7 | upper | (value >> 12 & 0xFF) << 12 | (value >> 20 & 1) << 31
    }

    package static let addi: UInt32 = 0x13
    package static let lui: UInt32 = 0x37
    package static let auipc: UInt32 = 0x17
    package static let jalr: UInt32 = 0x67
    package static let storeWord: UInt32 = 0x2023
    package static let storeDouble: UInt32 = 0x3023
    package static let slli: UInt32 = 0x1013
    package static let add: UInt32 = 0x33
    package static let andi: UInt32 = 0x7013
    package static let nop: UInt32 = 0x13
    package static let fenceI: UInt32 = 0x100F
    package static let branchNotEqual: UInt32 = 0x1063
    package static let branchLess: UInt32 = 0x4063
    package static let branchGreaterOrEqual: UInt32 = 0x5063
    package static let systemReturn: UInt32 = 0x1020_0073
    package static let csrrw: UInt32 = 0x1073
    package static let csrrs: UInt32 = 0x2073
    package static let sfenceVma: UInt32 = 0x1200_0073
    package static let hfenceVvma: UInt32 = 0x2200_0073
    package static let hfenceGvma: UInt32 = 0x6200_0073
}

/// The rows of the instruction table by what they are for.
package enum Rows {
    package static let all = InstructionTable.rows

    package static let integer = all.filter { row in
        switch row.execution {
        case .loop, .scalar: true
        default: false
        }
    }
    package static let float = all.filter { row in
        if case .float = row.execution { true } else { false }
    }
    package static let access = all.filter { row in
        switch row.execution {
        case .load, .store, .floatLoad, .floatStore: true
        default: false
        }
    }
    /// What the translator has its own code for.
    package static let loop = all.filter { $0.execution == .loop }
    package static let inlineFloat = float.filter { row in
        switch row.execution {
        case .float(_, .half), .float(.toUInt32, _), .float(.toUInt64, _), .float(.fromUInt64, _), .float(.fromHalf, _),
            .float(.classify, _), .float(.constant, _), .float(.round, _), .float(.roundExact, _),
            .float(.toInt32Modulo, _), .float(.lessQuiet, _), .float(.lessOrEqualQuiet, _),
            .float(.minimumPropagatingNaN, _), .float(.maximumPropagatingNaN, _):
            false
        default: true
        }
    }
    package static let inlineAccess = access.filter { row in
        switch row.execution {
        case .floatLoad(.half), .floatStore(.half): false
        default: true
        }
    }
    package static let atomic = all.filter { row in
        switch row.execution {
        case .atomic, .modify: true
        default: false
        }
    }
    package static let branch = all.filter { $0.format == .branch }

    package static func isStore(_ row: InstructionRow) -> Bool {
        switch row.execution {
        case .store, .floatStore: true
        default: false
        }
    }
}
