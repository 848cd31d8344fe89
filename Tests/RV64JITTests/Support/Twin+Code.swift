import Platform
import RV64Core

@testable import translatorfuzz

/// A register by its number.
enum X {
    static let t0: UInt32 = 5
    static let a0: UInt32 = 10
    static let a1: UInt32 = 11
    static let a2: UInt32 = 12
    static let s3: UInt32 = 19
}

extension Array where Element == UInt32 {
    /// The words as they lie in memory.
    var littleEndianBytes: [UInt8] {
        flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
    }
}

extension UInt64 {
    var littleEndianBytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * UInt64($0))) } }
}

extension Encoding {
    static func row(_ mnemonic: String) -> InstructionRow? { InstructionTable.rows.first { $0.mnemonic == mnemonic } }

    /// addi rd, x0, value.
    static func li(_ rd: UInt32, _ value: Int) -> UInt32 { i(addi, rd, 0, value) }
    static let ebreak: UInt32 = 0x10_0073
    static let ecall: UInt32 = 0x73
    static let ret: UInt32 = 0x8067
    static let loadDouble: UInt32 = 0x3003
}
