/// One decoded instruction: what the interpreter executes and the translator translates. 16 bytes.
///
/// Fields that the instruction's format does not have are zero.
package struct DecodedInstruction: Equatable, Sendable, BitwiseCopyable {
    package var opcode: Opcode
    /// Destination register. An integer destination of x0 reads ``writeSink`` here, so that a write needs no test
    /// and `x[0]` stays zero; floating-point destinations are plain indices.
    package var rd: UInt8
    /// First source register (for `csrr?i`: the five-bit immediate).
    package var rs1: UInt8
    /// Second source register.
    package var rs2: UInt8
    /// Sign-extended immediate. `lui`/`auipc`: the whole value; shifts: the amount; `csr*`: the CSR's number;
    /// fused multiply-add: rs3.
    package var immediate: Int32
    /// The original encoding; 16-bit ones zero-extended.
    package var raw: UInt32

    /// The register index that swallows writes to x0.
    package static let writeSink: UInt8 = 32

    package init(
        opcode: Opcode,
        rd: UInt8 = 0,
        rs1: UInt8 = 0,
        rs2: UInt8 = 0,
        immediate: Int32 = 0,
        raw: UInt32
    ) {
        self.opcode = opcode
        self.rd = rd
        self.rs1 = rs1
        self.rs2 = rs2
        self.immediate = immediate
        self.raw = raw
    }

    /// Bytes of the original encoding: 2 or 4.
    @inline(__always)
    package var length: UInt8 { raw & 3 == 3 ? 4 : 2 }

    /// The third source register of a fused multiply-add.
    package var rs3: UInt8 { UInt8(truncatingIfNeeded: immediate & 31) }

    /// The static rounding-mode field (bits 14:12) of a 32-bit floating-point encoding.
    package var roundingModeField: UInt8 { UInt8(truncatingIfNeeded: raw >> 12) & 7 }

    /// Whether this accesses a control and status register.
    package var isCSRAccess: Bool {
        if case .csr = opcode.execution { true } else { false }
    }

    /// Whether this accesses that register.
    package func isAccess(to address: CSRAddress) -> Bool {
        isCSRAccess && immediate == Int32(address.rawValue)
    }

    /// The acquire bit of an LR, SC or AMO encoding.
    package var isAcquire: Bool { raw & (1 << 26) != 0 }

    /// The release bit of an LR, SC or AMO encoding.
    package var isRelease: Bool { raw & (1 << 25) != 0 }
}
