/// The x86-64 instructions that translated code consists of. Operand order is that of the Intel manual.
package enum HostInstruction: UInt8, CaseIterable, Sendable {
    // Moves. `R` ends in a register, `M` may end in memory.
    case movR, movM, movM8, movM16, movImmediate, movzx8, movzx16, movsx8, movsx16, movsxd, lea
    // Arithmetic: register or memory into register, register into memory, immediate into either.
    case addR, addM, addI, orR, orM, orI, andR, andM, andI, subR, subM, subI, xorR, xorM, xorI, cmpR, cmpM, cmpI
    case testM, testI, imulR, imulI
    case notM, negM, mulM, imulM, divM, idivM
    case shlI, shrI, sarI, rorI, rolI, shlx, shrx, sarx, rorx, rorCL, rolCL, andn
    case bts, btr, btc, btsI, btrI, btcI
    case bswap, lzcnt, tzcnt, popcnt, cqo
    // Memory that harts share.
    case mfence, xchgM, lockXadd, lockCmpxchg, lockAnd, lockOr, lockXor
    // Control.
    case jmpM, callM, ret, push, pop, pushfq, iretq
    // Floating point.
    case movsdR, movsdM, movssM, movaps, movqToVector, movqFromVector, pextrd, pinsrd, pcmpeqd
    case vaddsd, vmulsd, vsubsd, vdivsd, vsqrtsd, vminsd, vmaxsd
    case vaddss, vmulss, vsubss, vdivss, vsqrtss, vminss, vmaxss
    case vandpd, vandnpd, vorpd, vxorpd
    case ucomisd, ucomiss, comisd, comiss, xorps
    case cvtsi2sd, cvtsi2ss, cvttsd2si, cvtsd2si, cvttss2si, cvtss2si, cvtsd2ss, cvtss2sd
    case vfmadd231sd, vfmadd231ss, vfmsub231sd, vfmsub231ss, vfnmadd231sd, vfnmadd231ss, vfnmsub231sd, vfnmsub231ss
    case ldmxcsr, stmxcsr

    package var encoding: HostEncoding { HostEncoding.all[Int(rawValue)] }
}

/// How an instruction is encoded: what the opcode tables of the manual say about it.
package struct HostEncoding: Sendable {
    enum Map: UInt8, Sendable { case one = 0, x0F, x0F38, x0F3A }
    /// The mandatory prefix, by its number in VEX.
    enum Prefix: UInt8, Sendable { case none, x66, xF3, xF2 }
    enum Immediate: UInt8, Sendable { case none, byte, double, signedByteOrDouble }
    /// What the operand size means: nothing (fixed), REX.W for 64 bits, or that a byte register may need a REX; or both.
    enum Width: UInt8, Sendable { case fixed, byOperand, byte, byteByOperand, always64 }
    enum Form: UInt8, Sendable {
        /// No operands.
        case plain
        /// ModRM: reg and r/m, or the opcode's extension and r/m.
        case modRM
        /// The register in the opcode.
        case short
        /// VEX with a second source.
        case vex
    }

    var opcode: UInt8
    var form = Form.modRM
    var map = Map.one
    var prefix = Prefix.none
    var digit: UInt8 = 0
    var width = Width.byOperand
    var immediate = Immediate.none
    var isLocked = false

    /// Whether operands have 64 bits.
    func isWide(_ size: HostSize) -> Bool {
        switch width {
        case .fixed, .byte: false
        case .byOperand, .byteByOperand: size == .quad
        case .always64: true
        }
    }

    /// Whether there is a byte register that only a REX tells from AH to BH.
    func needsREX(_ reg: UInt8, _ rm: HostOperand) -> Bool {
        let isByte = !rm.isMemory && rm.base >= 4
        return switch width {
        case .byte: reg >= 4 || isByte
        case .byteByOperand: isByte
        case .fixed, .byOperand, .always64: false
        }
    }

    static let all: [HostEncoding] = {
        var result = [HostEncoding](repeating: HostEncoding(opcode: 0x0B, form: .plain, map: .x0F), count: rows.count)
        for (instruction, encoding) in rows { result[Int(instruction.rawValue)] = encoding }
        return result
    }()
}

extension HostEncoding {
    /// Intel SDM volume 2, appendix A, or the instruction's own page.
    // swift-format-ignore
    static let rows: [(HostInstruction, HostEncoding)] = [
        (.movR, .init(opcode: 0x8B)), (.movM, .init(opcode: 0x89)), (.movM8, .init(opcode: 0x88, width: .byte)),
        (.movM16, .init(opcode: 0x89, prefix: .x66, width: .fixed)), (.movImmediate, .init(opcode: 0xC7, immediate: .double)),
        (.movzx8, .init(opcode: 0xB6, map: .x0F, width: .byte)), (.movzx16, .init(opcode: 0xB7, map: .x0F)),
        (.movsx8, .init(opcode: 0xBE, map: .x0F, width: .byteByOperand)), (.movsx16, .init(opcode: 0xBF, map: .x0F)),
        (.movsxd, .init(opcode: 0x63, width: .always64)), (.lea, .init(opcode: 0x8D)),
        (.addR, .init(opcode: 0x03)), (.addM, .init(opcode: 0x01)), (.addI, .init(opcode: 0x81, digit: 0, immediate: .signedByteOrDouble)),
        (.orR, .init(opcode: 0x0B)), (.orM, .init(opcode: 0x09)), (.orI, .init(opcode: 0x81, digit: 1, immediate: .signedByteOrDouble)),
        (.andR, .init(opcode: 0x23)), (.andM, .init(opcode: 0x21)), (.andI, .init(opcode: 0x81, digit: 4, immediate: .signedByteOrDouble)),
        (.subR, .init(opcode: 0x2B)), (.subM, .init(opcode: 0x29)), (.subI, .init(opcode: 0x81, digit: 5, immediate: .signedByteOrDouble)),
        (.xorR, .init(opcode: 0x33)), (.xorM, .init(opcode: 0x31)), (.xorI, .init(opcode: 0x81, digit: 6, immediate: .signedByteOrDouble)),
        (.cmpR, .init(opcode: 0x3B)), (.cmpM, .init(opcode: 0x39)), (.cmpI, .init(opcode: 0x81, digit: 7, immediate: .signedByteOrDouble)),
        (.testM, .init(opcode: 0x85)), (.testI, .init(opcode: 0xF7, digit: 0, immediate: .double)),
        (.imulR, .init(opcode: 0xAF, map: .x0F)), (.imulI, .init(opcode: 0x69, immediate: .double)),
        (.notM, .init(opcode: 0xF7, digit: 2)), (.negM, .init(opcode: 0xF7, digit: 3)), (.mulM, .init(opcode: 0xF7, digit: 4)),
        (.imulM, .init(opcode: 0xF7, digit: 5)), (.divM, .init(opcode: 0xF7, digit: 6)), (.idivM, .init(opcode: 0xF7, digit: 7)),
        (.shlI, .init(opcode: 0xC1, digit: 4, immediate: .byte)), (.shrI, .init(opcode: 0xC1, digit: 5, immediate: .byte)),
        (.sarI, .init(opcode: 0xC1, digit: 7, immediate: .byte)), (.rorI, .init(opcode: 0xC1, digit: 1, immediate: .byte)),
        (.rolI, .init(opcode: 0xC1, digit: 0, immediate: .byte)),
        (.shlx, .init(opcode: 0xF7, form: .vex, map: .x0F38, prefix: .x66)), (.shrx, .init(opcode: 0xF7, form: .vex, map: .x0F38, prefix: .xF2)),
        (.sarx, .init(opcode: 0xF7, form: .vex, map: .x0F38, prefix: .xF3)),
        (.rorx, .init(opcode: 0xF0, form: .vex, map: .x0F3A, prefix: .xF2, immediate: .byte)),
        (.rorCL, .init(opcode: 0xD3, digit: 1)), (.rolCL, .init(opcode: 0xD3, digit: 0)),
        (.andn, .init(opcode: 0xF2, form: .vex, map: .x0F38)),
        (.bts, .init(opcode: 0xAB, map: .x0F)), (.btr, .init(opcode: 0xB3, map: .x0F)),
        (.btc, .init(opcode: 0xBB, map: .x0F)),
        (.btsI, .init(opcode: 0xBA, map: .x0F, digit: 5, immediate: .byte)), (.btrI, .init(opcode: 0xBA, map: .x0F, digit: 6, immediate: .byte)),
        (.btcI, .init(opcode: 0xBA, map: .x0F, digit: 7, immediate: .byte)),
        (.bswap, .init(opcode: 0xC8, form: .short, map: .x0F)), (.lzcnt, .init(opcode: 0xBD, map: .x0F, prefix: .xF3)),
        (.tzcnt, .init(opcode: 0xBC, map: .x0F, prefix: .xF3)), (.popcnt, .init(opcode: 0xB8, map: .x0F, prefix: .xF3)),
        (.cqo, .init(opcode: 0x99, form: .plain)),
        (.mfence, .init(opcode: 0xAE, map: .x0F, digit: 6, width: .fixed)), (.xchgM, .init(opcode: 0x87)),
        (.lockXadd, .init(opcode: 0xC1, map: .x0F, isLocked: true)), (.lockCmpxchg, .init(opcode: 0xB1, map: .x0F, isLocked: true)),
        (.lockAnd, .init(opcode: 0x21, isLocked: true)), (.lockOr, .init(opcode: 0x09, isLocked: true)), (.lockXor, .init(opcode: 0x31, isLocked: true)),
        (.jmpM, .init(opcode: 0xFF, digit: 4, width: .fixed)), (.callM, .init(opcode: 0xFF, digit: 2, width: .fixed)),
        (.ret, .init(opcode: 0xC3, form: .plain, width: .fixed)), (.push, .init(opcode: 0x50, form: .short, width: .fixed)),
        (.pop, .init(opcode: 0x58, form: .short, width: .fixed)), (.pushfq, .init(opcode: 0x9C, form: .plain, width: .fixed)),
        (.iretq, .init(opcode: 0xCF, form: .plain, width: .always64)),
        (.movsdR, .init(opcode: 0x10, map: .x0F, prefix: .xF2, width: .fixed)), (.movsdM, .init(opcode: 0x11, map: .x0F, prefix: .xF2, width: .fixed)),
        (.movssM, .init(opcode: 0x11, map: .x0F, prefix: .xF3, width: .fixed)),
        (.movaps, .init(opcode: 0x28, map: .x0F, width: .fixed)),
        (.movqToVector, .init(opcode: 0x6E, map: .x0F, prefix: .x66, width: .always64)),
        (.movqFromVector, .init(opcode: 0x7E, map: .x0F, prefix: .x66, width: .always64)),
        (.pextrd, .init(opcode: 0x16, map: .x0F3A, prefix: .x66, width: .fixed, immediate: .byte)),
        (.pinsrd, .init(opcode: 0x22, map: .x0F3A, prefix: .x66, width: .fixed, immediate: .byte)),
        (.pcmpeqd, .init(opcode: 0x76, map: .x0F, prefix: .x66, width: .fixed)),
        (.vaddsd, .init(opcode: 0x58, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)), (.vmulsd, .init(opcode: 0x59, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)),
        (.vsubsd, .init(opcode: 0x5C, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)), (.vdivsd, .init(opcode: 0x5E, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)),
        (.vsqrtsd, .init(opcode: 0x51, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)),
        (.vminsd, .init(opcode: 0x5D, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)), (.vmaxsd, .init(opcode: 0x5F, form: .vex, map: .x0F, prefix: .xF2, width: .fixed)),
        (.vaddss, .init(opcode: 0x58, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)), (.vmulss, .init(opcode: 0x59, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)),
        (.vsubss, .init(opcode: 0x5C, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)), (.vdivss, .init(opcode: 0x5E, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)),
        (.vsqrtss, .init(opcode: 0x51, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)),
        (.vminss, .init(opcode: 0x5D, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)), (.vmaxss, .init(opcode: 0x5F, form: .vex, map: .x0F, prefix: .xF3, width: .fixed)),
        (.vandpd, .init(opcode: 0x54, form: .vex, map: .x0F, prefix: .x66, width: .fixed)), (.vandnpd, .init(opcode: 0x55, form: .vex, map: .x0F, prefix: .x66, width: .fixed)),
        (.vorpd, .init(opcode: 0x56, form: .vex, map: .x0F, prefix: .x66, width: .fixed)), (.vxorpd, .init(opcode: 0x57, form: .vex, map: .x0F, prefix: .x66, width: .fixed)),
        (.ucomisd, .init(opcode: 0x2E, map: .x0F, prefix: .x66, width: .fixed)), (.ucomiss, .init(opcode: 0x2E, map: .x0F, width: .fixed)),
        (.comisd, .init(opcode: 0x2F, map: .x0F, prefix: .x66, width: .fixed)), (.comiss, .init(opcode: 0x2F, map: .x0F, width: .fixed)),
        (.xorps, .init(opcode: 0x57, map: .x0F, width: .fixed)),
        (.cvtsi2sd, .init(opcode: 0x2A, map: .x0F, prefix: .xF2)), (.cvtsi2ss, .init(opcode: 0x2A, map: .x0F, prefix: .xF3)),
        (.cvttsd2si, .init(opcode: 0x2C, map: .x0F, prefix: .xF2)), (.cvtsd2si, .init(opcode: 0x2D, map: .x0F, prefix: .xF2)),
        (.cvttss2si, .init(opcode: 0x2C, map: .x0F, prefix: .xF3)), (.cvtss2si, .init(opcode: 0x2D, map: .x0F, prefix: .xF3)),
        (.cvtsd2ss, .init(opcode: 0x5A, map: .x0F, prefix: .xF2, width: .fixed)), (.cvtss2sd, .init(opcode: 0x5A, map: .x0F, prefix: .xF3, width: .fixed)),
        (.vfmadd231sd, .init(opcode: 0xB9, form: .vex, map: .x0F38, prefix: .x66, width: .always64)),
        (.vfmadd231ss, .init(opcode: 0xB9, form: .vex, map: .x0F38, prefix: .x66, width: .fixed)),
        (.vfmsub231sd, .init(opcode: 0xBB, form: .vex, map: .x0F38, prefix: .x66, width: .always64)),
        (.vfmsub231ss, .init(opcode: 0xBB, form: .vex, map: .x0F38, prefix: .x66, width: .fixed)),
        (.vfnmadd231sd, .init(opcode: 0xBD, form: .vex, map: .x0F38, prefix: .x66, width: .always64)),
        (.vfnmadd231ss, .init(opcode: 0xBD, form: .vex, map: .x0F38, prefix: .x66, width: .fixed)),
        (.vfnmsub231sd, .init(opcode: 0xBF, form: .vex, map: .x0F38, prefix: .x66, width: .always64)),
        (.vfnmsub231ss, .init(opcode: 0xBF, form: .vex, map: .x0F38, prefix: .x66, width: .fixed)),
        (.ldmxcsr, .init(opcode: 0xAE, map: .x0F, digit: 2, width: .fixed)), (.stmxcsr, .init(opcode: 0xAE, map: .x0F, digit: 3, width: .fixed)),
    ]
}
