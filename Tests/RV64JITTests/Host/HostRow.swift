import Testing

@testable import RV64JIT

/// What an instruction is called, and which operands it takes: from the manual's pages, not from the encoder's rows.
struct HostRow {
    enum Width { case byte, word, double, quad, vector, byOperand }
    enum Form {
        case registerAndOther, otherAndRegister, other, otherAndImmediate, registerOtherAndImmediate
        case vectorAndVector, other3, register3, immediate3, fused
        case plain, short
        case otherAndCount
    }

    let instruction: HostInstruction
    let mnemonic: String
    let form: Form
    /// Of the register in the reg field, of the other one, and of memory.
    var register = Width.byOperand
    var other = Width.byOperand
    var memory = Width.byOperand
    var hasMemory = true
    var hasRegister = true
    var hasSizes = true
    var isByteImmediate = false

    static func name(_ register: UInt8, _ width: Width, _ size: HostSize) -> String {
        let legacy = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
        let index = Int(register)
        switch width {
        case .vector: return "xmm\(index)"
        case .byOperand: return name(register, size == .quad ? .quad : .double, size)
        case .quad: return index < 8 ? "r" + legacy[index] : "r\(index)"
        case .double: return index < 8 ? "e" + legacy[index] : "r\(index)d"
        case .word: return index < 8 ? legacy[index] : "r\(index)w"
        case .byte:
            if index < 4 { return String(legacy[index].prefix(1)) + "l" }
            return index < 8 ? legacy[index] + "l" : "r\(index)b"
        }
    }

    static func pointer(_ width: Width, _ size: HostSize) -> String {
        switch width {
        case .byte: "byte"
        case .word: "word"
        case .double: "dword"
        case .quad: "qword"
        case .vector: "xmmword"
        case .byOperand: size == .quad ? "qword" : "dword"
        }
    }
}

extension HostRow: CustomTestStringConvertible {
    var testDescription: String { "\(instruction)" }
}

/// All of them.
// One row a line.
// swift-format-ignore
enum HostRows {
    private static func integer(_ instruction: HostInstruction, _ mnemonic: String, _ form: HostRow.Form) -> HostRow {
        HostRow(instruction: instruction, mnemonic: mnemonic, form: form)
    }

    private static func vector(_ instruction: HostInstruction, _ mnemonic: String, _ memory: HostRow.Width) -> HostRow {
        HostRow(
            instruction: instruction,
            mnemonic: mnemonic,
            form: .registerAndOther,
            register: .vector,
            other: .vector,
            memory: memory,
            hasSizes: false
        )
    }

    static let moves: [HostRow] = [
        integer(.movR, "mov", .registerAndOther), integer(.movM, "mov", .otherAndRegister),
        HostRow(instruction: .movM8, mnemonic: "mov", form: .otherAndRegister, register: .byte, other: .byte, memory: .byte, hasSizes: false),
        HostRow(instruction: .movM16, mnemonic: "mov", form: .otherAndRegister, register: .word, other: .word, memory: .word, hasSizes: false),
        integer(.movImmediate, "mov", .otherAndImmediate),
        HostRow(instruction: .movzx8, mnemonic: "movzx", form: .registerAndOther, register: .double, other: .byte, memory: .byte, hasSizes: false),
        HostRow(instruction: .movzx16, mnemonic: "movzx", form: .registerAndOther, other: .word, memory: .word),
        HostRow(instruction: .movsx8, mnemonic: "movsx", form: .registerAndOther, other: .byte, memory: .byte),
        HostRow(instruction: .movsx16, mnemonic: "movsx", form: .registerAndOther, other: .word, memory: .word),
        HostRow(instruction: .movsxd, mnemonic: "movsxd", form: .registerAndOther, register: .quad, other: .double, memory: .double, hasSizes: false),
        HostRow(instruction: .lea, mnemonic: "lea", form: .registerAndOther, hasRegister: false),
    ]

    static let arithmetic: [HostRow] =
        [("add", HostInstruction.addR, HostInstruction.addM, HostInstruction.addI), ("or", .orR, .orM, .orI),
            ("and", .andR, .andM, .andI), ("sub", .subR, .subM, .subI), ("xor", .xorR, .xorM, .xorI),
            ("cmp", .cmpR, .cmpM, .cmpI),
        ].flatMap { name, first, second, third in
            [integer(first, name, .registerAndOther), integer(second, name, .otherAndRegister), integer(third, name, .otherAndImmediate)]
        } + [
            integer(.testM, "test", .otherAndRegister), integer(.testI, "test", .otherAndImmediate),
            integer(.imulR, "imul", .registerAndOther), integer(.imulI, "imul", .registerOtherAndImmediate),
            integer(.notM, "not", .other), integer(.negM, "neg", .other), integer(.mulM, "mul", .other),
            integer(.imulM, "imul", .other), integer(.divM, "div", .other), integer(.idivM, "idiv", .other),
        ]

    static let shifts: [HostRow] =
        [(HostInstruction.shlI, "shl"), (.shrI, "shr"), (.sarI, "sar"), (.rorI, "ror"), (.rolI, "rol"),
            (.btsI, "bts"), (.btrI, "btr"), (.btcI, "btc"),
        ].map { HostRow(instruction: $0, mnemonic: $1, form: .otherAndImmediate, isByteImmediate: true) } + [
            integer(.shlx, "shlx", .other3), integer(.shrx, "shrx", .other3), integer(.sarx, "sarx", .other3),
            HostRow(instruction: .rorx, mnemonic: "rorx", form: .immediate3, isByteImmediate: true),
            integer(.rorCL, "ror", .otherAndCount), integer(.rolCL, "rol", .otherAndCount),
            integer(.andn, "andn", .register3),
            integer(.bts, "bts", .otherAndRegister), integer(.btr, "btr", .otherAndRegister),
            integer(.btc, "btc", .otherAndRegister),
            integer(.bswap, "bswap", .short), integer(.lzcnt, "lzcnt", .registerAndOther),
            integer(.tzcnt, "tzcnt", .registerAndOther), integer(.popcnt, "popcnt", .registerAndOther),
            integer(.cqo, "cqo", .plain),
        ]

    static let memoryAndControl: [HostRow] = [
        HostRow(instruction: .mfence, mnemonic: "mfence", form: .plain, hasSizes: false),
        integer(.xchgM, "xchg", .otherAndRegister),
        HostRow(instruction: .lockXadd, mnemonic: "lock xadd", form: .otherAndRegister, hasRegister: false),
        HostRow(instruction: .lockCmpxchg, mnemonic: "lock cmpxchg", form: .otherAndRegister, hasRegister: false),
        HostRow(instruction: .lockAnd, mnemonic: "lock and", form: .otherAndRegister, hasRegister: false),
        HostRow(instruction: .lockOr, mnemonic: "lock or", form: .otherAndRegister, hasRegister: false),
        HostRow(instruction: .lockXor, mnemonic: "lock xor", form: .otherAndRegister, hasRegister: false),
        HostRow(instruction: .jmpM, mnemonic: "jmp", form: .other, other: .quad, memory: .quad, hasSizes: false),
        HostRow(instruction: .callM, mnemonic: "call", form: .other, other: .quad, memory: .quad, hasSizes: false),
        HostRow(instruction: .ret, mnemonic: "ret", form: .plain, hasSizes: false),
        HostRow(instruction: .push, mnemonic: "push", form: .short, register: .quad, hasSizes: false),
        HostRow(instruction: .pop, mnemonic: "pop", form: .short, register: .quad, hasSizes: false),
        HostRow(instruction: .pushfq, mnemonic: "pushfq", form: .plain, hasSizes: false),
        HostRow(instruction: .iretq, mnemonic: "iretq", form: .plain, hasSizes: false),
        HostRow(instruction: .ldmxcsr, mnemonic: "ldmxcsr", form: .other, memory: .double, hasRegister: false, hasSizes: false),
        HostRow(instruction: .stmxcsr, mnemonic: "stmxcsr", form: .other, memory: .double, hasRegister: false, hasSizes: false),
    ]

    static let vectorMoves: [HostRow] = [
        vector(.movsdR, "movsd", .quad), vector(.movaps, "movaps", .vector),
        HostRow(instruction: .movsdM, mnemonic: "movsd", form: .otherAndRegister, register: .vector, memory: .quad, hasRegister: false, hasSizes: false),
        HostRow(instruction: .movssM, mnemonic: "movss", form: .otherAndRegister, register: .vector, memory: .double, hasRegister: false, hasSizes: false),
        HostRow(instruction: .movqToVector, mnemonic: "movq", form: .registerAndOther, register: .vector, other: .quad, memory: .quad, hasSizes: false),
        HostRow(instruction: .movqFromVector, mnemonic: "movq", form: .otherAndRegister, register: .vector, other: .quad, memory: .quad, hasSizes: false),
        HostRow(instruction: .pextrd, mnemonic: "pextrd", form: .vectorAndVector, register: .vector, other: .double, memory: .double, hasSizes: false, isByteImmediate: true),
        HostRow(instruction: .pinsrd, mnemonic: "pinsrd", form: .registerOtherAndImmediate, register: .vector, other: .double, memory: .double, hasSizes: false, isByteImmediate: true),
        vector(.pcmpeqd, "pcmpeqd", .vector),
    ]

    static let floats: [HostRow] =
        [("sd", HostRow.Width.quad), ("ss", .double)].flatMap { suffix, width in
            let isDouble = suffix == "sd"
            let rows: [(String, HostInstruction)] = [
                ("ucomi", isDouble ? .ucomisd : .ucomiss),
                ("comi", isDouble ? .comisd : .comiss),
            ]
            // The disassembler takes COMISD's memory for 16 bytes.
            return rows.map { vector($0.1, $0.0 + suffix, $0.0 == "comi" ? .vector : width) }
        } + [
            vector(.xorps, "xorps", .vector), vector(.cvtsd2ss, "cvtsd2ss", .quad), vector(.cvtss2sd, "cvtss2sd", .double),
            HostRow(instruction: .cvtsi2sd, mnemonic: "cvtsi2sd", form: .registerAndOther, register: .vector),
            HostRow(instruction: .cvtsi2ss, mnemonic: "cvtsi2ss", form: .registerAndOther, register: .vector),
            HostRow(instruction: .cvttsd2si, mnemonic: "cvttsd2si", form: .registerAndOther, other: .vector, memory: .quad),
            HostRow(instruction: .cvtsd2si, mnemonic: "cvtsd2si", form: .registerAndOther, other: .vector, memory: .quad),
            HostRow(instruction: .cvttss2si, mnemonic: "cvttss2si", form: .registerAndOther, other: .vector, memory: .double),
            HostRow(instruction: .cvtss2si, mnemonic: "cvtss2si", form: .registerAndOther, other: .vector, memory: .double),
        ]

    static let fused: [HostRow] = [
        (HostInstruction.vfmadd231sd, "vfmadd231sd", HostRow.Width.quad), (.vfmadd231ss, "vfmadd231ss", .double),
        (.vfmsub231sd, "vfmsub231sd", .quad), (.vfmsub231ss, "vfmsub231ss", .double),
        (.vfnmadd231sd, "vfnmadd231sd", .quad), (.vfnmadd231ss, "vfnmadd231ss", .double),
        (.vfnmsub231sd, "vfnmsub231sd", .quad), (.vfnmsub231ss, "vfnmsub231ss", .double),
        (.vaddsd, "vaddsd", .quad), (.vmulsd, "vmulsd", .quad), (.vsubsd, "vsubsd", .quad), (.vdivsd, "vdivsd", .quad),
        (.vsqrtsd, "vsqrtsd", .quad), (.vminsd, "vminsd", .quad), (.vmaxsd, "vmaxsd", .quad),
        (.vaddss, "vaddss", .double), (.vmulss, "vmulss", .double), (.vsubss, "vsubss", .double), (.vdivss, "vdivss", .double),
        (.vsqrtss, "vsqrtss", .double), (.vminss, "vminss", .double), (.vmaxss, "vmaxss", .double),
        (.vandpd, "vandpd", .vector), (.vandnpd, "vandnpd", .vector), (.vorpd, "vorpd", .vector), (.vxorpd, "vxorpd", .vector),
    ].map {
        HostRow(instruction: $0.0, mnemonic: $0.1, form: .fused, register: .vector, other: .vector, memory: $0.2, hasSizes: false)
    }

    static let all = moves + arithmetic + shifts + memoryAndControl + vectorMoves + floats + fused
}
